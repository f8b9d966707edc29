/**
 * Worlds of several tenants made by chance, and what a tenant may know of them, worked out the slow and simple way: nothing here is shared with
 * src/graph. Every text of a world is unlike any other, so that a leaked one is found in an answer by looking for it.
 */
import type { EventBody, EventScope } from '../../src/event/event.ts'
import { kindNames, getKind, isOfType, propertiesOf } from '../../src/resource/kind/index.ts'
import type { KindName } from '../../src/resource/kind/index.ts'
import { links as linkDefinitions, linkTypes, type LinkType } from '../../src/resource/kind/link.ts'
import type { LinkImage, ResourceId, ResourceImage } from '../../src/resource/resource.ts'
import type { Chance } from './chance.ts'
import { since, toImage } from './datacenter.ts'

export interface World {
  resources: Map<ResourceId, ResourceImage>
  links: Map<string, LinkImage>
  aliases: { id: ResourceId; into: ResourceId }[]
  nextId: number
}

export const linkId = ({ type, from, to }: LinkImage): string => `${type}.${from}.${to}`

const mark = (chance: Chance): string =>
  Array.from({ length: 9 }, () => 'bcdfghjklmnpqrstvwxz'[chance.below(20)]).join('')

const common: readonly KindName[] = [
  ...(['Tenant', 'Tenant', 'Tenant', 'Site', 'Rack', 'Rack', 'Source'] as const),
  ...(['Server', 'Server', 'Server', 'Switch', 'NetworkInterface', 'NetworkInterface'] as const),
  ...(['VirtualMachine', 'VirtualMachine', 'VirtualMachine', 'IpAddress', 'IpAddress', 'Prefix'] as const),
  ...(['Service', 'Cluster', 'Component', 'Volume', 'Pdu', 'Container'] as const),
]

export function makeImage(chance: Chance, world: World, kind: KindName): ResourceImage {
  const id = (world.nextId += 1 + chance.below(9_000))
  const fields: Record<string, unknown> = {}
  for (const [name, property] of propertiesOf(getKind(kind))) {
    if (name === 'cidr') fields[name] = `10.${chance.below(250)}.0.0/16`
    if (name === 'vid') fields[name] = 1 + chance.below(4_000)
    if (name === 'address' && kind === 'IpAddress') fields[name] = `10.${chance.below(250)}.1.1`
    if (name === 'driver') fields[name] = 'inventory'
    if (name === 'control') fields[name] = false
    if (property.nonNull || chance.is(0.4)) continue
    if (property.type === 'String' && property.format === undefined) {
      const text = `${name}-${mark(chance)}`
      fields[name] = property.list ? [text] : text
    }
    if (name === 'position' || name === 'heightUnits') fields[name] = 1 + chance.below(8)
  }
  return toImage(id, kind, `${kind.toLowerCase()}-${mark(chance)}`, {
    fields,
    labels: chance.is(0.5)
      ? { [`key${chance.below(3)}`]: mark(chance), env: chance.pick(['prod', 'test']) }
      : {},
    owner: chance.is(0.3) ? `owner-${mark(chance)}` : null,
    contact: chance.is(0.2) ? `contact-${mark(chance)}` : null,
    status: chance.pick(['ACTIVE', 'PLANNED', null]),
    tenantId: chance.is(0.5) ? tenantOf(chance, world) : null,
    siteId: oneOf(chance, world, 'Site'),
    sources: [oneOf(chance, world, 'Source')].filter((one) => one !== null),
    hasDrift: chance.is(0.2),
    hasConflict: chance.is(0.2),
    updatedAt: since + chance.below(1_000_000),
  })
}

const oneOf = (chance: Chance, world: World, kind: KindName): ResourceId | null => {
  const found = [...world.resources.values()].filter((one) => one.kind === kind)
  return found.length === 0 || chance.is(0.2) ? null : chance.pick(found).id
}
export const tenantOf = (chance: Chance, world: World): ResourceId | null => oneOf(chance, world, 'Tenant')

