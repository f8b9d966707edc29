/** Questions of chance over a world, about what the asker may know and about what not, and tables that answer for a world. */
import { getNamedType, isLeafType, isObjectType, type GraphQLSchema } from 'graphql'
import { kinds, kindNames, propertiesOf } from '../../src/resource/kind/index.ts'
import type { KindDefinition } from '../../src/resource/kind/kind.ts'
import { linkTypes } from '../../src/resource/kind/link.ts'
import type { ResourceId } from '../../src/resource/resource.ts'
import type { ConflictEntry, Origin, Resources } from '../../src/resource/verbs.ts'
import type { Chance } from './chance.ts'
import { since } from './datacenter.ts'
import type { World } from './tenants.ts'

const brief = '{ id kind name access status health owner }'

/** All fields of the kind, those of other resources by their names. */
function everything(schema: GraphQLSchema, kind: KindDefinition): string {
  const type = schema.getType(kind.name)
  if (!isObjectType(type)) throw new Error(kind.name)
  const own = Object.entries(kind.fields).map(([name, field]) => {
    const head = `${kind.name}_${name}: ${name}`
    if (field.from === 'walk')
      return field.shape === 'connection'
        ? `${head}(first: 3) { totalCount nodes ${brief} }`
        : `${head} ${brief}`
    const of = getNamedType(type.getFields()[name]!.type)
    if (isLeafType(of)) return head
    if (name === 'elevation') return `${head} { unit resource ${brief} }`
    return name === 'outlets' ? `${head} { name feeds ${brief} }` : `${head} { __typename }`
  })
  return `... on ${kind.name} { ${own.join(' ')} }`
}

export function wholeOf(schema: GraphQLSchema): string {
  return `{ id currentId kind name access status health labels { key value } owner contact generation revision createdAt updatedAt
    tenant ${brief} site ${brief} attributes attribute(path: "s.note") origins { key source ${brief} }
    conflicts { value other ${brief} } drift { path intended observed }
    services { totalCount nodes ${brief} }
    links(first: 50) { totalCount nodes { id type attributes origins { key } from ${brief} to ${brief} } }
    dependents(first: 50) { totalCount edges { depth node ${brief} via { id from ${brief} to ${brief} } } }
    dependencies(first: 50) { totalCount edges { depth node ${brief} via { id } } }
    ${[...kinds.values()].map((kind) => everything(schema, kind)).join('\n')} }`
}

const quote = (text: unknown): string => JSON.stringify(String(text))

export class Asker {
  readonly #chance: Chance
  readonly #world: World
  readonly #whole: string

  constructor(chance: Chance, world: World, schema: GraphQLSchema) {
    this.#chance = chance
    this.#world = world
    this.#whole = wholeOf(schema)
  }

