/** A resource of which a viewer may know the name: id, kind, name, status and health, and what its kind is named by. All else of it reads as if there were nothing. */
import { propertiesOf } from '../resource/kind/index.ts'
import type { KindDefinition } from '../resource/kind/kind.ts'
import type { Health, ResourceId, ResourceStatus } from '../resource/resource.ts'
import type { Vertex } from './graph.ts'
import type { StoredVertex } from './vertex.ts'

const none: readonly never[] = Object.freeze([])
const nothing = Object.freeze({})
const emptyFields = new Map<KindDefinition, Readonly<Record<string, unknown>>>()

/** What a kind is never without is as good as its name: the CIDR of a prefix, the number of a VLAN. */
export const isTold = (kind: KindDefinition, property: string): boolean => {
  const field = kind.fields[property]
  return property === 'name' || (field?.from === 'property' && field.nonNull === true)
}

export class NamedVertex implements Vertex {
  /** The resource itself; for the scope that made this, and nobody else. */
  readonly whole: StoredVertex
  readonly labels = nothing
  readonly owner = null
  readonly contact = null
  readonly siteId = null
  readonly tenantId = null
  readonly sources = none
  readonly generation = 0
  readonly revision = 0
  readonly createdAt = 0
  readonly updatedAt = 0
  readonly hasDrift = false
  readonly hasConflict = false

  constructor(whole: StoredVertex) {
    this.whole = whole
  }

  get id(): ResourceId {
    return this.whole.id
  }
  get kind(): KindDefinition {
    return this.whole.kind
  }
  get name(): string {
    return this.whole.name
  }
  get status(): ResourceStatus | null {
    return this.whole.status
  }
  get health(): Health | null {
    return this.whole.health
  }
  get fields(): Readonly<Record<string, unknown>> {
    const { kind } = this.whole
    if (propertiesOf(kind).some(([name]) => isTold(kind, name))) return this.#toldFields()
    let fields = emptyFields.get(kind)
    if (fields === undefined) {
      fields = Object.freeze(Object.fromEntries(propertiesOf(kind).map(([name]) => [name, null])))
      emptyFields.set(kind, fields)
    }
    return fields
  }

  #toldFields(): Readonly<Record<string, unknown>> {
    const { kind, fields } = this.whole
    return Object.fromEntries(
      propertiesOf(kind).map(([name]) => [name, isTold(kind, name) ? (fields[name] ?? null) : null]),
    )
  }
}