/** A link that may be: of fitting kinds, not there yet, without a circle where there may be none. */
export function makeLink(chance: Chance, world: World): LinkImage | undefined {
  const type = chance.pick(linkTypes)
  const definition = linkDefinitions[type]
  const fits = (ends: readonly string[]) =>
    [...world.resources.values()].filter(({ kind }) => ends.some((end) => isOfType(kind, end as KindName)))
  const froms = fits(definition.from)
  const tos = fits(definition.to)
  if (froms.length === 0 || tos.length === 0) return undefined
  let [from, to] = [chance.pick(froms).id, chance.pick(tos).id]
  if ('symmetric' in definition && from > to) [from, to] = [to, from]
  const link: LinkImage = { type, from, to, since }
  if (from === to || world.links.has(linkId(link))) return undefined
  // circles of several types may be; the tables see to it that there are none of one
  return 'acyclic' in definition && leads(world, type, to, from) ? undefined : link
}

function leads(world: World, type: LinkType, start: ResourceId, end: ResourceId): boolean {
  const seen = new Set([start])
  for (const id of seen) {
    for (const link of world.links.values()) if (link.type === type && link.from === id) seen.add(link.to)
  }
  return seen.has(end)
}

export function makeWorld(chance: Chance): World {
  const world: World = {
    resources: new Map(),
    links: new Map(),
    aliases: [],
    nextId: 40_000 + chance.below(10_000),
  }
  const add = (kind: KindName) => {
    const image = makeImage(chance, world, kind)
    world.resources.set(image.id, image)
  }
  for (const kind of ['Tenant', 'Tenant', 'Site', 'Source'] as const) add(kind)
  for (let left = 15 + chance.below(30); left > 0; left--) {
    add(chance.is(0.85) ? chance.pick(common) : chance.pick(kindNames))
  }
  for (let left = world.resources.size * 4; left > 0; left--) {
    const link = makeLink(chance, world)
    if (link) world.links.set(linkId(link), link)
  }
  for (const { id } of world.resources.values()) {
    if (chance.is(0.05)) world.aliases.push({ id: (world.nextId += 7), into: id })
  }
  return world
}

export type Known = Map<ResourceId, 'FULL' | 'NAME_ONLY'>

const upward: readonly string[] = ['LOCATED_IN', 'PART_OF', 'RUNS_ON']
const beside: readonly string[] = ['MEMBER_OF', 'ASSIGNED_TO', 'ATTACHED_TO', 'BOOTED_FROM', 'POWERED_BY']

/** What docs/access.md says, again and again until nothing is added. */
export function knownTo(world: World, tenants: ReadonlySet<ResourceId>): Known {
  const known: Known = new Map()
  for (const { id, kind, tenantId } of world.resources.values()) {
    if ((tenantId !== null && tenants.has(tenantId)) || (kind === 'Tenant' && tenants.has(id)))
      known.set(id, 'FULL')
  }
  const holds = (id: ResourceId) => known.get(id) === 'FULL' && world.resources.get(id)!.kind !== 'Tenant'
  for (let before = -1; before !== known.size;) {
    before = known.size
    const name = (id: ResourceId) => {
      const { kind } = world.resources.get(id)!
      if (kind !== 'Tenant' && kind !== 'Source' && !known.has(id)) known.set(id, 'NAME_ONLY')
    }
    for (const { type, from, to } of world.links.values()) {
      if (upward.includes(type) && known.has(from)) name(to)
      if (beside.includes(type) && holds(from)) name(to)
      if (type !== 'CONNECTED_TO') continue
      if (holds(from) && world.resources.get(to)!.tenantId === null) name(to)
      if (holds(to) && world.resources.get(from)!.tenantId === null) name(from)
    }
  }
  return known
}

/** The world with nothing in it that is not known. */
const named = ['cidr', 'address', 'vid']

