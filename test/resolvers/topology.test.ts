import { describe, expect, test } from 'vitest'
import { sketchDatacenter } from '../api/schema/datacenter.ts'
import { ask } from '../support/graphql.ts'

const dc = sketchDatacenter()
const { graph } = dc

describe('topology', () => {
  test('joins servers and switches through their interfaces, with the links behind each line', async () => {
    const { data, errors } = await ask(
      graph,
      `{ topology(root: ["Switch:name=leaf-1"], depth: 1, type: [CONNECTED_TO, PART_OF], collapse: [NetworkInterface], groupBy: Rack) {
          truncated cursor nodes { depth group layer omitted node { name } }
          links { id type from to count health speedBps members(first: 1) { totalCount nodes { id } pageInfo { hasNextPage } } } } }`,
    )
    expect(errors).toEqual([])
    const { topology } = data
    expect(topology).toMatchObject({ truncated: false, cursor: '1f0c22aa.7' })
    expect(topology.nodes.map(({ node }: any) => node.name).sort()).toEqual([
      'leaf-1',
      ...dc.servers.map(({ name }) => name),
    ])
    expect(topology.nodes.find(({ node }: any) => node.name === 'srv-5').group).toBe(String(dc.racks[2]!.id))
    expect(topology.links).toHaveLength(6)
    for (const { type, from, to, members } of topology.links) {
      expect(type).toBe('CONNECTED_TO')
      expect([from, to]).toContain(String(dc.leaf.id))
      expect(members.totalCount).toBeGreaterThan(0)
      expect(members.nodes).toHaveLength(1)
    }
  })

  test('tells what its limits left out', async () => {
    const { data } = await ask(
      graph,
      '{ topology(root: ["Region:name=kr"], depth: 3, limit: 3) { truncated nodes { omitted node { name } } } }',
    )
    expect(data.topology.truncated).toBe(true)
    expect(data.topology.nodes).toHaveLength(3)
    expect(data.topology.nodes.reduce((sum: number, node: any) => sum + node.omitted, 0)).toBeGreaterThan(0)
  })

  test.each([
    ['root: []', 'INVALID_INPUT', 'root'],
    ['root: ["Rack:name=none"]', 'NOT_FOUND', 'root[0]'],
    ['root: ["Region:name=kr"], depth: -1', 'INVALID_INPUT', 'depth'],
    ['root: ["Region:name=kr"], limit: 1000000', 'LIMIT_EXCEEDED', undefined],
  ])('of %s is refused', async (args, code, path) => {
    const { errors } = await ask(graph, `{ topology(${args}) { truncated } }`)
    expect(errors).toMatchObject([{ code, ...(path ? { details: { path } } : {}) }])
  })
})

describe('path', () => {
  test('gives the resources and links of each way', async () => {
    const { data, errors } = await ask(
      graph,
      `{ path(from: "Server:name=srv-0", to: "Server:name=srv-1", type: [PART_OF, CONNECTED_TO]) { length nodes { name } links { type } }
         none: path(from: "Server:name=srv-0", to: "Tenant:name=blue", type: [POWERED_BY]) { length } }`,
    )
    expect(errors).toEqual([])
    expect(data.path).toEqual([
      {
        length: 6,
        nodes: ['srv-0', 'eth0', 'et-0', 'leaf-1', 'et-1', 'eth0', 'srv-1'].map((name) => ({ name })),
        links: ['PART_OF', 'CONNECTED_TO', 'PART_OF', 'PART_OF', 'CONNECTED_TO', 'PART_OF'].map((type) => ({
          type,
        })),
      },
    ])
    expect(data.none).toEqual([])
  })

  test.each([
    ['max: 0', 'INVALID_INPUT'],
    ['max: 101', 'LIMIT_EXCEEDED'],
  ])('with %s is refused', async (args, code) => {
    const { errors } = await ask(
      graph,
      `{ path(from: "Rack:name=r07", to: "Rack:name=r08", ${args}) { length } }`,
    )
    expect(errors).toMatchObject([{ code }])
  })
})

describe('search', () => {
  test('gives what matched, best first, and the page of it', async () => {
    const { data } = await ask(
      graph,
      '{ search(text: "CN7", first: 2) { totalCount edges { cursor score field value node { name } } pageInfo { hasNextPage } } }',
    )
    expect(data.search).toMatchObject({
      totalCount: 5,
      pageInfo: { hasNextPage: true },
      edges: [
        { field: 'serialNumber', value: 'CN70', score: 80, node: { name: 'srv-0' } },
        { field: 'serialNumber', value: 'CN71', node: { name: 'srv-1' } },
      ],
    })
  })

  test.each([
    ['" "', 'INVALID_INPUT'],
    [JSON.stringify('x'.repeat(201)), 'INVALID_INPUT'],
  ])('for %s is refused', async (text, code) => {
    const { errors } = await ask(graph, `{ search(text: ${text}) { totalCount } }`)
    expect(errors).toMatchObject([{ code, details: { path: 'text' } }])
  })
})
