/**
 * The graph in memory: how long it takes to load, how much memory it needs, how long the event loop stands still meanwhile and while events flow.
 *   node bench/graph.ts [--json FILE] [--size kakao,million,threeMillion]
 * Each size has a database and a process of its own. `loopPauseMaxMilliseconds` is by the clock; `loopPauseOwnMilliseconds` only what the process itself worked.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { on, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { migrate, openDb } from '../src/db.ts'
import { startPostgres } from '../src/postgres/index.ts'
import { fillDatacenter, sizes, type SizeName } from './datacenter.ts'
import { tellFigures, type Figures } from './figure.ts'
import { importDatacenter } from './graph/import.ts'
import type { Ended, Started } from './graph/process.ts'
import { changeFew, changeMany } from './graph/write.ts'

const changes = 20_000
const singleChanges = 200

interface Measured {
  started: Started
  ended: Ended
}

/** The flags that `bin/plenum` gives, and room for the largest size. */
const flags = ['--external-memory-accounted-in-global-limit', '--max-old-space-size=8192']

async function measure(url: string, size: SizeName): Promise<Measured> {
  const db = openDb({ url })
  try {
    await migrate(db)
    const made = await fillDatacenter(db, sizes[size])
    console.log(`${size}: ${made.resources} resources, ${made.links} links`)
    await db.raw('checkpoint')
    const child = fork(join(import.meta.dirname, 'graph', 'process.ts'), [url], { execArgv: flags })
    const answers = on(child, 'message')[Symbol.asyncIterator]()
    const started = await next<Started>(child, answers)
    await changeMany(db, made.resources, Math.min(changes, made.resources))
    child.send(await changeFew(db, made.resources, singleChanges))
    const ended = await next<Ended>(child, answers)
    if (child.connected) await once(child, 'exit')
    console.log(JSON.stringify({ started, ended }))
    return { started, ended }
  } finally {
    await db.destroy()
  }
}

/** The same things by the way that people's inventories take: checked, reconciled, with history and events. */
async function measureImport(url: string): Promise<number> {
  const db = openDb({ url })
  try {
    await migrate(db)
    const { seconds, created, links } = await importDatacenter(db, sizes.kakao)
    console.log(`import: ${created} resources, ${links} links in ${seconds.toFixed(1)} s`)
    return seconds
  } finally {
    await db.destroy()
  }
}

async function next<T>(child: ChildProcess, answers: AsyncIterator<unknown[]>): Promise<T> {
  const failure = once(child, 'exit').then(([code]) => {
    throw new Error(`the process ended with ${code}`)
  })
  const answer = await Promise.race([answers.next(), failure])
  failure.catch(() => {})
  return (answer as IteratorResult<[T]>).value[0]
}

function toFigures(measured: Partial<Record<SizeName, Measured>>): Figures {
  const { kakao, million, threeMillion } = measured
  const all = Object.values(measured)
  const figures: Record<string, number | undefined> = {
    kakaoStartSeconds: kakao?.started.seconds,
    millionStartSeconds: million?.started.seconds,
    threeMillionStartSeconds: threeMillion?.started.seconds,
    millionRssBytes: million?.ended.rssBytes,
    threeMillionRssBytes: threeMillion?.ended.rssBytes,
    loopPauseMaxMilliseconds: Math.max(...all.map(({ ended }) => ended.pauses.wall)),
    loopPauseOwnMilliseconds: Math.max(...all.map(({ ended }) => ended.pauses.own)),
    dependentsRackMilliseconds: (million ?? kakao ?? threeMillion)?.ended.rack.milliseconds,
    dependentsRackThings: (million ?? kakao ?? threeMillion)?.ended.rack.things,
    propagationP99Milliseconds: (million ?? kakao ?? threeMillion)?.ended.propagationP99,
    sqlStatementsPerQuery: Math.max(...all.map(({ ended }) => ended.statements)),
  }
  return Object.fromEntries(
    Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== undefined),
  )
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'string' }, size: { type: 'string', default: Object.keys(sizes).join() } },
  })
  const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-'))
  const postgres = await startPostgres({ folder, durable: false })
  const measured: Partial<Record<SizeName, Measured>> = {}
  let importSeconds: number | undefined
  try {
    for (const size of values.size.split(',') as SizeName[]) {
      if (!Object.hasOwn(sizes, size))
        throw new Error(`there is no size ${size}: one of ${Object.keys(sizes).join(', ')}`)
      const name = `bench_${size.toLowerCase()}`
      await postgres.ensureDatabase(name)
      measured[size] = await measure(postgres.url(name), size)
      if (size !== 'kakao') continue
      await postgres.ensureDatabase('bench_import')
      importSeconds = await measureImport(postgres.url('bench_import'))
    }
  } finally {
    await postgres.close()
    rmSync(postgres.folder, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
  await tellFigures(
    'graph',
    { ...toFigures(measured), ...(importSeconds === undefined ? {} : { importKakaoSeconds: importSeconds }) },
    values.json,
  )
}

await main()
