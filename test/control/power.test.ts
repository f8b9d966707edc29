/** Power through GraphQL: a container of a real dockerd, a machine of a simulated IPMI controller, one of a Redfish controller; what is looked at is there, not in our tables. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasDockerd, startDockerd, type Dockerd } from '../source/docker/dockerd.ts'
import { FakeController } from '../source/redfish/fake.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

const document = `mutation ($input: SetPowerInput!) {
  setPower(input: $input) { cursor impact { name } operation { id kind state startedBy error { code message } steps { kind state } } } }`

let app: TestApp
let headers: Record<string, string> = {}
async function ask(text: string, variables: object = {}): Promise<any> {
  const { data, errors } = await app.query<any>(text, variables as Record<string, unknown>, headers)
  return errors === undefined ? data : { error: { message: errors[0]!.message, ...errors[0]!.extensions } }
}
const setPower = async (resource: string, power: string, rest: object = {}) => {
  const answer = await ask(document, { input: { resource, power, wait: 'PT60S', ...rest } })
  return answer.error === undefined ? answer.setPower : answer
}
/** Until the graph has it. */
async function found(field: string, name: string): Promise<string> {
  for (;;) {
    const { [field]: all } = await ask(`{ ${field}(filter: { name: { eq: "${name}" } }) { nodes { id } } }`)
    if (all.nodes.length > 0) return all.nodes[0].id
  }
}

describe('a machine, by Redfish', () => {
  const controller = new FakeController()
  let server: Server
  beforeAll(async () => {
    server = createServer(controller.answer).listen(0, '127.0.0.1')
    await once(server, 'listening')
    process.env['BMC_PASSWORD'] = controller.password
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const bmc = { driver: 'redfish', targets: [url], user: 'reader', password: 'env:BMC_PASSWORD' }
    app = await startTestApp({
      sources: {
        bmc: { ...bmc, control: true, interval: 0.2, perSecond: 1_000 },
        // The same machine, told by what may change nothing, and believed first.
        looker: { ...bmc, precedence: 99, interval: 0.2, perSecond: 1_000 },
      },
    })
  }, 60_000)
  afterAll(async () => {
    await app.close()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    delete process.env['BMC_PASSWORD']
  })

  test('off, on and on again; told before, done once by its key', { timeout: 120_000 }, async () => {
    const machine = await found('servers', 'web483')
    await ask(
      `mutation { importInventory(input: { items: [{ kind: Service, name: "shop", links: [{ type: RUNS_ON, to: "${machine}" }] }] }) { cursor } }`,
    )
    const dry = await setPower(machine, 'OFF', { dryRun: true })
    expect(dry).toMatchObject({ operation: null, impact: expect.arrayContaining([{ name: 'shop' }]) })
    expect(controller.resets).toEqual([])
    expect((await ask('{ operations { totalCount } }')).operations.totalCount).toBe(0)

    const key = { idempotencyKey: 'off' }
    const off = await setPower(machine, 'OFF', key)
    expect(off.operation).toMatchObject({ kind: 'setPower', state: 'SUCCEEDED', startedBy: 'admin' })
    expect(off.operation.steps).toEqual([{ kind: 'power', state: 'DONE' }])
    expect(controller.powerState).toBe('Off')
    expect((await setPower(machine, 'OFF', key)).operation.id).toBe(off.operation.id)
    // It is so already: nothing is sent.
    expect((await setPower(machine, 'OFF')).operation.state).toBe('SUCCEEDED')
    expect(controller.resets).toEqual(['GracefulShutdown'])

    const on = await setPower(machine, 'ON')
    expect([on.operation.state, on.impact]).toEqual(['SUCCEEDED', []])
    expect((await setPower(machine, 'RESTART', { force: true })).operation.state).toBe('SUCCEEDED')
    expect(controller.resets).toEqual(['GracefulShutdown', 'On', 'ForceOff', 'On'])
    expect(controller.powerState).toBe('On')
  })

  test('what fails is told, and nothing is switched back', { timeout: 120_000 }, async () => {
    const machine = await found('servers', 'web483')
    controller.refused = true
    const before = controller.resets.length
    const { operation } = await setPower(machine, 'OFF')
    expect(operation).toMatchObject({ state: 'FAILED', error: { code: 'SOURCE_UNAVAILABLE' } })
    expect(controller.resets.slice(before)).toEqual(['GracefulShutdown'])
    expect(controller.powerState).toBe('On')
    controller.refused = false
  })

  test('who may not, and what cannot, is refused before anything is done', async () => {
    const machine = await found('servers', 'web483')
    const before = controller.resets.length
    await ask(
      'mutation { importInventory(input: { items: [{ kind: Tenant, name: "red" }, { kind: Rack, name: "r1", status: ACTIVE }, { kind: Server, name: "paper", status: ACTIVE }] }) { cursor } }',
    )
    expect((await setPower('Rack:name=r1', 'OFF')).error).toMatchObject({
      code: 'INVALID_INPUT',
      path: 'input.resource',
    })
    expect((await setPower('Server:name=paper', 'OFF')).error).toMatchObject({
      code: 'FORBIDDEN',
      message: 'No source that can switch it knows it',
    })
    expect((await setPower('Server:name=none', 'OFF')).error).toMatchObject({ code: 'NOT_FOUND' })
    let count = 0
    const as = async (input: string) =>
      `Bearer ${(await ask(`mutation { createToken(input: { name: "t${count++}", ${input} }) { secret } }`)).createToken.secret}`
    const narrowed = [
      ['role: VIEWER', 'FORBIDDEN'],
      ['role: OPERATOR, scopes: { verbs: [ALLOCATE] }', 'FORBIDDEN'],
      ['role: OPERATOR, scopes: { kinds: [Container] }', 'FORBIDDEN'],
      ['role: OPERATOR, scopes: { tenants: ["Tenant:name=red"] }', 'NOT_FOUND'],
    ] as const
    for (const [input, code] of narrowed) {
      headers = { authorization: await as(input) }
      expect([input, (await setPower(machine, 'OFF')).error.code]).toEqual([input, code])
      expect([input, (await setPower(machine, 'OFF', { dryRun: true })).error.code]).toEqual([input, code])
      headers = {}
    }
    expect(controller.resets.length).toBe(before)
    headers = { authorization: await as('role: OPERATOR, scopes: { kinds: [Server], verbs: [CONTROL] }') }
    expect((await setPower(machine, 'ON')).operation).toMatchObject({ state: 'SUCCEEDED', startedBy: 't4' })
    headers = {}
  })
})

