import { describe, expect, test } from 'vitest'
import type { HistoryEntry, Origin, PageOf, Resources } from '../../../src/resource/verbs.ts'
import { ask } from '../../support/graphql.ts'
import { sketchDatacenter } from './datacenter.ts'

const dc = sketchDatacenter()
const { graph, sketch, servers } = dc
const netbox = sketch.add('Source', 'netbox', { fields: { driver: 'netbox', control: false } })
const inventory = sketch.add('Source', 'inventory', { fields: { driver: 'inventory', control: false } })
const unsure = sketch.add('Server', 'unsure', { hasConflict: true, sources: [netbox.id] })
const at = Date.parse('2026-01-02T03:04:05Z')
const shownAt = '2026-01-02T03:04:05.000Z'

const mapOf = <T>(ids: readonly number[], make: (id: number) => T): Promise<Map<number, T>> =>
  Promise.resolve(new Map(ids.map((id) => [id, make(id)])))

const originOf = (resourceId: number, sourceId: number, seenAt: number): Origin => ({
  resourceId,
  sourceId,
  key: `key-${resourceId}`,
  precedence: 100,
  firstSeenAt: at - 1_000,
  lastSeenAt: seenAt,
  stale: false,
  hearsay: false,
})

const historyPage = (resourceId: number, first: number, after?: string): PageOf<HistoryEntry> => {
  const seqs = [3, 2, 1].filter((seq) => after === undefined || seq < Number(after))
  return {
    items: seqs.slice(0, first).map((seq) => ({
      cursor: String(seq),
      item: {
        resourceId,
        kind: 'Server',
        name: 'then',
        action: 'UPDATED',
        at,
        seq,
        actor: 'ann',
        changes: [{ path: 'name', before: 'once', after: 'then' }],
      },
    })),
    hasNextPage: seqs.length > first,
    totalCount: 3,
  }
}

const resources: Partial<Resources> = {
  attributesOf: (ids) => mapOf(ids, () => ({ netbox: { tags: ['a', { b: 7 }], 'x.y': { z: 1 } } })),
  originsOf: (ids) =>
    mapOf(ids, (id) => [originOf(id, netbox.id, at), originOf(id, inventory.id, at - 5_000)]),
  provenanceOf: (ids) =>
    mapOf(ids, (resourceId) => [
      { resourceId, path: 'name', value: 'x', sourceId: netbox.id, observedAt: at, lost: [] },
      {
        resourceId,
        path: 'fields.serialNumber',
        value: 'CN',
        sourceId: netbox.id,
        observedAt: at,
        lost: [{ value: 'C0', sourceId: inventory.id, observedAt: at }],
      },
    ]),
  driftOf: (ids) =>
    mapOf(ids, (resourceId) => [{ resourceId, path: 'name', intended: 'a', observed: 'b', since: at }]),
  conflictsOf: (ids) =>
    mapOf(ids, (resourceId) => [
      { resourceId, otherId: servers[0]!.id, type: 'name', scope: '', value: 'x', since: at },
    ]),
  linkDetailsOf: (links) =>
    Promise.resolve(
      links.map(({ from }) => ({ attributes: { from }, origins: [originOf(from, netbox.id, at)] })),
    ),
  sourceStates: () =>
    Promise.resolve(
      new Map([
        [
          netbox.id,
          {
            lastSyncAt: at,
            tookSeconds: 1.5,
            seen: 10,
            changed: 2,
            failure: null,
            held: 'too much gone',
            pushLagSeconds: null,
            breaker: null,
          },
        ],
      ]),
    ),
  historyOf: (ids, { first, after }) => mapOf(ids, (id) => historyPage(id, first, after)),
}

