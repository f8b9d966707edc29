/** Power of virtual machines through GraphQL, against a cloud that answers over HTTP as Nova does; what is looked at is the cloud. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ControlCloud } from '../source/openstack/control.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

const cloud = new ControlCloud({ machines: 3 })
let server: Server
let app: TestApp
beforeAll(async () => {
  server = createServer(cloud.answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cloud.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  process.env['OS_POWER_TEST'] = cloud.password
  const login = { username: 'admin', password: 'env:OS_POWER_TEST', project_name: 'admin' }
  const auth = { auth_url: `${cloud.url}/identity`, ...login }
  app = await startTestApp({
    sources: {
      cloud: { driver: 'openstack', auth, control: true, interval: 0.5, perSecond: 1_000 },
      // The same machines, told by what may change nothing, and believed first.
      looker: { driver: 'openstack', auth, precedence: 99, interval: 60, perSecond: 1_000 },
    },
  })
}, 120_000)
afterAll(async () => {
  await app?.close()
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  delete process.env['OS_POWER_TEST']
})

const document = `mutation ($input: SetPowerInput!) {
  setPower(input: $input) { impact { name } operation { id state error { code message } steps { kind state attempts } } } }`
async function ask(text: string, variables: Record<string, unknown> = {}): Promise<any> {
  const { data, errors } = await app.query<any>(text, variables)
  return errors === undefined ? data : { error: { message: errors[0]!.message, ...errors[0]!.extensions } }
}
async function found(name: string): Promise<string> {
  for (;;) {
    const { virtualMachines } = await ask(
      `{ virtualMachines(filter: { name: { eq: "${name}" } }) { nodes { id } } }`,
    )
    if (virtualMachines.nodes.length > 0) return virtualMachines.nodes[0].id
  }
}
const setPower = async (name: string, power: string, rest: object = {}) => {
  const input = { resource: await found(name), power, wait: 'PT60S', ...rest }
  const answer = await ask(document, { input })
  return answer.error === undefined ? answer.setPower : answer
}

test('off, on and on again; told before, done once by its key', { timeout: 120_000 }, async () => {
  const dry = await setPower('vm1', 'OFF', { dryRun: true })
  expect([dry.operation, cloud.told]).toEqual([null, []])
  const key = { idempotencyKey: 'off' }
  const off = await setPower('vm1', 'OFF', key)
  expect(off.operation).toMatchObject({ state: 'SUCCEEDED', steps: [{ kind: 'power', state: 'DONE' }] })
  expect(cloud.server('vm1')['status']).toBe('SHUTOFF')
  expect((await setPower('vm1', 'OFF', key)).operation.id).toBe(off.operation.id)
  // It is so already: nothing is sent.
  expect((await setPower('vm1', 'OFF')).operation.state).toBe('SUCCEEDED')
  // What is off is started.
  expect((await setPower('vm1', 'RESTART')).operation.state).toBe('SUCCEEDED')
  expect((await setPower('vm1', 'ON')).operation.state).toBe('SUCCEEDED')
  expect((await setPower('vm1', 'RESTART')).operation.state).toBe('SUCCEEDED')
  expect((await setPower('vm1', 'RESTART', { force: true })).operation.state).toBe('SUCCEEDED')
  expect(cloud.told).toEqual(['vm1 os-stop', 'vm1 os-start', 'vm1 reboot SOFT', 'vm1 reboot HARD'])
  expect(cloud.server('vm1')['status']).toBe('ACTIVE')
})

test('what is paused or suspended is on when it runs', { timeout: 120_000 }, async () => {
  for (const [status, action] of [
    ['PAUSED', 'unpause'],
    ['SUSPENDED', 'resume'],
  ]) {
    cloud.server('vm2')['status'] = status
    expect((await setPower('vm2', 'ON')).operation.state).toBe('SUCCEEDED')
    expect(cloud.told.at(-1)).toBe(`vm2 ${action}`)
  }
})

test('what passes is tried again, after its effect too', { timeout: 120_000 }, async () => {
  for (const fault of ['before, once', 'after, once'] as const) {
    const before = cloud.told.length
    cloud.faults.set('POST os-stop', fault)
    const { operation } = await setPower('vm2', 'OFF')
    expect(operation).toMatchObject({ state: 'SUCCEEDED', steps: [{ attempts: 2 }] })
    expect(cloud.told.slice(before)).toEqual(['vm2 os-stop'])
    expect((await setPower('vm2', 'ON')).operation.state).toBe('SUCCEEDED')
  }
})

test('what goes wrong in Nova, and what it refuses, is told in its words', { timeout: 120_000 }, async () => {
  cloud.ill.add('vm3')
  const off = await setPower('vm3', 'OFF')
  expect(off.operation).toMatchObject({ state: 'FAILED', error: { code: 'SOURCE_UNAVAILABLE' } })
  expect(off.operation.error.message).toContain('vm3 is ERROR and not SHUTOFF: it is ill')
  const before = cloud.told.length
  const on = await setPower('vm3', 'ON')
  expect(on.operation).toMatchObject({ state: 'FAILED' })
  expect(on.operation.error.message).toContain('vm3 is ERROR')
  expect((await setPower('vm3', 'RESTART')).operation.error.message).toContain('vm_state ERROR')
  expect(cloud.told.length).toBe(before)
  cloud.ill.clear()
})
