/** Controllers in the shapes of real ones: what becomes of them, and of one that is ill beside one that is well. */
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { toNotices } from '../../../src/source/redfish/event.ts'
import { redfish } from '../../../src/source/redfish/index.ts'
import { createDatabase, startProcess, type Process, type TestDatabase } from '../scripted.ts'
import { FakeController } from './fake.ts'

const controllers = [new FakeController(), new FakeController()]
let servers: Server[]
let hosts: string[]
let database: TestDatabase
let own: Process
/** Says nothing at all. */
let isHanging = false

beforeEach(async () => {
  controllers.splice(0, 2, new FakeController(), new FakeController())
  Object.assign(controllers[1]!.system, {
    Id: '1',
    HostName: '',
    Manufacturer: 'Dell Inc.',
    SKU: '7BHG2F3',
    SerialNumber: 'CNIVC0099Z00A1',
    UUID: '4c4c4544-0042-4810-8047-b7c04f324633',
    AssetTag: '',
  })
  servers = controllers.map((controller, index) =>
    createServer((request, response) => {
      if (index === 0 && isHanging) return
      controller.answer(request, response)
    }),
  )
  isHanging = false
  for (const server of servers) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  hosts = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`)
  process.env['BMC_PASSWORD'] = controllers[0]!.password
  database = await createDatabase()
})
afterEach(async () => {
  await own.close()
  await database.close()
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  delete process.env['BMC_PASSWORD']
})

async function start(interval = 0.2): Promise<void> {
  const bmc = {
    driver: 'redfish',
    targets: hosts.map((host) => `http://${host}`),
    user: 'reader',
    password: 'env:BMC_PASSWORD',
    interval,
    requestSeconds: 0.5,
    perSecond: 10_000,
  }
  own = await startProcess(database, redfish, { bmc }, {}, 30_000)
}
const servers_ = () => own.holder.graph.ofType('Server')
const named = (name: string) => servers_().find((one) => one.name === name)
const parts = () =>
  own.holder.graph
    .ofType('Component')
    .map(({ name, fields }) => `${String(fields['role'])} ${name}`)
    .sort()

test('a machine with what is in it; what is absent is not there, what firmware fails to tell is left out', async () => {
  controllers[1]!.broken.add('Systems/1/Storage').add('Managers')
  await start()
  await own.until(async () => servers_().length === 2)
  expect(named('web483')!.fields).toMatchObject({
    manufacturer: 'Contoso',
    serialNumber: '437XR1138R2',
    systemUuid: '38947555-7742-3448-3784-823347823834',
    powerState: 'ON',
    cpuCores: 16,
    memoryBytes: 96 * 2 ** 30,
  })
  // Its service tag is what others call its serial number.
  const dell = servers_().find(({ fields }) => fields['serialNumber'] === '7BHG2F3')!
  expect(dell.name).toBe('127.0.0.1')
  expect(parts()).toEqual([
    'bmc BMC',
    'bmc bmc',
    'cpu CPU 1',
    'cpu CPU 1',
    'disk Drive 0',
    'fan Fan 1',
    'fan Fan 1',
    'memory PROC 1 DIMM 1',
    'memory PROC 1 DIMM 1',
    'psu PSU 1',
    'psu PSU 1',
    'sensor Inlet Temp',
    'sensor Inlet Temp',
  ])
  const [nic] = own.holder.graph.ofType('NetworkInterface')
  expect(nic!.fields).toMatchObject({ macAddress: '12:44:6a:3b:04:11', operStatus: 'UP' })
  await own.until(async () => own.samples.some(({ metric, value }) => metric === 'hw.status' && value === 1))
  const values = new Set(own.samples.map(({ metric, value }) => `${metric} ${value}`))
  for (const value of [
    'hw.power 344',
    'hw.power 180',
    'hw.temperature 24',
    'hw.fan.speed 2100',
    'hw.voltage 120',
  ])
    expect(values).toContain(value)
})

