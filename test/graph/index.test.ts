import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startEvents, type Events } from '../../src/event/index.ts'
import { appendEvents } from '../../src/event/store.ts'
import type { EventBody } from '../../src/event/event.ts'
import { startGraph, type GraphHolder } from '../../src/graph/index.ts'
import { startResources } from '../../src/resource/index.ts'
import { namesOf, noScope, toImage } from '../support/datacenter.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const log = pino({ level: 'silent' })
let database: TestDatabase
let events: Events
let holder: GraphHolder

beforeEach(async () => {
  database = await createDatabase()
  events = startEvents({ db: database.db, url: database.url, log })
})
afterEach(async () => {
  await events.close()
  await holder.close()
  await database.close()
})

/** A row, and unless it is to be missed, its event. */
async function write(id: number, name: string, bodies: EventBody[]): Promise<number> {
  const seq = await database.db.transaction(async (trx) => {
    await trx('resource')
      .insert({
        id,
        kind: 'Rack',
        name,
        labels: { env: 'prod' },
        fields: { heightUnits: 42 },
        created_at: new Date(),
        updated_at: new Date(),
      })
      .onConflict('id')
      .merge()
    return (await appendEvents(trx, 'test', bodies)).seq
  })
  events.feed.wake()
  return seq
}

const created = (id: number, name: string): EventBody => ({
  type: 'ResourceCreated',
  resource: toImage(id, 'Rack', name),
})
const applied = (seq: number) => events.feed.applied(seq, AbortSignal.timeout(20_000), 20_000)

async function start() {
  const resources = startResources({ db: database.db, wake: () => events.feed.wake() })
  holder = await startGraph({ resources, events, limits: { visited: 1_000, asOfResources: 4 }, log })
  return resources
}

describe('the graph of a process', () => {
  it('is loaded from the tables and follows the log', async () => {
    await write(1, 'r1', [created(1, 'r1')])
    await start()
    expect(namesOf(holder.graph.ofType('Rack'))).toEqual(['r1'])
    expect(holder.graph.get(1)).toMatchObject({ labels: { env: 'prod' }, fields: { heightUnits: 42 } })
    await applied(await write(2, 'r2', [created(2, 'r2')]))
    expect(namesOf(holder.graph.ofType('Rack'))).toEqual(['r1', 'r2'])
    expect(holder.notReady()).toBeUndefined()
  })

  it('is loaded again when an event does not fit, never passes it over, and is not ready meanwhile', async () => {
    await write(1, 'r1', [created(1, 'r1')])
    await start()
    const before = holder.graph
    const seq = await write(2, 'r2', [{ type: 'ResourceDeleted', id: 99, before: noScope }])
    while (holder.graph === before) {
      expect(holder.graph.get(2)).toBeUndefined()
      await new Promise(setImmediate)
    }
    expect(holder.graph.cursor.seq).toBe(seq)
    await applied(seq)
    expect(namesOf(holder.graph.ofType('Rack'))).toEqual(['r1', 'r2'])
    expect(holder.notReady()).toBeUndefined()
    await applied(await write(3, 'r3', [created(3, 'r3')]))
    expect(namesOf(holder.graph.ofType('Rack'))).toEqual(['r1', 'r2', 'r3'])
  })

  it('gives former graphs, keeps the latest two, and refuses what is too large or too old', async () => {
    const resources = await start()
    const instants: number[] = []
    for (const name of ['r1', 'r2', 'r3']) {
      const item = { kind: 'Rack' as const, name, path: 'item' }
      const items = (async function* () {
        yield [item]
      })()
      const signal = AbortSignal.timeout(20_000)
      await resources.importInventory(
        { source: 'people', mode: 'merge', dryRun: false, items, signal },
        { name: 'test' },
      )
      // the next write must have another millisecond
      const written = Date.now()
      while (Date.now() < written + 2) await new Promise(setImmediate)
      instants.push(written)
    }
    const first = await holder.graphAt(instants[0]!)
    expect(first.asOf).toBe(instants[0])
    expect(namesOf(first.ofType('Rack'))).toEqual(['r1'])
    expect(namesOf((await holder.graphAt(instants[1]!)).ofType('Rack'))).toEqual(['r1', 'r2'])
    expect(await holder.graphAt(instants[0]!)).toBe(first)
    const between = await holder.graphAt(instants[0]! + 1)
    expect(await holder.graphAt(instants[0]!)).toBe(first)
    expect(await holder.graphAt(instants[0]! + 1)).toBe(between)
    await expect(holder.graphAt(instants[2]!)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
    await expect(holder.graphAt(Date.parse('2020-01-01'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(async () => holder.graphAt(Date.now() + 60_000)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    })
  })

  it('can be left while it loads', async () => {
    await start()
    await holder.close()
    await expect(holder.graphAt(Date.parse('2026-01-01'))).rejects.toThrow()
  })
})
