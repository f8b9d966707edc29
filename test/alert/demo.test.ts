/** The demo datacenter, polled for real: a dead switch, and a poller that is cut off, are one incident each with one notification, and heal. All of it by the public API. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { doorPath, knock, sampleInventory, startDemo, type Demo } from '../../src/demo/index.ts'
import { startResources } from '../../src/resource/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { openSocket, type TestSocket } from '../support/socket.ts'
import { startReceiver, type TestReceiver } from './receiver.ts'

let folder: string
let demo: Demo
let database: TestDatabase
let app: TestApp
let receiver: TestReceiver
let socket: TestSocket
const intervalSeconds = 5

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-alert-'))
  receiver = await startReceiver()
  const config = join(folder, 'plenum.yaml')
  // As shipped, but for times: a test does not wait half a minute.
  writeFileSync(
    config,
    `rules:
  - { name: NotAnswering, metric: up, condition: { type: threshold, equals: 0 }, for: 3s, severity: critical, failure: down, summary: '{{resource.kind}} {{resource.name}} does not answer' }
  - { name: LinkDown, metric: hw.network.up, selector: { kind: [NetworkInterface], not: { fields: { adminStatus: [DOWN] } }, linked: { type: CONNECTED_TO } }, condition: { type: threshold, equals: 0 }, for: 5s, severity: warning, failure: link, summary: 'Port {{resource.name}} has a cable and no carrier' }
  - { name: BgpNotEstablished, metric: bgp.peer.up, condition: { type: threshold, equals: 0 }, for: 5s, severity: warning, failure: session, summary: 'The BGP session with {{resource.name}} is not established' }
notify:
  wait: 12s
  receivers: { ops: { type: webhook, url: '${receiver.url}/hook' } }
  routes: [{ to: [ops] }]
`,
  )
  demo = await startDemo({ dataFolder: folder })
  database = await createDatabase()
  await startResources({ db: database.db }).importInventory(
    {
      source: 'sample',
      mode: 'merge',
      dryRun: false,
      items: sampleInventory(),
      signal: new AbortController().signal,
    },
    { name: 'sample' },
  )
  process.env['TEST_ALERT_COMMUNITY'] = demo.community
  app = await startTestApp({
    database,
    env: { PLENUM_CONFIG: config },
    sources: {
      demo: {
        driver: 'snmp',
        interval: intervalSeconds,
        timeoutMs: 800,
        retries: 1,
        traps: demo.traps,
        credentials: { demo: { community: 'env:TEST_ALERT_COMMUNITY' } },
        seeds: demo.devices.map(({ address, port }) => ({ address, port })),
      },
    },
  })
  socket = openSocket(app.url, app.token)
  await untilMeasured()
}, 120_000)

afterAll(async () => {
  await socket?.close()
  await app?.close()
  await demo?.close()
  await database?.close()
  await receiver?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function ask(document: string): Promise<any> {
  const { data, errors } = await app.query<any>(document)
  expect(errors).toBeUndefined()
  return data
}

const fault = (request: { do: 'begin' | 'end'; fault: string }) =>
  knock(doorPath(folder), request, AbortSignal.timeout(10_000))

/** Every device was polled and answered. */
async function untilMeasured(): Promise<void> {
  const seen = new Set<string>()
  const stream = socket.iterate<any>(
    'subscription { readings(filter: { kind: [Switch, Server] }, metric: ["up"]) { resources { name readings(metric: ["up"]) { value } } } }',
  )
  for await (const { readings } of stream) {
    for (const { name, readings: values } of readings.resources) if (values[0].value === 1) seen.add(name)
    if (seen.size === demo.devices.length) return
  }
}

/** Follows incidents from now on, until one fits; gives all that were told. */
async function until(fits: (incident: any) => boolean, after: string): Promise<any[]> {
  const told: any[] = []
  const stream = socket.iterate<any>(
    `subscription { incidentChanged(filter: { state: [OPEN, ACKNOWLEDGED, CLOSED] }, after: "${after}") { incident { id state severity summary cause { kind name } alerts { totalCount } } } }`,
  )
  for await (const { incidentChanged } of stream) {
    if (incidentChanged.incident === null) continue
    told.push(incidentChanged.incident)
    if (fits(incidentChanged.incident)) return told
  }
  return told
}

const firings = () => receiver.sent.filter(({ body }) => body.status === 'firing').map(({ body }) => body)

