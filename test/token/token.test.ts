import { spawnSync } from 'node:child_process'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTokens, type Tokens } from '../../src/token/index.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const log = pino({ level: 'silent' })
const by = { name: 'tester' }
let database: TestDatabase
let tokens: Tokens
beforeAll(async () => {
  database = await createDatabase()
  tokens = startTokens({ db: database.db, log })
})
afterAll(async () => {
  await tokens.close()
  await database.close()
})

test('the first start makes an administrator, of the secret that is given, and later ones do not', async () => {
  await expect(tokens.ensureAdmin('short')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  expect(await tokens.ensureAdmin('a secret of the operator')).toBe('a secret of the operator')
  expect(await tokens.ensureAdmin('another secret of the operator')).toBeUndefined()
  expect(await tokens.verify('another secret of the operator')).toBeUndefined()
  expect((await tokens.verify('a secret of the operator'))?.viewer).toMatchObject({
    name: 'admin',
    role: 'admin',
  })
})

test('a secret is long, of chance, and not kept', async () => {
  const made = await Promise.all(['a', 'b'].map((name) => tokens.create({ name, role: 'viewer' }, by)))
  const [one, two] = made.map(({ secret }) => secret)
  expect(one).toMatch(/^plenum_[\w-]{43}$/)
  expect(one).not.toBe(two)
  const rows = await database.db('token').select()
  for (const { hash } of rows) expect(hash).toHaveLength(32)
  expect(JSON.stringify(rows)).not.toContain(one!)
})

test.each(['', 'a/b', 'x'.repeat(101), 'a\nb'])('the name %j is refused', async (name) => {
  await expect(tokens.create({ name, role: 'viewer' }, by)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
})

test('a token that would have expired already is refused', async () => {
  const request = { name: 'late', role: 'viewer', expiresAt: Date.now() - 1 } as const
  await expect(tokens.create(request, by)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
})

test('when a token was last used is kept, at the latest when it closes', async () => {
  const own = startTokens({ db: database.db, log })
  const { secret, token } = await own.create({ name: 'used', role: 'viewer' }, by)
  expect(token.lastUsedAt).toBeNull()
  const before = Date.now()
  await own.verify(secret!)
  await own.close()
  const found = (await tokens.list()).find(({ name }) => name === 'used')
  expect(found?.lastUsedAt).toBeGreaterThanOrEqual(before)
})

test('another process believes in a revoked token until it is told, or forgets all', async () => {
  const other = startTokens({ db: database.db, log })
  const ended: number[] = []
  const stop = other.onRevoked((id) => ended.push(id))
  const { secret, token } = await tokens.create({ name: 'shared', role: 'operator' }, by)
  expect(await other.verify(secret!)).toBeDefined()
  await tokens.revoke('shared', by)
  expect(await tokens.verify(secret!)).toBeUndefined()
  expect(await other.verify(secret!)).toBeDefined()
  await other.forgetAll()
  expect(ended).toContain(token.id)
  expect(await other.verify(secret!)).toBeUndefined()
  stop()
  await other.close()
})

test('a token that is revoked just after it was read is not remembered as good', async () => {
  const own = startTokens({ db: database.db, log })
  const { secret, token } = await tokens.create({ name: 'raced', role: 'viewer' }, by)
  // Between Postgres' answer and the moment that it is taken in: revoked by another process, and told.
  let isRevoked = false
  const onRead = (_: unknown, { sql }: { sql: string }): void => {
    if (isRevoked || !sql.includes('limited_hash')) return
    isRevoked = true
    const revoke = `import pg from 'pg'
      const client = new pg.Client({ connectionString: ${JSON.stringify(database.url)} })
      await client.connect()
      await client.query('update token set revoked_at = now() where id = ${token.id}')
      await client.end()`
    const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', revoke], {
      cwd: import.meta.dirname,
    })
    expect(status).toBe(0)
    own.forget(token.id)
  }
  database.db.on('query-response', onRead)
  try {
    expect(await own.verify(secret!)).toBeUndefined()
    expect(isRevoked).toBe(true)
    expect(await own.verify(secret!)).toBeUndefined()
  } finally {
    database.db.removeListener('query-response', onRead)
    await own.close()
  }
})
