import { afterEach, describe, expect, it } from 'vitest'
import {
  encodeOid,
  formatOid,
  startSnmpClient,
  type SnmpError,
  type SnmpValue,
  type TargetOptions,
} from '../../../src/source/snmp/protocol/index.ts'
import { channelOf, readerOf, type SnmpReader } from '../../../src/source/snmp/reader.ts'
import { startResponder, type Agent, type Mib } from '../../../src/source/snmp/responder/index.ts'
import { counterTable, hasRecordings, mibOf, readRecording, recordingNames } from './recorded.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function start(mib: Mib, options: Partial<TargetOptions> & { maxSizeBytes?: number } = {}) {
  const client = await startSnmpClient()
  const responder = startResponder()
  open.push(client, responder)
  const agent: Agent = await responder.add({ mib, maxSizeBytes: options.maxSizeBytes ?? 1_472 })
  const target = client.target({
    address: '127.0.0.1',
    port: agent.port,
    community: 'public',
    timeoutMs: 2_000,
    ...options,
  })
  return { client, agent, target, reader: readerOf(channelOf(client, target)) }
}

async function walk(reader: SnmpReader, columns: string[]): Promise<Map<string, SnmpValue>[]> {
  const found = columns.map(() => new Map<string, SnmpValue>())
  await reader.walk(columns.map(encodeOid), (column, cell) => found[column]?.set(cell.index(), cell.value()))
  return found
}

const holes = mibOf(
  ...[1, 2, 3, 127, 128, 300, 70000].map((index) => `1.3.6.1.2.1.2.2.1.2.${index}|4|port ${index}`),
  ...[2, 128, 70000].map((index) => `1.3.6.1.2.1.2.2.1.4.${index}|2|${index}`),
  '1.3.6.1.2.1.2.2.1.5.9.9|66|4294967295',
  '1.3.6.1.2.1.3.1.0|4|after',
)
const columns = ['2', '3', '4', '5'].map((column) => `1.3.6.1.2.1.2.2.1.${column}`)
const expected = [
  [1, 2, 3, 127, 128, 300, 70000].map((index) => [`${index}`, Buffer.from(`port ${index}`)]),
  [],
  [2, 128, 70000].map((index) => [`${index}`, index]),
  [['9.9', 4294967295]],
]

describe('a walk of several columns', () => {
  it.each([
    ['v2c', {}],
    ['v1', { version: '1' }],
    ['answers cut short', { maxSizeBytes: 220 }],
    ['one row at a time', { maxVarbinds: 1 }],
  ] as const)('gives each column whole, with holes and an empty one: %s', async (_name, options) => {
    const { reader } = await start(holes, options)
    expect((await walk(reader, columns)).map((column) => [...column])).toEqual(expected)
  })

  it('goes on with less where the agent says tooBig', async () => {
    const { reader, agent } = await start(holes)
    agent.fault = { kind: 'tooBig', over: 2 }
    expect((await walk(reader, columns)).map((column) => [...column])).toEqual(expected)
  })

  it('comes through loss', async () => {
    const { reader, agent } = await start(holes, { maxVarbinds: 4, retries: 5, timeoutMs: 15 })
    agent.fault = { kind: 'lossy', every: 3 }
    expect((await walk(reader, columns)).map((column) => [...column])).toEqual(expected)
  })

  it('ends with an error where the agent goes round in circles', async () => {
    const { reader, agent } = await start(holes)
    agent.fault = { kind: 'loop' }
    const failed = await walk(reader, ['1.3.6.1.2.1.3']).catch((error: SnmpError) => error)
    expect(failed).toMatchObject({ failure: 'bad', dropped: 'order' })
  })

  it('ends with the error status of an agent that refuses', async () => {
    const { reader, agent } = await start(holes)
    agent.fault = { kind: 'status', status: 5 }
    const failed = await walk(reader, columns).catch((error: SnmpError) => error)
    expect(failed).toMatchObject({ failure: 'refused', status: 5, message: 'the agent refused: genErr' })
  })

  it('stops when cancelled', async () => {
    const { reader, client } = await start(holes, { maxVarbinds: 1 })
    const controller = new AbortController()
    const walked = reader.walk([encodeOid('1.3.6')], () => controller.abort(), controller.signal)
    await expect(walked).rejects.toMatchObject({ failure: 'aborted' })
    expect(client.counters).toMatchObject({ inFlight: 0, waiting: 0 })
  })
})

describe('get', () => {
  const oids = ['1.3.6.1.2.1.2.2.1.4.2', '1.3.6.1.2.1.2.2.1.4.3', '1.3.6.1.2.1.3.1.0'].map(encodeOid)

  it.each(['1', '2c'] as const)('gives null for what the agent has not: v%s', async (version) => {
    const { reader } = await start(holes, { version })
    expect(await reader.get(oids)).toEqual([2, null, Buffer.from('after')])
    expect(await reader.get([])).toEqual([])
  })

  it('asks for less where the agent says tooBig', async () => {
    const { reader, agent } = await start(holes)
    agent.fault = { kind: 'tooBig', over: 1 }
    expect(await reader.get(oids)).toEqual([2, null, Buffer.from('after')])
  })
})

describe.runIf(hasRecordings)('recordings', () => {
  it.each(recordingNames)('%s: a walk gives every recorded value, in order', async (name) => {
    const mib = readRecording(name)
    const { reader } = await start(mib)
    const names: string[] = []
    for (const root of ['1.0', '1.3']) {
      await reader.walk([encodeOid(root)], (_column, cell) => names.push(`${root}.${cell.index()}`))
    }
    expect(names).toEqual(mib.values.map((value) => formatOid(value.name)))
  })
})

describe('a walk that knows how many rows there were', () => {
  it.each([0, 1, 7, 47, 48, 49, 200])('reads the same, whatever was expected: %d', async (rows) => {
    const { reader } = await start(counterTable(8, 48))
    const oids = Array.from({ length: 8 }, (_, c) => encodeOid(`1.3.6.1.2.1.31.1.1.1.${c + 1}`))
    const found = new Set<string>()
    const end = await reader.walk(
      oids,
      (column, cell) => found.add(`${column}.${cell.index()}`),
      undefined,
      rows,
    )
    expect(found.size).toBe(8 * 48)
    expect(end.cells).toBe(8 * 48)
  })

  it('reads little of what lies behind them', async () => {
    const { reader, client } = await start(counterTable(9, 48), { maxVarbinds: 128, maxSizeBytes: 8_000 })
    const oids = Array.from({ length: 8 }, (_, c) => encodeOid(`1.3.6.1.2.1.31.1.1.1.${c + 1}`))
    const read = async (rows?: number): Promise<number> => {
      const before = client.counters.varbinds
      await reader.walk(oids, () => undefined, undefined, rows)
      return client.counters.varbinds - before
    }
    for (let i = 0; i < 20; i++) await read()
    expect(await read(48)).toBeLessThanOrEqual(8 * 52)
    expect(await read()).toBeGreaterThan(8 * 52)
  })
})
