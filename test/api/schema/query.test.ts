import { describe, expect, test } from 'vitest'
import { ask } from '../../support/graphql.ts'
import { sketchDatacenter } from './datacenter.ts'

const dc = sketchDatacenter()
const { graph } = dc
const names = (connection: { nodes: { name: string }[] }): string[] =>
  connection.nodes.map(({ name }) => name)

describe('a query', () => {
  test('goes from a server to its switch, machine, tenant and service, without a statement', async () => {
    const { data, errors, statements } = await ask(
      graph,
      `{ servers(first: 1) { totalCount nodes {
        id currentId asOf kind name access status health labels { key value } owner contact generation revision createdAt
        rack { name site { name region { name } } } uplinks { name servers { totalCount } }
        interfaces { nodes { name macAddress speedBps peers { name device { name } } } }
        virtualMachines { nodes { name host { name } tenant { name } services { nodes { name instances { totalCount } } } } }
      } } }`,
    )
    expect(errors).toEqual([])
    expect(data.servers).toMatchObject({
      totalCount: 6,
      nodes: [
        {
          id: String(dc.servers[0]!.id),
          kind: 'Server',
          access: 'FULL',
          health: null,
          labels: [
            { key: 'env', value: 'test' },
            { key: 'odd', value: 'a=b' },
          ],
          createdAt: '2023-11-14T22:13:20.000Z',
          rack: { name: 'r07', site: { name: 'seoul-1', region: { name: 'kr' } } },
          uplinks: [{ name: 'leaf-1', servers: { totalCount: 6 } }],
          interfaces: {
            nodes: [{ speedBps: '25000000000', peers: [{ name: 'et-0', device: { name: 'leaf-1' } }] }],
          },
          virtualMachines: {
            nodes: [
              {
                name: 'vm-0',
                tenant: { name: 'green' },
                services: { nodes: [{ name: 'web', instances: { totalCount: 2 } }] },
              },
            ],
          },
        },
      ],
    })
    expect(statements).toEqual([])
  })

  test('tells the log position at which it was read', async () => {
    const { data } = await ask(graph, '{ cursor viewer { name role } }')
    expect(data).toEqual({ cursor: '1f0c22aa.7', viewer: { name: 'tester', role: 'ADMIN' } })
  })

  test('keeps the siblings of a field that fails', async () => {
    const { data, errors } = await ask(graph, '{ servers(first: -1) { totalCount } racks { totalCount } }')
    expect(data).toEqual({ servers: null, racks: { totalCount: 3 } })
    expect(errors).toMatchObject([{ code: 'INVALID_INPUT', path: 'servers' }])
  })
})