test('one that hangs is silent, the other goes on; both are well again by themselves', async () => {
  await start()
  await own.until(async () => servers_().length === 2)
  const up = (name: string, machine: string) => {
    const { id } = own.holder.graph
      .ofType('Component')
      .find(
        (one) =>
          one.fields['role'] === 'bmc' &&
          own.holder.graph.walk(one, (one.kind.fields['hardware'] as any).steps)[0]?.name === machine,
      )!
    return own.samples.findLast((one) => one.resourceId === id && one.metric === name)?.value
  }
  await own.until(async () => up('up', 'web483') === 1 && up('up', '127.0.0.1') === 1)
  expect(up('scrape.duration', 'web483')).toBeGreaterThan(0)
  isHanging = true
  await own.until(async () => up('up', 'web483') === 0)
  // It is the controller that does not answer, not the machine.
  expect(
    own.samples.filter(({ resourceId, metric }) => metric === 'up' && resourceId === named('web483')!.id),
  ).toEqual([])
  expect(up('up', '127.0.0.1')).toBe(1)
  controllers[1]!.powerState = 'Off'
  await own.until(async () => servers_().some(({ fields }) => fields['powerState'] === 'OFF'))
  controllers[0]!.powerState = 'Off'
  isHanging = false
  await own.until(async () => up('up', 'web483') === 1)
  await own.until(async () => servers_().every(({ fields }) => fields['powerState'] === 'OFF'))
})

const eventOf = (...messages: string[]): string =>
  JSON.stringify({
    '@odata.type': '#Event.v1_4_0.Event',
    Events: messages.map((Message) => ({
      EventType: 'Alert',
      MessageId: 'Power.1.0.PowerOff',
      Message,
      MessageSeverity: 'Critical',
      OriginOfCondition: { '@odata.id': '/redfish/v1/Systems/437XR1138R2' },
    })),
  })
const notices = async (): Promise<any[]> =>
  (await database.db('event').where({ type: 'Notice' }).orderBy('seq')).map(({ body }: any) => body.detail)

test('what a controller tells by itself is kept, and it is asked again at once; a stream that breaks off is taken up', async () => {
  controllers[1]!.hasEvents = false
  await start(3_600)
  const [first] = controllers as [FakeController]
  await own.until(async () => servers_().length === 2 && first.listeners === 1)
  first.powerState = 'Off'
  first.tell(`id: 1`, `data: ${eventOf('The machine was turned off')}`)
  // An hour before its time.
  await own.until(async () => named('web483')!.fields['powerState'] === 'OFF')
  await own.until(async () => (await notices()).length === 1)
  expect(await notices()).toMatchObject([
    {
      notice: 'RedfishEvent',
      type: 'Alert',
      message: 'The machine was turned off',
      severity: 'Critical',
      origin: '/redfish/v1/Systems/437XR1138R2',
    },
  ])
  first.cutListeners()
  await own.until(async () => first.listeners === 1)
  first.powerState = 'On'
  const whole = eventOf('It is on', 'and well')
  // In several lines, behind something that is none.
  first.tell(
    'event: x',
    'data: {"Events": [',
    'id: 2',
    `data: ${whole.slice(0, 40)}`,
    `data: ${whole.slice(40)}`,
  )
  await own.until(async () => named('web483')!.fields['powerState'] === 'ON')
  await own.until(async () => (await notices()).length === 3)
  expect((await notices()).map(({ message }) => message).slice(1)).toEqual(['It is on', 'and well'])
  expect(first.requests.filter((path) => path === 'EventService/SSE')).toHaveLength(2)
})

test.each([
  ['no JSON', undefined],
  ['{"Events": "many"}', []],
  ['[]', []],
  ['{"Events": [{"Message": 7}]}', []],
])('what is no event is none: %s', (data, notices) => {
  expect(toNotices(data)).toEqual(notices)
})

test('what a controller tells is bounded', () => {
  const many = toNotices(eventOf(...Array.from({ length: 1_000 }, () => 'x'.repeat(10_000))))!
  expect(many).toHaveLength(50)
  expect(JSON.stringify(many).length).toBeLessThan(80_000)
})

test('a controller that tells something all the time is not asked all the time', async () => {
  await start(3_600)
  const [first] = controllers as [FakeController]
  await own.until(async () => servers_().length === 2 && first.listeners === 1)
  const asked = () => first.requests.filter((path) => path === 'Systems').length
  const before = asked()
  for (let turn = 1; turn <= 200; turn++) {
    first.tell(`data: ${eventOf(`turn ${turn}`)}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
  first.powerState = 'Off'
  first.tell(`data: ${eventOf('off')}`)
  // The last that happened is seen all the same.
  await own.until(async () => named('web483')!.fields['powerState'] === 'OFF')
  expect(asked() - before).toBeLessThan(20)
})
