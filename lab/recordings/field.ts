/** One comparison of one field, and what the comparisons of all areas need. */
import type { Observation } from '../../src/resource/resource.ts'
import type { RecordedDevice } from './device.ts'

export interface Comparison {
  area: string
  thing: string
  field: string
  expected: unknown
  ours: unknown
  equal: boolean
}

export const areas = [
  'port',
  'counter',
  'neighbour',
  'bgp',
  'entity',
  'sensor',
  'processor',
  'memory',
  'storage',
  'vlan',
  'vlan member',
  'address',
  'device',
] as const

export const compare = (
  area: (typeof areas)[number],
  thing: unknown,
  expected: Record<string, unknown>,
  ours: Record<string, unknown>,
): Comparison[] =>
  Object.entries(expected).map(([field, value]) => ({
    area,
    thing: String(thing),
    field,
    expected: value ?? null,
    ours: ours[field] ?? null,
    equal: isSame(value ?? null, ours[field] ?? null),
  }))

/** The other tool keeps four decimals of some figures. */
const isSame = (a: unknown, b: unknown): boolean =>
  typeof a === 'number' && typeof b === 'number'
    ? Math.abs(a - b) <= Math.max(1e-4, Math.abs(a) * 5e-4)
    : a === b

export const observed = (device: RecordedDevice, kind: Observation['kind'], hearsay = false): Observation[] =>
  device.observations.filter((one) => one.kind === kind && (one.hearsay ?? false) === hearsay)

export const canonical = (address: unknown): string =>
  String(address).includes(':')
    ? new URL(`http://[${String(address)}]`).hostname.slice(1, -1)
    : String(address)

export const text = (value: unknown): string | null => {
  const trimmed = String(value ?? '').trim()
  return trimmed === '' ? null : trimmed
}
