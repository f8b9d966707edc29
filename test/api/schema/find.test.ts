import { describe, expect, test } from 'vitest'
import type { Resources } from '../../../src/resource/verbs.ts'
import { ask } from '../../support/graphql.ts'
import { sketchDatacenter } from './datacenter.ts'

const dc = sketchDatacenter()
const { graph, servers, sketch } = dc
const instant = '2026-02-03T04:05:06.789Z'
sketch.add('NetworkInterface', 'bond0', {})

const byRef = (ref: string) =>
  ask(graph, 'query ($ref: Ref!) { resource(ref: $ref) { id kind name } }', { variables: { ref } })

describe('a ref', () => {
  test.each([
    [String(servers[0]!.id), 'srv-0'],
    ['Server:serialNumber=CN71', 'srv-1'],
    ['Hardware:assetTag=A3', 'srv-3'],
    ['Machine:name=vm-2', 'vm-2'],
    ['Resource:name=web', 'web'],
    ['Switch:chassisId=00:1b:21:3a:4f:10', 'leaf-1'],
    ['NetworkInterface:macAddress=00-00-00-00-00-02', 'eth0'],
    ['NetworkInterface:name=eth0,device=srv-4', 'eth0'],
    ['NetworkInterface:device=CN71,name=eth0', 'eth0'],
    ['NetworkInterface:name=bond0', 'bond0'],
    ['IpAddress:address=10.0.0.5,vrf=blue-net', '10.0.0.5'],
    ['IpAddress:address=10.0.0.5,vrf=65000:1', '10.0.0.5'],
    ['IpAddress:address=10.0.0.5,vrf=', '10.0.0.5'],
    [`Server:name=srv-1,id=${servers[1]!.id}`, 'srv-1'],
  ])('%s means %s', async (ref, name) => {
    const { data, errors, statements } = await byRef(ref)
    expect(errors).toEqual([])
    expect(data.resource?.name).toBe(name)
    expect(statements).toEqual([])
  })

  test('by VRF tells two addresses apart', async () => {
    const { data } = await ask(
      graph,
      '{ a: resource(ref: "IpAddress:address=10.0.0.5,vrf=") { id } b: resource(ref: "IpAddress:address=10.0.0.5,vrf=blue-net") { id } }',
    )
    expect(data).toEqual({ a: { id: String(dc.address.id) }, b: { id: String(dc.twin.id) } })
  })

  test.each([
    'Server:name=none',
    '999999',
    'Server:name=srv-1,serialNumber=CN70',
    'NetworkInterface:name=eth0,device=none',
  ])('%s means nothing: null', async (ref) =>
    expect(await byRef(ref)).toMatchObject({ data: { resource: null }, errors: [] }),
  )

  test('that means several is refused with what it may mean', async () => {
    const { data, errors } = await byRef('IpAddress:address=10.0.0.5')
    expect(data).toEqual({ resource: null })
    expect(errors).toMatchObject([
      {
        code: 'CONFLICT',
        details: {
          reason: 'AMBIGUOUS',
          candidates: [dc.address, dc.twin].map(({ id, name }) => ({
            id: String(id),
            kind: 'IpAddress',
            name,
          })),
        },
      },
    ])
  })

  test.each([
    ['Server:nonsense=1', 'its keys are name, serialNumber, assetTag, systemUuid'],
    ['Blade:name=1', 'There is no kind Blade'],
    ['Hardware:chassisId=1,vrf=2', 'cannot have'],
  ])('%s is refused', async (ref, message) => {
    const { errors } = await byRef(ref)
    expect(errors).toMatchObject([
      { code: 'INVALID_INPUT', message: expect.stringContaining(message) as string },
    ])
  })

  test("by a source's key asks the tables", async () => {
    const findByKeys: Resources['findByKeys'] = (keys) =>
      Promise.resolve(keys.map(({ key }) => (key === 'dcim.device.7' ? servers[2]!.id : undefined)))
    const { data, statements } = await ask(
      graph,
      '{ a: resource(ref: "netbox:dcim.device.7") { name } b: resource(ref: "netbox:none") { name } }',
      { resources: { findByKeys } },
    )
    expect(data).toEqual({ a: { name: 'srv-2' }, b: null })
    expect(statements).toEqual(['findByKeys'])
  })

  test('in an argument that names nothing, or another kind, is an error that says so', async () => {
    const { errors } = await ask(
      graph,
      `{ a: servers(filter: { rack: ["Rack:name=none"] }) { totalCount }
         b: servers(filter: { or: [{ tenant: ["${servers[1]!.id}"] }] }) { totalCount }
         c: servers(filter: { tenant: ["Rack:name=r07"] }) { totalCount } }`,
    )
    expect(errors.sort((a, b) => (a.path < b.path ? -1 : 1))).toMatchObject([
      { code: 'NOT_FOUND', details: { path: 'filter.rack[0]' } },
      {
        code: 'INVALID_INPUT',
        details: { path: 'filter.or[0].tenant[0]' },
        message: `${servers[1]!.id} is a Server (srv-1), not a Tenant`,
      },
      { code: 'INVALID_INPUT', message: 'Rack:name=r07 is a Rack (r07), not a Tenant' },
    ])
  })

  test('of a list fails alone', async () => {
    const { data, errors } = await ask(
      graph,
      '{ resourcesByRef(refs: ["Rack:name=r07", "Rack:bad=1", "Rack:name=none"]) { name } }',
    )
    expect(data.resourcesByRef).toEqual([{ name: 'r07' }, null, null])
    expect(errors).toMatchObject([{ code: 'INVALID_INPUT', path: 'resourcesByRef.1' }])
  })
})