describe('what is read from the tables', () => {
  test('is one statement a field, for one row and for many', async () => {
    const fields = `attributes attribute(path: "netbox.tags.1.b") observedAt origins { key source { name state { lastSyncAt } } }
      provenance { path } history(first: 1) { totalCount nodes { at } }
      links { nodes { attributes origins { key } } }`
    for (const first of [1, 6]) {
      const { statements, errors } = await ask(
        graph,
        `{ servers(first: ${first}) { nodes { ${fields} } } }`,
        { resources },
      )
      expect(errors).toEqual([])
      expect(statements.sort()).toEqual([
        'attributesOf',
        'historyOf',
        'linkDetailsOf',
        'originsOf',
        'provenanceOf',
        'sourceStates',
      ])
    }
  })

  test('is not read where the graph knows that there is nothing', async () => {
    const { data, statements } = await ask(
      graph,
      '{ servers(first: 1) { nodes { drift { path } conflicts { type } } } }',
    )
    expect(data.servers.nodes).toEqual([{ drift: [], conflicts: [] }])
    expect(statements).toEqual([])
  })

  test('comes as the schema says', async () => {
    const { data, errors } = await ask(
      graph,
      `{ resource(ref: "Server:name=srv-1") {
          attributes deep: attribute(path: "netbox.tags.1.b") dotted: attribute(path: "netbox.x.y.z") none: attribute(path: "netbox.no.such")
          observedAt origins { source { name } key precedence firstSeenAt lastSeenAt stale hearsay }
          provenance(path: "fields") { path value source { name } observedAt lost { value source { name } observedAt } }
          drift { path intended observed since }
        }
        unsure: resource(ref: "Server:name=unsure") { conflicts { other { name } type scope value since } }
        sources { name driver control state { lastSyncAt tookSeconds seen changed failure held } } }`,
      { resources },
    )
    expect(errors).toEqual([])
    expect(data).toEqual({
      resource: {
        attributes: { netbox: { tags: ['a', { b: 7 }], 'x.y': { z: 1 } } },
        deep: 7,
        dotted: 1,
        none: null,
        observedAt: shownAt,
        origins: ['netbox', 'inventory'].map((name, index) => ({
          source: { name },
          key: `key-${servers[1]!.id}`,
          precedence: 100,
          firstSeenAt: '2026-01-02T03:04:04.000Z',
          lastSeenAt: index === 0 ? shownAt : '2026-01-02T03:04:00.000Z',
          stale: false,
          hearsay: false,
        })),
        provenance: [
          {
            path: 'fields.serialNumber',
            value: 'CN',
            source: { name: 'netbox' },
            observedAt: shownAt,
            lost: [{ value: 'C0', source: { name: 'inventory' }, observedAt: shownAt }],
          },
        ],
        drift: [{ path: 'name', intended: 'a', observed: 'b', since: shownAt }],
      },
      unsure: {
        conflicts: [{ other: { name: 'srv-0' }, type: 'name', scope: '', value: 'x', since: shownAt }],
      },
      sources: [
        {
          name: 'inventory',
          driver: 'inventory',
          control: false,
          state: {
            lastSyncAt: null,
            tookSeconds: null,
            seen: null,
            changed: null,
            failure: null,
            held: null,
          },
        },
        {
          name: 'netbox',
          driver: 'netbox',
          control: false,
          state: {
            lastSyncAt: shownAt,
            tookSeconds: 1.5,
            seen: 10,
            changed: 2,
            failure: null,
            held: 'too much gone',
          },
        },
      ],
    })
  })

  test('notSeenSince goes by the last sync of the sources', async () => {
    const seen = (instant: string) =>
      ask(
        graph,
        `{ servers(filter: { notSeenSince: "${instant}", source: ["Source:name=netbox"] }) { nodes { name } } }`,
        { resources },
      )
    expect((await seen('2026-01-02T03:04:06Z')).data.servers.nodes).toEqual([{ name: unsure.name }])
    expect((await seen('2026-01-02T03:04:05Z')).data.servers.nodes).toEqual([])
  })
})

describe('history', () => {
  const source = `query ($after: PageCursor) { resource(ref: "Server:name=srv-1") { history(first: 2, after: $after) {
    totalCount nodes { resource { name } resourceId kind name action at actor cursor changes { path before after } }
    pageInfo { hasNextPage hasPreviousPage endCursor } } } }`

  test('is paged', async () => {
    const first = (await ask(graph, source, { resources })).data.resource.history
    expect(first).toMatchObject({
      totalCount: 3,
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
      nodes: [
        {
          resource: { name: 'srv-1' },
          name: 'then',
          action: 'UPDATED',
          at: shownAt,
          actor: 'ann',
          cursor: '1f0c22aa.3',
          changes: [{ path: 'name', before: 'once', after: 'then' }],
        },
        { cursor: '1f0c22aa.2' },
      ],
    })
    const after = first.pageInfo.endCursor
    const second = (await ask(graph, source, { resources, variables: { after } })).data.resource.history
    expect(second).toMatchObject({
      pageInfo: { hasNextPage: false, hasPreviousPage: true },
      nodes: [{ cursor: '1f0c22aa.1' }],
    })
  })

  test('refuses a cursor of another resource', async () => {
    const { data } = await ask(
      graph,
      '{ resource(ref: "Server:name=srv-2") { history(first: 1) { edges { cursor } } } }',
      { resources },
    )
    const after = data.resource.history.edges[0].cursor
    expect((await ask(graph, source, { resources, variables: { after } })).errors).toMatchObject([
      { code: 'INVALID_INPUT' },
    ])
  })
})

