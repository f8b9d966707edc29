/** The simulated devices, read with our own reader and with Debian's snmpwalk: what they say of each other fits together. */
import { execFile, spawnSync } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Faults } from '../../src/demo/fault.ts'
import { community, startDatacenter, type Datacenter } from '../../src/demo/datacenter.ts'
import type { Device } from '../../src/demo/world.ts'
import {
  chooseModules,
  loadModules,
  readIdentity,
  readTables,
  type Module,
} from '../../src/source/snmp/module/index.ts'
import { toObservations } from '../../src/source/snmp/map.ts'
import {
  Answer,
  formatOid,
  startSnmpClient,
  Target,
  type SnmpClient,
} from '../../src/source/snmp/protocol/index.ts'
import { channelOf, readerOf } from '../../src/source/snmp/reader.ts'
import type { Observation } from '../../src/resource/resource.ts'

const hasSnmpwalk = spawnSync('snmpwalk', ['-V']).status === 0
if (!hasSnmpwalk) console.warn('skipped: snmpwalk is not installed (apt-get install snmp)')

let datacenter: Datacenter
let faults: Faults
let client: SnmpClient
let modules: Module[]
let sink: Socket
const traps: { from: string; oid: string }[] = []
let trapCame = () => {}

beforeAll(async () => {
  sink = createSocket('udp4')
  sink.bind(0, '127.0.0.1')
  await once(sink, 'listening')
  sink.on('message', (bytes, from) => {
    const answer = new Answer()
    expect(answer.parseHead(bytes) ?? answer.parseVarbinds(100)).toBeNull()
    answer.select(1, 0)
    traps.push({ from: from.address, oid: String(answer.value()) })
    trapCame()
  })
  datacenter = await startDatacenter({
    traps: { address: '127.0.0.1', port: sink.address().port },
    delays: { neighborHold: 0.2, neighborHello: 0.1, bgpConnect: 0.1, heating: 0.2 },
  })
  faults = new Faults(datacenter)
  client = await startSnmpClient()
  modules = await loadModules()
})
afterAll(async () => {
  faults.endAll()
  await client.close()
  await datacenter.close()
  sink.close()
})

const deviceOf = (name: string): Device => datacenter.world.byName.get(name)!

async function read(name: string, retries = 2): Promise<Map<string, Observation>> {
  const { address, port } = datacenter.agents.get(deviceOf(name))!
  const reader = readerOf(
    channelOf(client, new Target({ address, port, community, timeoutMs: 200, retries })),
  )
  const chosen = chooseModules(modules, await readIdentity(reader))
  const { tables, failures } = await readTables(reader, chosen)
  expect(failures).toEqual([])
  const { observations } = toObservations(chosen, tables, { source: 'demo', key: name, name })
  return new Map(observations.map((one) => [one.key, one]))
}

/** Reads until it is so: what happens later happens within the delays above. */
async function readUntil(name: string, isSo: (found: Map<string, Observation>) => boolean) {
  for (;;) {
    const found = await read(name)
    if (isSo(found)) return found
  }
}

const stateOf = (found: Map<string, Observation>, port: string) =>
  found.get(`${port.replace(':', '/interface/')}`)?.fields?.['operStatus']
const sessionsOf = (found: Map<string, Observation>) =>
  [...found.values()].filter(({ kind }) => kind === 'BgpPeer')
/** `local port → neighbour port`, by names. */
const cablesOf = (name: string, found: Map<string, Observation>): string[] =>
  [...found.values()]
    .flatMap((one) => {
      const to = one.links?.find(({ type }) => type === 'CONNECTED_TO')?.to
      const of = one.links?.find(({ type }) => type === 'PART_OF')?.to
      if (to === undefined || !('key' in to) || of === undefined || !('key' in of)) return []
      const neighbor = found.get(of.key)
      return `${to.key.replace(`${name}/interface/`, '')} ${neighbor?.name.split('.')[0]}:${one.name}`
    })
    .sort()

