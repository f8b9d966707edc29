/**
 * What modules measure: names in OpenTelemetry's manner, units in UCUM. A reading belongs to one resource, so there are no labels: a direction is part
 * of the name, and each processor, disk or sensor is a component of its own. `hw.status` is one scale for everything: 0 well, 1 degraded, 2 failed,
 * 3 unknown.
 */
import type { MetricDefinition, MetricType } from '../../source.ts'

export const metricTypes = ['gauge', 'counter', 'state'] as const satisfies readonly MetricType[]

/** What a counter's rate is called, and what a second of it is multiplied by. */
export interface Rate {
  readonly name: string
  readonly unit: string
  readonly times: number
}

export interface KnownMetric extends MetricDefinition {
  /** Of counters. */
  readonly rate?: Rate
}

const gauge = (name: string, unit: string, help: string): KnownMetric => ({ name, unit, type: 'gauge', help })
const state = (name: string, help: string): KnownMetric => ({ name, unit: '1', type: 'state', help })
const counter = (name: string, unit: string, help: string, rate?: Rate): KnownMetric => ({
  name,
  unit,
  type: 'counter',
  help,
  rate: rate ?? rateOf(name, unit),
})

/** The rate of a counter that says nothing about it. */
export const rateOf = (name: string, unit: string): Rate => ({
  name: `${name}.rate`,
  unit: unit === '1' ? '/s' : `${unit}/s`,
  times: 1,
})

const bits = (name: string): Rate => ({ name, unit: 'bit/s', times: 8 })

export const knownMetrics: readonly KnownMetric[] = [
  gauge('system.uptime', 's', 'Time since its management began anew.'),
  gauge('system.cpu.utilization', '1', 'Share of the processor that is busy.'),
  gauge('system.cpu.load_average.1m', '1', 'Runnable processes, mean of one minute.'),
  gauge('system.cpu.load_average.5m', '1', 'Runnable processes, mean of five minutes.'),
  gauge('system.cpu.load_average.15m', '1', 'Runnable processes, mean of fifteen minutes.'),
  gauge('system.memory.usage', 'By', 'Memory in use.'),
  gauge('system.memory.limit', 'By', 'Memory in all.'),
  gauge('system.memory.utilization', '1', 'Share of the memory that is in use.'),
  gauge('system.memory.buffers', 'By', 'Memory of buffers.'),
  gauge('system.memory.cached', 'By', 'Memory of the page cache.'),
  gauge('system.paging.usage', 'By', 'Swap space in use.'),
  gauge('system.paging.limit', 'By', 'Swap space in all.'),
  gauge('system.filesystem.usage', 'By', 'Space in use.'),
  gauge('system.filesystem.limit', 'By', 'Space in all.'),
  gauge('system.filesystem.utilization', '1', 'Share of the space that is in use.'),
  gauge('system.sessions', '{session}', 'Sessions that the firewall or gateway holds.'),
  counter('hw.network.io.receive', 'By', 'Octets received.', bits('hw.network.bandwidth.receive')),
  counter('hw.network.io.transmit', 'By', 'Octets sent.', bits('hw.network.bandwidth.transmit')),
  counter('hw.network.packets.receive', '{packet}', 'Unicast packets received.'),
  counter('hw.network.packets.transmit', '{packet}', 'Unicast packets sent.'),
  counter('hw.network.errors.receive', '{error}', 'Packets received with errors.'),
  counter('hw.network.errors.transmit', '{error}', 'Packets not sent because of errors.'),
  counter('hw.network.dropped.receive', '{packet}', 'Good packets received and thrown away.'),
  counter('hw.network.dropped.transmit', '{packet}', 'Packets thrown away instead of sent.'),
  state('hw.network.up', 'Whether the link is up: 1 or 0.'),
  state('bgp.peer.up', 'Whether the session is established: 1 or 0.'),
  gauge('bgp.peer.established', 's', 'Time since the session was established, or was last.'),
  gauge('bgp.peer.prefixes.accepted', '{prefix}', 'Prefixes taken from the peer.'),
  gauge('bgp.peer.prefixes.advertised', '{prefix}', 'Prefixes told to the peer.'),
  gauge('hw.temperature', 'Cel', 'Temperature.'),
  gauge('hw.humidity', '1', 'Relative humidity.'),
  gauge('hw.fan.speed', 'rpm', 'Turns a minute.'),
  gauge('hw.fan.speed_ratio', '1', 'Share of the greatest speed.'),
  gauge('hw.voltage', 'V', 'Voltage.'),
  gauge('hw.current', 'A', 'Current.'),
  gauge('hw.power', 'W', 'Active power.'),
  gauge('hw.power.apparent', 'V.A', 'Apparent power.'),
  gauge('hw.power.factor', '1', 'Active by apparent power.'),
  counter('hw.energy', 'J', 'Energy taken.', { name: 'hw.energy.rate', unit: 'W', times: 1 }),
  gauge('hw.load', '1', 'Share of what it can deliver.'),
  gauge('hw.frequency', 'Hz', 'Frequency.'),
  gauge('hw.airflow', 'm3/min', 'Air moved.'),
  gauge('hw.optical.power', '{dBm}', 'Light received or sent.'),
  gauge('hw.optical.power.receive', '{dBm}', 'Light received.'),
  gauge('hw.optical.power.transmit', '{dBm}', 'Light sent.'),
  counter('hw.network.multicast.receive', '{packet}', 'Multicast packets received.'),
  counter('hw.network.multicast.transmit', '{packet}', 'Multicast packets sent.'),
  counter('hw.network.broadcast.receive', '{packet}', 'Broadcast packets received.'),
  counter('hw.network.broadcast.transmit', '{packet}', 'Broadcast packets sent.'),
  gauge('hw.network.hosts', '{address}', 'MAC addresses that were learned behind the port.'),
  gauge('hw.disks.critical', '{disk}', 'Disks of the controller that are critical.'),
  gauge('hw.disks.failed', '{disk}', 'Disks of the controller that failed.'),
  gauge('hw.volumes', '{volume}', 'Virtual disks of the controller.'),
  gauge('hw.volumes.degraded', '{volume}', 'Virtual disks that have lost a disk.'),
  counter('hw.errors.media', '{error}', 'Errors of the medium.'),
  counter('hw.errors.predicted', '{failure}', 'Failures that the disk predicts of itself.'),
  gauge('hw.battery.charge', '1', 'Share of the charge that is left.'),
  gauge('hw.battery.time_left', 's', 'How long the battery will last.'),
  gauge('hw.battery.time_on', 's', 'How long it has run on battery.'),
  gauge('hw.count', '1', 'What a counting sensor says.'),
  counter('hw.errors', '{error}', 'Errors that the part itself counted.'),
  state('hw.status', '0 well, 1 degraded, 2 failed, 3 unknown.'),
  state('hw.switched_on', 'Whether an outlet delivers: 1 or 0.'),
]

const byName = new Map(knownMetrics.map((metric) => [metric.name, metric]))
export const knownMetric = (name: string): KnownMetric | undefined => byName.get(name)

/** What a metric is: as known, or as its module says. */
export function definitionOf(
  name: string,
  own: { unit?: string | undefined; type?: MetricType | undefined; help?: string | undefined } = {},
): KnownMetric {
  const known = byName.get(name)
  if (known !== undefined) return known
  const { unit = '1', type = 'gauge', help = '' } = own
  return { name, unit, type, help, ...(type === 'counter' && { rate: rateOf(name, unit) }) }
}
