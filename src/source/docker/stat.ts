/** What containers use. Engines tell the kernel's counters as they are, which differ between version 1 and 2 of its control groups. */
import { SourceError, type MetricDefinition, type Reading } from '../source.ts'
import type { Engine } from './client.ts'

export const metrics: readonly MetricDefinition[] = [
  {
    name: 'container.cpu.time',
    unit: 's',
    type: 'counter',
    help: 'Processor time that it has used, of all cores together.',
  },
  {
    name: 'container.cpu.throttled',
    unit: 's',
    type: 'counter',
    help: 'Time that it had to wait because of its limit.',
  },
  {
    name: 'container.memory.usage',
    unit: 'By',
    type: 'gauge',
    help: 'Memory in use, without what the kernel can take back at once.',
  },
  { name: 'container.memory.limit', unit: 'By', type: 'gauge', help: 'How much memory it may use.' },
  {
    name: 'container.network.io.receive',
    unit: 'By',
    type: 'counter',
    help: 'Received by all of its interfaces.',
  },
  {
    name: 'container.network.io.transmit',
    unit: 'By',
    type: 'counter',
    help: 'Sent by all of its interfaces.',
  },
  { name: 'container.disk.io.read', unit: 'By', type: 'counter', help: 'Read from block devices.' },
  { name: 'container.disk.io.write', unit: 'By', type: 'counter', help: 'Written to block devices.' },
  { name: 'container.processes', unit: '1', type: 'gauge', help: 'Processes and threads in it.' },
]

const prefix = 'container/'

/** One request a container: engines have none for many. Throws when none can be measured. */
export async function readStats(
  engine: Engine,
  keys: readonly string[],
  names: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<Reading[]> {
  const ids = keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
  const ends = await Promise.allSettled(
    ids.map(async (id) => toReadings(`${prefix}${id}`, await engine.stats(id, signal), Date.now())),
  )
  const failed = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
  const [first] = failed
  const isMissing = failed.every((error) => error instanceof SourceError && error.failure === 'missing')
  if (first !== undefined && failed.length === ends.length && !isMissing) throw first
  const readings = ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []))
  return names === undefined ? readings : readings.filter(({ metric }) => names.includes(metric))
}

/** SourceError when it is no measurement; nothing of a container that does not run. */
export function toReadings(key: string, told: unknown, at: number): Reading[] {
  if (!isObject(told)) throw new SourceError('bad', 'stats: the answer is not of the shape that is known')
  const cpu = objectOf(told, 'cpu_stats')
  const memory = objectOf(told, 'memory_stats')
  const used = numberOf(memory, 'usage')
  const cpuTime = numberOf(objectOf(cpu, 'cpu_usage'), 'total_usage')
  if (Object.keys(cpu).length === 0)
    throw new SourceError('bad', 'stats: the answer is not of the shape that is known')
  if (used === undefined && !cpuTime) return []
  const networks = Object.values(objectOf(told, 'networks')).filter(isObject)
  const values: Record<string, number | undefined> = {
    'container.cpu.time': scaled(cpuTime, 1e-9),
    'container.cpu.throttled': scaled(numberOf(objectOf(cpu, 'throttling_data'), 'throttled_time'), 1e-9),
    'container.memory.usage':
      used === undefined ? undefined : Math.max(0, used - cacheOf(objectOf(memory, 'stats'))),
    'container.memory.limit': limitOf(memory),
    'container.network.io.receive': sumOf(networks, 'rx_bytes'),
    'container.network.io.transmit': sumOf(networks, 'tx_bytes'),
    ...diskOf(objectOf(told, 'blkio_stats')),
    'container.processes': numberOf(objectOf(told, 'pids_stats'), 'current'),
  }
  return Object.entries(values).flatMap(([metric, value]) =>
    value === undefined ? [] : [{ key, metric, value, at }],
  )
}

/** Files that were read and are not in use: version 1 tells those of the groups below with `total_`. */
const cacheOf = (stats: Record<string, unknown>): number =>
  numberOf(stats, 'total_inactive_file') ?? numberOf(stats, 'inactive_file') ?? 0

/** Without a limit engines tell all memory there is, or the largest number there is. */
function limitOf(memory: Record<string, unknown>): number | undefined {
  const limit = numberOf(memory, 'limit')
  return limit === undefined || limit >= 2 ** 62 ? undefined : limit
}

function diskOf(blkio: Record<string, unknown>): Record<string, number | undefined> {
  const rows = Array.isArray(blkio['io_service_bytes_recursive']) ? blkio['io_service_bytes_recursive'] : []
  const sum = (op: string) =>
    sumOf(
      rows.filter(
        (row: unknown): row is Record<string, unknown> =>
          isObject(row) && String(row['op']).toLowerCase() === op,
      ),
      'value',
    )
  return { 'container.disk.io.read': sum('read'), 'container.disk.io.write': sum('write') }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function objectOf(from: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = from[name]
  return isObject(value) ? value : {}
}

function numberOf(from: Record<string, unknown>, name: string): number | undefined {
  const value = from[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

const scaled = (value: number | undefined, by: number): number | undefined =>
  value === undefined ? undefined : value * by

const sumOf = (rows: readonly Record<string, unknown>[], name: string): number | undefined =>
  rows.length === 0 ? undefined : rows.reduce((sum, row) => sum + (numberOf(row, name) ?? 0), 0)
