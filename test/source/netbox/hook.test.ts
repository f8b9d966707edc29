/** Webhooks as NetBox sends them: what they name is asked for anew and told; what is not signed is refused. */
import { createHmac } from 'node:crypto'
import { createServer } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseDump } from '../../../src/source/netbox/client.ts'
import { netbox } from '../../../src/source/netbox/index.ts'
import { createDatabase, startProcess, type Process, type TestDatabase } from '../scripted.ts'
import { fixture } from './dump.ts'
import { serveDump, type NetboxServer } from './rest-server.ts'
import { base, device, port } from './rows.ts'

const secret = 'hush-hush-hook-secret'
let server: NetboxServer
let database: TestDatabase
let own: Process
let hookPort: number

beforeEach(async () => {
  const rows = [...base, device(1), device(2), port('interface', 11, 1), port('interface', 21, 2)]
  server = await serveDump(parseDump(JSON.stringify(fixture(...rows))))
  Object.assign(process.env, { NETBOX_TOKEN: server.token, HOOK_SECRET: secret })
  database = await createDatabase()
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  hookPort = (free.address() as AddressInfo).port
  free.close()
  await once(free, 'close')
  const intent = {
    driver: 'netbox',
    url: server.url,
    token: 'env:NETBOX_TOKEN',
    interval: '10h',
    perSecond: 10_000,
    webhook: { port: hookPort, secret: 'env:HOOK_SECRET' },
  }
  own = await startProcess(database, netbox, { intent }, {}, 30_000)
  await own.until(async () => own.holder.graph.ofType('Server').length === 2)
})
afterEach(async () => {
  await own.close()
  await database.close()
  await server.close()
  delete process.env['HOOK_SECRET']
})

async function send(body: object, key = secret): Promise<number> {
  const text = JSON.stringify(body)
  const headers = {
    'content-type': 'application/json',
    'x-hook-signature': createHmac('sha512', key).update(text).digest('hex'),
  }
  return (await fetch(`http://127.0.0.1:${hookPort}/`, { method: 'POST', body: text, headers })).status
}
const names = () =>
  own.holder.graph
    .ofType('Server')
    .map(({ name }) => name)
    .sort()

test('what a hook names is asked for anew: changed, made and gone', async () => {
  const devices = server.items('dcim.device')
  devices.set(1, { ...devices.get(1)!, name: 'renamed', last_updated: '2099-01-01T00:00:00Z' })
  server.requests.length = 0
  expect(await send({ event: 'updated', model: 'device', data: { id: 1 } })).toBe(204)
  await own.until(async () => names().includes('renamed'))
  expect(server.requests.some((request) => request.includes('/dcim/interfaces/'))).toBe(false)
  devices.set(3, { ...devices.get(2)!, id: 3, name: 'd3', last_updated: '2099-01-01T00:00:01Z' })
  await send({ event: 'created', model: 'device', data: { id: 3 } })
  await own.until(async () => names().includes('d3'))
  devices.delete(2)
  server.items('dcim.interface').delete(21)
  await send({ event: 'deleted', model: 'device', data: { id: 2 } })
  await send({ event: 'deleted', model: 'interface', data: { id: 21 } })
  await own.until(async () => !names().includes('d2'))
  expect(names()).toEqual(['d3', 'renamed'])
})

test('what is signed by somebody else, is no hook, or is of a model that is not read changes nothing', async () => {
  server.requests.length = 0
  expect(await send({ event: 'updated', model: 'device' }, 'guess')).toBe(403)
  expect(await send({ event: 'updated' })).toBe(400)
  expect(await send({ event: 'updated', model: 'journalentry' })).toBe(204)
  expect((await fetch(`http://127.0.0.1:${hookPort}/`)).status).toBe(405)
  expect(server.requests).toEqual([])
})