describe('links and reach', () => {
  test('links go by type, direction and kind, page by page', async () => {
    const { data } = await ask(
      graph,
      `{ resource(ref: "Server:name=srv-1") {
          all: links { totalCount }
          out: links(direction: OUT) { nodes { type to { name } } }
          in: links(direction: IN, kind: [VirtualMachine], type: [RUNS_ON, PART_OF]) { edges { cursor node { from { name } } } }
          paged: links(first: 1) { pageInfo { endCursor hasNextPage } } } }`,
    )
    expect(data.resource).toMatchObject({
      all: { totalCount: 3 },
      out: { nodes: [{ type: 'LOCATED_IN', to: { name: 'r07' } }] },
      in: { edges: [{ node: { from: { name: 'vm-1' } } }] },
      paged: { pageInfo: { hasNextPage: true } },
    })
    const after = data.resource.paged.pageInfo.endCursor
    const rest = await ask(
      graph,
      `{ resource(ref: "Server:name=srv-1") { links(after: "${after}") { nodes { type } pageInfo { hasPreviousPage } } } }`,
    )
    expect(rest.data.resource.links).toEqual({
      nodes: [{ type: 'PART_OF' }, { type: 'RUNS_ON' }],
      pageInfo: { hasPreviousPage: true },
    })
  })

  test('dependents come nearest first, with why', async () => {
    const { data } = await ask(
      graph,
      `{ resource(ref: "Server:name=srv-1") {
          dependents(kind: [VirtualMachine, Service]) { totalCount edges { depth node { name } via { type from { name } to { name } } } }
          near: dependents(depth: 1, kind: [VirtualMachine, Service]) { nodes { name } }
          dependencies(kind: [Rack, Site]) { nodes { name } }
          services { nodes { name } } } }`,
    )
    expect(data.resource).toEqual({
      dependents: {
        totalCount: 2,
        edges: [
          {
            depth: 1,
            node: { name: 'vm-1' },
            via: [{ type: 'RUNS_ON', from: { name: 'vm-1' }, to: { name: 'srv-1' } }],
          },
          {
            depth: 2,
            node: { name: 'web' },
            via: [
              { type: 'RUNS_ON', from: { name: 'vm-1' }, to: { name: 'srv-1' } },
              { type: 'RUNS_ON', from: { name: 'web' }, to: { name: 'vm-1' } },
            ],
          },
        ],
      },
      near: { nodes: [{ name: 'vm-1' }] },
      dependencies: { nodes: [{ name: 'r07' }, { name: 'seoul-1' }] },
      services: { nodes: [{ name: 'web' }] },
    })
  })

  test('a depth of nothing is refused', async () => {
    const { errors } = await ask(
      graph,
      '{ resource(ref: "Server:name=srv-1") { dependents(depth: 0) { totalCount } } }',
    )
    expect(errors).toMatchObject([{ code: 'INVALID_INPUT', details: { path: 'depth' } }])
  })
})

describe('count', () => {
  test.each([
    ['[]', [[[], 11]]],
    [
      '[status]',
      [
        [['ACTIVE'], 5],
        [['MAINTENANCE'], 1],
      ],
    ],
    [
      '[SITE, "label.env"]',
      [
        [['busan-1', 'prod'], 1],
        [['busan-1', 'test'], 1],
        [['seoul-1', 'prod'], 2],
        [['seoul-1', 'test'], 2],
      ],
    ],
    [
      '[rack]',
      [
        [['r07'], 2],
        [['r08'], 2],
        [['r09'], 2],
      ],
    ],
  ])('by %s', async (groupBy, expected) => {
    const filter =
      groupBy === '[]' ? '{ kind: [Server, Rack, Region] }' : '{ kind: [Server], name: { glob: "srv-*" } }'
    const { data } = await ask(
      graph,
      `{ count(filter: ${filter}, groupBy: ${groupBy}) { count group { key value resource { name } } } }`,
    )
    const shown = data.count.map(({ group, count }: any) => [group.map(({ value }: any) => value), count])
    expect(shown.toSorted()).toEqual(expected.toSorted())
  })

  test('gives the resources that it groups by, largest group first', async () => {
    const { data } = await ask(
      graph,
      '{ count(filter: { kind: [VirtualMachine] }, groupBy: [kind, rack, tenant, health]) { count group { key value resource { kind name } } } }',
    )
    expect(data.count).toHaveLength(6)
    expect(data.count[0].group).toEqual([
      { key: 'kind', value: 'VirtualMachine', resource: null },
      { key: 'rack', value: 'r07', resource: { kind: 'Rack', name: 'r07' } },
      { key: 'tenant', value: 'blue', resource: { kind: 'Tenant', name: 'blue' } },
      { key: 'health', value: '', resource: null },
    ])
  })

  test('refuses more keys than anybody reads', async () => {
    const { errors } = await ask(
      graph,
      '{ count(groupBy: [kind, site, rack, tenant, status, health]) { count } }',
    )
    expect(errors).toMatchObject([{ code: 'LIMIT_EXCEEDED' }])
  })
})