export function filtered(world: World, known: Known): World {
  const resources = [...world.resources.values()].flatMap((image) => {
    const access = known.get(image.id)
    if (access === undefined) return []
    if (access === 'FULL') return [image]
    const { id, kind, name, status } = image
    const told = named.filter((one) => image.fields[one] !== undefined && getKind(kind).fields[one])
    const fields = Object.fromEntries(told.map((one) => [one, image.fields[one]]))
    return [toImage(id, kind, name, { status, fields: kind === 'Endpoint' ? {} : fields })]
  })
  const links = [...world.links.values()].filter(({ type, from, to }) => {
    const ends = [known.get(from), known.get(to)]
    return !ends.includes(undefined) && (ends.includes('FULL') || upward.includes(type))
  })
  return {
    resources: new Map(resources.map((image) => [image.id, image])),
    links: new Map(links.map((link) => [linkId(link), link])),
    aliases: world.aliases.filter(({ into }) => known.has(into)),
    nextId: world.nextId,
  }
}

/** Every text of the world that is not in the other: what an answer must not hold. */
export function secretsOf(world: World, rest: World): string[] {
  const kept = new Set(textsOf(rest))
  return textsOf(world).filter((text) => !kept.has(text))
}

/** Whether an answer holds one of them; an id as a whole number, for 49395 is no part of 149395. */
export const holds = (answer: string, text: string): boolean =>
  answer.includes(text) && (/\D/.test(text) || new RegExp(`(?<!\\d)${text}(?!\\d)`).test(answer))

export function textsOf({ resources, aliases }: World): string[] {
  return [
    ...[...resources.values()].flatMap((image) => [
      String(image.id),
      image.name,
      ...[image.owner, image.contact].filter((text) => text !== null),
      ...Object.values(image.labels).filter((text) => text.length > 4),
      ...Object.values(image.fields)
        .flat()
        .filter((value) => typeof value === 'string'),
    ]),
    ...aliases.map(({ id }) => String(id)),
  ]
}

const scopeOf = ({ kind, name, tenantId, siteId, labels, status }: ResourceImage): EventScope => ({
  kind,
  name,
  tenantId,
  siteId,
  labels,
  status,
})
const endsOf = (world: World, { from, to }: LinkImage) => ({
  from: scopeOf(world.resources.get(from)!),
  to: scopeOf(world.resources.get(to)!),
})

/** A change of chance, done to the world; what the log says of it. */
export function change(chance: Chance, world: World): EventBody[] {
  const resources = [...world.resources.values()]
  const dice = chance.next()
  if (dice < 0.35) {
    const link = makeLink(chance, world)
    if (!link) return []
    world.links.set(linkId(link), link)
    return [{ type: 'LinkAdded', link, ...endsOf(world, link) }]
  }
  if (dice < 0.65 && world.links.size > 0) {
    const link = chance.pick([...world.links.values()])
    world.links.delete(linkId(link))
    return [{ type: 'LinkRemoved', link, ...endsOf(world, link) }]
  }
  if (dice < 0.75) {
    const image = makeImage(chance, world, chance.pick(['VirtualMachine', 'Server', 'Tenant']))
    world.resources.set(image.id, image)
    return [{ type: 'ResourceCreated', resource: image }]
  }
  const image = chance.pick(resources)
  if (dice < 0.9) {
    const resource = { ...image, tenantId: chance.is(0.3) ? null : tenantOf(chance, world) }
    world.resources.set(image.id, resource)
    return [
      {
        type: 'ResourceUpdated',
        resource,
        before: scopeOf(image),
        changes: [{ path: 'owner', before: image.owner, after: resource.owner }],
      },
    ]
  }
  const ends = [...world.links.values()].filter(({ from, to }) => from === image.id || to === image.id)
  for (const link of ends) world.links.delete(linkId(link))
  const unlinked = ends.map((link): EventBody => ({ type: 'LinkRemoved', link, ...endsOf(world, link) }))
  world.resources.delete(image.id)
  world.aliases = world.aliases.filter(({ into }) => into !== image.id)
  return [...unlinked, { type: 'ResourceDeleted', id: image.id, before: scopeOf(image) }]
}
