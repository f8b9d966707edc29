/** Polls between two inventories: only what readings are made of, and the same readings as a whole look would give. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { toObservations, toReadings, type MappedDevice } from '../../../src/source/snmp/map.ts'
import {
  chooseModules,
  loadModules,
  readIdentity,
  readTables,
  refreshTables,
  type Module,
} from '../../../src/source/snmp/module/index.ts'
import { startSnmpClient, type SnmpClient } from '../../../src/source/snmp/protocol/index.ts'
import { channelOf, readerOf, type SnmpReader } from '../../../src/source/snmp/reader.ts'
import { startResponder, type Mib, type Responder } from '../../../src/source/snmp/responder/index.ts'
import { hasRecordings, mibOf, readRecording, recordingNames } from './recorded.ts'

const device: MappedDevice = { source: 'snmp', key: 'device', name: 'box' }
let client: SnmpClient
let responder: Responder
let modules: Module[]
beforeAll(async () => {
  client = await startSnmpClient()
  responder = startResponder()
  modules = await loadModules()
})
afterAll(async () => {
  await client.close()
  await responder.close()
})

async function inventory(reader: SnmpReader) {
  const chosen = chooseModules(modules, await readIdentity(reader))
  const { tables } = await readTables(reader, chosen)
  const { observations, readings } = toObservations(chosen, tables, device)
  return { chosen, tables, readings, keys: new Set(observations.map(({ key }) => key)) }
}

const agentOf = async (mib: Mib): Promise<SnmpReader> => {
  const { port } = await responder.add({ mib })
  return readerOf(channelOf(client, client.target({ address: '127.0.0.1', port, community: 'public' })))
}

describe.runIf(hasRecordings)('of a recording', () => {
  it.each(recordingNames)('%s: the same readings, by fewer values', async (name) => {
    const reader = await agentOf(readRecording(name))
    const before = client.counters.varbinds
    const { chosen, tables, readings, keys } = await inventory(reader)
    const whole = client.counters.varbinds - before
    const fresh = await refreshTables(reader, chosen, tables)
    expect(fresh.failures).toEqual([])
    expect(toReadings(chosen, fresh.tables, device, keys)).toEqual(readings)
    expect(client.counters.varbinds - before - whole).toBeLessThan(whole * 0.7)
  })
})

const folder = new URL('vendor/', import.meta.url)
const written = readdirSync(folder).map((file): [string, () => Mib] => [
  file,
  () => {
    const { recording } = parse(readFileSync(new URL(file, folder), 'utf8')) as { recording: string }
    return mibOf(...recording.trimEnd().split('\n'))
  },
])
const recorded = recordingNames.map((name): [string, () => Mib] => [name, () => readRecording(name)])

describe('of a device that has lost everything', () => {
  it.each([...written, ...recorded])('%s: no reading is made of nothing', async (_name, mib) => {
    const { chosen, tables, keys } = await inventory(await agentOf(mib()))
    const fresh = await refreshTables(await agentOf(mibOf('1.3.6.1.2.1.1.1.0|4|empty')), chosen, tables)
    const readings = toReadings(chosen, fresh.tables, device, keys)
    // What is counted in forwarding tables stands until the next inventory.
    expect(readings.filter(({ metric }) => metric !== 'hw.network.hosts')).toEqual([])
  })
})

describe('of a device that changes', () => {
  const lines = [
    '1.3.6.1.2.1.31.1.1.1.1.1|4|eth0',
    '1.3.6.1.2.1.31.1.1.1.1.2|4|eth1',
    '1.3.6.1.2.1.31.1.1.1.6.1|70|100',
    '1.3.6.1.2.1.31.1.1.1.6.2|70|200',
    '1.3.6.1.2.1.2.2.1.8.1|2|1',
    '1.3.6.1.2.1.2.2.1.8.2|2|1',
  ]
  const tell = (changed: Record<string, string>, gone: RegExp = /^$/): Mib =>
    mibOf(
      ...lines
        .filter((line) => !gone.test(line))
        .map((line) => changed[line.split('|')[0] as string] ?? line),
    )
  const readingsAfter = async (mib: Mib): Promise<Record<string, number>> => {
    const { chosen, tables, keys } = await inventory(await agentOf(tell({})))
    const fresh = await refreshTables(await agentOf(mib), chosen, tables)
    const readings = toReadings(chosen, fresh.tables, device, keys)
    return Object.fromEntries(readings.map(({ key, metric, value }) => [`${key} ${metric}`, value]))
  }
  const names = { eth0: 'device/interface/eth0', eth1: 'device/interface/eth1' }

  it('tells what it is now', async () => {
    const mib = tell({
      '1.3.6.1.2.1.31.1.1.1.6.1': '1.3.6.1.2.1.31.1.1.1.6.1|70|150',
      '1.3.6.1.2.1.2.2.1.8.2': '1.3.6.1.2.1.2.2.1.8.2|2|2',
    })
    expect(await readingsAfter(mib)).toMatchObject({
      [`${names.eth0} hw.network.io.receive`]: 150,
      [`${names.eth1} hw.network.io.receive`]: 200,
      [`${names.eth0} hw.network.up`]: 1,
      [`${names.eth1} hw.network.up`]: 0,
    })
  })

  it('tells nothing of what is gone, and of what is new only after an inventory', async () => {
    const gone = await readingsAfter(tell({}, /\.2\|/))
    expect(Object.keys(gone)).toContain(`${names.eth0} hw.network.io.receive`)
    expect(Object.keys(gone)).not.toContain(`${names.eth1} hw.network.io.receive`)
    const more = mibOf(...lines, '1.3.6.1.2.1.31.1.1.1.1.3|4|eth2', '1.3.6.1.2.1.31.1.1.1.6.3|70|300')
    expect(Object.keys(await readingsAfter(more)).filter((key) => key.includes('eth2'))).toEqual([])
  })

  it('finds things anew among tables of which some were read again', async () => {
    const port = '1.0.8802.1.1.2.1.3.7.1.3.7|4|eth0'
    const neighbour = [
      '1.0.8802.1.1.2.1.4.1.1.4.0.7.1|2|4',
      '1.0.8802.1.1.2.1.4.1.1.5.0.7.1|4x|020000000055',
      '1.0.8802.1.1.2.1.4.1.1.6.0.7.1|2|5',
      '1.0.8802.1.1.2.1.4.1.1.7.0.7.1|4|swp1',
    ]
    const { chosen, tables } = await inventory(await agentOf(mibOf(...lines, port, ...neighbour)))
    const renamed = mibOf('1.3.6.1.2.1.31.1.1.1.1.1|4|other', '1.3.6.1.2.1.31.1.1.1.1.2|4|eth0')
    const interfaces = chosen.filter(({ module }) => module === 'interface')
    const { tables: fresh } = await readTables(await agentOf(renamed), interfaces)
    const { observations } = toObservations(chosen, new Map([...tables, ...fresh]), device)
    const remote = observations.find(({ key }) => key.endsWith('/interface/swp1'))
    expect(remote?.links).toContainEqual({
      type: 'CONNECTED_TO',
      to: { source: 'snmp', key: 'device/interface/eth0' },
    })
    const indexes = observations.map(({ name, fields }) => [name, fields?.['ifIndex']])
    expect(indexes).toContainEqual(['eth0', 2])
  })
})
