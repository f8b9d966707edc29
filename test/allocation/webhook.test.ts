/** Configuration by a webhook, against a server that answers as it is told: done, under way, ill, refusing; taken back and released. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { parseBlueprint } from '../../src/allocation/blueprint/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { asker, fillEstate, pools } from './estate.ts'

interface Told {
  path: string
  key: string
  authorization: string | undefined
  body: Record<string, unknown>
}

const secret = 'hush-hush-webhook'
const blueprint = (url: string, rest = '') => `
blueprint: configured
description: An address that is configured.
count: { default: 1, most: 3 }
parameters: { play: { type: string, default: web.yml } }
claims:
  - { class: IPV4_ADDRESS, amount: 1 }
steps:
  - webhook: { url: '${url}', token: 'env:TEST_WEBHOOK_TOKEN', body: { playbook: '{{parameters.play}}', size: 3 }${rest} }
`

let server: Server
let told: Told[] = []
/** What it answers to each action of a member, in turn; the last again and again. */
let answers: (body: Record<string, unknown>, times: number) => number | [number, Record<string, string>]
let folder: string
let app: TestApp
let bot: ReturnType<typeof asker>
beforeAll(async () => {
  process.env['TEST_WEBHOOK_TOKEN'] = secret
  server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const body = JSON.parse(text) as Record<string, unknown>
    const { url, headers } = request
    const key = String(headers['idempotency-key'])
    told.push({ path: url!, key, authorization: headers.authorization, body })
    const answer = answers(body, told.filter((one) => one.key === key).length)
    const [status, more] = Array.isArray(answer) ? answer : [answer, {}]
    response.writeHead(status, more).end(`said with ${secret}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  folder = await mkdtemp(join(tmpdir(), 'blueprints-'))
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await writeFile(join(folder, 'configured.yaml'), blueprint(`${at}/run/{{parameters.play}}?for={{name}}`))
  await writeFile(
    join(folder, 'short.yaml'),
    blueprint(`${at}/run`, ', within: 0.1').replace('configured\n', 'short\n'),
  )
  app = await startTestApp({
    allocation: { pools, blueprints: folder, quotas: [{ class: 'IPV4_ADDRESS', limit: 9 }] },
  })
  bot = asker(app)
  await fillEstate(app)
})
afterAll(async () => {
  await app?.close()
  server?.close()
  server?.closeAllConnections()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  delete process.env['TEST_WEBHOOK_TOKEN']
})
beforeEach(() => {
  told = []
  answers = () => 200
})

const ended = async (id: string) =>
  (
    await bot.query(
      `{ operation(id: "${id}", wait: "PT60S") { state error { code message retryable } steps { kind state attempts } allocation { state } } }`,
    )
  ).operation
const used = async () => {
  const { quotas } = await bot.query('{ quotas(tenant: "Tenant:name=blue") { class used } }')
  return quotas.find((one: any) => one.class === 'IPV4_ADDRESS').used
}
const actions = () => told.map(({ body: { action, member } }) => `${String(action)} ${String(member)}`)

test('it is asked until it is done, told of whom it is about, and told of the release', async () => {
  answers = ({ action }, times) => (action === 'configure' && times < 3 ? [202, { 'retry-after': '0' }] : 200)
  const { allocation, operation } = await bot.allocate({
    ...{ name: 'shop', blueprint: 'configured', parameters: { play: 'a b/c.yml' } },
  })
  expect(await ended(operation.id)).toMatchObject({
    state: 'SUCCEEDED',
    steps: [{ kind: 'webhook', state: 'DONE', attempts: 1 }],
    allocation: { state: 'ACTIVE' },
  })
  expect(actions()).toEqual(['configure 1', 'configure 1', 'configure 1'])
  const [{ path, key, authorization, body }] = told as [Told]
  expect(path).toBe('/run/a%20b%2Fc.yml?for=shop')
  expect(authorization).toBe(`Bearer ${secret}`)
  expect(key).toMatch(/^plenum-[0-9a-f]{8}-\d+-1-0-webhook\/configure$/)
  const [{ unit }] = allocation.claims
  expect(body).toEqual({
    ...{ action: 'configure', step: key.split('/')[0], allocation: allocation.id },
    ...{ name: 'shop', tenant: 'blue', member: 1, address: unit, host: expect.any(String) },
    ...{ playbook: 'a b/c.yml', size: 3 },
  })
  expect(new Set(told.map((one) => one.key)).size).toBe(1)

  answers = () => 410
  const released = await bot.release(allocation.id, { wait: 'PT60S' })
  expect(released).toMatchObject({ operation: { state: 'SUCCEEDED' }, allocation: { state: 'RELEASED' } })
  expect(actions().slice(3)).toEqual(['release 1'])
  expect(await used()).toBe('0')
  // By reference, also where steps are kept.
  const { rows } = await app.database.db.raw(
    "select parameters::text as kept from operation_step where kind like 'webhook%'",
  )
  expect(rows.length).toBeGreaterThan(1)
  for (const { kept } of rows) {
    expect(kept).toContain('env:TEST_WEBHOOK_TOKEN')
    expect(kept).not.toContain(secret)
  }
})

test('what is ill is tried again; what is refused undoes all, also what was not done', async () => {
  answers = (_, times) => (times === 1 ? 503 : 200)
  const { operation: ill, allocation } = await bot.allocate({ name: 'ill', blueprint: 'configured' })
  expect(await ended(ill.id)).toMatchObject({ state: 'SUCCEEDED', steps: [{ attempts: 2 }] })
  await bot.release(allocation.id, { wait: 'PT60S' })

  told = []
  answers = ({ action, member }) => (action === 'configure' && member === 2 ? 422 : 200)
  const { operation } = await bot.allocate({ name: 'refused', blueprint: 'configured', count: 2 })
  const failed = await ended(operation.id)
  expect(failed).toMatchObject({ state: 'FAILED', allocation: { state: 'FAILED' } })
  expect(failed.error.message).toMatch(/http:\/\/127\.0\.0\.1:\d+\/run\/web\.yml answers 422 to configure$/)
  expect(JSON.stringify(failed)).not.toContain(secret)
  expect(actions()).toEqual(['configure 1', 'configure 2', 'undo 2', 'undo 1'])
  expect(await used()).toBe('0')
})

test('what is under way for too long is given up and taken back; a redirect is no answer', async () => {
  answers = ({ action }) => (action === 'configure' ? 202 : 404)
  const { operation } = await bot.allocate({ name: 'long', blueprint: 'short' })
  const late = await ended(operation.id)
  expect(late).toMatchObject({ state: 'FAILED' })
  expect(late.error.message).toContain('has not done it within 0.1 s')
  answers = ({ action }) => (action === 'configure' ? [302, { location: 'http://127.0.0.1:1/' }] : 200)
  const { operation: away } = await bot.allocate({ name: 'away', blueprint: 'short' })
  expect((await ended(away.id)).error.message).toContain('answers 302')
  expect(await used()).toBe('0')
})

test('a value leads nowhere else', async () => {
  const given = await bot.allocate({ name: 'up', blueprint: 'configured', parameters: { play: '..' } })
  expect(given.error).toMatchObject({ code: 'INVALID_INPUT', path: 'request.parameters' })
  expect(told).toEqual([])
  expect(await used()).toBe('0')
})

test.each([
  ['a host that is asked for', blueprint('http://{{parameters.play}}/run'), 'without places in its host'],
  ['a part of one', blueprint('http://a.{{parameters.play}}/run'), 'without places in its host'],
  ['a password', blueprint('http://user:pass@h/run'), 'without places in its host'],
  ['a file', blueprint('file:///etc/passwd'), 'an address with http or https'],
  [
    'a reference that is asked for',
    blueprint('http://h/').replace('env:TEST_WEBHOOK_TOKEN', 'env:{{parameters.play}}'),
    'a secret is given by reference',
  ],
  [
    'a file that is asked for',
    blueprint('http://h/').replace('env:TEST_WEBHOOK_TOKEN', 'file:/{{parameters.play}}'),
    'has no places',
  ],
  [
    'a secret itself',
    blueprint('http://h/').replace('env:TEST_WEBHOOK_TOKEN', secret),
    'a secret is given by reference',
  ],
])('a blueprint with a webhook that has %s is refused', (_, text, reason) => {
  expect(() => parseBlueprint(text, 'x.yaml')).toThrow(reason)
})
