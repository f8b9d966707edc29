/** Each fault of the demo the whole way: agents that speak SNMP, the driver that polls them, the graph, and who subscribes to it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { doorPath, knock, startDemo, type Demo } from '../../src/demo/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket, type TestSocket } from '../support/socket.ts'

const patienceMs = 60_000
let folder: string
let demo: Demo
let app: TestApp
let socket: TestSocket

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-demo-'))
  demo = await startDemo({ dataFolder: folder })
  process.env['PLENUM_TEST_COMMUNITY'] = demo.community
  app = await startTestApp({
    sources: {
      demo: {
        driver: 'snmp',
        interval: 3,
        traps: demo.traps,
        credentials: { demo: { community: 'env:PLENUM_TEST_COMMUNITY' } },
        seeds: demo.devices.map(({ address, port }) => ({ address, port })),
      },
    },
  })
  socket = openSocket(app.url, app.token)
  await until('{ switches { totalCount } servers { totalCount } }', (data) => {
    const { switches, servers } = data as Record<string, { totalCount: number }>
    return switches!.totalCount === 18 && servers!.totalCount === 72
  })
}, 120_000)
afterAll(async () => {
  await socket?.close()
  await app?.close()
  await demo?.close()
  rmSync(folder, { recursive: true, force: true })
  delete process.env['PLENUM_TEST_COMMUNITY']
})

const say = (request: unknown) => knock(doorPath(folder), request, AbortSignal.timeout(10_000))

/** Asks again whenever something has changed or was measured. */
async function until(query: string, isSo: (data: unknown) => boolean): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs)
  for (;;) {
    const { data, errors } = await app.query(query)
    expect(errors).toBeUndefined()
    if (isSo(data)) return
    signal.throwIfAborted()
    await changed(signal)
  }
}

/** The next tick of samples: there is one for every poll. */
async function changed(signal: AbortSignal): Promise<void> {
  const ticks = socket.iterate(
    'subscription { readings(filter: { kind: [Switch, Server] }, metric: ["up"], every: "PT1S") { dropped } }',
  )
  const end = () => void ticks.return(undefined)
  signal.addEventListener('abort', end)
  try {
    // The first is what is known already.
    await ticks.next()
    await ticks.next()
  } finally {
    signal.removeEventListener('abort', end)
    await ticks.return(undefined)
  }
}

interface Changed {
  resourceChanged: {
    events: {
      resource?: { name: string; device: { name: string } }
      changes?: { path: string; after: unknown }[]
    }[]
  }
}

/** From now on. */
async function follow(kind: string): Promise<AsyncGenerator<Changed>> {
  const { data } = await app.query<{ cursor: string }>('{ cursor }')
  return socket.iterate<Changed>(
    `subscription { resourceChanged(filter: { kind: [${kind}] }, after: "${data!.cursor}") { events {
       ... on Updated { resource { name ... on NetworkInterface { device { name } } ... on BgpPeer { device { name } } } changes { path after } } } } }`,
  )
}

/** Resolves when all of these were told: `device name path=value`. */
async function told(stream: AsyncGenerator<Changed>, wanted: readonly string[]): Promise<void> {
  const missing = new Set(wanted)
  const timer = setTimeout(() => void stream.return(undefined), patienceMs)
  try {
    while (missing.size > 0) {
      const { value, done } = await stream.next()
      if (done === true) throw new Error(`not told within a minute: ${[...missing].join(', ')}`)
      for (const { resource, changes = [] } of (value as Changed).resourceChanged.events)
        for (const { path, after } of changes)
          missing.delete(`${resource!.device.name} ${resource!.name} ${path}=${String(after)}`)
    }
  } finally {
    clearTimeout(timer)
  }
}

test('link-down: both ends are told down, and up when it is mended', async () => {
  const stream = await follow('NetworkInterface')
  const ends = ['icn1-leaf01 Ethernet25', 'icn1-spine1 Ethernet1']
  await say({ do: 'begin', fault: 'link-down', target: 'icn1-leaf01:Ethernet25' })
  await told(
    stream,
    ends.map((end) => `${end} fields.operStatus=DOWN`),
  )
  await say({ do: 'end', fault: 'link-down' })
  await told(
    stream,
    ends.map((end) => `${end} fields.operStatus=UP`),
  )
  await stream.return(undefined)
}, 150_000)

