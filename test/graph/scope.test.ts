import { describe, expect, it } from 'vitest'
import { scopeGraph } from '../../src/graph/scope.ts'
import { access } from '../../src/graph/scope.ts'
import { loadGraph } from '../../src/graph/load.ts'
import type { MemoryGraph } from '../../src/graph/memory.ts'
import { Chance } from '../support/chance.ts'
import { Datacenter, epoch, namesOf, noScope, toEvents } from '../support/datacenter.ts'
import { change, filtered, knownTo, linkId, makeWorld, type World } from '../support/tenants.ts'

async function* once<T>(items: Iterable<T>): AsyncIterable<T[]> {
  yield [...items]
}

const load = (world: World, seq = 0): Promise<MemoryGraph> =>
  loadGraph(
    {
      cursor: { epoch, seq },
      asOf: null,
      resources: once(world.resources.values()),
      links: once(world.links.values()),
      aliases: once(world.aliases),
    },
    1_000_000,
  )

function compare(graph: MemoryGraph, world: World, tenants: ReadonlySet<number>): void {
  const scoped = scopeGraph({ tenants }, graph)
  const known = knownTo(world, tenants)
  const seen = scoped.ofType('Resource').map((vertex) => [vertex.id, access({ tenants }, vertex)])
  expect(seen).toEqual([...known].sort(([a], [b]) => a - b))
  const links = scoped
    .ofType('Resource')
    .flatMap((vertex) => scoped.links(vertex, { direction: 'out' }))
    .map(({ type, from, to }) => linkId({ type, from: from.id, to: to.id, since: 0 }))
  expect(new Set(links)).toEqual(new Set(filtered(world, known).links.keys()))
  for (const { id } of world.resources.values()) expect(scoped.get(id) !== undefined).toBe(known.has(id))
}

describe('a graph as a tenant may know it', () => {
  it('shows what is held in full, and by name what it stands in, runs on and hangs on', async () => {
    const dc = new Datacenter()
    const [mine, theirs] = [dc.add('Tenant', 'mine'), dc.add('Tenant', 'theirs')]
    const [site, rack] = [dc.add('Site', 'site'), dc.add('Rack', 'rack', { heightUnits: 42 })]
    const host = dc.add('Server', 'host', { serialNumber: 'SECRET' })
    const vm = dc.add('VirtualMachine', 'vm', {}, { tenantId: mine, siteId: site })
    const other = dc.add('VirtualMachine', 'other', {}, { tenantId: theirs })
    const idle = dc.add('Server', 'idle')
    dc.link('LOCATED_IN', rack, site)
    for (const server of [host, idle]) dc.link('LOCATED_IN', server, rack)
    for (const machine of [vm, other]) dc.link('RUNS_ON', machine, host)
    const graph = await dc.load()
    const tenants = new Set([mine])
    const scoped = scopeGraph({ tenants }, graph)
    expect(namesOf(scoped.ofType('Resource'))).toEqual(['mine', 'site', 'rack', 'host', 'vm'])
    expect(scoped.get(host)).toMatchObject({ name: 'host', fields: { serialNumber: null } })
    expect(access({ tenants }, scoped.get(host)!)).toBe('NAME_ONLY')
    expect(access({ tenants }, scoped.get(vm)!)).toBe('FULL')
    expect(namesOf(scoped.neighbors(scoped.get(host)!, 'RUNS_ON', 'in'))).toEqual(['vm'])
    expect(namesOf(scoped.dependents(scoped.get(rack)!).map(({ vertex }) => vertex))).toEqual(['host', 'vm'])
    expect(scoped.lookup('Server', 'serialNumber', 'SECRET')).toEqual([])
    expect(namesOf(scoped.lookup('Server', 'name', 'host'))).toEqual(['host'])
    expect(scoped.get(other)).toBeUndefined()
    expect(access({ tenants }, graph.get(other)!)).toBeNull()
  })

  it('is the graph itself for who sees all, and the same one each time for who does not', async () => {
    const dc = new Datacenter()
    const tenant = dc.add('Tenant', 'mine')
    const graph = await dc.load()
    expect(scopeGraph({}, graph)).toBe(graph)
    expect(graph.tenancies).toBeUndefined()
    const tenants = new Set([tenant])
    expect(scopeGraph({ tenants }, graph)).toBe(scopeGraph({ tenants: new Set([tenant]) }, graph))
  })

  it('forgets a carrier that only a circle of carriers still leads to', async () => {
    const dc = new Datacenter()
    const tenant = dc.add('Tenant', 'mine')
    const [a, b] = [dc.add('Cluster', 'a'), dc.add('Cluster', 'b')]
    const vm = dc.add('VirtualMachine', 'vm', {}, { tenantId: tenant })
    dc.link('RUNS_ON', vm, a)
    dc.link('RUNS_ON', a, b)
    dc.link('PART_OF', b, a)
    const graph = await dc.load()
    const scoped = scopeGraph({ tenants: new Set([tenant]) }, graph)
    expect(namesOf(scoped.ofType('Cluster'))).toEqual(['a', 'b'])
    const link = { type: 'RUNS_ON' as const, from: vm, to: a, since: 0 }
    graph.apply(toEvents(0, [{ type: 'LinkRemoved', link, from: noScope, to: noScope }]))
    expect(scoped.ofType('Cluster')).toEqual([])
    graph.apply(toEvents(1, [{ type: 'LinkAdded', link, from: noScope, to: noScope }]))
    expect(namesOf(scoped.ofType('Cluster'))).toEqual(['a', 'b'])
  })

  const seed = Number(process.env['PLENUM_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  it(`stays what a fresh load and a naive look give, whatever happens (PLENUM_SEED=${seed})`, async () => {
    const chance = new Chance(seed)
    for (let round = 0; round < 25; round++) {
      const world = makeWorld(chance)
      const graph = await load(world)
      const all = [...world.resources.values()].filter(({ kind }) => kind === 'Tenant').map(({ id }) => id)
      const viewers = [new Set([all[0]!]), new Set([all[1]!]), new Set(all), new Set<number>()]
      for (let step = 0; step < 40; step++) {
        for (const tenants of viewers) if (chance.is(0.5)) compare(graph, world, tenants)
        for (let count = 1 + chance.below(4); count > 0; count--)
          graph.apply(toEvents(graph.cursor.seq, change(chance, world)))
      }
      for (const tenants of viewers) compare(graph, world, tenants)
    }
  })
})
