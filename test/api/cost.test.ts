/** What an operation costs is foretold from what there is, told, and refused when it is too much: whoever executes it, whatever it came over. */
import { parse } from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { predictCost } from '../../src/api/cost/index.ts'
import type { Context } from '../../src/context.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'
import { schema, Sketch } from '../support/graphql.ts'

const sketch = new Sketch()
const site = sketch.add('Site', 'north')
const racks = Array.from({ length: 10 }, (_, index) => sketch.add('Rack', `r${index}`))
for (const rack of racks) {
  sketch.link('LOCATED_IN', rack, site)
  for (let index = 0; index < 20; index++)
    sketch.link('LOCATED_IN', sketch.add('Server', `${rack.name}s${index}`), rack)
}
const context = { graph: sketch.graph } as unknown as Context

function predict(source: string, variables?: Record<string, unknown>) {
  return predictCost({ schema, document: parse(source), operationName: undefined, variables, context })
}
const rows = (source: string, variables?: Record<string, unknown>) => predict(source, variables).cost.rows

describe('foretold', () => {
  test('by what there is: pages no larger than what they are of, averages along links', () => {
    expect(rows('{ racks { nodes { id } } }')).toBe(10)
    expect(rows('{ racks(first: 3) { edges { node { id } } } }')).toBe(6)
    expect(rows('{ racks { nodes { servers { nodes { id } } } } }')).toBe(10 + 200)
    expect(rows('{ racks { nodes { servers(first: 5) { nodes { rack { id } } } } } }')).toBe(10 + 50 + 50)
    expect(rows('{ racks { totalCount pageInfo { hasNextPage } } }')).toBe(0)
    expect(rows('{ servers { nodes { id } } }')).toBe(100)
    expect(rows('{ servers(first: 1000) { nodes { id } } }')).toBe(200)
  })

  test('with variables, their defaults, and what is skipped', () => {
    const query =
      'query ($n: Int = 7, $with: Boolean = false) { servers(first: $n) { nodes { id rack @include(if: $with) { id } } } }'
    expect(rows(query)).toBe(7)
    expect(rows(query, { n: 20 })).toBe(20)
    expect(rows(query, { n: 20, with: true })).toBe(40)
    expect(rows('query ($r: [Ref!]!) { resourcesByRef(refs: $r) { id } }', { r: ['1', '2', '3'] })).toBe(3)
  })

  test('fragments count for the share of their type, what is written twice counts once', () => {
    const all = 1 + 10 + 200
    expect(rows('{ resources(first: 1000) { nodes { ... on Rack { site { id } } } } }')).toBe(all + 10)
    expect(rows('{ racks { nodes { ...f site { name } } } } fragment f on Rack { site { id } }')).toBe(20)
    expect(
      rows('{ racks { nodes { ...f } } } fragment f on Rack { site { id ...g } } fragment g on Site { id }'),
    ).toBe(20)
  })

  test('alerts and incidents by those that are open, and what is told of those that are over', () => {
    const alerts = { open: () => [1, 2, 3], openIncidents: () => [1, 2] }
    const foretold = (source: string): number =>
      predictCost({
        ...{ schema, document: parse(source), operationName: undefined, variables: {} },
        context: { ...context, alerts } as unknown as Context,
      }).cost.rows
    expect(foretold('{ alerts { nodes { id resource { id } } } }')).toBe(3 + 3)
    expect(foretold('{ incidents { nodes { alerts { nodes { id } } } } }')).toBe(2 + 2 * 4)
    expect(foretold('{ incidents { nodes { impact(first: 500) { nodes { id } } } } }')).toBe(2 + 2 * 211)
    expect(foretold('{ incidents(first: 500, filter: { state: [CLOSED] }) { nodes { id } } }')).toBe(500)
  })

  test('what filters and orders look through, and calls of sources', () => {
    expect(predict('{ servers(filter: { owner: { eq: "x" } }) { totalCount } }').cost.scanned).toBe(200)
    expect(predict('{ servers(filter: {}) { totalCount } }').cost.scanned).toBe(0)
    expect(predict('{ count(groupBy: [kind]) { count } }').cost.scanned).toBe(211)
    expect(predict('{ servers { nodes { readings(maxAge: "PT1S") { value } } } }').cost.sourceCalls).toBe(100)
    expect(predict('{ servers { nodes { readings { value } } } }').cost.sourceCalls).toBe(0)
  })

  test('says where the most is', () => {
    const { peaks } = predict('{ racks { nodes { all: servers { nodes { id } } site { id } } } }')
    expect(peaks.rows).toEqual({ path: 'racks.nodes.all.nodes', asked: 200 })
  })
})

