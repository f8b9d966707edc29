/**
 * Embedded Postgres: a cluster in a data folder, shared by all Plenum processes that use the folder. The first starts the postmaster,
 * later ones find it running, the last one stops it.
 */
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { findBinaries, findRunAs, rootFolder, type RunAs } from './binary.ts'
import {
  connectionUrl,
  findRunning,
  hasPostmaster,
  initialise,
  launch,
  stop,
  type Cluster,
} from './cluster.ts'
import { enter, leave } from './client.ts'
import { withLock } from './lock.ts'

export interface Postgres {
  /** Where its data really are: a root process keeps them elsewhere when `nobody` cannot enter the asked folder. */
  folder: string
  url(database: string): string
  /** Makes the database when it is not there. */
  ensureDatabase(name: string): Promise<void>
  close(): Promise<void>
}

export interface PostgresOptions {
  folder: string
  /** False gives up durability for speed: for tests only. */
  durable?: boolean
}

const lockOf = (folder: string) => join(folder, 'postgres.lock')
const clientsOf = (folder: string) => join(folder, 'postgres.clients')

export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const runAs = findRunAs()
  const folder = prepareFolder(resolve(options.folder), runAs)
  const cluster: Cluster = { folder, runAs, binaries: findBinaries(runAs), durable: options.durable ?? true }
  const port = await withLock(lockOf(folder), async () => {
    const found = await start(cluster)
    enter(clientsOf(folder))
    return found
  })
  const guard = guardPostmaster(cluster, port)
  return {
    folder,
    url: (database) => connectionUrl(cluster, port, database),
    ensureDatabase: (name) => ensureDatabase(connectionUrl(cluster, port, 'postgres'), name),
    async close() {
      await guard.close()
      await withLock(lockOf(folder), async () => {
        if (leave(clientsOf(folder))) await stop(cluster)
      })
    },
  }
}

const lookMs = 1_000

/** A postmaster that ended while it is needed (killed, out of memory) is started again where it was, by one of those who need it. */
function guardPostmaster(cluster: Cluster, port: number): { close(): Promise<void> } {
  let starting: Promise<void> | undefined
  const startAgain = () =>
    withLock(lockOf(cluster.folder), async () => {
      if (!hasPostmaster(cluster)) await launch(cluster, port)
    })
  const timer = setInterval(() => {
    if (starting !== undefined || hasPostmaster(cluster)) return
    // What hinders it, such as backends that are still ending, is gone at one of the next looks; its log says the rest.
    starting = startAgain()
      .catch(() => {})
      .finally(() => {
        starting = undefined
      })
  }, lookMs)
  timer.unref()
  return {
    async close() {
      clearInterval(timer)
      await starting
    },
  }
}

async function start(cluster: Cluster): Promise<number> {
  const running = await findRunning(cluster)
  if (running !== undefined) return running
  initialise(cluster)
  return launch(cluster)
}

/** The folder, made, and enterable by the user that runs Postgres. */
function prepareFolder(folder: string, runAs: RunAs | undefined): string {
  mkdirSync(folder, { recursive: true, mode: runAs ? 0o711 : 0o700 })
  if (!runAs) return folder
  chmodSync(folder, 0o711)
  if (canEnter(folder, runAs)) return folder
  const elsewhere = join(rootFolder, createHash('sha256').update(folder).digest('hex').slice(0, 12))
  mkdirSync(elsewhere, { recursive: true, mode: 0o711 })
  chownSync(elsewhere, 0, 0)
  return elsewhere
}

const canEnter = (folder: string, runAs: RunAs): boolean =>
  spawnSync('test', ['-x', folder], { ...runAs, cwd: '/' }).status === 0

async function ensureDatabase(url: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`)
  } catch (error) {
    // Two that start at the same moment both find that it is not there.
    if (!['42P04', '23505'].includes(String((error as pg.DatabaseError).code))) throw error
  } finally {
    await client.end()
  }
}
