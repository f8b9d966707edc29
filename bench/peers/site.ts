/** A Postgres and a filled database for as long as a benchmark runs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate, openDb, type Db } from '../../src/db.ts'
import { startPostgres, type Postgres } from '../../src/postgres/index.ts'
import { fillPeers, scaled } from './data.ts'
import { importMutable } from './mutable.ts'

export async function withPostgres(work: (postgres: Postgres) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-'))
  const postgres = await startPostgres({ folder })
  try {
    await work(postgres)
  } finally {
    await postgres.close()
    rmSync(postgres.folder, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface Filled {
  db: Db
  url: string
  resources: number
  links: number
}

/** A datacenter of a multiple of Kakao's size, and machines that came by an import. */
export async function fill(postgres: Postgres, factor = 1, mutable = 100): Promise<Filled> {
  const name = `bench_${factor}`
  await postgres.ensureDatabase(name)
  const url = postgres.url(name)
  const db = openDb({ url })
  await migrate(db)
  const size = await fillPeers(db, scaled(factor))
  await importMutable(db, mutable)
  console.log(`${size.resources} resources, ${size.links} links`)
  return { db, url, ...size }
}