describe('refused', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ limits: { rows: 50, scanned: 20, sourceCalls: 5 } })
    const items = Array.from({ length: 30 }, (_, index) => ({ kind: 'Site', name: `s${index}` }))
    const { errors } = await app.query(
      'mutation ($i: ImportInput!) { importInventory(input: $i) { cursor } }',
      {
        i: { source: 'test', items },
      },
    )
    expect(errors?.[0]).toBeUndefined()
  })
  afterAll(() => app.close())

  const racks = '{ sites { nodes { id labels { key } } } }'
  const limit = { name: 'rows', limit: 50, asked: 150, most: 120 }

  test('over HTTP, with the number and the biggest part; what is within is told', async () => {
    const { data, errors } = await app.query(racks)
    expect(data).toBeUndefined()
    expect(errors![0]!.message).toContain('about 150 rows, more than 50; most at sites.nodes.labels (120)')
    expect(errors![0]!.extensions).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      retryable: false,
      path: 'sites.nodes.labels',
      limit,
    })
    const told = await app.query('{ sites(first: 10) { nodes { id } } }')
    expect(told.extensions).toEqual({ cost: { rows: 10, scanned: 0, sourceCalls: 0 } })
  })

  test('by the short way and by Apollo Server alike; by what is looked through, and by calls of sources', async () => {
    const url = `${app.url}/graphql?query=${encodeURIComponent(racks)}`
    const response = await fetch(url, { headers: { authorization: `Bearer ${app.token}` } })
    expect(((await response.json()) as any).errors[0].extensions).toMatchObject({ limit })
    expect(
      (await app.query('{ sites(orderBy: [{ field: "name" }], first: 1) { nodes { id } } }')).errors![0]!
        .extensions,
    ).toMatchObject({
      path: 'sites',
      limit: { name: 'scanned', limit: 20, asked: 30 },
    })
    const live = '{ sites(first: 6) { nodes { readings(maxAge: "PT1S", metric: ["up"]) { value } } } }'
    expect((await app.query(live)).errors![0]!.extensions).toMatchObject({
      limit: { name: 'sourceCalls', limit: 5, asked: 6 },
    })
  })

  test('over WebSocket, for queries, subscriptions and what they begin with', async () => {
    const socket = openSocket(app.url, app.token)
    const first = async (query: string): Promise<any> => {
      for await (const result of socket.client.iterate({ query })) return result
      throw new Error('nothing came')
    }
    try {
      expect((await first(racks)).errors[0].extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', limit })
      const events = (args: string, inner: string) =>
        `subscription { resourceChanged${args} { events { __typename ... on Created { resource { ${inner} } } } } }`
      expect((await first(events('(snapshot: true)', 'labels { key }'))).errors[0].extensions).toMatchObject({
        code: 'LIMIT_EXCEEDED',
        path: 'resourceChanged.events.resource.labels',
        limit: { name: 'rows', limit: 50 },
      })
      const snapshot = await first('subscription { resourceChanged(snapshot: true) { events { cursor } } }')
      expect(snapshot.extensions.cost.rows).toBe(1 + snapshot.data.resourceChanged.events.length)
    } finally {
      await socket.close()
    }
  })
})
