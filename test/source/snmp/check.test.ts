/** What the modules make is taken by the resources: one faulty value would keep a whole device out. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { checkKey, checkObservation, Problems } from '../../../src/resource/check.ts'
import { toObservations } from '../../../src/source/snmp/map.ts'
import {
  chooseModules,
  loadModules,
  readIdentity,
  readTables,
  type Module,
} from '../../../src/source/snmp/module/index.ts'
import { startSnmpClient, type SnmpClient } from '../../../src/source/snmp/protocol/index.ts'
import { channelOf, readerOf } from '../../../src/source/snmp/reader.ts'
import { Mib, startResponder, type Responder } from '../../../src/source/snmp/responder/index.ts'
import { encodeContent, tag } from '../../../src/source/snmp/protocol/index.ts'
import { seeded } from './fuzz.ts'
import { mibOf, readRecording, recordingNames } from './recorded.ts'

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

async function faultsOf(mib: Mib): Promise<string[]> {
  const { port } = await responder.add({ mib })
  const reader = readerOf(
    channelOf(client, client.target({ address: '127.0.0.1', port, community: 'public' })),
  )
  const chosen = chooseModules(modules, await readIdentity(reader))
  const { tables } = await readTables(reader, chosen)
  const { observations, readings } = toObservations(chosen, tables, { source: 's', key: 'd', name: 'box' })
  const problems = new Problems()
  for (const observation of observations) {
    checkKey(observation.key, observation.key)
    checkObservation(observation, observation.key, problems)
    JSON.stringify(observation)
  }
  expect(readings.filter(({ value }) => !Number.isFinite(value))).toEqual([])
  try {
    problems.end()
    return []
  } catch (error) {
    return ((error as { problems?: { path: string; message: string }[] }).problems ?? []).map(
      ({ path, message }) => `${path}: ${message}`,
    )
  }
}

const folder = new URL('vendor/', import.meta.url)
const written = readdirSync(folder).map((file): [string, () => Mib] => [
  file,
  () => {
    const { recording } = parse(readFileSync(new URL(file, folder), 'utf8')) as { recording: string }
    return mibOf(...recording.trimEnd().split('\n'))
  },
])
const recorded = recordingNames.map((name): [string, () => Mib] => [name, () => readRecording(name)])

describe('what is made of', () => {
  it.each([...written, ...recorded])('%s is taken', async (_name, mib) => {
    expect(await faultsOf(mib())).toEqual([])
  })

  it.each([...written, ...recorded])('%s is taken, whatever it says there', async (_name, mib) => {
    const random = seeded(11)
    const wild = [
      { type: tag.integer, content: encodeContent(tag.integer, '-2147483648') },
      { type: tag.counter64, content: encodeContent(tag.counter64, '18446744073709551615') },
      { type: tag.octetString, content: new Uint8Array([0, 1, 2, 0xff, 0xfe, 0x1b, 0x5b]) },
      { type: tag.octetString, content: new Uint8Array(0) },
      { type: tag.octetString, content: Buffer.from('/../{name}\n\t" \u2028 x') },
      { type: tag.octetString, content: Buffer.alloc(1_200, 'y') },
      { type: tag.oid, content: encodeContent(tag.oid, '0.0') },
      { type: tag.ipAddress, content: new Uint8Array([255, 255, 255, 255]) },
    ]
    const values = mib().values.map((value) => {
      const isIdentity = Buffer.from(value.name).toString('hex').startsWith('2b06010201010')
      return isIdentity || random() < 0.5
        ? value
        : { name: value.name, ...wild[Math.floor(random() * wild.length)]! }
    })
    expect(await faultsOf(new Mib(values))).toEqual([])
  })
})