describe('the simulated devices', () => {
  test('are those of the sample, each with an address of its own', () => {
    const places = [...datacenter.agents.values()].map(({ address, port }) => `${address}:${port}`)
    expect(new Set(places).size).toBe(90)
    expect(places.every((place) => place.startsWith('127.'))).toBe(true)
  })

  test('tell by LLDP exactly the cables of the sample, from both ends', async () => {
    for (const device of datacenter.world.devices) {
      const truth = device.ports.flatMap((port) =>
        port.far === null ? [] : `${port.name} ${port.far.device.name}:${port.far.name}`,
      )
      expect(cablesOf(device.name, await read(device.name))).toEqual(truth.sort())
    }
  })

  test('have their sessions, established, with 4-byte AS numbers', async () => {
    for (const device of datacenter.world.devices.filter(({ kind }) => kind === 'Switch')) {
      const peers = sessionsOf(await read(device.name)).map(({ fields }) => fields)
      const truth = device.sessions.map((session) => ({
        neighborAddress: session.neighborAddress,
        localAs: session.localAs,
        peerAs: session.peerAs,
        sessionState: 'ESTABLISHED',
      }))
      expect(peers).toHaveLength(truth.length)
      for (const one of truth) expect(peers).toContainEqual(expect.objectContaining(one))
    }
  })

  test('say what the sample says of them', async () => {
    const leaf = (await read('icn1-leaf01')).get('icn1-leaf01')!
    expect(leaf).toMatchObject({
      kind: 'Switch',
      name: 'icn1-leaf01',
      fields: {
        serialNumber: deviceOf('icn1-leaf01').serialNumber,
        model: 'DCS-7050SX3-48YC8',
        osName: 'EOS',
        osVersion: '4.32.2F',
      },
    })
    const host = deviceOf('icn1-r01-s01')
    expect((await read('icn1-r01-s01')).get('icn1-r01-s01')).toMatchObject({
      kind: 'Server',
      fields: { serialNumber: host.serialNumber, model: host.model, chassisId: host.chassisId },
    })
  })

  test('count upwards', async () => {
    const { address, port } = datacenter.agents.get(deviceOf('icn1-leaf01'))!
    const reader = readerOf(channelOf(client, new Target({ address, port, community })))
    const values: number[] = []
    const octets = Buffer.from([0x2b, 6, 1, 2, 1, 31, 1, 1, 1, 6, 1])
    while (values.length < 3 || values.at(-1) === values[0])
      values.push(Number((await reader.get([octets]))[0]))
    expect(values).toEqual([...values].sort((a, b) => a - b))
    expect(formatOid(octets, 0, octets.length)).toBe('1.3.6.1.2.1.31.1.1.1.6.1')
  })

  test.skipIf(!hasSnmpwalk)('are read by snmpwalk to their end', async () => {
    const { address, port } = datacenter.agents.get(deviceOf('icn1-spine1'))!
    const run = promisify(execFile)
    const walk = (command: string, version: string) =>
      run(command, ['-v', version, '-c', community, '-On', `${address}:${port}`, '1'], {
        env: { ...process.env, MIBS: '' },
      })
    const [one, two] = [(await walk('snmpwalk', '2c')).stdout, (await walk('snmpbulkwalk', '2c')).stdout]
    const names = (text: string) => text.split('\n').map((line) => line.split(' = ')[0])
    expect(names(one)).toEqual(names(two))
    expect(one).toContain('Arista Networks EOS version')
    expect(one).not.toMatch(/Error|Timeout/)
  })
})

