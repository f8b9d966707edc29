/**
 * What it costs to execute an operation, without HTTP: compiled, and by graphql-js to text, the same operations on the same graph in turns.
 *   node bench/execute.ts [--json FILE]
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { migrate, openDb } from '../src/db.ts'
import { startPostgres } from '../src/postgres/index.ts'
import { fillDatacenter, sizes } from './datacenter.ts'
import { tellFigures, type Figures } from './figure.ts'

async function fill(url: string): Promise<void> {
  const db = openDb({ url })
  try {
    await migrate(db)
    await fillDatacenter(db, sizes.kakao)
  } finally {
    await db.destroy()
  }
}

async function measure(url: string): Promise<Figures> {
  const child = fork(join(import.meta.dirname, 'execute', 'process.ts'), [url], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const ended = once(child, 'exit')
  const [figures] = (await once(child, 'message')) as [Figures]
  await ended
  return figures
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'string' } } })
  const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-'))
  const postgres = await startPostgres({ folder, durable: false })
  try {
    await postgres.ensureDatabase('bench_execute')
    await fill(postgres.url('bench_execute'))
    await tellFigures('execute', await measure(postgres.url('bench_execute')), values.json)
  } finally {
    await postgres.close()
    rmSync(postgres.folder, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()
