/** Who is let in, to what, and what is kept of it. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredInputField,
  type GraphQLInputType,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../src/context.ts'
import { buildSchema } from '../../src/api/schema/index.ts'
import { mutationRoles, readRoles } from '../../src/api/auth.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'

let app: TestApp
const secrets = {} as Record<Role, string>
beforeAll(async () => {
  app = await startTestApp()
  for (const role of ['viewer', 'operator', 'admin'] as const)
    secrets[role] = (await createToken(role)).secret
})
afterAll(() => app.close())

const auth = (secret: string) => ({ authorization: `Bearer ${secret}` })

async function createToken(role: string, expiresAt?: string): Promise<{ name: string; secret: string }> {
  const name = `${role} ${randomUUID()}`
  const { data, errors } = await app.query<any>(
    'mutation ($input: TokenInput!) { createToken(input: $input) { secret token { name role lastUsedAt } } }',
    { input: { name, role: role.toUpperCase(), ...(expiresAt ? { expiresAt } : {}) } },
  )
  expect(errors).toBeUndefined()
  return { name, secret: data.createToken.secret }
}
const revoke = (name: string) =>
  app.query('mutation ($name: String!) { revokeToken(input: { name: $name }) { token { revokedAt } } }', {
    name,
  })

async function post(headers: Record<string, string>, query = '{ viewer { name role } }'): Promise<Response> {
  return fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  })
}

describe('the door', () => {
  test.each([
    ['no header', {}],
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['no secret', { authorization: 'Bearer' }],
    ['an unknown secret', { authorization: `Bearer plenum_${'x'.repeat(43)}` }],
    ['a secret that is too long', { authorization: `Bearer ${'x'.repeat(5_000)}` }],
    ['a secret with bytes that no token has', { authorization: 'Bearer plen\u00e9m' }],
  ])('is shut to %s', async (_, headers) => {
    const response = await post(headers as Record<string, string>)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('Bearer')
    const { errors, data } = (await response.json()) as any
    expect(data).toBeUndefined()
    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'UNAUTHENTICATED',
          retryable: false,
          requestId: response.headers.get('x-request-id'),
        },
      },
    ])
  })

  test('is shut before a body is read', async () => {
    const response = await fetch(`${app.url}/import`, { method: 'PUT', body: 'x'.repeat(1_000_000) })
    expect(response.status).toBe(401)
  })

  test.each(['viewer', 'operator', 'admin'] as const)('is open to a %s', async (role) => {
    const { data } = (await (await post(auth(secrets[role]))).json()) as any
    expect(data.viewer.role).toBe(role.toUpperCase())
  })

  test('keeps no secret', async () => {
    const rows = await app.database.db('token').select()
    const text = JSON.stringify(rows.map((row) => ({ ...row, hash: row.hash.toString('hex') })))
    for (const secret of Object.values(secrets)) {
      expect(secret).toMatch(/^plenum_[\w-]{43}$/)
      expect(text).not.toContain(secret)
    }
  })

  test('is shut to a token that expired or was revoked', async () => {
    const { name, secret } = await createToken('viewer', new Date(Date.now() + 300).toISOString())
    expect((await post(auth(secret))).status).toBe(200)
    await expect.poll(async () => (await post(auth(secret))).status).toBe(401)
    const second = await createToken('viewer')
    expect((await post(auth(second.secret))).status).toBe(200)
    expect((await revoke(second.name)).errors).toBeUndefined()
    expect((await post(auth(second.secret))).status).toBe(401)
    expect((await revoke(second.name)).errors?.[0]?.extensions['code']).toBe('NOT_FOUND')
    void name
  })
})

describe('WebSockets', () => {
  const refused = async (secret: string | undefined) => {
    const socket = openSocket(app.url, secret)
    await expect(socket.iterate('{ cursor }').next()).rejects.toBeDefined()
    await socket.close()
    return socket.closed
  }
  test('are refused without a good token', async () => {
    expect((await refused(undefined)).code).toBe(4403)
    expect((await refused('plenum_nobody')).code).toBe(4403)
  })

  test('answer queries and mutations too, by role', async () => {
    const socket = openSocket(app.url, secrets.viewer)
    const { value } = await socket.iterate('{ viewer { role } }').next()
    expect(value.viewer.role).toBe('VIEWER')
    const error = await socket
      .iterate('mutation { deleteLink(input: { type: RUNS_ON, from: "1", to: "2" }) { cursor } }')
      .next()
      .catch((reason: unknown) => reason)
    expect((error as any).errors[0].extensions.code).toBe('FORBIDDEN')
    await socket.close()
  })

  test('end when their token is revoked (4401) or expires (4403)', async () => {
    const revoked = await createToken('viewer')
    const expiring = await createToken('viewer', new Date(Date.now() + 1_000).toISOString())
    const sockets = [revoked, expiring].map(({ secret }) => openSocket(app.url, secret))
    const streams = sockets.map((socket) =>
      socket.iterate('subscription { resourceChanged(snapshot: true) { cursor } }'),
    )
    for (const stream of streams) await stream.next()
    const pending = streams.map((stream) => stream.next().catch(() => 'closed'))
    await revoke(revoked.name)
    expect((await sockets[0]!.closed).code).toBe(4401)
    expect((await sockets[1]!.closed).code).toBe(4403)
    expect(await Promise.all(pending)).toEqual(['closed', 'closed'])
  })

  test('of another process end too', async () => {
    const other = await startTestApp({ database: app.database })
    const { name, secret } = await createToken('viewer')
    const socket = openSocket(other.url, secret)
    const stream = socket.iterate('subscription { resourceChanged(snapshot: true) { cursor } }')
    await stream.next()
    void stream.next().catch(() => {})
    await revoke(name)
    expect((await socket.closed).code).toBe(4401)
    await other.close()
  })
})

describe('laws', () => {
  const schema = buildSchema()
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]

  test('every mutation has the role that it needs, and no role is of a field that is not there', () => {
    expect(
      Object.keys(schema.getMutationType()!.getFields()).filter((name) => !(name in mutationRoles)),
    ).toEqual([])
    const reads = { ...schema.getQueryType()!.getFields(), ...schema.getSubscriptionType()!.getFields() }
    expect(Object.keys(readRoles).filter((name) => !(name in reads))).toEqual([])
  })

  const publicFields = new Set(
    readFileSync(new URL('../conformance/public-fields.txt', import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#')),
  )
  test('every root field is refused without a login, or stands in public-fields.txt', async () => {
    for (const root of roots) {
      for (const { name } of Object.values(root!.getFields())) {
        const kind = root === roots[0] ? 'query' : root === roots[1] ? 'mutation' : 'subscription'
        const { status } = await post({}, `${kind} { ${name} }`)
        expect([name, status === 401]).toEqual([name, !publicFields.has(`${root!.name}.${name}`)])
      }
    }
  })

  /** What a mutation needs at least: names that nobody has, so that it does nothing when it is let in. */
  function least(type: GraphQLInputType): string {
    const bare = getNullableType(type)
    if (isListType(bare)) return '[]'
    if (isEnumType(bare)) return bare.getValues()[0]!.name
    if (isInputObjectType(bare)) {
      const needed = Object.values(bare.getFields()).filter(isRequiredInputField)
      return `{ ${needed.map(({ name, type }) => `${name}: ${least(type)}`).join(', ')} }`
    }
    const scalars: Record<string, string> = {
      Boolean: 'true',
      Int: '1',
      Float: '1',
      DateTime: `"${new Date().toISOString()}"`,
      Duration: '"PT1M"',
      JSON: '{}',
    }
    return scalars[bare.name] ?? '"0"'
  }

  test.each(Object.keys(schema.getMutationType()!.getFields()))(
    '%s is refused below its role',
    async (name) => {
      const needed = mutationRoles[name]!
      for (const role of ['viewer', 'operator', 'admin'] as const) {
        const { args } = schema.getMutationType()!.getFields()[name]!
        const given = args.map(({ name, type }) => `${name}: ${least(type)}`).join(', ')
        const answer = (await (
          await post(auth(secrets[role]), `mutation { ${name}(${given}) { __typename } }`)
        ).json()) as any
        const code = answer.errors?.[0]?.extensions.code
        expect(code).not.toBe('BAD_USER_INPUT')
        expect(code).not.toBe('GRAPHQL_VALIDATION_FAILED')
        const rank = { viewer: 0, operator: 1, admin: 2 }
        if (rank[role] < rank[needed]) expect(code).toBe('FORBIDDEN')
        else expect(code).not.toBe('FORBIDDEN')
      }
    },
  )

  test('tokens are listed for admins only', async () => {
    const { errors } = (await (
      await post(auth(secrets.operator), '{ tokens { name } viewer { name } }')
    ).json()) as any
    expect(errors).toMatchObject([{ path: ['tokens'], extensions: { code: 'FORBIDDEN' } }])
  })
})