describe('a fault', () => {
  const trapsSince = async (start: number, wanted: (found: typeof traps) => boolean) => {
    for (;;) {
      if (wanted(traps.slice(start))) return traps.slice(start)
      const { promise, resolve } = Promise.withResolvers<void>()
      trapCame = resolve
      await promise
    }
  }
  const addressOf = (name: string) => datacenter.agents.get(deviceOf(name))!.address
  const [linkDown, linkUp] = ['1.3.6.1.6.3.1.1.5.3', '1.3.6.1.6.3.1.1.5.4']
  const [established, backward] = ['1.3.6.1.2.1.15.0.1', '1.3.6.1.2.1.15.0.2']

  test('link-down shows on both ends, ends the session, and the neighbour ages out; mended it is as it was', async () => {
    const [leaf, spine] = ['icn1-leaf01', 'icn1-spine1']
    const before = [cablesOf(leaf, await read(leaf)), cablesOf(spine, await read(spine))]
    const start = traps.length
    const { target, queries } = faults.begin('link-down', undefined)
    const cable = deviceOf(leaf).ports.find((port) => `${leaf}:${port.name}` === target)!
    const far = `${cable.far!.device.name}:${cable.far!.name}`
    expect(queries.length).toBeGreaterThan(0)
    expect(stateOf(await read(leaf), target)).toBe('DOWN')
    expect(stateOf(await read(spine), far)).toBe('DOWN')
    for (const name of [leaf, spine])
      expect(
        sessionsOf(await read(name)).filter(({ fields }) => fields?.['sessionState'] !== 'ESTABLISHED'),
      ).toHaveLength(1)
    const told = await trapsSince(start, (found) => found.length >= 4)
    for (const name of [leaf, spine])
      for (const oid of [linkDown, backward]) expect(told).toContainEqual({ from: addressOf(name), oid })
    await readUntil(leaf, (found) => cablesOf(leaf, found).length === before[0]!.length - 1)
    await readUntil(spine, (found) => cablesOf(spine, found).length === before[1]!.length - 1)

    const mended = traps.length
    faults.end('link-down', undefined)
    await trapsSince(mended, (found) =>
      [leaf, spine].every((name) =>
        [linkUp, established].every((oid) =>
          found.some((trap) => trap.from === addressOf(name) && trap.oid === oid),
        ),
      ),
    )
    await readUntil(leaf, (found) => cablesOf(leaf, found).length === before[0]!.length)
    expect(
      cablesOf(spine, await readUntil(spine, (found) => cablesOf(spine, found).length === before[1]!.length)),
    ).toEqual(before[1])
  })

  test('dead-switch answers nothing; what is cabled to it has no carrier', async () => {
    faults.begin('dead-switch', 'icn2-leaf02')
    await expect(read('icn2-leaf02', 0)).rejects.toMatchObject({ failure: 'timeout' })
    expect(stateOf(await read('icn2-r01-s03'), 'icn2-r01-s03:eno2')).toBe('DOWN')
    expect(stateOf(await read('icn2-r01-s03'), 'icn2-r01-s03:eno1')).toBe('UP')
    const start = traps.length
    faults.end('dead-switch', 'icn2-leaf02')
    await trapsSince(start, (found) =>
      found.some(({ from, oid }) => from === addressOf('icn2-leaf02') && oid === '1.3.6.1.6.3.1.1.5.1'),
    )
    expect(stateOf(await read('icn2-r01-s03'), 'icn2-r01-s03:eno2')).toBe('UP')
  })

  test('bgp-flap falls and comes back while the link stays', async () => {
    const { target } = faults.begin('bgp-flap', undefined)
    const flapping = (found: Map<string, Observation>) =>
      sessionsOf(found).some(({ fields }) => fields?.['sessionState'] !== 'ESTABLISHED')
    expect(stateOf(await readUntil('icn1-leaf01', flapping), target)).toBe('UP')
    await readUntil('icn1-leaf01', (found) => !flapping(found))
    await readUntil('icn1-leaf01', flapping)
    faults.end('bgp-flap', target)
    await readUntil('icn1-leaf01', (found) => !flapping(found))
  })

  test('hot-rack warms what stands in it and nothing else', async () => {
    const inlet = '1.3.6.1.2.1.99.1.1.1.4.101'
    const degrees = async (name: string) => {
      const { address, port } = datacenter.agents.get(deviceOf(name))!
      const reader = readerOf(channelOf(client, new Target({ address, port, community })))
      const oid = Buffer.from([0x2b, 6, 1, 2, 1, 99, 1, 1, 1, 4, 101])
      expect(formatOid(oid, 0, oid.length)).toBe(inlet)
      return Number((await reader.get([oid]))[0]) / 10
    }
    expect(await degrees('pus1-r02-s05')).toBeLessThan(28)
    faults.begin('hot-rack', 'pus1-r02')
    while ((await degrees('pus1-r02-s05')) < 40);
    expect(await degrees('pus1-r01-s05')).toBeLessThan(28)
    faults.end('hot-rack', undefined)
    while ((await degrees('pus1-r02-s05')) > 28);
  })

  test('poller-isolated silences everything, and nothing is broken', async () => {
    faults.begin('poller-isolated', undefined)
    const start = traps.length
    await expect(read('pus1-spine1', 0)).rejects.toMatchObject({ failure: 'timeout' })
    await expect(read('icn1-r02-s01', 0)).rejects.toMatchObject({ failure: 'timeout' })
    faults.end('poller-isolated', undefined)
    expect(cablesOf('pus1-spine1', await read('pus1-spine1'))).toHaveLength(5)
    expect(traps.slice(start)).toEqual([])
  })

  test.each([
    ['no-such', undefined, /one of link-down/],
    ['link-down', 'nowhere:Ethernet1', /no switch or server nowhere/],
    ['link-down', 'icn1-leaf01', /no port .*Ethernet1/],
    ['link-down', 'icn1-leaf01:Ethernet28', /No cable is in/],
    ['bgp-flap', 'icn1-leaf01:Ethernet1', /no BGP session/],
    ['hot-rack', 'r99', /no rack r99/],
    ['dead-switch', 'icn1-r01-s01', /no switch icn1-r01-s01/],
    ['poller-isolated', 'x', /no target/],
  ])('%s of %s is refused', (name, target, message) => {
    expect(() => faults.begin(name, target)).toThrow(message)
    expect(faults.list()).toEqual([])
  })
})
