/** What a controller measures, in the names that other sources use for the same. Pure. */
import type { MetricDefinition, Reading } from '../source.ts'
import { componentKey, fanName, isThere, sensorName, systemKey } from './map.ts'
import type { Controller, Machine, Status } from './shape.ts'

export const metrics: readonly MetricDefinition[] = [
  { name: 'hw.temperature', unit: 'Cel', type: 'gauge', help: 'Temperature.' },
  { name: 'hw.fan.speed', unit: 'rpm', type: 'gauge', help: 'Turns a minute.' },
  { name: 'hw.fan.speed_ratio', unit: '1', type: 'gauge', help: 'Share of the greatest speed.' },
  { name: 'hw.power', unit: 'W', type: 'gauge', help: 'Active power.' },
  { name: 'hw.voltage', unit: 'V', type: 'gauge', help: 'Voltage.' },
  { name: 'hw.status', unit: '1', type: 'state', help: '0 well, 1 degraded, 2 failed, 3 unknown.' },
]

const healths: Readonly<Record<string, number>> = { OK: 0, Warning: 1, Critical: 2 }
const healthOf = (status: Status): number | undefined =>
  status?.Health ? (healths[status.Health] ?? 3) : undefined

export function toReadings(part: string, { machines }: Controller, at: number): Reading[] {
  return machines.flatMap((machine) =>
    valuesOf(part, machine).flatMap(([key, metric, value]): Reading[] =>
      typeof value === 'number' && Number.isFinite(value) ? [{ key, metric, value, at }] : [],
    ),
  )
}

type Value = [key: string, metric: string, value: number | null | undefined]

function valuesOf(part: string, machine: Machine): Value[] {
  const { system, powers, processors, memory, drives } = machine
  const status = (role: string, name: string, its: Status): Value => [
    componentKey(part, system.Id, role, name),
    'hw.status',
    healthOf(its),
  ]
  const server = systemKey(part, system.Id)
  const watts = powers.flatMap(({ PowerControl }) => PowerControl?.[0]?.PowerConsumedWatts ?? [])
  return [
    [server, 'hw.status', healthOf(system.Status)],
    [server, 'hw.power', watts.length === 0 ? undefined : watts.reduce((sum, one) => sum + one, 0)],
    ...processors.map(({ Socket, Id, Status }) => status('cpu', Socket?.trim() || Id, Status)),
    ...memory.map(({ DeviceLocator, Id, Status }) => status('memory', DeviceLocator?.trim() || Id, Status)),
    ...drives.map(({ Name, Id, Status }) => status('disk', Name?.trim() || Id, Status)),
    ...sensorsOf(part, machine),
  ]
}

function sensorsOf(part: string, { system, thermals, powers }: Machine): Value[] {
  const of = (role: string, name: string) => componentKey(part, system.Id, role, name)
  const there = <T extends { Status?: Status }>(all: readonly T[] | null | undefined): T[] =>
    (all ?? []).filter(({ Status }) => isThere(Status))
  return [
    ...thermals.flatMap(({ Temperatures }) =>
      there(Temperatures).flatMap((one): Value[] => [
        [of('sensor', sensorName(one)), 'hw.temperature', one.ReadingCelsius],
        [of('sensor', sensorName(one)), 'hw.status', healthOf(one.Status)],
      ]),
    ),
    ...thermals.flatMap(({ Fans }) =>
      there(Fans).flatMap((one): Value[] => [
        one.ReadingUnits === 'Percent'
          ? [of('fan', fanName(one)), 'hw.fan.speed_ratio', one.Reading == null ? null : one.Reading / 100]
          : [of('fan', fanName(one)), 'hw.fan.speed', one.Reading],
        [of('fan', fanName(one)), 'hw.status', healthOf(one.Status)],
      ]),
    ),
    ...powers.flatMap(({ PowerSupplies }) =>
      there(PowerSupplies).flatMap((one): Value[] => [
        [of('psu', sensorName(one)), 'hw.power', one.PowerInputWatts],
        [of('psu', sensorName(one)), 'hw.voltage', one.LineInputVoltage],
        [of('psu', sensorName(one)), 'hw.status', healthOf(one.Status)],
      ]),
    ),
  ]
}
