/**
 * Modules of which there is no recording of a real device: each against a short one that was written by hand from the MIB's definitions. It shows
 * that the module reads what the MIB says, not that devices say it so.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { recordingNames } from '../../../lab/recordings/expected.ts'
import { toObservations, type Mapped } from '../../../src/source/snmp/map.ts'
import {
  chooseModules,
  loadModules,
  readIdentity,
  readTables,
  type Module,
} from '../../../src/source/snmp/module/index.ts'
import { startSnmpClient, type SnmpClient } from '../../../src/source/snmp/protocol/index.ts'
import { channelOf, readerOf } from '../../../src/source/snmp/reader.ts'
import { startResponder, type Responder } from '../../../src/source/snmp/responder/index.ts'
import { mibOf, readRecording } from './recorded.ts'

interface Sample {
  recording: string
  device?: Record<string, unknown>
  /** By key under the device: name and role. */
  things?: Record<string, [string, string | null]>
  /** By key under the device and metric. */
  readings?: Record<string, number>
  /** Of what there must be no reading. */
  absent?: string[]
  /** All links of the types that are named here. */
  links?: string[]
}

const folder = new URL('vendor/', import.meta.url)
const samples = readdirSync(folder).map((file): [string, Sample] => [
  file.replace('.yaml', ''),
  parse(readFileSync(new URL(file, folder), 'utf8')) as Sample,
])

describe('a module by its MIB', () => {
  let client: SnmpClient
  let responder: Responder
  let modules: Module[]
  /** Modules that had a row to say something about. */
  const spoke = new Set<string>()

  beforeAll(async () => {
    client = await startSnmpClient()
    responder = startResponder()
    modules = await loadModules()
  })
  afterAll(async () => {
    await client.close()
    await responder.close()
  })

  async function map(mib: ReturnType<typeof mibOf>): Promise<Mapped> {
    const { port } = await responder.add({ mib })
    const target = client.target({ address: '127.0.0.1', port, community: 'public' })
    const reader = readerOf(channelOf(client, target))
    const chosen = chooseModules(modules, await readIdentity(reader))
    const { tables, failures } = await readTables(reader, chosen)
    expect(failures).toEqual([])
    for (const { module, resources, metrics, device } of chosen)
      if ([...resources, ...metrics, ...device].some(({ each }) => (tables.get(each)?.rows.size ?? 0) > 0))
        spoke.add(module)
    return toObservations(chosen, tables, { source: 'snmp', key: 'device', name: 'box' })
  }

  it.each(samples)('%s', async (_name, sample) => {
    const { observations, readings } = await map(mibOf(...sample.recording.trimEnd().split('\n')))
    const { device, things = {}, absent = [], links = [] } = sample
    const [box] = observations
    if (device !== undefined) expect({ kind: box?.kind, ...box?.fields }).toMatchObject(device)
    const under = (key: string): string => (key.startsWith('/') ? key.slice(1) : `device/${key}`)
    const byKey = new Map(observations.map((one) => [one.key, one]))
    for (const [key, [name, role]] of Object.entries(things)) {
      const one = byKey.get(under(key))
      expect([key, one?.name, one?.fields?.['role'] ?? null]).toEqual([key, name, role])
    }
    const values = new Map(readings.map((one) => [`${one.key} ${one.metric}`, one.value]))
    const place = (text: string): string => (text.startsWith('device ') ? text : `device/${text}`)
    for (const [text, value] of Object.entries(sample.readings ?? {})) {
      const [metric, ours] = [text, values.get(place(text))]
      expect([metric, ours]).toEqual([metric, expect.closeTo(value, 6)])
    }
    for (const text of absent) expect([text, values.get(place(text))]).toEqual([text, undefined])
    const types = new Set(links.map((link) => link.split(' ')[1]))
    const ours = observations.flatMap(({ key, hearsay, links: claims = [] }) =>
      claims
        .filter(({ type }) => types.has(type))
        .map(({ type, to }) => {
          const target = 'key' in to ? to.key : 'value' in to ? `${to.identity}=${to.value}` : ''
          const own = hearsay === true ? `/${key}` : key.replace(/^device\//, '')
          return `${own} ${type} ${target}`
        }),
    )
    expect(ours.toSorted()).toEqual(links.toSorted())
  })

  it('is there for each: every shipped module had something to say about a recording', async () => {
    for (const name of recordingNames) await map(readRecording(name))
    const known = recordingNames.length > 0 ? [] : ['arista', 'cumulus', 'dell-os10', 'idrac', 'megaraid']
    const silent = modules
      .map(({ module }) => module)
      .filter((module) => !spoke.has(module) && !known.includes(module))
    expect(silent).toEqual(recordingNames.length > 0 ? [] : expect.any(Array))
  })
})