describe('the audit trail', () => {
  const rowsOf = (requestId: string) => app.database.db('audit').where({ request_id: requestId })

  test('has every mutation, also those that failed or were refused', async () => {
    const send = (secret: string, id: string, query: string) =>
      post({ ...auth(secret), 'x-request-id': id, 'idempotency-key': id }, query)
    await send(
      secrets.operator,
      'audit-ok',
      'mutation { importInventory(input: { items: [{ kind: Rack, name: "a" }] }) { cursor } }',
    )
    await send(
      secrets.operator,
      'audit-failed',
      'mutation { deleteResources(input: { items: [{ ref: "Rack:name=none" }] }) { cursor } }',
    )
    await send(
      secrets.viewer,
      'audit-refused',
      'mutation { deleteResources(input: { items: [] }) { cursor } }',
    )
    const [ok] = await rowsOf('audit-ok')
    expect(ok).toMatchObject({
      action: 'importInventory',
      outcome: 'OK',
      error_code: null,
      remote_address: '127.0.0.1',
    })
    expect(ok.actor).toMatch(/^operator /)
    expect(Number(ok.cursor_seq)).toBeGreaterThan(0)
    expect(ok.input.input.items).toEqual([{ kind: 'Rack', name: 'a' }])
    expect(await rowsOf('audit-failed')).toMatchObject([{ outcome: 'FAILED', error_code: 'NOT_FOUND' }])
    expect(await rowsOf('audit-refused')).toMatchObject([{ outcome: 'REFUSED', error_code: 'FORBIDDEN' }])
  })

  test('masks what is secret', async () => {
    await post(
      { ...auth(secrets.operator), 'x-request-id': 'audit-secret' },
      'mutation { importInventory(input: { items: [{ kind: Rack, name: "m", attributes: { snmp: { community: "hush", location: "here" }, apiKey: "hush" } }] }) { cursor } }',
    )
    const [row] = await rowsOf('audit-secret')
    expect(JSON.stringify(row)).not.toContain('hush')
    expect(row.input.input.items[0].attributes.snmp.location).toBe('here')
  })

  test('has refused and dry imports by PUT', async () => {
    const put = (role: Role, id: string) =>
      fetch(`${app.url}/import?dryRun`, {
        method: 'PUT',
        headers: { ...auth(secrets[role]), 'content-type': 'application/x-ndjson', 'x-request-id': id },
        body: '{"kind":"Rack","name":"p"}\n',
      })
    expect((await put('viewer', 'audit-put-refused')).status).toBe(403)
    expect((await put('operator', 'audit-put')).status).toBe(200)
    expect(await rowsOf('audit-put-refused')).toMatchObject([{ action: 'PUT /import', outcome: 'REFUSED' }])
    expect(await rowsOf('audit-put')).toMatchObject([{ action: 'PUT /import', outcome: 'OK' }])
  })
})
