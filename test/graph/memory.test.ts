import { describe, expect, it } from 'vitest'
import type { GraphEvent } from '../../src/event/event.ts'
import { Datacenter, epoch, namesOf, noScope, since, toEvents, toImage } from '../support/datacenter.ts'

async function small() {
  const dc = new Datacenter()
  const rack = dc.add('Rack', 'r1', {}, { labels: { env: 'prod' } })
  const first = dc.add(
    'Server',
    's1',
    { serialNumber: 'A1', systemUuid: null },
    { labels: { env: 'prod', team: 'x' } },
  )
  const second = dc.add('Server', 's2', { serialNumber: 'A2' }, { labels: { env: 'test' } })
  const tenant = dc.add('Tenant', 't1')
  dc.link('LOCATED_IN', first, rack)
  dc.link('LOCATED_IN', second, rack)
  dc.link('OWNED_BY', second, tenant)
  dc.link('OWNED_BY', first, tenant)
  return { dc, rack, first, second, tenant, graph: await dc.load() }
}

describe('a loaded graph', () => {
  it('gives vertices with every property of their kind, null where there is no value', async () => {
    const { graph, first } = await small()
    const vertex = graph.get(first)!
    expect(vertex).toMatchObject({ name: 's1', status: 'ACTIVE', labels: { env: 'prod', team: 'x' } })
    expect(vertex.fields).toMatchObject({ serialNumber: 'A1', systemUuid: null, cpuModel: null })
    expect(Object.keys(vertex.fields)).toEqual(Object.keys(graph.get(first + 1)!.fields))
  })

  it('lists kinds and interfaces ascending by id, whatever order the rows came in', async () => {
    const dc = new Datacenter()
    dc.add('Switch', 'b', {}, { id: 9 })
    dc.add('Server', 'a', {}, { id: 5 })
    dc.add('Server', 'c', {}, { id: 7 })
    dc.add('VirtualMachine', 'v', {}, { id: 2 })
    const graph = await dc.load()
    expect(namesOf(graph.ofType('Server'))).toEqual(['a', 'c'])
    expect(namesOf(graph.ofType('Hardware'))).toEqual(['a', 'c', 'b'])
    expect(namesOf(graph.ofType('Machine'))).toEqual(['v', 'a', 'c'])
    expect(namesOf(graph.ofType('Resource'))).toEqual(['v', 'a', 'c', 'b'])
    expect(graph.size).toBe(4)
  })

  it('looks up names, indexed properties and labels, by kind and by interface', async () => {
    const { graph } = await small()
    expect(namesOf(graph.lookup('Server', 'serialNumber', 'A2'))).toEqual(['s2'])
    expect(namesOf(graph.lookup('Hardware', 'name', 's1'))).toEqual(['s1'])
    expect(graph.lookup('Switch', 'name', 's1')).toEqual([])
    expect(namesOf(graph.lookup('Resource', 'label', 'env=prod'))).toEqual(['r1', 's1'])
    expect(namesOf(graph.lookup('Server', 'label', 'env=prod'))).toEqual(['s1'])
    expect(() => graph.lookup('Server', 'cpuModel', 'x')).toThrow('not indexed')
  })

  it('shares equal labels, and tells apart those that only look equal', async () => {
    const dc = new Datacenter()
    const one = dc.add('Rack', 'a', {}, { labels: { x: '1=y', z: '2' } })
    const two = dc.add('Rack', 'b', {}, { labels: { z: '2', x: '1=y' } })
    const three = dc.add('Rack', 'c', {}, { labels: { 'x=1': 'y', z: '2' } })
    const graph = await dc.load()
    expect(graph.get(one)!.labels).toBe(graph.get(two)!.labels)
    expect(graph.get(three)!.labels).toEqual({ 'x=1': 'y', z: '2' })
  })

  it('gives links and neighbours of both directions, ascending', async () => {
    const { graph, rack, first, tenant } = await small()
    const vertex = graph.get(tenant)!
    expect(namesOf(graph.neighbors(vertex, 'OWNED_BY', 'in'))).toEqual(['s1', 's2'])
    expect(graph.neighbors(vertex, 'OWNED_BY', 'out')).toEqual([])
    expect(graph.links(graph.get(first)!).map((link) => [link.type, link.to.name, link.since])).toEqual([
      ['LOCATED_IN', 'r1', since],
      ['OWNED_BY', 't1', since],
    ])
    expect(graph.links(graph.get(first)!, { kind: ['Tenant'] })).toHaveLength(1)
    expect(graph.links(graph.get(first)!, { direction: 'in' })).toEqual([])
    expect(graph.degree(graph.get(rack)!, 'LOCATED_IN', 'in')).toBe(2)
    expect(graph.findLink('OWNED_BY', first, tenant)?.from.id).toBe(first)
    expect(graph.findLink('OWNED_BY', tenant, first)).toBeUndefined()
    expect(graph.linkCount).toBe(4)
  })

  it('reads a symmetric link from both ends in every direction', async () => {
    const dc = new Datacenter()
    const [a, b] = [dc.add('Server', 'a'), dc.add('Server', 'b')]
    dc.link('CONNECTED_TO', a, b)
    dc.link('CONNECTED_TO', a, a)
    const graph = await dc.load()
    for (const direction of ['out', 'in', 'both'] as const) {
      expect(namesOf(graph.neighbors(graph.get(a)!, 'CONNECTED_TO', direction))).toEqual(['a', 'b'])
      expect(namesOf(graph.neighbors(graph.get(b)!, 'CONNECTED_TO', direction))).toEqual(['a'])
      expect(graph.links(graph.get(a)!, { direction })).toHaveLength(2)
    }
    expect(graph.findLink('CONNECTED_TO', b, a)).toMatchObject({ from: { id: a }, to: { id: b } })
  })

  it('keeps instants beyond 32 bits, and before 1970', async () => {
    const dc = new Datacenter()
    const [a, b] = [dc.add('Service', 'a'), dc.add('Service', 'b')]
    const instants = [0, 1, 2 ** 31, 2 ** 32, 4_102_444_800_123, -5_000]
    for (const [index, instant] of instants.entries()) {
      dc.links.length = 0
      dc.links.push({ type: 'DEPENDS_ON', from: a, to: b, since: instant })
      const graph = await dc.load()
      expect(graph.findLink('DEPENDS_ON', a, b)?.since, String(index)).toBe(instant)
    }
  })

  it('follows ids that were merged away to who is there now', async () => {
    const dc = new Datacenter()
    dc.add('Rack', 'r', {}, { id: 10 })
    dc.aliases.push({ id: 3, into: 4 }, { id: 4, into: 10 }, { id: 5, into: 6 }, { id: 6, into: 5 })
    const graph = await dc.load()
    expect(graph.get(3)?.name).toBe('r')
    expect(graph.get(5)).toBeUndefined()
    expect(graph.get(7)).toBeUndefined()
  })

  it('refuses rows that contradict each other', async () => {
    const dc = new Datacenter()
    dc.add('Rack', 'r')
    dc.link('LOCATED_IN', 1, 2)
    await expect(dc.load()).rejects.toThrow('there is no resource 2')
    dc.links.length = 0
    dc.add('Rack', 'again', {}, { id: 1 })
    await expect(dc.load()).rejects.toThrow('resource 1 is there already')
  })

  it('can be given up while it loads', async () => {
    const { loadGraph } = await import('../../src/graph/load.ts')
    const dc = new Datacenter()
    for (let index = 0; index < 10; index++) dc.add('Rack', `r${index}`)
    const stop = new AbortController()
    const rows = dc.rows()
    async function* stopping() {
      for await (const batch of rows.resources) {
        yield batch
        stop.abort()
      }
    }
    await expect(loadGraph({ ...rows, resources: stopping() }, 10, stop.signal)).rejects.toThrow('abort')
  })
})

