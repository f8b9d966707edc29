/** Every error code is provoked through GraphQL and has its row in docs/errors.md. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorCodes, type ErrorCode } from '../../src/errors.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')

let app: TestApp
beforeAll(async () => {
  // Nobody listens there.
  app = await startTestApp({
    allocation: {
      pools: { addresses: { kind: 'Prefix' } },
      quotas: [{ class: 'IPV4_ADDRESS', limit: 0 }],
    },
    sources: { away: { driver: 'netbox', url: 'http://127.0.0.1:9', token: 'env:PATH' } },
  })
})
afterAll(() => app.close())

type Provoked = { extensions: Record<string, unknown>; message: string } | undefined
const first = async (document: string, headers?: Record<string, string>): Promise<Provoked> =>
  (await app.query(document, {}, headers)).errors?.[0]

const put = (name: string, key: string) =>
  first(
    `mutation { importInventory(input: { idempotencyKey: "${key}", items: [{ kind: Tenant, name: "${name}" }] }) { cursor } }`,
  )
const give = (blueprint: string) =>
  `mutation { allocate(input: { request: { tenant: "Tenant:name=one", name: "n", blueprint: "${blueprint}" } }) { cursor } }`
const rename = (generation: number) =>
  first(
    `mutation { updateResources(input: { items: [{ ref: "Tenant:name=one", ifGeneration: ${generation}, changes: { owner: "kim" } }] }) { cursor } }`,
  )

const provoke: Partial<Record<ErrorCode, () => Promise<Provoked>>> = {
  RATE_LIMITED: async () => {
    const limited = await startTestApp({ limits: { requestsPerSecond: 1 }, database: app.database })
    try {
      const answers = await Promise.all(Array.from({ length: 40 }, () => limited.query('{ cursor }')))
      return answers.flatMap(({ errors = [] }) => errors)[0]
    } finally {
      await limited.close()
    }
  },
  INVALID_INPUT: () => first('{ resources(first: -1) { totalCount } }'),
  UNAUTHENTICATED: () => first('{ cursor }', { authorization: 'Bearer plenum_unknown' }),
  FORBIDDEN: async () => {
    const { data } = await app.query<any>(
      'mutation { createToken(input: { name: "looker", role: VIEWER }) { secret } }',
    )
    return first('mutation { deleteResources(input: { items: [] }) { cursor } }', {
      authorization: `Bearer ${data.createToken.secret}`,
    })
  },
  NOT_FOUND: () =>
    first('mutation { deleteResources(input: { items: [{ ref: "Rack:name=none" }] }) { cursor } }'),
  CONFLICT: async () => {
    await put('one', 'k1')
    return put('two', 'k1')
  },
  SOURCE_UNAVAILABLE: () => first('mutation { syncSource(input: { source: "Source:name=away" }) { seen } }'),
  INSUFFICIENT_CAPACITY: async () => {
    await put('one', 'k1')
    return first(give('vlan'))
  },
  QUOTA_EXCEEDED: async () => {
    await put('one', 'k1')
    await first(
      'mutation { importInventory(input: { items: [{ kind: Prefix, name: "10.9.0.0/24", status: ACTIVE, fields: { cidr: "10.9.0.0/24" } }] }) { cursor } }',
    )
    return first(give('address'))
  },
  LIMIT_EXCEEDED: () => first(`{ ${Array.from({ length: 300 }, (_, n) => `a${n}: cursor`).join(' ')} }`),
  INTERNAL: async () => {
    await app.database.db.raw('alter table resource_history rename to resource_history_away')
    try {
      return await first('{ diff(from: "2020-01-01T00:00:00Z") { totalCount } }')
    } finally {
      await app.database.db.raw('alter table resource_history_away rename to resource_history')
    }
  },
}

const excused = new Map(
  read('unprovoked-codes.txt')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(': ') as [string, string]),
)

describe('every error code', () => {
  test.each(errorCodes)('%s is provoked through GraphQL', async (code) => {
    const run = provoke[code]
    expect(run === undefined).toBe(excused.has(code))
    if (run === undefined) return
    const error = await run()
    expect(error?.extensions).toMatchObject({
      code,
      requestId: expect.any(String),
      retryable: expect.any(Boolean),
    })
  })

  test('has its row in docs/errors.md', () => {
    const rows = [...read('../../docs/errors.md').matchAll(/^\| `([A-Z_]+)` +\|/gm)].map(([, code]) => code)
    expect(errorCodes.filter((code) => !rows.includes(code))).toEqual([])
  })

  test('has its reason where it is excused', () => {
    expect([...excused].filter(([code, reason]) => !errorCodes.includes(code as never) || !reason)).toEqual(
      [],
    )
  })
})

describe('the reasons of CONFLICT', () => {
  test('REVISION tells the generation that is', async () => {
    await put('one', 'k1')
    const error = await rename(77)
    expect(error?.extensions).toMatchObject({
      code: 'CONFLICT',
      reason: 'REVISION',
      retryable: false,
      current: { id: expect.any(String), generation: 1, revision: expect.any(Number) },
    })
  })
  test('AMBIGUOUS tells the candidates', async () => {
    const error = await first(
      'mutation { importInventory(input: { items: [{ key: "a", kind: Rack, name: "same" }, { key: "b", kind: Rack, name: "same" }] }) { cursor } }',
    )
    expect(error).toBeUndefined()
    expect((await first('{ resource(ref: "Rack:name=same") { id } }'))?.extensions).toMatchObject({
      code: 'CONFLICT',
      reason: 'AMBIGUOUS',
      candidates: [
        { kind: 'Rack', name: 'same' },
        { kind: 'Rack', name: 'same' },
      ],
    })
  })
  test('KEY_REUSED', async () => {
    await put('one', 'k9')
    expect((await put('other', 'k9'))?.extensions).toMatchObject({ reason: 'KEY_REUSED' })
  })
  test('STATE', async () => {
    const make = () => first('mutation { createToken(input: { name: "twice", role: VIEWER }) { secret } }')
    expect(await make()).toBeUndefined()
    expect((await make())?.extensions).toMatchObject({
      code: 'CONFLICT',
      reason: 'STATE',
      path: 'input.name',
    })
  })
})

test('what is internal says nothing, and its siblings are whole', async () => {
  await app.database.db.raw('alter table observation rename to observation_away')
  try {
    await put('x', 'kx')
    const { data, errors } = await app.query<any>(
      '{ viewer { name } resources(first: 1) { nodes { origins { key } } } }',
    )
    expect(data.viewer).toEqual({ name: 'admin' })
    const text = JSON.stringify(errors)
    expect(text).not.toMatch(/observation|select|postgres|\.ts|knex/i)
    expect(errors?.[0]?.extensions).toEqual({
      code: 'INTERNAL',
      retryable: false,
      requestId: expect.any(String),
    })
  } finally {
    await app.database.db.raw('alter table observation_away rename to observation')
  }
})
