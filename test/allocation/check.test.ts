/** The check of a blueprint, against a server that answers as it is told: nothing is active before it has passed, and what does not pass leaves nothing. */
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

const blueprint = (name: string, check: string) => `
blueprint: ${name}
description: An address that must answer.
parameters: { host: { type: string, default: 127.0.0.1 }, port: { type: integer } }
claims:
  - { class: IPV4_ADDRESS, amount: 1 }
steps:
  - check: ${check}
`
const url = 'http://{{parameters.host}}:{{parameters.port}}/ready?key=secret'

let server: Server
let status = 503
let asked = 0
let folder: string
let app: TestApp
let bot: ReturnType<typeof asker>
beforeAll(async () => {
  server = createServer((_, response) => {
    asked++
    response.writeHead(status).end()
    server.emit('asked')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  folder = await mkdtemp(join(tmpdir(), 'blueprints-'))
  const all = {
    waits: blueprint('waits', `{ url: '${url}', every: 0.01 }`),
    exact: blueprint('exact', `{ url: '${url}', status: 204, every: 0.01, within: 0.3 }`),
    port: blueprint(
      'port',
      `{ url: 'tcp://{{parameters.host}}:{{parameters.port}}', every: 0.01, within: 0.3 }`,
    ),
  }
  const routed = `
blueprint: routed
description: A server with a neighbour above it.
claims:
  - { class: CUSTOM_SERVER, amount: 1 }
steps:
  - neighbor: { source: switches }
`
  await writeFile(join(folder, 'routed.yaml'), routed)
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder, `${name}.yaml`), text)
  app = await startTestApp({
    sources: { switches: { driver: 'frr', control: true, routers: { leaf1: { command: ['false'] } } } },
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
})
beforeEach(() => {
  status = 503
  asked = 0
})

const parameters = () => ({ port: (server.address() as AddressInfo).port })
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

test('it is not active until the check has passed, and a release has nothing to end', async () => {
  const { allocation, operation } = await bot.allocate({
    name: 'slow',
    blueprint: 'waits',
    parameters: parameters(),
  })
  while (asked < 3) await once(server, 'asked')
  const { allocations } = await bot.query('{ allocations(first: 1) { nodes { id state } } }')
  expect(allocations.nodes).toEqual([{ id: allocation.id, state: 'CREATING' }])
  status = 200
  expect(await ended(operation.id)).toMatchObject({
    state: 'SUCCEEDED',
    steps: [{ kind: 'check', state: 'DONE', attempts: 1 }],
    allocation: { state: 'ACTIVE' },
  })
  const released = await bot.release(allocation.id)
  expect(released).toMatchObject({ operation: { state: 'SUCCEEDED' }, allocation: { state: 'RELEASED' } })
  expect(await used()).toBe('0')
})

test.each([['exact'], ['port']])(
  'what does not pass in its time is undone, and not tried again: %s',
  async (name) => {
    status = 200
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as AddressInfo
    closed.close()
    await once(closed, 'close')
    const given = name === 'port' ? { port } : parameters()
    const { operation } = await bot.allocate({ name, blueprint: name, parameters: given })
    const end = await ended(operation.id)
    expect(end).toMatchObject({
      state: 'FAILED',
      error: { code: 'SOURCE_UNAVAILABLE', retryable: false },
      steps: [{ kind: 'check', state: 'UNDONE' }],
      allocation: { state: 'FAILED' },
    })
    expect(end.error.message).toMatch(/127\.0\.0\.1:\d+.* did not pass within 0\.3 s/)
    expect(end.error.message).not.toContain('secret')
    expect(await used()).toBe('0')
  },
)

test('with parameters that make no address nothing is given', async () => {
  const refused = await bot.allocate({
    name: 'x',
    blueprint: 'waits',
    parameters: { ...parameters(), host: 'a b' },
  })
  expect(refused.error).toMatchObject({ code: 'INVALID_INPUT', path: 'request.parameters' })
  expect(await used()).toBe('0')
})

test('a server without a cable to a switch is refused before anything is given', async () => {
  const refused = await bot.allocate({ name: 'alone', blueprint: 'routed' })
  expect(refused.error).toMatchObject({ code: 'CONFLICT', reason: 'STATE', path: 'request.blueprint' })
  const { servers } = await bot.query('{ servers { nodes { tenant { name } } } }')
  expect(servers.nodes.filter(({ tenant }: any) => tenant !== null)).toEqual([])
})

test.each([
  [`{ url: 'file:///etc/passwd' }`, /steps\.0\.check\.url: an address with http/],
  [`{ url: 'tcp://a:1', within: 0 }`, /steps\.0\.check\.within/],
  [`{ url: 'tcp://a:1', command: x }`, /steps\.0\.check/],
])('a blueprint with %s is refused', (check, reason) => {
  expect(() => parseBlueprint(blueprint('bad', check), 'bad.yaml')).toThrow(reason)
})

test('a step is one thing', () => {
  const both = `${blueprint('bad', `{ url: 'tcp://a:1' }`)}    container: { source: box, image: box }\n`
  expect(() => parseBlueprint(both, 'bad.yaml')).toThrow(/steps\.0: a step is one of container, /)
})