describe('apply', () => {
  const created = (id: number, name: string): GraphEvent => ({
    type: 'ResourceCreated',
    resource: toImage(id, 'Rack', name),
  })
  const link = { type: 'LOCATED_IN', from: 2, to: 1, since } as const

  it('takes events in sequence and moves the cursor', async () => {
    const graph = await new Datacenter().load()
    graph.apply(
      toEvents(0, [
        created(1, 'a'),
        created(2, 'b'),
        { type: 'LinkAdded', link, from: noScope, to: noScope },
        { type: 'SourceSynced', detail: {} },
        {
          type: 'ResourceUpdated',
          resource: toImage(1, 'Rack', 'c', { labels: { x: 'y' } }),
          before: noScope,
          changes: [],
        },
      ]),
    )
    expect(graph.cursor).toEqual({ epoch, seq: 5 })
    expect(namesOf(graph.lookup('Rack', 'name', 'c'))).toEqual(['c'])
    expect(graph.lookup('Rack', 'name', 'a')).toEqual([])
    expect(namesOf(graph.neighbors(graph.get(1)!, 'LOCATED_IN', 'in'))).toEqual(['b'])
    graph.apply(
      toEvents(5, [
        { type: 'LinkRemoved', link, from: noScope, to: noScope },
        { type: 'ResourceMerged', id: 2, into: 1, before: noScope },
      ]),
    )
    expect(graph.get(2)?.name).toBe('c')
    expect(graph.size).toBe(1)
    graph.apply(toEvents(7, [{ type: 'ResourceDeleted', id: 1, before: noScope }]))
    expect(graph.get(2)).toBeUndefined()
    expect(graph.lookup('Resource', 'label', 'x=y')).toEqual([])
  })

  it('keeps the vertex when a resource turns out to be of another kind', async () => {
    const dc = new Datacenter()
    const device = dc.add('Device', 'd', { serialNumber: 'S' })
    const rack = dc.add('Rack', 'r')
    dc.link('LOCATED_IN', device, rack)
    const graph = await dc.load()
    const vertex = graph.get(device)
    graph.apply(
      toEvents(0, [
        {
          type: 'ResourceUpdated',
          resource: toImage(device, 'Switch', 'd', { fields: { serialNumber: 'S' } }),
          before: noScope,
          changes: [],
        },
      ]),
    )
    expect(graph.get(device)).toBe(vertex)
    expect(namesOf(graph.ofType('Switch'))).toEqual(['d'])
    expect(graph.ofType('Device')).toEqual([])
    expect(graph.lookup('Device', 'serialNumber', 'S')).toEqual([])
    expect(namesOf(graph.lookup('Hardware', 'serialNumber', 'S'))).toEqual(['d'])
    expect(namesOf(graph.neighbors(graph.get(rack)!, 'LOCATED_IN', 'in'))).toEqual(['d'])
  })

  it.each<[string, GraphEvent[]]>([
    ['a double create', [created(1, 'again')]],
    [
      'a change of what is not there',
      [{ type: 'ResourceUpdated', resource: toImage(9, 'Rack', 'x'), before: noScope, changes: [] }],
    ],
    ['a delete of what is not there', [{ type: 'ResourceDeleted', id: 9, before: noScope }]],
    ['a delete of what still has links', [{ type: 'ResourceDeleted', id: 1, before: noScope }]],
    ['a merge into what is not there', [{ type: 'ResourceMerged', id: 3, into: 9, before: noScope }]],
    [
      'a create of what was merged away',
      [{ type: 'ResourceMerged', id: 3, into: 1, before: noScope }, created(3, 'again')],
    ],
    [
      'a link to what is not there',
      [{ type: 'LinkAdded', link: { ...link, to: 9 }, from: noScope, to: noScope }],
    ],
    ['a double link', [{ type: 'LinkAdded', link, from: noScope, to: noScope }]],
    [
      'the end of a link that is not there',
      [{ type: 'LinkRemoved', link: { ...link, from: 1, to: 2 }, from: noScope, to: noScope }],
    ],
    ['an unknown kind', [{ type: 'ResourceCreated', resource: toImage(9, 'Toaster' as never, 'x') }]],
  ])('refuses %s', async (_, bodies) => {
    const dc = new Datacenter()
    dc.add('Rack', 'a')
    dc.add('Rack', 'b')
    dc.add('Rack', 'c')
    dc.links.push(link)
    const graph = await dc.load()
    expect(() => graph.apply(toEvents(0, bodies))).toThrow(`event ${bodies.length} `)
  })

  it('refuses a hole in the log', async () => {
    const graph = await new Datacenter().load()
    expect(() => graph.apply(toEvents(1, [created(1, 'a')]))).toThrow('cannot follow event 0')
  })

  it('leaves arrays that it gave out as they were when something goes', async () => {
    const dc = new Datacenter()
    for (let index = 0; index < 5; index++) dc.add('Rack', `r${index}`)
    const graph = await dc.load()
    const before = graph.ofType('Rack')
    graph.apply(toEvents(0, [{ type: 'ResourceDeleted', id: 2, before: noScope }]))
    expect(before).toHaveLength(5)
    expect(namesOf(graph.ofType('Rack'))).toEqual(['r0', 'r2', 'r3', 'r4'])
  })
})
