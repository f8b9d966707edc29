/** What `ipmitool` prints, as observations and values. Pure. */
import { isIP } from 'node:net'
import type { Observation } from '../../resource/resource.ts'
import { SourceError, type MetricDefinition, type Reading } from '../source.ts'

export const metrics: readonly MetricDefinition[] = [
  { name: 'hw.temperature', unit: 'Cel', type: 'gauge', help: 'Temperature.' },
  { name: 'hw.fan.speed', unit: 'rpm', type: 'gauge', help: 'Turns a minute.' },
  { name: 'hw.power', unit: 'W', type: 'gauge', help: 'Active power.' },
  { name: 'hw.voltage', unit: 'V', type: 'gauge', help: 'Voltage.' },
  { name: 'hw.current', unit: 'A', type: 'gauge', help: 'Current.' },
  { name: 'hw.status', unit: '1', type: 'state', help: '0 well, 1 degraded, 2 failed, 3 unknown.' },
]

/** By the units that it prints. */
const units: Readonly<Record<string, string>> = {
  'degrees C': 'hw.temperature',
  RPM: 'hw.fan.speed',
  Watts: 'hw.power',
  Volts: 'hw.voltage',
  Amps: 'hw.current',
}
/** Its words for non-critical, critical and non-recoverable. */
const states: Readonly<Record<string, number>> = { ok: 0, nc: 1, cr: 2, nr: 2 }

export interface Sensor {
  name: string
  metric: string
  value: number
  status: number
}

export interface Controller {
  power: 'ON' | 'OFF'
  fru: Readonly<Record<string, string>>
  sensors: readonly Sensor[]
}

export function parsePower(text: string): 'ON' | 'OFF' {
  const match = /Chassis Power is (on|off)\b/i.exec(text)
  if (match === null)
    throw new SourceError('bad', 'chassis power status: the answer is not of the form that is known')
  return match[1]!.toLowerCase() === 'on' ? 'ON' : 'OFF'
}

/** `Product Serial  : 437XR1138R2`. */
export const parseFru = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const match = /^\s*([A-Z][\w ]*?)\s*:\s*(\S.*?)\s*$/.exec(line)
      return match === null ? [] : [[match[1]!, match[2]!]]
    }),
  )

/** `Inlet Temp,24,degrees C,ok`; what has no reading is left out. */
export const parseSensors = (text: string): Sensor[] =>
  text.split('\n').flatMap((line) => {
    const [name = '', told = '', unit = '', state = ''] = line.trim().split(',')
    const [metric, value] = [units[unit], Number(told)]
    if (name === '' || metric === undefined || told === '' || !Number.isFinite(value)) return []
    return [{ name, metric, value, status: states[state] ?? 3 }]
  })

const present = (record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
export const machineKey = (part: string): string => `${part}/machine`
export const controllerKey = (part: string): string => `${part}/bmc`
const sensorKey = (part: string, { name }: Sensor): string => `${part}/sensor/${name}`
const roleOf = ({ metric }: Sensor): string => (metric === 'hw.fan.speed' ? 'fan' : 'sensor')

export function toObservations(part: string, { power, fru, sensors }: Controller): Observation[] {
  const address = part.replace(/:\d+$/, '')
  const machine: Observation = {
    key: machineKey(part),
    kind: 'Server',
    name: address,
    fields: present({
      powerState: power,
      manufacturer: fru['Product Manufacturer'],
      model: fru['Product Name'],
      serialNumber: fru['Product Serial'],
      assetTag: fru['Product Asset Tag'],
      bmcAddress: isIP(address) === 0 ? undefined : address,
    }),
    attributes: present({ boardSerial: fru['Board Serial'], boardModel: fru['Board Product'] }),
  }
  const parts = sensors.map((one): Observation => ({
    key: sensorKey(part, one),
    kind: 'Component',
    name: one.name,
    fields: { role: roleOf(one) },
    links: [{ type: 'PART_OF', to: { key: machineKey(part) } }],
  }))
  const controller: Observation = {
    key: controllerKey(part),
    kind: 'Component',
    name: 'bmc',
    fields: { role: 'bmc' },
    links: [{ type: 'PART_OF', to: { key: machineKey(part) } }],
  }
  return [...new Map([machine, controller, ...parts].map((one) => [one.key, one])).values()]
}

export const toReadings = (part: string, sensors: readonly Sensor[], at: number): Reading[] =>
  sensors.flatMap((one) => {
    const key = sensorKey(part, one)
    return [
      { key, metric: one.metric, value: one.value, at },
      { key, metric: 'hw.status', value: one.status, at },
    ]
  })