  #any() {
    return this.#chance.pick([...this.#world.resources.values()])
  }

  #ref(): string {
    const { id, kind, name, fields } = this.#any()
    const alias = this.#chance.pick([{ id: 5 }, ...this.#world.aliases]).id
    const key = Object.entries(fields).find(([one]) => kinds.get(kind)!.naturalKeys.includes(one))
    return this.#chance.pick([
      String(id),
      `${kind}:name=${name}`,
      `s:k${id}`,
      String(alias),
      ...(key ? [`${kind}:${key[0]}=${String(key[1])}`] : [`${kind}:name=${name}`]),
    ])
  }

  /** Texts that stand in the world somewhere. */
  #text(): string {
    const image = this.#any()
    const texts = [
      image.name,
      image.owner ?? 'x',
      ...Object.values(image.labels),
      ...Object.values(image.fields),
    ]
    return String(this.#chance.pick(texts))
  }

  #filter(depth = 0): string {
    const chance = this.#chance
    const image = this.#any()
    const label = Object.entries(image.labels)[0] ?? ['env', 'prod']
    const options: (() => string)[] = [
      () => `kind: [${chance.some(kindNames, 4).join()}]`,
      () => `name: { ${chance.pick(['eq', 'contains', 'startsWith', 'glob'])}: ${quote(this.#text())} }`,
      () => `owner: { contains: ${quote(chance.pick(['owner', image.owner ?? 'o']))} }`,
      () => `label: [{ key: ${quote(label[0])}, value: ${quote(label[1])} }]`,
      () => `label: [{ key: "env", exists: ${chance.is(0.5)} }]`,
      () => `hasDrift: ${chance.is(0.5)}`,
      () => `status: [${chance.pick(['ACTIVE', 'PLANNED'])}]`,
      () => `updatedSince: ${quote(new Date(since + chance.below(1_000_000)).toISOString())}`,
      () => `tenant: [${quote(this.#ref())}]`,
      () => `site: [${quote(this.#ref())}]`,
      () => `source: [${quote(this.#ref())}]`,
      () => `ref: [${quote(this.#ref())}]`,
      () => `attribute: [{ path: "s.note", exists: true }]`,
    ]
    const nested: (() => string)[] = [
      () => `not: { ${this.#filter(depth + 1)} }`,
      () => `or: [{ ${this.#filter(depth + 1)} }, { ${this.#filter(depth + 1)} }]`,
      () =>
        `linked: { ${chance.is(0.5) ? `type: ${chance.pick(linkTypes)},` : ''} depth: ${1 + chance.below(3)}, to: { ${chance.is(0.3) ? '' : this.#filter(depth + 1)} } }`,
    ]
    return chance.pick(depth < 2 && chance.is(0.4) ? nested : options)()
  }

  #kindFilter(kind: KindDefinition): string {
    const texts = propertiesOf(kind).filter(
      ([, property]) => property.type === 'String' && property.format === undefined,
    )
    if (texts.length === 0 || this.#chance.is(0.4)) return this.#filter()
    const value = this.#chance.pick(
      [...this.#world.resources.values()].filter((one) => one.kind === kind.name),
    )
    const [name] = this.#chance.pick(texts)
    return `${name}: { ${this.#chance.pick(['eq', 'contains'])}: ${quote(value?.fields[name] ?? name)} }`
  }

  #order(): string {
    const field = this.#chance.pick(['name', 'status', 'health', 'id', 'updatedAt', 'createdAt', 'kind'])
    return `orderBy: [{ field: ${quote(field)}, direction: ${this.#chance.pick(['ASC', 'DESC'])} }]`
  }

  question(): string {
    const chance = this.#chance
    const page = () => `first: ${1 + chance.below(12)}`
    const pages = `pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount`
    const kind = kinds.get(chance.pick([...this.#world.resources.values()]).kind)!
    const options: (() => string)[] = [
      () => `{ resources(filter: { ${this.#filter()} }, ${page()}) { ${pages} nodes ${this.#whole} } }`,
      () => `{ resources(${this.#order()}, first: 200) { ${pages} edges { cursor node ${brief} } } }`,
      () =>
        `{ ${kind.plural}(filter: { ${this.#kindFilter(kind)} }, ${this.#order()}, first: 50) { ${pages} nodes ${brief} } }`,
      () => `{ resource(ref: ${quote(this.#ref())}) ${this.#whole} }`,
      () => `{ resourcesByRef(refs: [${chance.some([1, 2, 3], 3).map(() => quote(this.#ref()))}]) ${brief} }`,
      () => `{ node(id: ${quote(this.#any().id)}) { id __typename } }`,
      () => {
        const link = chance.pick([...this.#world.links.values(), { type: 'PART_OF', from: 1, to: 2 }])
        return `{ nodes(ids: [${quote(this.#any().id)}, ${quote(`${link.type}.${link.from}.${link.to}`)}]) { id ... on Link { from ${brief} to ${brief} attributes } } }`
      },
      () =>
        `{ search(text: ${quote(this.#text().slice(0, 4 + chance.below(30)))}, ${page()}) { ${pages} edges { score field value node ${brief} } } }`,
      () =>
        `{ count(groupBy: [${[...new Set(chance.some(['kind', 'site', 'rack', 'tenant', 'status', 'health', 'label__env'], 3))].filter((key) => !key.includes('__')).join() || 'kind'}], filter: { ${this.#filter()} }) { count group { key value resource ${brief} } } }`,
      () =>
        `{ path(from: ${quote(this.#ref())}, to: ${quote(this.#ref())}, max: ${1 + chance.below(4)}) { length nodes ${brief} links { id } } }`,
      () =>
        `{ topology(root: [${quote(this.#ref())}], depth: ${chance.below(4)}, ${chance.is(0.5) ? 'collapse: [NetworkInterface],' : ''} ${chance.is(0.5) ? `groupBy: ${chance.pick(['Tenant', 'Site', 'Rack'])},` : ''} limit: 40) { truncated nodes { depth group layer omitted node ${brief} } links { id type from to count members { totalCount nodes { id } } } } }`,
      () => `{ sources ${brief} }`,
    ]
    return chance.pick(options)()
  }
}

const letters = (id: number): string => String(id).replace(/\d/g, (digit) => 'qwrtzpsdfg'[Number(digit)]!)

/** What tables would say of a world; conflicts are pairs of resources. */
export function tablesOf(
  world: World,
  conflicts: readonly (readonly [ResourceId, ResourceId])[],
): Partial<Resources> {
  const has = (id: ResourceId) => world.resources.has(id)
  const byId = <T>(ids: readonly ResourceId[], read: (id: ResourceId) => T) =>
    Promise.resolve(new Map(ids.map((id) => [id, read(id)])))
  const origin = (id: ResourceId): Origin => ({
    resourceId: id,
    sourceId: world.resources.get(id)?.sources[0] ?? 1,
    key: `key-${letters(id)}`,
    precedence: 1,
    firstSeenAt: since,
    lastSeenAt: since,
    stale: false,
    hearsay: false,
  })
  return {
    attributesOf: (ids) => byId(ids, (id) => ({ s: { note: `note-${letters(id)}` } })),
    idsWhere: () => Promise.resolve(new Set([...world.resources.keys()].filter((id) => id % 3 > 0))),
    originsOf: (ids) => byId(ids, (id) => [origin(id)]),
    driftOf: (ids) =>
      byId(ids, (id) => [
        { resourceId: id, path: 'name', intended: `was-${letters(id)}`, observed: 1, since },
      ]),
    conflictsOf: (ids) =>
      byId(ids, (id): ConflictEntry[] =>
        conflicts
          .filter((pair) => pair.includes(id) && pair.every(has))
          .map(([a, b]) => ({
            resourceId: id,
            otherId: a === id ? b : a,
            type: 'mac',
            scope: '',
            value: `mac-${letters(a)}`,
            since,
          })),
      ),
    linkDetailsOf: (links) =>
      Promise.resolve(
        links.map(({ from, to }) => ({
          attributes: { ends: `${letters(from)}${letters(to)}` },
          origins: [origin(from)],
        })),
      ),
    sourceStates: () => Promise.resolve(new Map()),
    linkAttributesOf: (links) =>
      Promise.resolve(links.map(({ from, to }) => ({ ends: `${letters(from)}${letters(to)}` }))),
    findByKeys: (keys) =>
      Promise.resolve(
        keys.map(({ key }) => {
          const id = Number(key.slice(1))
          return has(id) ? id : undefined
        }),
      ),
  }
}

/** What of the tables nobody may read who does not know the resources. */
export const tableSecrets = (ids: Iterable<ResourceId>): string[] =>
  [...ids].flatMap((id) => [`key-${letters(id)}`, `note-${letters(id)}`, `was-${letters(id)}`])
