/** Declared services: what depends on what, whether they answer, and what becomes of one that is declared no more. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { services } from '../../src/source/check/index.ts'
import { createDatabase, startProcess, type Process, type TestDatabase } from './scripted.ts'

let server: Server
let status = 200
let url: string
let database: TestDatabase
let own: Process | undefined

beforeEach(async () => {
  status = 200
  server = createServer((_, response) => void response.writeHead(status).end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  database = await createDatabase()
})
afterEach(async () => {
  await own?.close()
  own = undefined
  await database.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
})

const start = async (declared: unknown) => {
  own = await startProcess(
    database,
    services,
    { own: { driver: 'service', every: 0.05, interval: 0.2, services: declared } },
    {},
    30_000,
  )
  return own
}
const named = (name: string) => own!.holder.graph.ofType('Service').find((one) => one.name === name)
const walk = (name: string, field: string): string[] => {
  const vertex = named(name)
  const steps = vertex?.kind.fields[field] as { steps: never } | undefined
  return vertex === undefined ? [] : own!.holder.graph.walk(vertex, steps!.steps).map((one) => one.name)
}

test('a service depends on another, exposes what is checked, and ends when it is declared no more', async () => {
  const shop = { name: 'Shop', role: 'web', dependsOn: ['orders'], endpoints: { health: { url } } }
  const { until } = await start({ shop, orders: { name: 'Orders' } })
  await until(async () => walk('Shop', 'dependsOn').includes('Orders'))
  expect(walk('Orders', 'usedBy')).toEqual(['Shop'])
  expect(walk('Shop', 'endpoints')).toEqual(['shop/health'])
  const last = () => own!.samples.findLast(({ metric }) => metric === 'check.up')?.value
  await until(async () => last() === 1)
  status = 500
  await until(async () => last() === 0)
  await own!.close()
  await start({ shop: { name: 'Shop' } })
  await own!.until(async () => named('Orders') === undefined)
  expect(walk('Shop', 'dependsOn')).toEqual([])
})

test('the section of the configuration is a source', () => {
  const text = `services: { shop: { dependsOn: ['Service:name=payments'], endpoints: { web: { url: '${url}' } } } }`
  const { services: parsed } = parseConfig(text, 'text')
  expect(parsed).toMatchObject([{ name: 'services', driver: { name: 'service' }, intervalSeconds: 300 }])
  expect(() => parseConfig('sources: { services: { driver: check, targets: {} } }', 'text')).toThrow(
    /cannot be a source's name/,
  )
})
