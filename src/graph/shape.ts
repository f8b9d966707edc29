/** From an image, as rows and events carry it, to what stays in memory. */
import { getKind, kindNames, propertiesOf, type KindName } from '../resource/kind/index.ts'
import type { KindDefinition } from '../resource/kind/kind.ts'
import type { ResourceImage } from '../resource/resource.ts'
import { LabelTable, NumberTable, SourceTable, StringTable } from './intern.ts'
import { createdCell, StoredVertex, timesWidth, updatedCell, writeInstant, type Fields } from './vertex.ts'
import { Records } from './records.ts'

interface Shape {
  kind: KindDefinition
  /** Every property, null: copies of it share one hidden class and hold their values inside the object. */
  empty: Fields
  properties: readonly string[]
  indexed: readonly string[]
  shared: ReadonlyMap<string, StringTable>
  numbers: NumberTable
  /** Absent where names are unique by nature. */
  names: StringTable | undefined
}

function toShape(name: KindName): Shape {
  const kind = getKind(name)
  const properties = propertiesOf(kind)
  const ofText = properties.filter(([, one]) => !one.indexed)
  return {
    kind,
    empty: JSON.parse(JSON.stringify(Object.fromEntries(properties.map(([key]) => [key, null])))) as Fields,
    properties: properties.map(([key]) => key),
    indexed: properties.filter(([, one]) => one.indexed).map(([key]) => key),
    shared: new Map(ofText.map(([key]) => [key, new StringTable()])),
    numbers: new NumberTable(),
    names: kind.nameIndexed ? undefined : new StringTable(),
  }
}

/** Makes vertices of one graph; holds what they share. */
export class VertexMaker {
  readonly #shapes = new Map(kindNames.map((name) => [name, toShape(name)]))
  readonly #labels = new LabelTable()
  readonly #sources = new SourceTable()
  readonly #people = new StringTable()
  readonly #times = new Records(timesWidth)

  make(image: ResourceImage): StoredVertex {
    const shape = this.#shapeOf(image)
    const fields = toFields(shape, image)
    const vertex = new StoredVertex(
      image.id,
      shape.kind,
      toName(shape, image, fields),
      this.#labels.share(image.labels),
      this.#sources.share(image.sources),
      fields,
      this.#times,
    )
    vertex.time = this.#times.add()
    this.#fill(vertex, image)
    return vertex
  }

  /** The vertex takes the image's values, its kind too; its id and links stay. */
  change(vertex: StoredVertex, image: ResourceImage): void {
    const shape = this.#shapeOf(image)
    vertex.kind = shape.kind
    vertex.fields = toFields(shape, image)
    vertex.name = toName(shape, image, vertex.fields)
    vertex.labelSet = this.#labels.share(image.labels)
    vertex.sources = this.#sources.share(image.sources)
    this.#fill(vertex, image)
  }

  /** The vertex is no longer. */
  drop(vertex: StoredVertex): void {
    this.#times.free(vertex.time)
  }

  #shapeOf(image: ResourceImage): Shape {
    const shape = this.#shapes.get(image.kind)
    if (shape === undefined) throw new Error(`resource ${image.id} is of the unknown kind ${image.kind}`)
    return shape
  }

  #fill(vertex: StoredVertex, image: ResourceImage): void {
    vertex.status = image.status
    vertex.owner = image.owner === null ? null : this.#people.share(image.owner)
    vertex.contact = image.contact === null ? null : this.#people.share(image.contact)
    vertex.siteId = image.siteId
    vertex.tenantId = image.tenantId
    vertex.generation = image.generation
    vertex.revision = image.revision
    writeInstant(this.#times, vertex.time, createdCell, image.createdAt)
    writeInstant(this.#times, vertex.time, updatedCell, image.updatedAt)
    vertex.hasDrift = image.hasDrift
    vertex.hasConflict = image.hasConflict
  }
}

function toFields(shape: Shape, image: ResourceImage): Fields {
  const fields: Record<string, unknown> = { ...shape.empty }
  const { properties } = shape
  for (let index = 0; index < properties.length; index++) {
    const property = properties[index]!
    const value = image.fields[property]
    if (value === undefined || value === null) continue
    fields[property] =
      typeof value === 'string'
        ? (shape.shared.get(property)?.share(value) ?? value)
        : typeof value === 'number'
          ? shape.numbers.share(value)
          : value
  }
  return fields
}

/** The copy that an indexed property has already (an address is its own name), else a shared one. */
function toName(shape: Shape, image: ResourceImage, fields: Fields): string {
  for (const property of shape.indexed) {
    if (fields[property] === image.name) return fields[property] as string
  }
  return shape.names ? shape.names.share(image.name) : image.name
}
