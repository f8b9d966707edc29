/** The same request sent again with its key is answered as before, whatever became of what it was about; without it, it finds that there is nothing left to do. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { asker, fillEstate, pools } from './estate.ts'

let app: TestApp
let folder: string
let bot: ReturnType<typeof asker>
let second: Record<string, string>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blueprints-'))
  await writeFile(
    join(folder, 'agreed.yaml'),
    'blueprint: agreed\ndescription: A second person agrees.\nclaims: [{ class: IPV4_ADDRESS, amount: 1 }]\napproval: true\n',
  )
  app = await startTestApp({ allocation: { pools, blueprints: folder } })
  bot = asker(app)
  await fillEstate(app)
  const { createToken } = await bot.query(
    'mutation { createToken(input: { name: "second", role: OPERATOR }) { secret } }',
  )
  second = { authorization: `Bearer ${createToken.secret}` }
})
afterAll(async () => {
  await app?.close()
  await rm(folder, { recursive: true, force: true })
})

async function send(field: string, type: string, input: object, headers = {}): Promise<any> {
  const { data, errors } = await app.query<any>(
    `mutation ($input: ${type}!) { ${field}(input: $input) { cursor } }`,
    { input },
    headers,
  )
  return errors?.[0]?.extensions ?? data[field]
}

/** Twice with the key, once with another input under it, once without. */
async function expectOnce(field: string, type: string, input: object, other: object, headers = {}) {
  const idempotencyKey = `${field}-${Math.random()}`
  const first = await send(field, type, { ...input, idempotencyKey }, headers)
  expect(first).toEqual({ cursor: expect.any(String) })
  expect(await send(field, type, { ...input, idempotencyKey }, headers)).toEqual(first)
  const reused = await send(field, type, { ...other, idempotencyKey }, headers)
  expect(reused).toMatchObject({ code: 'CONFLICT', reason: 'KEY_REUSED' })
}

const conflict = { code: 'CONFLICT', reason: 'STATE' }

test('approveOperation and cancelOperation', async () => {
  const one = await bot.allocate({ name: 'one', blueprint: 'agreed' })
  const two = await bot.allocate({ name: 'two', blueprint: 'agreed' })
  const first = { id: one.operation.id as string }
  const other = { id: two.operation.id as string }
  await expectOnce('approveOperation', 'OperationInput', first, other, second)
  await bot.query(`{ operation(id: "${first.id}", wait: "PT60S") { state } }`)
  expect(await send('approveOperation', 'OperationInput', first, second)).toMatchObject(conflict)
  await expectOnce('cancelOperation', 'OperationInput', other, first)
  await bot.query(`{ operation(id: "${other.id}", wait: "PT60S") { state } }`)
  expect(await send('cancelOperation', 'OperationInput', other)).toMatchObject(conflict)
  await bot.release(one.allocation.id)
})

test('extendLease: an extension that is sent again extends nothing', async () => {
  const { allocation } = await bot.allocate({ name: 'leased', blueprint: 'address', lease: 'PT1H' })
  const input = { allocation: allocation.id as string, lease: 'PT2H' }
  await expectOnce('extendLease', 'ExtendLeaseInput', input, { ...input, lease: 'PT3H' })
  const ends = async () =>
    (await bot.query(`{ node(id: "${allocation.id}") { ... on Allocation { leaseEndsAt } } }`)).node
      .leaseEndsAt as string
  const idempotencyKey = 'extended'
  await send('extendLease', 'ExtendLeaseInput', { ...input, idempotencyKey })
  const once = await ends()
  await send('extendLease', 'ExtendLeaseInput', { ...input, idempotencyKey })
  expect(await ends()).toBe(once)
  await bot.release(allocation.id)
  // Whatever became of it.
  expect(await send('extendLease', 'ExtendLeaseInput', { ...input, idempotencyKey })).toEqual({
    cursor: expect.any(String),
  })
  expect(await send('extendLease', 'ExtendLeaseInput', input)).toMatchObject(conflict)
})

test('ten at once by one key are one', async () => {
  const { allocation } = await bot.allocate({ name: 'ten', blueprint: 'address', lease: 'PT1H' })
  const input = { allocation: allocation.id as string, idempotencyKey: 'ten' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => send('release', 'ReleaseInput', input)))
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toEqual({ cursor: expect.any(String) })
})
