/** What can neither go on nor be undone needs a person: an alert says so on the tenant, until it was tried again and went. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asker, fillEstate, pools } from '../allocation/estate.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'

let app: TestApp
let folder: string
let bot: ReturnType<typeof asker>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blueprints-'))
  await writeFile(
    join(folder, 'agreed.yaml'),
    'blueprint: agreed\ndescription: A second person agrees.\nclaims: [{ class: IPV4_ADDRESS, amount: 1 }]\napproval: true\n',
  )
  app = await startTestApp({ allocation: { pools, blueprints: folder } })
  bot = asker(app)
  await fillEstate(app)
})
afterAll(async () => {
  await app?.close()
  await rm(folder, { recursive: true, force: true })
})

test('an alert on its tenant, gone when it has been retried', { timeout: 120_000 }, async () => {
  const socket = openSocket(app.url, app.token)
  const { cursor } = await bot.query('{ cursor }')
  const alerts = socket.iterate<any>(
    `subscription { alertChanged(after: "${cursor}") { alert { ruleName state severity summary resource { kind name } } } }`,
  )
  const changes = socket.iterate<any>(
    `subscription { operationChanged(filter: { tenant: ["Tenant:name=blue"] }, after: "${cursor}") { operation { id state } } }`,
  )
  const { operation, allocation } = await bot.allocate({ name: 'asked', blueprint: 'agreed' })
  // As a step whose undo fails for good leaves it.
  await app.database
    .db('operation')
    .where({ id: Number(operation.id.split('.')[1]) })
    .update({ state: 'STUCK', error: JSON.stringify({ code: 'X', message: 'x', retryable: false }) })
  const next = async () => {
    for (;;) {
      const { value } = await alerts.next()
      if (value.alertChanged.alert.ruleName === 'OperationStuck') return value.alertChanged.alert
    }
  }
  expect(await next()).toEqual({
    ruleName: 'OperationStuck',
    state: 'FIRING',
    severity: 'CRITICAL',
    summary: '1 operations for blue are STUCK: see what failed, and retryOperation',
    resource: { kind: 'Tenant', name: 'blue' },
  })
  const input = { id: operation.id, idempotencyKey: 'again' }
  const retry = 'mutation ($input: OperationInput!) { retryOperation(input: $input) { cursor } }'
  const first = await bot.query(retry, { input })
  expect(await bot.query(retry, { input })).toEqual(first)
  expect((await app.query<any>(retry, { input: { id: operation.id } })).errors![0]!.extensions).toMatchObject(
    { code: 'CONFLICT', reason: 'STATE' },
  )
  expect((await next()).state).toBe('RESOLVED')
  // It was unwound: what it had is free.
  const ended = await bot.query(
    `{ operation(id: "${operation.id}", wait: "PT60S") { state } node(id: "${allocation.id}") { ... on Allocation { state claims { unit } } } }`,
  )
  expect(ended).toMatchObject({ operation: { state: 'FAILED' }, node: { state: 'FAILED', claims: [] } })
  const told: string[] = []
  for await (const { operationChanged } of changes) {
    told.push(operationChanged.operation.state)
    if (told.at(-1) === 'FAILED') break
  }
  expect(told.at(-1)).toBe('FAILED')
  await socket.close()
})
