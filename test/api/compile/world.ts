/** A datacenter by chance, with tables that answer, fail, or keep people waiting. */
import { defaultFieldResolver, isObjectType, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql'
import { setImmediate as turn } from 'node:timers/promises'
import type { Context } from '../../../src/context.ts'
import { PlenumError } from '../../../src/errors.ts'
import type { MemoryGraph } from '../../../src/graph/memory.ts'
import { getKind, kindNames, kindsOfType, propertiesOf, walksOf } from '../../../src/resource/kind/index.ts'
import type { KindName } from '../../../src/resource/kind/index.ts'
import type { Property } from '../../../src/resource/kind/kind.ts'
import { epoch, Sketch } from '../../support/graphql.ts'
import type { Random } from './operation.ts'

const at = 1_700_000_000_000
const names = [
  'srv',
  'r07',
  'leaf "1"',
  'line\nfeed',
  'ümläut',
  'half \ud83d',
  '😀',
  'a\\b',
  'x'.repeat(60),
  'tab\t',
]

/** A few resources of each kind, linked so that their fields lead somewhere. */
export function makeGraph(random: Random, asOf: number | null): MemoryGraph {
  const sketch = new Sketch(asOf)
  const byKind = new Map<KindName, number[]>()
  for (const name of kindNames) {
    const ids = Array.from({ length: 1 + random.below(3) }, () => addOne(sketch, random, name))
    byKind.set(name, ids)
  }
  const tenants = byKind.get('Tenant')!
  const all = [...byKind.values()].flat()
  for (const [kind, ids] of byKind) {
    for (const [, walk] of walksOf(getKind(kind))) {
      for (const id of ids) if (random.chance(0.6)) linkOne(sketch, random, id, walk.steps[0]!, byKind, all)
    }
  }
  void tenants
  return sketch.graph
}

function addOne(sketch: Sketch, random: Random, kind: KindName): number {
  const fields = Object.fromEntries(
    propertiesOf(getKind(kind)).flatMap(([name, property]) =>
      random.chance(0.8) ? [[name, sampleOf(random, property)]] : [],
    ),
  )
  const label = random.pick(names)
  return sketch.add(kind, `${kind}-${random.pick(names)}`, {
    fields,
    labels: random.chance(0.5) ? { env: label, [label]: 'x' } : {},
    owner: random.chance(0.5) ? random.pick(names) : null,
    siteId: random.chance(0.7) ? 1 + random.below(40) : null,
    tenantId: random.chance(0.7) ? 1 + random.below(60) : null,
    status: random.pick(['ACTIVE', 'MAINTENANCE', null]) as never,
    hasDrift: random.chance(0.3),
  }).id
}

/** Now and then something that the type cannot be: it must fail as it does elsewhere. */
function sampleOf(random: Random, { type, list }: Property): unknown {
  const one = (): unknown => {
    if (random.chance(0.03)) return random.pick([{}, 'no', NaN, 2 ** 40, true, [1]])
    if (type === 'Int') return random.below(1_000)
    if (type === 'Float') return random.pick([0.1, -0, 1e21, 3])
    if (type === 'Boolean') return random.chance(0.5)
    if (type === 'BigInt') return random.pick([68_719_476_736, '18446744073709551615'])
    if (type === 'DateTime') return random.pick(['2026-01-02T03:04:05+09:00', at])
    if (type === 'String') return random.pick(names)
    return random.pick(['ON', 'UP', 'FRONT', 'RUNNING', 'ESTABLISHED'])
  }
  return list ? Array.from({ length: random.below(3) }, one) : one()
}

function linkOne(
  sketch: Sketch,
  random: Random,
  id: number,
  step: { type: never | string; direction: string; kind?: readonly string[] },
  byKind: ReadonlyMap<KindName, number[]>,
  all: readonly number[],
): void {
  const kinds = step.kind?.flatMap((name) => kindsOfType(name as KindName))
  const other = kinds ? random.pick(byKind.get(random.pick(kinds))!) : random.pick(all)
  if (other === id) return
  const [from, to] = step.direction === 'in' ? [other, id] : [id, other]
  const { graph } = sketch
  if (graph.findLink(step.type as never, from, to) || graph.findLink(step.type as never, to, from)) return
  sketch.link(step.type as never, graph.get(from)!, graph.get(to)!)
}

type Mode = 'fine' | 'slow' | 'fails' | 'failsLater' | 'throws'

/** What goes wrong in one operation: the same each time it is run. */
export interface Faults {
  /** By verb of the tables. */
  verbs: Readonly<Record<string, Mode>>
  /** Turns of the event loop that slow ones take. */
  turns: number
  /** Fields that fail, by the hash of their path. */
  fields: { seed: number; share: number } | undefined
}

const verbs = [
  'attributesOf',
  'originsOf',
  'provenanceOf',
  'driftOf',
  'conflictsOf',
  'linkDetailsOf',
  'linkAttributesOf',
  'sourceStates',
  'findByKeys',
  'historyOf',
  'diff',
  'idsWhere',
  'read',
  'count',
  'graphAt',
  'series',
  'list',
] as const

export function makeFaults(random: Random): Faults {
  const calm = random.chance(0.3)
  const modes: Mode[] = ['fine', 'fine', 'slow', 'slow', 'fails', 'failsLater', 'throws']
  return {
    verbs: Object.fromEntries(verbs.map((verb) => [verb, calm ? 'fine' : random.pick(modes)])),
    turns: 1 + random.below(3),
    fields: random.chance(0.5)
      ? { seed: random.below(2 ** 31), share: random.pick([0.02, 0.1, 0.3]) }
      : undefined,
  }
}

async function wait(turns: number): Promise<void> {
  for (let left = turns; left > 0; left--) await turn()
}

const faultOf = (verb: string): Error =>
  verb.length % 2 ? new PlenumError('SOURCE_UNAVAILABLE', `${verb} is away`) : new Error(`${verb} broke`)

function answered<T>(faults: Faults, verb: string, value: T): Promise<T> {
  const mode = faults.verbs[verb] ?? 'fine'
  if (mode === 'throws') throw faultOf(verb)
  if (mode === 'fails') return Promise.reject(faultOf(verb))
  if (mode === 'fine') return Promise.resolve(value)
  return wait(faults.turns).then(() => {
    if (mode === 'failsLater') throw faultOf(verb)
    return value
  })
}

/** A context of its own for each run. */
export function makeContext(graph: MemoryGraph, past: MemoryGraph, faults: Faults): Context {
  const say = <T>(verb: string, value: T): Promise<T> => answered(faults, verb, value)
  const byId =
    <T>(verb: string, make: (resourceId: number) => T) =>
    (ids: readonly number[]) =>
      say(verb, new Map(ids.filter((id) => id % 5 > 0).map((id) => [id, make(id)])))
  const origin = (resourceId: number) => ({
    resourceId,
    sourceId: resourceId + 1,
    key: `k"${resourceId}`,
    precedence: 1,
    firstSeenAt: at,
    lastSeenAt: at + resourceId,
    stale: resourceId % 2 === 0,
    hearsay: false,
  })
  const changes = [{ path: 'name', before: 1, after: { a: ['é', null] } }]
  const entry = (resourceId: number) => ({
    resourceId,
    kind: 'Region',
    name: 'n',
    action: 'UPDATED',
    at,
    seq: 1,
    actor: 'a',
    changes,
  })
  const history = (id: number) => ({
    items: [{ cursor: 'c', item: entry(id) }],
    hasNextPage: id % 2 === 0,
    totalCount: 1,
  })
  const value = { sourceId: 3, observedAt: at, value: [1, 'x'] }
  const counts = { created: 0, updated: 0, unchanged: 0, deleted: 0, linksAdded: 0, linksRemoved: 0 }
  const result = {
    cursor: { epoch, seq: 1 },
    ...counts,
    planned: [{ action: 'UPDATE', resourceId: 1, kind: 'Region', name: 'n', changes }],
    plannedTotal: 1,
    resourceIds: [1, 2, 999],
  }
  const write = (verb: string) => () => say(verb, result)
  const token = {
    id: 1,
    name: 't',
    role: 'viewer',
    createdAt: at,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
  }
  const event = {
    seq: 1,
    at,
    actor: 'a',
    body: { type: 'ResourceUpdated', resource: { id: 1, kind: 'Region', name: 'n' }, changes },
  }
  const metric = { name: 'm', unit: '1', type: 'gauge', help: 'h' }
  return {
    viewer: { name: 'tester', role: 'admin', tokenId: 1 },
    actor: { name: 'tester' },
    requestId: 'r',
    signal: new AbortController().signal,
    extensions: {},
    graph,
    graphAt: () => say('graphAt', past),
    resources: {
      attributesOf: byId('attributesOf', (id) => ({ a: { b: id, 'c.d': ['\u2028', '"'] } })),
      originsOf: byId('originsOf', (id) => [origin(id), origin(id + 1)]),
      provenanceOf: byId('provenanceOf', () => [{ ...value, path: 'name', lost: [value] }]),
      driftOf: byId('driftOf', () => [{ path: 'name', intended: 1, observed: 2, since: at }]),
      conflictsOf: byId('conflictsOf', (id) => [
        { otherId: id + 2, type: 'name', scope: '', value: 'n', since: at },
      ]),
      linkDetailsOf: (links: readonly unknown[]) =>
        say(
          'linkDetailsOf',
          links.map(() => ({ attributes: { x: 1 }, origins: [origin(1)] })),
        ),
      linkAttributesOf: (links: readonly unknown[]) =>
        say(
          'linkAttributesOf',
          links.map(() => ({ x: 1 })),
        ),
      sourceStates: () => say('sourceStates', new Map()),
      findByKeys: (keys: readonly unknown[]) =>
        say(
          'findByKeys',
          keys.map((_, index) => (index % 2 ? undefined : 1 + index)),
        ),
      idsWhere: () => say('idsWhere', new Set([1, 2, 3, 4, 5, 6])),
      historyOf: byId('historyOf', history),
      diff: () => say('diff', history(1)),
      answered: () => Promise.resolve(undefined),
      importInventory: write('read'),
      update: write('count'),
      delete: write('diff'),
      deleteLink: write('list'),
      merge: write('read'),
      split: write('count'),
    },
    events: {
      cursor: () => ({ epoch, seq: 1 }),
      read: () => say('read', [event, event]),
      count: () => say('count', 1),
    },
    metrics: {
      metrics: () => [metric],
      metric: () => metric,
      readings: (resourceId: number) => [{ resourceId, metric: 'm', sourceId: 3, value: 1, at }],
      series: ({ resourceIds }: { resourceIds: number[] }) =>
        say(
          'series',
          resourceIds.map((resourceId) => ({
            resourceId,
            metric: 'm',
            sourceId: 3,
            start: at,
            stepMs: 1,
            values: [1],
          })),
        ),
    },
    tokens: {
      list: () => say('list', [token]),
      create: () => say('list', { token, secret: 's' }),
      revoke: () => say('list', token),
    },
    faults,
  } as unknown as Context
}

function hashOf(text: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

function pathText(path: GraphQLResolveInfo['path'] | undefined): string {
  return path === undefined ? '' : `${pathText(path.prev)}.${path.key}`
}

/** Makes any field of a schema go wrong where the context's faults say so. */
export function makeFaulty(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      const resolve = field.resolve ?? defaultFieldResolver
      field.resolve = (source, args, context: { faults: Faults }, info) => {
        const good = (): unknown => resolve(source, args, context, info)
        const { fields, turns } = context.faults
        if (fields === undefined) return good()
        const hash = hashOf(pathText(info.path), fields.seed)
        return hash / 2 ** 32 < fields.share ? spoiled(hash & 0xff, good, turns) : good()
      }
    }
  }
  return schema
}

/** A promise that nobody asks any more, because what holds it failed, must not end the process. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

const bad: readonly ((good: () => unknown, turns: number) => unknown)[] = [
  () => {
    throw new Error('thrown')
  },
  () => null,
  () => undefined,
  () => new Error('returned'),
  () => Promise.reject(new PlenumError('NOT_FOUND', 'rejected')),
  (good) => Promise.resolve().then(good),
  (good, turns) => wait(turns).then(good),
  (_, turns) =>
    wait(turns).then(() => {
      throw new Error('late')
    }),
  (_, turns) => wait(turns).then(() => null),
  () => ({ then: (take: (value: null) => void) => Promise.resolve(null).then(take) }),
  () => 'text',
  () => [
    null,
    new Error('in a list'),
    handled(Promise.reject(new Error('in a list, later'))),
    Promise.resolve(null),
    {},
  ],
  () => ({ __typename: 'Nothing' }),
  () => 7,
  () => {
    throw 'no error'
  },
]

const spoiled = (which: number, good: () => unknown, turns: number): unknown =>
  bad[which % bad.length]!(good, turns)
