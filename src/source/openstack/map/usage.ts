/** What hypervisors, machines and projects use, as values. Pure. */
import type { MetricDefinition, Reading } from '../../source.ts'
import type { Lookup } from '../map.ts'
import type * as shape from '../shape.ts'
import { flavorOf, hypervisorKey } from './machine.ts'

const mebibyte = 2 ** 20
const gibibyte = 2 ** 30

const gauge = (name: string, unit: string, help: string): MetricDefinition => ({
  ...{ name, unit, help },
  type: 'gauge',
})
const counter = (name: string, unit: string, help: string): MetricDefinition => ({
  ...{ name, unit, help },
  type: 'counter',
})

export const hypervisorMetrics: readonly MetricDefinition[] = [
  gauge('hypervisor.cpu.usage', '{cpu}', 'Virtual processors of the machines on it.'),
  gauge('hypervisor.cpu.limit', '{cpu}', 'Processors that it has; more may be given away.'),
  gauge('hypervisor.memory.usage', 'By', 'Memory of the machines on it, and what it keeps for itself.'),
  gauge('hypervisor.memory.limit', 'By', 'Memory that it has.'),
  gauge('hypervisor.disk.usage', 'By', 'Local disk of the machines on it.'),
  gauge('hypervisor.disk.limit', 'By', 'Local disk that it has.'),
  gauge('hypervisor.machines', '{machine}', 'Machines on it.'),
]
export const hostMetrics: readonly MetricDefinition[] = [
  gauge('system.uptime', 's', 'Time since its management began anew.'),
  gauge('system.cpu.load_average.1m', '1', 'Runnable processes, mean of one minute.'),
  gauge('system.cpu.load_average.5m', '1', 'Runnable processes, mean of five minutes.'),
  gauge('system.cpu.load_average.15m', '1', 'Runnable processes, mean of fifteen minutes.'),
]
export const machineMetrics: readonly MetricDefinition[] = [
  counter('vm.cpu.time', 's', 'Time of processors that it has used.'),
  gauge('vm.memory.usage', 'By', 'Memory that it uses.'),
  gauge('vm.memory.limit', 'By', 'Memory that it may use.'),
  counter('vm.network.io.receive', 'By', 'What it received.'),
  counter('vm.network.io.transmit', 'By', 'What it sent.'),
  counter('vm.disk.io.read', 'By', 'What it read of its disks.'),
  counter('vm.disk.io.write', 'By', 'What it wrote to its disks.'),
  gauge('vm.uptime', 's', 'Time since it was started.'),
]
const quota = (name: string, unit: string, what: string): MetricDefinition[] => [
  gauge(`tenant.quota.${name}.usage`, unit, `${what} that count against its quota.`),
  gauge(`tenant.quota.${name}.limit`, unit, `${what} that its quota allows; none: as many as there are.`),
]
export const quotaMetrics: readonly MetricDefinition[] = [
  ...quota('machines', '{machine}', 'Virtual machines'),
  ...quota('cpu', '{cpu}', 'Virtual processors'),
  ...quota('memory', 'By', 'Memory of machines'),
  ...quota('volumes', '{volume}', 'Volumes'),
  ...quota('storage', 'By', 'Storage of volumes'),
]
export const metrics = [...hypervisorMetrics, ...hostMetrics, ...machineMetrics, ...quotaMetrics]

type Values = Record<string, number | null | undefined>

const toReadings = (key: string, values: Values, at: number): Reading[] =>
  Object.entries(values).flatMap(([metric, value]) =>
    typeof value === 'number' && Number.isFinite(value) ? [{ key, metric, value, at }] : [],
  )
const times = (value: number | null | undefined, by: number): number | undefined =>
  value == null ? undefined : value * by

/** As it is told up to microversion 2.87. A node of bare metal, which is all its machine's or nobody's, is no hypervisor. */
export function toHypervisorReadings(region: string, one: shape.HypervisorUsage, at: number): Reading[] {
  if (one.hypervisor_type === 'ironic') return []
  return toReadings(
    hypervisorKey(region, one.hypervisor_hostname),
    {
      'hypervisor.cpu.usage': one.vcpus_used,
      'hypervisor.cpu.limit': one.vcpus,
      'hypervisor.memory.usage': times(one.memory_mb_used, mebibyte),
      'hypervisor.memory.limit': times(one.memory_mb, mebibyte),
      'hypervisor.disk.usage': times(one.local_gb_used, gibibyte),
      'hypervisor.disk.limit': times(one.local_gb, gibibyte),
      'hypervisor.machines': one.running_vms,
    },
    at,
  )
}