test('bgp-flap: the session is told to fall and to come back', async () => {
  const peers = await app.query<{ bgpPeers: { nodes: { name: string }[] } }>(
    '{ bgpPeers(filter: { linked: { type: PART_OF, to: { name: { eq: "icn1-leaf02" } } } }) { nodes { name } } }',
  )
  expect(peers.data!.bgpPeers.nodes).not.toEqual([])
  const stream = await follow('BgpPeer')
  await say({ do: 'begin', fault: 'bgp-flap', target: 'icn1-leaf02:Ethernet26' })
  const states = new Set<string>()
  const timer = setTimeout(() => void stream.return(undefined), patienceMs)
  for await (const { resourceChanged } of stream) {
    for (const { resource, changes = [] } of resourceChanged.events)
      for (const { path, after } of changes)
        if (path === 'fields.sessionState' && resource!.device.name === 'icn1-leaf02')
          states.add(String(after))
    if (states.size > 1 && states.has('ESTABLISHED')) break
  }
  clearTimeout(timer)
  expect([...states]).toContain('ESTABLISHED')
  expect(states.size).toBeGreaterThan(1)
  await say({ do: 'end', fault: 'bgp-flap' })
}, 150_000)

test('hot-rack: what stands in it is measured warmer, what stands elsewhere is not', async () => {
  const warmest = async (rack: string): Promise<number> => {
    const { data } = await app.query<{
      components: { nodes: { readings: { value: number }[] }[] }
    }>(
      `{ components(first: 1000, filter: { linked: { type: PART_OF, to: { name: { startsWith: "${rack}" } } } }) { nodes { readings(metric: ["hw.temperature"]) { value } } } }`,
    )
    return Math.max(...data!.components.nodes.flatMap(({ readings }) => readings.map(({ value }) => value)))
  }
  const before = { hot: await warmest('icn2-r01-s'), other: await warmest('icn2-r02-s') }
  expect(before.hot).toBeGreaterThan(10)
  await say({ do: 'begin', fault: 'hot-rack', target: 'icn2-r01' })
  const signal = AbortSignal.timeout(patienceMs)
  while ((await warmest('icn2-r01-s')) < before.hot + 10) await changed(signal)
  expect(await warmest('icn2-r02-s')).toBeLessThan(before.other + 8)
  await say({ do: 'end', fault: 'hot-rack' })
}, 150_000)

const isUp = (name: string) =>
  `{ switches(filter: { name: { eq: "${name}" } }) { nodes { readings(metric: ["up"]) { value } origins { stale } } } }`
const upOf = (data: unknown): number | undefined =>
  (data as { switches: { nodes: { readings: { value: number }[] }[] } }).switches.nodes[0]?.readings[0]?.value

test('dead-switch: it is not up, what is cabled to it has no carrier, and nothing is deleted', async () => {
  const stream = await follow('NetworkInterface')
  await say({ do: 'begin', fault: 'dead-switch', target: 'pus1-leaf01' })
  await told(stream, [
    'pus1-r01-s01 eno1 fields.operStatus=DOWN',
    'pus1-spine1 Ethernet1 fields.operStatus=DOWN',
  ])
  await until(isUp('pus1-leaf01'), (data) => upOf(data) === 0)
  await until(
    isUp('pus1-leaf01'),
    (data) =>
      (data as { switches: { nodes: { origins: { stale: boolean }[] }[] } }).switches.nodes[0]!.origins[0]!
        .stale,
  )
  await say({ do: 'end', fault: 'dead-switch' })
  await told(stream, ['pus1-r01-s01 eno1 fields.operStatus=UP'])
  await until(isUp('pus1-leaf01'), (data) => upOf(data) === 1)
  await stream.return(undefined)
}, 200_000)

test('poller-isolated: nothing is up, everything is still there, and it comes back by itself', async () => {
  interface All {
    switches: { totalCount: number; nodes: { readings: { value: number }[] }[] }
  }
  const all = '{ switches { totalCount nodes { readings(metric: ["up"]) { value } } } }'
  const every = (value: number) => (data: unknown) =>
    (data as All).switches.nodes.every(({ readings: [up] }) => up?.value === value)
  await until(all, every(1))
  await say({ do: 'begin', fault: 'poller-isolated' })
  await until(all, every(0))
  expect((await app.query<All>(all)).data!.switches.totalCount).toBe(18)
  await say({ do: 'end', fault: 'poller-isolated' })
  await until(all, every(1))
}, 200_000)
