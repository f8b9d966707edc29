/** Faults of the caller over HTTP: each is told as such, with what to do, and nothing of the inside. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
  const { errors } = await app.query(
    `mutation { importInventory(input: { items: [
      { kind: Site, name: "s" }
      { kind: Rack, name: "r", links: [{ type: LOCATED_IN, to: "Site:name=s" }] }
      { kind: Server, name: "a", fields: { serialNumber: "1", manufacturer: "m" }, links: [{ type: LOCATED_IN, to: "Rack:name=r" }] }
      { kind: Server, name: "twin", key: "t1" }, { kind: Server, name: "twin", key: "t2" } ] }) { cursor } }`,
  )
  expect(errors).toBeUndefined()
}, 120_000)
afterAll(() => app.close())

const item = (text: string): string => `mutation { importInventory(input: { items: [${text}] }) { cursor } }`
const update = (text: string): string =>
  `mutation { updateResources(input: { items: [${text}] }) { cursor } }`

const table: [string, string, string, RegExp, Record<string, unknown>?][] = [
  [
    'an unknown kind in a filter',
    '{ resources(filter: { kind: [Blade] }) { totalCount } }',
    'INVALID_INPUT',
    /"Blade"/,
  ],
  ['an unknown kind in a ref', '{ resource(ref: "Blade:name=x") { id } }', 'INVALID_INPUT', /no kind Blade/],
  ['an unknown kind in an import', item('{ kind: Blade, name: "x" }'), 'INVALID_INPUT', /"Blade"/],
  [
    'an unknown link type',
    item('{ kind: Site, name: "x", links: [{ type: NEAR, to: "1" }] }'),
    'INVALID_INPUT',
    /"NEAR"/,
  ],
  [
    'a link to nothing',
    item('{ kind: Rack, name: "x", links: [{ type: LOCATED_IN, to: "Site:name=no" }] }'),
    'INVALID_INPUT|NOT_FOUND',
    /Site:name=no/,
  ],
  [
    'a link to many',
    item('{ kind: Service, name: "x", links: [{ type: RUNS_ON, to: "Server:name=twin" }] }'),
    'CONFLICT|INVALID_INPUT',
    /twin/,
  ],
  [
    'a cycle',
    update('{ ref: "Site:name=s", changes: { links: [{ type: LOCATED_IN, to: "Rack:name=r" }] } }'),
    'INVALID_INPUT|CONFLICT',
    /./,
  ],
  ['an unknown field', item('{ kind: Rack, name: "x", fields: { colour: 1 } }'), 'INVALID_INPUT', /colour/],
  [
    'a field of another type',
    item('{ kind: Rack, name: "x", fields: { heightUnits: "tall" } }'),
    'INVALID_INPUT',
    /heightUnits/,
  ],
  [
    'an id of another kind',
    '{ servers(filter: { rack: ["Site:name=s"] }) { totalCount } }',
    'INVALID_INPUT',
    /is a Site \(s\), not a Rack/,
  ],
  ['a ref to many', '{ resource(ref: "Server:name=twin") { id } }', 'CONFLICT', /2 resources/],
  [
    'a ref to nothing in an argument',
    '{ path(from: "Rack:name=no", to: "Site:name=s") { length } }',
    'NOT_FOUND',
    /Rack:name=no/,
  ],
  ['first: -1', '{ servers(first: -1) { totalCount } }', 'INVALID_INPUT', /0 or more/],
  ['first: 5000', '{ servers(first: 5000) { totalCount } }', 'LIMIT_EXCEEDED', /at most 1000/],
  ['first that is no integer', '{ servers(first: 3000000000) { totalCount } }', 'INVALID_INPUT', /32-bit/],
  ['a cursor of nothing', '{ servers(after: "zzz") { totalCount } }', 'INVALID_INPUT', /no cursor/],
  [
    'an unknown order',
    '{ servers(orderBy: { field: "__proto__" }) { totalCount } }',
    'INVALID_INPUT',
    /cannot be ordered by/,
  ],
  ['a NUL character in a ref', '{ resource(ref: "inventory:a\\u0000b") { id } }', 'INVALID_INPUT', /NUL/],
  [
    'a NUL character in an attribute',
    '{ servers(filter: { attribute: [{ path: "a", eq: "\\u0000" }] }) { totalCount } }',
    'INVALID_INPUT',
    /NUL/,
  ],
  ['a NUL character in an import', item('{ kind: Site, name: "a\\u0000b" }'), 'INVALID_INPUT', /NUL/],
  [
    'half a surrogate pair in an import',
    item('{ kind: Site, name: "a", attributes: { x: "\\ud800" } }'),
    'INVALID_INPUT',
    /./,
  ],
  [
    'two conditions on one attribute',
    '{ servers(filter: { attribute: [{ path: "a", eq: 1, exists: true }] }) { totalCount } }',
    'INVALID_INPUT',
    /exactly one/,
  ],
  [
    'a linked depth of 9',
    '{ servers(filter: { linked: { depth: 9 } }) { totalCount } }',
    'INVALID_INPUT',
    /1 to 8/,
  ],
  [
    'an instant to come',
    '{ servers(asOf: "2999-01-01T00:00:00Z") { totalCount } }',
    'INVALID_INPUT',
    /future/,
  ],
  [
    'an instant before all history',
    '{ servers(asOf: "1999-01-01T00:00:00Z") { totalCount } }',
    'NOT_FOUND',
    /./,
  ],
  ['no instant', '{ servers(asOf: "yesterday") { totalCount } }', 'INVALID_INPUT', /RFC 3339/],
  [
    'a version id in a mutation',
    update('{ ref: "1@2026-01-01T00:00:00.000Z", changes: {} }'),
    'INVALID_INPUT',
    /currentId/,
  ],
  ['an import of nothing', item(''), 'INVALID_INPUT', /at least one/],
]

describe('bad input', () => {
  test.each(table)('%s', async (_, query, code, message) => {
    const { errors } = await app.query(query)
    expect(errors?.[0]?.extensions['code']).toMatch(new RegExp(`^(${code})$`))
    expect(errors?.[0]?.message).toMatch(message)
    expect(errors?.[0]?.extensions).toMatchObject({
      retryable: false,
      requestId: expect.any(String) as string,
    })
  })

  test('a text of 9 MB is searched for or refused, and the server goes on', async () => {
    const text = 'x'.repeat(9_000_000)
    for (const [argument, type] of [
      ['filter: { name: { contains: $text } }', 'String!'],
      ['filter: { name: { glob: $text } }', 'String!'],
      ['filter: { ref: [$text] }', 'Ref!'],
    ] as const) {
      const { errors } = await app.query(`query ($text: ${type}) { servers(${argument}) { totalCount } }`, {
        text,
      })
      if (errors) expect(errors[0]!.extensions['code']).toMatch(/^(INVALID_INPUT|LIMIT_EXCEEDED)$/)
    }
    expect(await app.query('{ servers { totalCount } }')).toMatchObject({
      data: { servers: { totalCount: 3 } },
    })
  })

  test('a page that the default size cut is told in the extensions', async () => {
    const items = Array.from({ length: 101 }, (_, n) => ({ kind: 'Image', name: `i${n}` }))
    await app.query('mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }', {
      input: { items },
    })
    expect((await app.query('{ images { nodes { id } } }')).extensions).toMatchObject({
      truncated: ['images'],
    })
  })
})