/** What `uptime` prints, which hypervisors tell from microversion 2.88 on: ` 08:32:11 up 93 days, 18:25, 12 users,  load average: 0.20, 0.12, 0.14`. */
export function parseUptime(text: string): { seconds?: number; load?: readonly number[] } {
  const up = /\bup\s+(?:(\d+)\s+days?,\s*)?(?:(\d+):(\d\d)\b|(\d+)\s+min\b)?/.exec(text)
  const [days, hours, minutes, onlyMinutes] = (up?.slice(1) ?? []).map((part) =>
    part === undefined ? undefined : Number(part),
  )
  const isTold = [days, hours, onlyMinutes].some((part) => part !== undefined)
  const seconds = (days ?? 0) * 86_400 + (hours ?? 0) * 3_600 + ((minutes ?? 0) + (onlyMinutes ?? 0)) * 60
  const load = /load averages?:\s*([\d.]+),?\s+([\d.]+),?\s+([\d.]+)/.exec(text)?.slice(1).map(Number)
  return { ...(isTold ? { seconds } : {}), ...(load === undefined ? {} : { load }) }
}

export function toHostReadings(region: string, one: shape.Hypervisor, at: number): Reading[] {
  if (!one.uptime) return []
  const { seconds, load = [] } = parseUptime(one.uptime)
  return toReadings(
    hypervisorKey(region, one.hypervisor_hostname),
    {
      'system.uptime': seconds,
      'system.cpu.load_average.1m': load[0],
      'system.cpu.load_average.5m': load[1],
      'system.cpu.load_average.15m': load[2],
    },
    at,
  )
}

/** As it is told from microversion 2.48 on. Drivers of Nova leave out what they do not know. */
export function toMachineReadings(id: string, told: shape.Diagnostics, at: number): Reading[] {
  const sum = <T>(all: readonly T[] | null | undefined, of: (one: T) => number | null | undefined) => {
    const known = (all ?? []).map(of).filter((value) => value != null)
    return known.length === 0 ? undefined : known.reduce((one, other) => one + other, 0)
  }
  const { cpu_details: cpus, nic_details: nics, disk_details: disks, memory_details: memory } = told
  return toReadings(
    `server/${id}`,
    {
      'vm.cpu.time': times(
        sum(cpus, ({ time }) => time),
        1e-9,
      ),
      'vm.memory.usage': times(memory?.used, mebibyte),
      'vm.memory.limit': times(memory?.maximum, mebibyte),
      'vm.network.io.receive': sum(nics, (one) => one.rx_octets),
      'vm.network.io.transmit': sum(nics, (one) => one.tx_octets),
      'vm.disk.io.read': sum(disks, (one) => one.read_bytes),
      'vm.disk.io.write': sum(disks, (one) => one.write_bytes),
      'vm.uptime': told.uptime,
    },
    at,
  )
}

/** What counts against quotas, in one region: as its servers and volumes were listed. */
export interface Counted {
  machines: number
  cpu: number
  memory: number
  volumes: number
  storage: number
}
export type CountedByProject = ReadonlyMap<string, Counted>

export function countUse(
  servers: Iterable<shape.Server>,
  volumes: Iterable<shape.Volume>,
  look: Lookup,
): CountedByProject {
  const found = new Map<string, Counted>()
  const of = (project: string | null | undefined): Counted => {
    const known = found.get(project ?? '')
    if (known !== undefined) return known
    const fresh = { machines: 0, cpu: 0, memory: 0, volumes: 0, storage: 0 }
    if (project) found.set(project, fresh)
    return fresh
  }
  for (const one of servers) {
    const { vcpus = 0, ram = 0 } = flavorOf(one, look)
    const counted = of(one.tenant_id)
    counted.machines += 1
    counted.cpu += vcpus
    counted.memory += ram * mebibyte
  }
  for (const one of volumes) {
    const counted = of(one['os-vol-tenant-attr:tenant_id'])
    counted.volumes += 1
    counted.storage += one.size * gibibyte
  }
  return found
}

/** A project's quotas, as `toProject` shows them. */
export type Quotas = ReadonlyMap<string, Record<string, unknown>>

const limits = {
  machines: 'instances',
  cpu: 'cores',
  memory: 'ram',
  volumes: 'volumes',
  storage: 'gigabytes',
}
const scales: Readonly<Record<string, number>> = { memory: mebibyte, storage: gibibyte }

/** Each region has quotas of its own: where there are several, only what is used adds up. */
export function toQuotaReadings(
  regions: readonly { counted: CountedByProject; quotas: Quotas }[],
  at: number,
): Reading[] {
  const only = regions.length === 1 ? regions[0] : undefined
  const projects = new Set(regions.flatMap(({ counted, quotas }) => [...counted.keys(), ...quotas.keys()]))
  return [...projects].flatMap((id) => {
    const { compute, volume } = (only?.quotas.get(id) ?? {}) as Record<string, Record<string, number>>
    const allowed = { ...compute, ...volume }
    const values = Object.entries(limits).flatMap(([name, told]) => {
      const used = regions.reduce(
        (sum, { counted }) => sum + (counted.get(id)?.[name as keyof Counted] ?? 0),
        0,
      )
      const limit = allowed[told]
      const most = limit === undefined || limit < 0 ? [] : [limit * (scales[name] ?? 1)]
      return [
        [`tenant.quota.${name}.usage`, used],
        ...most.map((value) => [`tenant.quota.${name}.limit`, value]),
      ] as const
    })
    return toReadings(`project/${id}`, Object.fromEntries(values), at)
  })
}