describe('a filter', () => {
  test.each([
    ['name: { eq: "srv-1" }', ['srv-1']],
    ['name: { in: ["srv-1", "srv-3", "none"] }', ['srv-1', 'srv-3']],
    ['name: { contains: "RV-2" }', ['srv-2']],
    ['name: { startsWith: "SRV" }', []],
    ['name: { glob: "S*-?" }, cpuCores: { gt: 24 }', ['srv-4', 'srv-5']],
    ['status: [MAINTENANCE]', ['srv-5']],
    ['status: []', []],
    ['health: [OK]', []],
    ['owner: { eq: "team-1" }', ['srv-1', 'srv-5']],
    ['not: { owner: { eq: "team-1" } }', ['srv-0', 'srv-2', 'srv-3', 'srv-4']],
    ['or: []', []],
    ['or: [{ name: { eq: "srv-0" } }, { rack: ["Rack:name=r09"] }]', ['srv-0', 'srv-4', 'srv-5']],
    ['or: [{ name: { eq: "srv-0" } }, {}]', ['srv-0', 'srv-1', 'srv-2', 'srv-3', 'srv-4', 'srv-5']],
    ['and: [{ cpuCores: { gte: 8 } }, { cpuCores: { lte: 16 } }]', ['srv-1', 'srv-2']],
    ['cpuCores: { in: [8, 40] }', ['srv-1', 'srv-5']],
    ['cpuCores: { lt: 8 }', ['srv-0']],
    ['memoryBytes: { gt: "274877906944" }', ['srv-5']],
    ['memoryBytes: { eq: 68719476736 }', ['srv-1']],
    ['warrantyEndsAt: { before: "2031-12-31T15:00:00Z" }', ['srv-0', 'srv-1', 'srv-2']],
    ['warrantyEndsAt: { after: "2033-12-31T15:00:00.001Z" }', ['srv-5']],
    ['serialNumber: { in: ["CN70", "CN75"] }', ['srv-0', 'srv-5']],
    ['serialNumber: { contains: "CN" }, manufacturer: { eq: "HPE" }', ['srv-3', 'srv-5']],
    ['face: [FRONT]', ['srv-1', 'srv-3', 'srv-5']],
    ['label: [{ key: "env", value: "prod" }]', ['srv-1', 'srv-3', 'srv-5']],
    ['label: [{ key: "env", in: ["test"] }, { key: "odd" }]', ['srv-0']],
    ['label: [{ key: "odd", exists: false }], cpuCores: { lte: 8 }', ['srv-1']],
    ['label: [{ key: "odd", value: "a=b" }]', ['srv-0']],
    ['ref: ["Server:serialNumber=CN72", "Server:assetTag=A3"]', ['srv-2', 'srv-3']],
    ['kind: [Server], name: { eq: "srv-2" }', ['srv-2']],
    ['kind: [Rack]', []],
    ['site: ["Site:name=busan-1"]', ['srv-4', 'srv-5']],
    ['rack: ["Rack:name=r07", "Rack:name=r09"]', ['srv-0', 'srv-1', 'srv-4', 'srv-5']],
    ['hasDrift: true', ['srv-1']],
    ['hasConflict: true', []],
    ['updatedSince: "2023-11-14T22:13:20.004Z"', ['srv-4', 'srv-5']],
    [
      'linked: { type: RUNS_ON, direction: IN, to: { tenant: ["Tenant:name=blue"] } }',
      ['srv-1', 'srv-3', 'srv-5'],
    ],
    ['linked: { direction: IN, depth: 2, to: { ref: ["Service:name=web"] } }', ['srv-0', 'srv-1']],
    [
      'linked: { direction: OUT, depth: 2, to: { kind: [Site], name: { glob: "*busan*" } } }',
      ['srv-4', 'srv-5'],
    ],
    ['linked: { type: DEPENDS_ON }', []],
    [
      'not: { linked: { type: LOCATED_IN, direction: OUT, to: { not: { name: { eq: "r07" } } } } }',
      ['srv-0', 'srv-1'],
    ],
  ])('{ %s } gives %j', async (filter, expected) => {
    const { data, errors, statements } = await ask(
      graph,
      `{ servers(filter: { ${filter} }) { totalCount nodes { name } } }`,
    )
    expect(errors).toEqual([])
    expect(names(data.servers)).toEqual(expected)
    expect(data.servers.totalCount).toBe(expected.length)
    expect(statements).toEqual([])
  })

  test('of all kinds goes through lists of several', async () => {
    const { data } = await ask(
      graph,
      '{ resources(filter: { kind: [Rack, Tenant, Vrf], not: { name: { eq: "r08" } } }) { nodes { name kind } } }',
    )
    expect(names(data.resources)).toEqual(['r07', 'r09', 'blue', 'green', 'blue-net'])
  })

  test('nests in lists of resources, read once a query', async () => {
    const { data } = await ask(
      graph,
      '{ racks { nodes { name servers(filter: { cpuCores: { gte: 8 } }, orderBy: { field: "cpuCores", direction: DESC }, first: 1) { totalCount nodes { name } } } } }',
    )
    expect(data.racks.nodes).toEqual([
      { name: 'r07', servers: { totalCount: 1, nodes: [{ name: 'srv-1' }] } },
      { name: 'r08', servers: { totalCount: 2, nodes: [{ name: 'srv-3' }] } },
      { name: 'r09', servers: { totalCount: 2, nodes: [{ name: 'srv-5' }] } },
    ])
  })

  test('asks the tables for attributes once, however many lists have it', async () => {
    const ids = new Set(dc.servers.slice(0, 3).map((server) => server.id))
    const { data, statements } = await ask(
      graph,
      '{ racks { nodes { servers(filter: { attribute: [{ path: "netbox.tier", eq: 1 }] }) { nodes { name } } } } }',
      { resources: { idsWhere: () => Promise.resolve(ids) } },
    )
    expect(data.racks.nodes.map((rack: any) => names(rack.servers))).toEqual([
      ['srv-0', 'srv-1'],
      ['srv-2'],
      [],
    ])
    expect(statements).toEqual(['idsWhere'])
  })
})

