/** The driver against agents that answer, fall silent, lie and send traps. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  encodeInteger,
  encodeMessage,
  encodeOid,
  encodeVarbind,
  tag,
  version,
} from '../../../src/source/snmp/protocol/index.ts'
import { snmp } from '../../../src/source/snmp/index.ts'
import { startResponder, type Responder } from '../../../src/source/snmp/responder/index.ts'
import { shardOf, type Part, type Told } from '../../../src/source/source.ts'
import {
  isNotice,
  isPart,
  isSilent,
  listen,
  operStatusOf,
  readsUp,
  smallSwitch,
  type Listening,
} from './driver.ts'

let responder: Responder
const open = new Set<Listening>()
beforeAll(() => {
  responder = startResponder()
})
afterAll(() => responder.close())
afterEach(async () => {
  for (const one of open) await one.close()
  open.clear()
  for (const agent of [...responder.agents]) await agent.close()
})

const quick = { interval: 1, timeoutMs: 100, retries: 0 }
const plain = { credentials: { plain: { community: 'env:A' } } }

async function start(...parameters: Parameters<typeof listen>): Promise<Listening> {
  const one = await listen(...parameters)
  open.add(one)
  return one
}

const freePort = async (): Promise<number> => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

function trapOf(oid: string, community = 'public'): Buffer {
  return encodeMessage({
    version: version.v2c,
    community: Buffer.from(community),
    type: 0xa7,
    requestId: 7,
    status: 0,
    index: 0,
    varbinds: [
      encodeVarbind(encodeOid('1.3.6.1.2.1.1.3.0'), tag.timeTicks, encodeInteger(tag.timeTicks, 1n)),
      encodeVarbind(encodeOid('1.3.6.1.6.3.1.1.4.1.0'), tag.oid, encodeOid(oid)),
    ],
  })
}

describe('a device', () => {
  it('is told as a part, with its ports and whether it is up', async () => {
    const { port } = await responder.add({ mib: smallSwitch('sw1') })
    const source = await start({ ...plain, ...quick, seeds: [{ address: '127.0.0.1', port }] })
    const { part, things } = await source.until(isPart)
    const key = `127.0.0.1:${port}`
    expect(part).toBe(key)
    expect(things[0]).toMatchObject({ key, name: 'sw1', fields: { chassisId: '00:1b:21:00:00:01' } })
    expect(things.slice(1).map(({ key, kind, fields }) => [key, kind, fields!['operStatus']])).toEqual([
      [`${key}/interface/eth1`, 'NetworkInterface', 'UP'],
      [`${key}/interface/eth2`, 'NetworkInterface', 'UP'],
    ])
    const { readings } = await source.until(readsUp(1))
    expect(readings.map(({ metric }) => metric)).toContain('scrape.duration')
  })

  it('is tried with each of the credentials until one works', async () => {
    const { port } = await responder.add({ mib: smallSwitch('sw1'), community: 'right' })
    const source = await start(
      {
        ...quick,
        credentials: { first: { community: 'env:A' }, second: { community: 'env:B' } },
        seeds: [{ address: '127.0.0.1', port }],
      },
      { secrets: { 'env:A': 'wrong', 'env:B': 'right' } },
    )
    expect((await source.until(isPart)).things[0]!.name).toBe('sw1')
  })

  it('that falls silent is down, then stale, and comes back by itself; nothing of it is gone', async () => {
    const agent = await responder.add({ mib: smallSwitch('sw1') })
    const source = await start({ ...plain, ...quick, seeds: [{ address: '127.0.0.1', port: agent.port }] })
    await source.until(readsUp(1))
    agent.fault = { kind: 'silent' }
    const { readings } = await source.until(readsUp(0))
    // How long was waited for nothing.
    expect(readings).toMatchObject([
      { metric: 'up' },
      { metric: 'scrape.duration', value: expect.any(Number) },
    ])
    expect((await source.until(isSilent)).silent).toBe(`127.0.0.1:${agent.port}`)
    agent.fault = null
    await source.until(isPart)
    await source.until(readsUp(1))
    expect(source.all.filter((told) => 'gone' in told)).toEqual([])
  })

  it('that never answered is said to be silent, and is no thing', async () => {
    const port = await freePort()
    const source = await start({ ...plain, ...quick, seeds: [{ address: '127.0.0.1', port }] })
    expect(await source.until(isNotice)).toMatchObject({ notice: 'SnmpSeedSilent' })
    expect(source.all.filter(isPart)).toEqual([])
  })

  it('that is slow, or answers garbage, delays nobody', async () => {
    const ill = await Promise.all(
      (['silent', 'garbage', 'loop'] as const).map(async (kind) => {
        const agent = await responder.add({ mib: smallSwitch(kind, `001b2100000${kind.length}`) })
        agent.fault = { kind } as NonNullable<typeof agent.fault>
        return agent
      }),
    )
    const well = await responder.add({ mib: smallSwitch('well') })
    const seeds = [...ill, well].map(({ port }) => ({ address: '127.0.0.1', port }))
    const source = await start({ ...plain, ...quick, seeds })
    const isWell = (told: Told): told is Part => isPart(told) && told.part === `127.0.0.1:${well.port}`
    for (let times = 0; times < 3; times++) await source.until(isWell)
  })
})

describe('shards', () => {
  it('only what is of this process is polled, and moves with them', async () => {
    const agents = await Promise.all(
      [1, 2, 3, 4].map((n) => responder.add({ mib: smallSwitch(`sw${n}`, `001b2100000${n}`) })),
    )
    const keys = agents.map(({ port }) => `127.0.0.1:${port}`)
    const source = await start({
      ...plain,
      ...quick,
      seeds: agents.map(({ port }) => ({ address: '127.0.0.1', port })),
    })
    const seen = new Set<string>()
    while (seen.size < keys.length) seen.add((await source.until(isPart)).part)
    const first = shardOf(keys[0]!, 16)
    source.hold([first])
    // What was under way may still be told; after that only what is held.
    const mine = keys.filter((key) => shardOf(key, 16) === first)
    const after: string[] = []
    for (let times = 0; times < 6; times++) after.push((await source.until(isPart)).part)
    expect(after.slice(4).filter((part) => !mine.includes(part))).toEqual([])
  })
})

describe('traps', () => {
  it('make an event, and the device is read again at once', async () => {
    const trapPort = await freePort()
    const agent = await responder.add({ mib: smallSwitch('sw1') })
    const source = await start({
      ...plain,
      ...quick,
      interval: 3_600,
      seeds: [{ address: '127.0.0.1', port: agent.port }],
      traps: { address: '127.0.0.1', port: trapPort },
    })
    await source.until(readsUp(1))
    agent.set(operStatusOf(2), tag.integer, '2')
    agent.send(trapOf('1.3.6.1.6.3.1.1.5.3'), { address: '127.0.0.1', port: trapPort })
    expect(await source.until(isNotice)).toMatchObject({
      notice: 'SnmpTrap',
      key: `127.0.0.1:${agent.port}`,
      detail: { trap: 'linkDown' },
    })
    const { things } = await source.until(isPart)
    expect(things.map(({ fields }) => fields!['operStatus']).slice(1)).toEqual(['UP', 'DOWN'])
  })

  it('of a storm are held back, and those that nobody can read end nothing', async () => {
    const trapPort = await freePort()
    const agent = await responder.add({ mib: smallSwitch('sw1') })
    const source = await start({
      ...plain,
      ...quick,
      interval: 3_600,
      seeds: [{ address: '127.0.0.1', port: agent.port }],
      traps: { address: '127.0.0.1', port: trapPort },
    })
    await source.until(readsUp(1))
    const to = { address: '127.0.0.1', port: trapPort }
    agent.send(Buffer.from('no trap at all'), to)
    for (let count = 0; count < 500; count++) agent.send(trapOf('1.3.6.1.4.1.99999.7'), to)
    agent.send(trapOf('1.3.6.1.6.3.1.1.5.3'), to)
    await source.until(isNotice)
    await source.until(isPart)
    expect(source.all.filter(isNotice).length).toBeLessThan(120)
  })
})

describe('settings', () => {
  it.each([
    [{}, 'at least one is needed'],
    [{ ...plain, seed: ['10.0.0.1'] }, 'Unrecognized key'],
    [{ credentials: { a: { community: 'public' } } }, 'by reference'],
    [{ ...plain, seeds: [{ address: '10.0.0.1', credentials: ['none'] }] }, 'no credentials called none'],
    [{ ...plain, interval: '5x' }, '30s, 5m or 1h'],
    [{ ...plain, follow: ['10.0.0.0'] }, 'a prefix such as'],
    [
      { credentials: { a: { user: 'u', priv: { protocol: 'AES-128', password: 'env:A' } } } },
      'privacy needs authentication',
    ],
  ])('%j is refused', (settings, message) => {
    expect(() => snmp.parseSettings(settings)).toThrow(message)
  })
})
