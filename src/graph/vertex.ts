/** A resource in memory: one plain object, its properties in a second one that has the same shape for all of a kind. */
import type { KindDefinition } from '../resource/kind/kind.ts'
import type { Health, ResourceId, ResourceStatus } from '../resource/resource.ts'
import type { Vertex } from './graph.ts'
import type { Records } from './records.ts'

export type Fields = Readonly<Record<string, unknown>>

/** Labels that many resources share, with the keys under which they are looked up. */
export interface LabelSet {
  readonly labels: Readonly<Record<string, string>>
  /** `key=value`, one each. */
  readonly pairs: readonly string[]
}

/** Only the graph that it belongs to may change it. */
export class StoredVertex implements Vertex {
  id: ResourceId
  kind: KindDefinition
  name: string
  status: ResourceStatus | null = null
  health: Health | null = null
  labelSet: LabelSet
  owner: string | null = null
  contact: string | null = null
  siteId: ResourceId | null = null
  tenantId: ResourceId | null = null
  sources: readonly ResourceId[]
  generation = 1
  revision = 1
  hasDrift = false
  hasConflict = false
  fields: Fields
  /** Where its links find it. */
  slot = 0
  /** Row of its instants in `times`: as numbers of its own they would be two objects more. */
  time = 0
  times: Records
  /** The first of its bundles of links; 0: it has none. */
  bundle = 0

  constructor(
    id: ResourceId,
    kind: KindDefinition,
    name: string,
    labelSet: LabelSet,
    sources: readonly ResourceId[],
    fields: Fields,
    times: Records,
  ) {
    this.id = id
    this.kind = kind
    this.name = name
    this.labelSet = labelSet
    this.sources = sources
    this.fields = fields
    this.times = times
  }

  get createdAt(): number {
    return readInstant(this.times, this.time, createdCell)
  }

  get updatedAt(): number {
    return readInstant(this.times, this.time, updatedCell)
  }

  get labels(): Readonly<Record<string, string>> {
    return this.labelSet.labels
  }
}

export const timesWidth = 4
export const createdCell = 0
export const updatedCell = 2

/** Milliseconds in two cells. */
export function writeInstant(records: Records, row: number, cell: number, instant: number): void {
  const whole = Math.floor(instant)
  records.set(row, cell, whole | 0)
  records.set(row, cell + 1, Math.floor(whole / 2 ** 32))
}

export function readInstant(records: Records, row: number, cell: number): number {
  return records.get(row, cell + 1) * 2 ** 32 + (records.get(row, cell) >>> 0)
}