it(
  'a dead switch is one incident with the switch as its cause, told once, and heals',
  { timeout: 240_000 },
  async () => {
    const { cursor } = await ask('{ cursor }')
    await fault({ do: 'begin', fault: 'dead-switch' })
    await until(({ cause, state }) => cause.name === 'icn1-leaf01' && state === 'OPEN', cursor)
    const told = await receiver.until(({ status }) => status === 'firing')
    expect(told.commonLabels).toMatchObject({
      cause: 'icn1-leaf01',
      cause_kind: 'Switch',
      severity: 'critical',
    })
    const { incidents } = await ask(
      `{ incidents { nodes { id state summary severity cause { kind name health }
       alerts(first: 200) { totalCount nodes { ruleName resource { kind } } edges { via { type } node { ruleName } } }
       servers: impact(kind: [Server]) { totalCount } machines: impact(kind: [VirtualMachine]) { totalCount } services: impact(kind: [Service]) { totalCount }
       changesBefore { totalCount } timeline { state alertCount cause { name } } } } }`,
    )
    expect(incidents.nodes).toHaveLength(1)
    const [incident] = incidents.nodes
    expect(incident).toMatchObject({
      state: 'OPEN',
      severity: 'CRITICAL',
      cause: { kind: 'Switch', name: 'icn1-leaf01', health: 'CRITICAL' },
      summary: 'Switch icn1-leaf01 does not answer',
    })
    for (const part of ['servers', 'machines', 'services'])
      expect(incident[part].totalCount).toBeGreaterThan(0)
    expect(incident.alerts.totalCount).toBeGreaterThan(5)
    expect(new Set(incident.alerts.nodes.map(({ ruleName }: any) => ruleName))).toEqual(
      new Set(['NotAnswering', 'LinkDown', 'BgpNotEstablished']),
    )
    for (const { via, node } of incident.alerts.edges)
      if (node.ruleName === 'LinkDown') expect(via.length).toBeGreaterThan(0)
    await ask(
      `mutation { acknowledgeIncident(input: { incident: "${incident.id}" }) { incident { state acknowledgedBy } } }`,
    )

    await fault({ do: 'end', fault: 'dead-switch' })
    const all = await until(({ id, state }) => id === incident.id && state === 'CLOSED', cursor)
    expect(new Set(all.filter(({ cause }) => cause.name === 'icn1-leaf01').map(({ id }) => id))).toEqual(
      new Set([incident.id]),
    )
    await receiver.until(({ status }) => status === 'resolved')
    expect(firings()).toHaveLength(1)
    const { incidents: rest, alerts } = await ask(
      '{ incidents { totalCount } alerts(filter: { state: [FIRING], severity: [WARNING, CRITICAL] }) { nodes { ruleName resource { name } } } }',
    )
    expect([rest.totalCount, alerts.nodes]).toEqual([0, []])
  },
)

it(
  'a poller that is cut off is one incident with its source as the cause, told once, and heals',
  { timeout: 240_000 },
  async () => {
    receiver.sent.length = 0
    const { cursor } = await ask('{ cursor }')
    await fault({ do: 'begin', fault: 'poller-isolated' })
    await until(({ cause }) => cause.kind === 'Source', cursor)
    const told = await receiver.until(({ status }) => status === 'firing')
    expect(told.commonLabels).toMatchObject({ cause: 'demo', cause_kind: 'Source', severity: 'critical' })
    const { incidents, servers } = await ask(
      `{ incidents { nodes { id cause { kind name } alerts(first: 200) { totalCount nodes { ruleName } } impact { totalCount } } }
       servers(first: 100) { nodes { health } } }`,
    )
    expect(incidents.nodes).toHaveLength(1)
    const [incident] = incidents.nodes
    expect(incident.cause).toEqual({ kind: 'Source', name: 'demo' })
    expect(incident.alerts.totalCount).toBeGreaterThan(demo.devices.length / 2)
    // Nobody knows how they are: nothing says that they are broken.
    expect(servers.nodes.filter(({ health }: any) => health === 'CRITICAL')).toEqual([])

    await fault({ do: 'end', fault: 'poller-isolated' })
    await until(({ id, state }) => id === incident.id && state === 'CLOSED', cursor)
    await receiver.until(({ status }) => status === 'resolved')
    expect(firings()).toHaveLength(1)
    expect((await ask('{ incidents { totalCount } }')).incidents.totalCount).toBe(0)
  },
)
