/** Numbers as PromQL reads and writes them. */
import { parseDuration } from './duration.ts'

const named: Readonly<Record<string, number>> = { inf: Infinity, nan: NaN }

/** Decimal, hexadecimal, octal, with underscores; Inf, NaN; a duration counts as seconds. Undefined for anything else. */
export function parseNumber(text: string): number | undefined {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  const value = parsePlain(rest)
  return value === undefined ? undefined : sign === '-' ? -value : value
}

function parsePlain(text: string): number | undefined {
  const known = named[text.toLowerCase()]
  if (known !== undefined) return known
  if (/^0x[\da-f_]+$/i.test(text)) return Number(text.replaceAll('_', ''))
  if (/^0[0-7_]+$/.test(text)) return Number.parseInt(text.replaceAll('_', ''), 8)
  if (/^(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text.replaceAll('_', ''))
  const duration = parseDuration(text)
  return duration === undefined ? undefined : duration / 1_000
}

/** The shortest decimal that reads back as the same number, without an exponent. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (parts === null) return text
  const [, sign, first, rest = '', power] = parts
  const [digits, places] = [`${first}${rest}`, Number(power)]
  if (places < 0) return `${sign}0.${'0'.repeat(-places - 1)}${digits}`
  return sign + digits.padEnd(places + 1, '0')
}