describe('an alias', () => {
  test('means its survivor', async () => {
    graph.addAlias(5_000, servers[0]!.id)
    expect((await byRef('5000')).data).toMatchObject({
      resource: { id: String(servers[0]!.id), name: 'srv-0' },
    })
  })
})

describe('node', () => {
  test('gives resources and links by their ids, null for what is none', async () => {
    const { data } = await ask(
      graph,
      `{ nodes(ids: ["${servers[0]!.id}", "LOCATED_IN.${servers[0]!.id}.${dc.racks[0]!.id}", "LOCATED_IN.1.1", "NONE.1.2", "zz", ""]) {
        __typename id ... on Link { type from { name } to { name } since } } node(id: "${dc.web.id}") { id } }`,
    )
    expect(data.nodes).toMatchObject([
      { __typename: 'Server' },
      {
        __typename: 'Link',
        type: 'LOCATED_IN',
        from: { name: 'srv-0' },
        to: { name: 'r07' },
        since: '2023-11-14T22:13:20.000Z',
      },
      null,
      null,
      null,
      null,
    ])
    expect(data.node).toEqual({ id: String(dc.web.id) })
  })

  test('refuses more ids than fit on a page', async () => {
    const { errors } = await ask(graph, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
      variables: { ids: Array.from({ length: 1_001 }, String) },
    })
    expect(errors).toMatchObject([
      { code: 'LIMIT_EXCEEDED', details: { limit: { name: 'pageSize', limit: 1_000, asked: 1_001 } } },
    ])
  })
})

describe('asOf', () => {
  const before = sketchDatacenter(Date.parse(instant))
  before.sketch.add('Server', 'gone', { id: 7_777 })
  const graphAt = (at: number) => {
    expect(at).toBe(Date.parse(instant))
    return Promise.resolve(before.graph)
  }
  const id = `${servers[0]!.id}@${instant}`

  test('shows that instant in everything nested, with ids that embed it', async () => {
    const { data, errors } = await ask(
      graph,
      `{ servers(asOf: "${instant}", filter: { name: { in: ["srv-0", "gone"] } }) { nodes {
          id currentId asOf rack { id } links(type: [LOCATED_IN]) { nodes { id to { id } } } dependents { nodes { id } } } }
         gone: resource(ref: "7777", asOf: "${instant}") { name } now: resource(ref: "7777") { name } }`,
      { graphAt },
    )
    expect(errors).toEqual([])
    const rack = `${dc.racks[0]!.id}@${instant}`
    expect(data.servers.nodes[0]).toMatchObject({
      id,
      currentId: String(servers[0]!.id),
      asOf: instant,
      rack: { id: rack },
      links: {
        nodes: [{ id: `LOCATED_IN.${servers[0]!.id}.${dc.racks[0]!.id}@${instant}`, to: { id: rack } }],
      },
    })
    expect(data.servers.nodes[0].dependents.nodes[0].id).toMatch(`@${instant}`)
    expect(data).toMatchObject({ gone: { name: 'gone' }, now: null })
  })

  test('is asked again by node and ref with a version id', async () => {
    const link = `LOCATED_IN.${servers[0]!.id}.${dc.racks[0]!.id}@${instant}`
    const { data } = await ask(
      graph,
      `{ node(id: "${id}") { id } link: node(id: "${link}") { id } resource(ref: "${id}") { id } }`,
      { graphAt },
    )
    expect(data).toEqual({ node: { id }, link: { id: link }, resource: { id } })
  })

  test('refuses what has no history, and what is yet to come', async () => {
    const fields = [
      'attributes',
      'attribute(path: "a")',
      'observedAt',
      'origins { key }',
      'provenance { path }',
      'drift { path }',
      'conflicts { type }',
    ]
    const { data, errors } = await ask(
      graph,
      `{ resource(ref: "${id}") { name ${fields.map((field, n) => `f${n}: ${field}`).join(' ')} } }`,
      { graphAt },
    )
    expect(data.resource.name).toBe('srv-0')
    expect(errors.map(({ code }) => code)).toEqual(fields.map(() => 'INVALID_INPUT'))
    const later = await ask(graph, '{ servers(asOf: "2999-01-01T00:00:00Z") { totalCount } }', { graphAt })
    expect(later.errors).toMatchObject([{ code: 'INVALID_INPUT', details: { path: 'asOf' } }])
    const filters = await ask(
      graph,
      `{ a: servers(asOf: "${instant}", filter: { attribute: [{ path: "a", exists: true }] }) { totalCount }
         b: servers(asOf: "${instant}", filter: { notSeenSince: "${instant}" }) { totalCount } }`,
      { graphAt },
    )
    expect(filters.errors.map(({ code }) => code)).toEqual(['INVALID_INPUT', 'INVALID_INPUT'])
  })
})

test('of faults that come together the later ones are nobody’s, and end nothing', async () => {
  const findByKeys: Resources['findByKeys'] = (keys) => Promise.resolve(keys.map(() => undefined))
  const { errors } = await ask(
    graph,
    `{ servers(filter: { tenant: ["no:key"], linked: { depth: 99 } }) { totalCount }
       racks(filter: { or: [{ site: ["no:key"] }, { ref: ["no"] }] }) { totalCount } }`,
    { resources: { findByKeys } },
  )
  expect(errors.map(({ path, code }) => [path, code])).toEqual([
    ['servers', 'INVALID_INPUT'],
    ['racks', 'INVALID_INPUT'],
  ])
  // What nobody waits for has failed by now; the test runner would hear of it.
  await new Promise(setImmediate)
})
