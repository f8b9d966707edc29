/**
 * How long it takes to take in 8,000 virtual machines from a REST API, each with an interface and an address: a first listing, one after 80 changed, one after none.
 * The neighbour is a NetBox fake in a process of its own over real HTTP; the driver, the guard, reconciliation and Postgres are the real ones.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { migrate, openDb, type Db } from '../src/db.ts'
import { startEvents } from '../src/event/index.ts'
import { startGraph } from '../src/graph/index.ts'
import { startPostgres } from '../src/postgres/index.ts'
import { startResources } from '../src/resource/index.ts'
import { drivers, parseSources, startSources } from '../src/source/index.ts'
import { startTurns } from '../src/turn.ts'
import { tellFigures, type Figures } from './figure.ts'

const { values } = parseArgs({
  options: { json: { type: 'string' }, machines: { type: 'string', default: '8000' } },
})
const machines = Number(values.machines)
const log = pino({ level: 'warn' })
const forever = new AbortController().signal

const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-'))
const postgres = await startPostgres({ folder })
const neighbour = fork(join(import.meta.dirname, 'sync', 'neighbour.ts'), [String(machines)])
const [{ url, token }] = (await once(neighbour, 'message')) as [{ url: string; token: string }]
process.env['BENCH_TOKEN'] = token

try {
  await postgres.ensureDatabase('bench')
  await run(postgres.url('bench'))
} finally {
  neighbour.kill()
  await postgres.close()
  rmSync(postgres.folder, { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
}

async function run(databaseUrl: string): Promise<void> {
  const db = openDb({ url: databaseUrl })
  await migrate(db)
  const events = startEvents({ db, url: databaseUrl, log })
  const resources = startResources({ db, wake: () => events.feed.wake() })
  const holder = await startGraph({ resources, events, limits: { visited: 1e6, asOfResources: 1e6 }, log })
  const turns = startTurns({ db, log })
  const netbox = {
    driver: 'netbox',
    url,
    token: 'env:BENCH_TOKEN',
    interval: '10h',
    pageSize: 1_000,
    perSecond: 100_000,
  }
  const sources = await startSources({
    db,
    config: parseSources({ netbox }, drivers).sources,
    ...{ resources, turns, log },
    graph: () => holder.graph,
    metrics: { record: () => {}, define: async () => {} },
    readOnly: false,
    wake: () => events.feed.wake(),
    pollMs: 10,
  })
  try {
    await tellFigures('sync', await measure(db, sources, resources), values.json)
  } finally {
    await sources.close()
    await turns.close()
    await holder.close()
    await events.close()
    await db.destroy()
  }
}

async function measure(
  db: Db,
  sources: Awaited<ReturnType<typeof startSources>>,
  resources: ReturnType<typeof startResources>,
): Promise<Figures> {
  const state = async () =>
    [...(await resources.sourceStates()).entries()].find(([, one]) => one.lastSyncAt !== null)
  // The first listing begins by itself.
  let first = await state()
  while (first === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    first = await state()
  }
  const [id, { tookSeconds, seen }] = first
  const sync = async (): Promise<{ seconds: number; cpu: number; changed: number }> => {
    const [began, used] = [performance.now(), process.cpuUsage()]
    const { changed } = await sources.sync(id, { acceptVanished: false }, { name: 'bench' }, forever)
    const { user, system } = process.cpuUsage(used)
    return { seconds: (performance.now() - began) / 1_000, cpu: (user + system) / 1e6, changed }
  }
  const unchanged = await rowsWritten(db, sync)
  neighbour.send({ change: 80 })
  await once(neighbour, 'message')
  const incremental = await sync()
  return {
    things: seen ?? 0,
    fullSyncSeconds: tookSeconds ?? 0,
    incrementalSeconds: incremental.seconds,
    incrementalCpuSeconds: incremental.cpu,
    incrementalChanged: incremental.changed,
    unchangedSeconds: unchanged.result.seconds,
    rowsWrittenUnchanged: unchanged.rows,
  }
}

/** Of all tables but those that say how a source does and whose turn it is. */
async function rowsWritten<T>(db: Db, work: () => Promise<T>): Promise<{ rows: number; result: T }> {
  const count = async (): Promise<number> => {
    await db.raw('select pg_stat_force_next_flush()')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const { rows } = await db.raw<{ rows: { written: string }[] }>(
      `select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) as written from pg_stat_user_tables where relname not in ('source', 'turn')`,
    )
    return Number(rows[0]!.written)
  }
  const before = await count()
  const result = await work()
  return { rows: (await count()) - before, result }
}
