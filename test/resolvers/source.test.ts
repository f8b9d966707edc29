/** Sources as the API shows them: what they list, how they do, a sync that is asked for. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { parseDump } from '../../src/source/netbox/client.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { fixture } from '../source/netbox/dump.ts'
import { serveDump, type NetboxServer } from '../source/netbox/rest-server.ts'

let netbox: NetboxServer
let app: TestApp
let healthy: Server
let health = 200

beforeAll(async () => {
  const racks = Array.from({ length: 40 }, (_, index): [string, number, Record<string, unknown>] => [
    'dcim.rack',
    index + 1,
    { name: `r${index + 1}`, site: 1, status: 'active', u_height: 42, last_updated: '2026-01-01T00:00:00Z' },
  ])
  const rows = fixture(['dcim.site', 1, { name: 'dc1', slug: 'dc1', status: 'active' }], ...racks)
  netbox = await serveDump(parseDump(JSON.stringify(rows)))
  process.env['NETBOX_TOKEN'] = netbox.token
  healthy = createServer((_, response) => void response.writeHead(health).end())
  healthy.listen(0, '127.0.0.1')
  await once(healthy, 'listening')
  const url = `http://127.0.0.1:${(healthy.address() as AddressInfo).port}`
  const targets = { web: { url: `${url}/web` }, shop: { url: `${url}/shop`, status: 418 } }
  app = await startTestApp({
    sources: {
      netbox: {
        driver: 'netbox',
        url: netbox.url,
        token: 'env:NETBOX_TOKEN',
        interval: '1h',
        perSecond: 1_000,
      },
      checks: { driver: 'check', every: 3_600, targets },
    },
  })
})
afterAll(async () => {
  await app.close()
  await netbox.close()
  healthy.closeAllConnections()
  healthy.close()
  delete process.env['NETBOX_TOKEN']
})
beforeEach(() => {
  netbox.intercept = undefined
})

const sync = (rest = '') =>
  app.query<any>(
    `mutation { syncSource(input: { source: "Source:name=netbox" ${rest} }) { seen changed held cursor source { name driver control state { seen failure held } } } }`,
  )
const racks = async () => (await app.query<any>('{ racks { totalCount } }')).data.racks.totalCount

test('a source of the configuration is listed, and says so', async () => {
  const { data, errors } = await sync()
  expect(errors).toBeUndefined()
  expect(data.syncSource).toMatchObject({
    seen: 41,
    held: null,
    source: {
      name: 'netbox',
      driver: 'netbox',
      control: false,
      state: { seen: 41, failure: null, held: null },
    },
  })
  expect(await racks()).toBe(40)
})

test('what is gone all at once is held, told, and believed when somebody accepts it', async () => {
  await sync()
  for (let id = 3; id <= 40; id++) netbox.items('dcim.rack').delete(id)
  const { data } = await sync()
  expect(data.syncSource).toMatchObject({ seen: 3, held: expect.stringContaining('38 of 41') })
  expect(data.syncSource.source.state.held).toMatch(/38 of 41/)
  expect(await racks()).toBe(40)
  const accepted = await sync('acceptVanished: true, idempotencyKey: "yes"')
  expect(accepted.data.syncSource).toMatchObject({ seen: 3, held: null })
  expect(accepted.data.syncSource.changed).toBeGreaterThanOrEqual(38)
  expect(await racks()).toBe(2)
  const requests = netbox.requests.length
  const again = await sync('acceptVanished: true, idempotencyKey: "yes"')
  expect(again.data).toEqual(accepted.data)
  expect(netbox.requests).toHaveLength(requests)
})

test('a source that fails says why, without its secret; what is known stays', async () => {
  await sync()
  netbox.intercept = (request, response) => {
    response.writeHead(500).end(`you sent ${request.headers.authorization}`)
    return true
  }
  const { errors } = await sync()
  expect(errors?.[0]).toMatchObject({
    message: 'The source could not be listed: GET api/status/: 500',
    extensions: { code: 'SOURCE_UNAVAILABLE', retryable: true },
  })
  const { data } = await app.query<any>(
    '{ sources { name state { failure } } events(type: ["SourceFailed", "SourceRecovered"]) { nodes { type detail } } racks { totalCount } }',
  )
  expect(data.sources.find((one: any) => one.name === 'netbox').state.failure).toBe('GET api/status/: 500')
  expect(data.racks.totalCount).toBe(2)
  expect(JSON.stringify(data)).not.toContain(netbox.token)
})

test('what is no source that is listed is refused', async () => {
  const ask = async (source: string) =>
    (await app.query(`mutation { syncSource(input: { source: "${source}" }) { seen } }`)).errors?.[0]
      ?.extensions
  expect(await ask('Source:name=plenum')).toMatchObject({ code: 'INVALID_INPUT', path: 'input.source' })
  expect(await ask('Rack:name=r1')).toMatchObject({ code: 'INVALID_INPUT', path: 'input.source' })
  expect(await ask('Source:name=nobody')).toMatchObject({ code: 'NOT_FOUND' })
})

test('live values: asked now, how their source did is told beside them', async () => {
  await app.query('mutation { syncSource(input: { source: "Source:name=checks" }) { seen } }')
  const ask = async () => {
    const { data, extensions, errors } = await app.query<any>(
      '{ endpoints(orderBy: [{ field: "name" }]) { nodes { name readings(metric: ["check.up"], maxAge: "PT0S") { value status source { name } } } } }',
    )
    expect(errors).toBeUndefined()
    return { endpoints: data.endpoints.nodes, sources: extensions?.['sources'] as any }
  }
  const up = (value: number) => [{ value, status: 'LIVE', source: { name: 'checks' } }]
  const { endpoints, sources } = await ask()
  expect(endpoints).toEqual([
    { name: 'shop', readings: up(0) },
    { name: 'web', readings: up(1) },
  ])
  expect(sources).toEqual({
    checks: { status: 'OK', ageSeconds: expect.any(Number), milliseconds: expect.any(Number) },
  })
  health = 418
  expect((await ask()).endpoints).toEqual([
    { name: 'shop', readings: up(1) },
    { name: 'web', readings: up(0) },
  ])
})
