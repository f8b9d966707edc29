/** What metrics are called in Prometheus: as OpenTelemetry's exporters translate them, with the unit and `_total`. */
import type { Metric } from '../../metric/metric.ts'

const units: Readonly<Record<string, string>> = {
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  bit: 'bits',
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
}
const perUnits: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
}

export function prometheusName({ name, unit, type }: Pick<Metric, 'name' | 'unit' | 'type'>): string {
  const words = name.split(/[^a-zA-Z0-9:]+/).filter((word) => word !== '')
  for (const word of unitWords(unit, type)) if (!words.includes(word)) words.push(word)
  const parts = words.filter((word) => word !== 'total')
  if (type === 'counter') parts.push('total')
  const joined = parts.join('_')
  return /^\d/.test(joined) ? `_${joined}` : joined
}

function unitWords(unit: string, type: Metric['type']): string[] {
  const plain = unit.replaceAll(/\{[^}]*\}/g, '')
  if (plain === '1') return type === 'gauge' ? ['ratio'] : []
  const [main = '', per] = plain.split('/')
  const found = main === '' ? [] : [units[main] ?? main.replaceAll(/\W+/g, '_')]
  if (per !== undefined && per !== '') found.push('per', perUnits[per] ?? per.replaceAll(/\W+/g, '_'))
  return found.filter((word) => /\w/.test(word))
}

/** As Prometheus says them. */
export const prometheusType = (type: Metric['type']): string => (type === 'counter' ? 'counter' : 'gauge')