describe('an order', () => {
  test.each([
    ['{ field: "cpuCores", direction: DESC }', ['srv-5', 'srv-4', 'srv-3', 'srv-2', 'srv-1', 'srv-0']],
    [
      '[{ field: "manufacturer", direction: DESC }, { field: "name", direction: DESC }]',
      ['srv-5', 'srv-4', 'srv-3', 'srv-2', 'srv-1', 'srv-0'],
    ],
    ['{ field: "serialNumber", direction: DESC }', ['srv-5', 'srv-3', 'srv-2', 'srv-1', 'srv-0', 'srv-4']],
    ['{ field: "serialNumber" }', ['srv-0', 'srv-1', 'srv-2', 'srv-3', 'srv-5', 'srv-4']],
    ['{ field: "memoryBytes", direction: DESC }', ['srv-5', 'srv-4', 'srv-3', 'srv-2', 'srv-1', 'srv-0']],
    ['{ field: "label.env" }', ['srv-1', 'srv-3', 'srv-5', 'srv-0', 'srv-2', 'srv-4']],
    ['{ field: "site" }', ['srv-4', 'srv-5', 'srv-0', 'srv-1', 'srv-2', 'srv-3']],
    ['{ field: "warrantyEndsAt", direction: DESC }', ['srv-5', 'srv-4', 'srv-3', 'srv-2', 'srv-1', 'srv-0']],
  ])('by %s', async (orderBy, expected) => {
    const { data } = await ask(graph, `{ servers(orderBy: ${orderBy}) { nodes { name } } }`)
    expect(names(data.servers)).toEqual(expected)
  })
})

describe('a connection', () => {
  const page =
    'totalCount edges { cursor node { name } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }'

  test('is read page by page, forwards and backwards', async () => {
    const source = `query ($after: PageCursor, $before: PageCursor, $first: Int, $last: Int) {
      servers(orderBy: { field: "manufacturer" }, after: $after, before: $before, first: $first, last: $last) { ${page} } }`
    const first = (await ask(graph, source, { variables: { first: 4 } })).data.servers
    expect(first.pageInfo).toMatchObject({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: first.edges[0].cursor,
    })
    const second = (await ask(graph, source, { variables: { first: 4, after: first.pageInfo.endCursor } }))
      .data.servers
    expect(second.edges.map((edge: any) => edge.node.name)).toEqual(['srv-4', 'srv-5'])
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
    const back = (await ask(graph, source, { variables: { last: 2, before: second.pageInfo.startCursor } }))
      .data.servers
    expect(back.edges.map((edge: any) => edge.node.name)).toEqual(['srv-2', 'srv-3'])
  })

  test('refuses a cursor of another query', async () => {
    const { data } = await ask(
      graph,
      '{ servers(first: 1) { pageInfo { endCursor } } racks(first: 1) { nodes { servers(first: 1) { pageInfo { endCursor } } } } }',
    )
    const others = [data.servers.pageInfo.endCursor, data.racks.nodes[0].servers.pageInfo.endCursor]
    for (const after of others) {
      const { errors } = await ask(
        graph,
        `query ($after: PageCursor) {
          a: switches(after: $after) { totalCount }
          b: servers(after: $after, filter: { status: [ACTIVE] }) { totalCount }
          c: servers(after: $after, orderBy: { field: "name" }) { totalCount }
          d: resource(ref: "Rack:name=r08") { ... on Rack { servers(after: $after) { totalCount } } }
        }`,
        { variables: { after } },
      )
      expect(errors.map(({ code, path }) => `${code} ${path}`).sort()).toEqual([
        'INVALID_INPUT a',
        'INVALID_INPUT b',
        'INVALID_INPUT c',
        'INVALID_INPUT d.servers',
      ])
    }
  })

  test('that the default size cuts is told, one that the caller sized is not', async () => {
    const { sketch, graph: large } = sketchDatacenter()
    for (let n = 0; n < 120; n++) sketch.add('Image', `image-${n}`)
    const { extensions, data } = await ask(
      large,
      '{ all: images { nodes { name } } few: images(first: 2) { nodes { name } } images { totalCount } }',
    )
    expect(data.all.nodes).toHaveLength(100)
    expect(extensions).toEqual({ truncated: ['all'] })
  })
})