describe.runIf(hasDockerd)('a container of a real dockerd', () => {
  let engine: Dockerd
  beforeAll(async () => {
    engine = await startDockerd()
    app = await startTestApp({
      sources: { box: { driver: 'docker', url: engine.url, control: true, perSecond: 1_000 } },
    })
  }, 120_000)
  afterAll(async () => {
    await app?.close()
    await engine?.close()
  })

  test('is stopped, started and restarted', { timeout: 120_000 }, async () => {
    const id = await engine.run('somebody')
    const container = await found('containers', 'somebody')
    const state = async () => (await engine.call('GET', `/containers/${id}/json`)).State
    const { StartedAt } = await state()
    expect((await setPower(container, 'OFF')).operation.state).toBe('SUCCEEDED')
    expect((await state()).Status).toBe('exited')
    expect((await setPower(container, 'ON')).operation.state).toBe('SUCCEEDED')
    const again = await state()
    expect([again.Status, again.StartedAt > StartedAt]).toEqual(['running', true])
    expect((await setPower(container, 'RESTART', { force: true })).operation.state).toBe('SUCCEEDED')
    const last = await state()
    expect([last.Status, last.StartedAt > again.StartedAt]).toEqual(['running', true])
  })

  test('gets other limits while it runs, and is not moved', { timeout: 120_000 }, async () => {
    const id = await engine.run('sized')
    const resource = await found('containers', 'sized')
    const change = async (field: 'resize' | 'migrate', rest: object) => {
      const type = field === 'resize' ? 'ResizeInput' : 'MigrateInput'
      const answer = await ask(
        `mutation ($input: ${type}!) { ${field}(input: $input) { operation { state error { message } } } }`,
        { input: { resource, wait: 'PT60S', ...rest } },
      )
      return answer.error ?? answer[field].operation
    }
    const size = { cpuCores: 0.5, memoryBytes: String(64 * 2 ** 20) }
    expect(await change('resize', { ...size, dryRun: true })).toBe(null)
    const limits = async () => (await engine.call('GET', `/containers/${id}/json`)).HostConfig
    expect((await limits()).Memory).toBe(0)
    expect(await change('resize', size)).toEqual({ state: 'SUCCEEDED', error: null })
    expect(await limits()).toMatchObject({ NanoCpus: 5e8, Memory: 64 * 2 ** 20 })
    expect(await change('resize', size)).toMatchObject({ code: 'CONFLICT', reason: 'STATE' })
    expect(await change('resize', { cpuCores: 4_000 })).toMatchObject({ code: 'INVALID_INPUT' })
    expect(await change('resize', { memoryBytes: '1000' })).toMatchObject({ code: 'INVALID_INPUT' })
    expect(await change('resize', { flavor: 'big' })).toMatchObject({ code: 'INVALID_INPUT' })
    expect(await change('migrate', {})).toMatchObject({ code: 'INVALID_INPUT', path: 'input.resource' })
  })
})
