/** A resource in memory: one plain object with its kind's properties in a second one, both of the same shape for all of a kind. */
import { getKind, propertiesOf, kindNames, type KindName } from '../resource/kind/index.ts'
import type { KindDefinition } from '../resource/kind/kind.ts'
import type { Health, ResourceImage, ResourceStatus } from '../resource/resource.ts'
import { none } from './adjacency.ts'
import type { Vertex } from './graph.ts'

const propertyNames = new Map<KindName, readonly string[]>(
  kindNames.map((name) => [name, propertiesOf(getKind(name)).map(([property]) => property)]),
)

/** Texts that many resources share are kept once. Bounded: past the bound, a text is kept as it comes. */
export class TextPool {
  #texts = new Map<string, string>()
  #lists = new Map<string, readonly number[]>()
  #labels = new Map<string, Readonly<Record<string, string>>>()
  readonly #most = 200_000

  text(value: string): string {
    const known = this.#texts.get(value)
    if (known !== undefined) return known
    if (this.#texts.size < this.#most && value.length <= 64) this.#texts.set(value, value)
    return value
  }

  ids(value: readonly number[]): readonly number[] {
    return pooled(this.#lists, value.join(','), value, this.#most)
  }

  labels(value: Record<string, string>): Readonly<Record<string, string>> {
    return pooled(this.#labels, JSON.stringify(value), value, this.#most)
  }
}

function pooled<T extends object>(pool: Map<string, T>, key: string, value: T, most: number): T {
  const known = pool.get(key)
  if (known !== undefined) return known
  const frozen = Object.freeze(value)
  if (pool.size < most) pool.set(key, frozen)
  return frozen
}

export class VertexRecord implements Vertex {
  readonly id: number
  readonly slot: number
  kind: KindDefinition
  name = ''
  status: ResourceStatus | null = null
  health: Health | null = null
  labels: Readonly<Record<string, string>> = {}
  owner: string | null = null
  contact: string | null = null
  siteId: number | null = null
  tenantId: number | null = null
  sources: readonly number[] = []
  generation = 1
  revision = 1
  createdAt = 0
  updatedAt = 0
  hasDrift = false
  hasConflict = false
  fields: Record<string, unknown> = {}
  firstOut: number = none
  firstIn: number = none

  constructor(slot: number, image: ResourceImage, pool: TextPool) {
    this.id = image.id
    this.slot = slot
    this.kind = getKind(image.kind)
    this.take(image, pool)
  }

  /** Becomes what the image says; its links stay. */
  take(image: ResourceImage, pool: TextPool): void {
    if (image.kind !== this.kind.name) this.kind = getKind(image.kind)
    this.name = pool.text(image.name)
    this.status = image.status
    this.labels = pool.labels(image.labels)
    this.owner = image.owner === null ? null : pool.text(image.owner)
    this.contact = image.contact === null ? null : pool.text(image.contact)
    this.siteId = image.siteId
    this.tenantId = image.tenantId
    this.sources = pool.ids(image.sources)
    this.generation = image.generation
    this.revision = image.revision
    this.createdAt = image.createdAt
    this.updatedAt = image.updatedAt
    this.hasDrift = image.hasDrift
    this.hasConflict = image.hasConflict
    this.fields = shape(image, pool)
  }
}

/** All of the kind's properties in their order, null where there is no value. */
function shape(image: ResourceImage, pool: TextPool): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const name of propertyNames.get(image.kind)!) {
    const value = image.fields[name] ?? null
    fields[name] = typeof value === 'string' ? pool.text(value) : value
  }
  return fields
}
