/**
 * Terminology
 * - command: one thing that the program does when it is called from a terminal; a file here each.
 * - Refusal: why a command did not do it, in one line that says what to do.
 */
import { loadConfig, type Config } from '../config.ts'
import { migrate, openDb, type Db } from '../db.ts'
import { startPostgres } from '../postgres/index.ts'

export interface Command {
  /** Lines for `--help`. */
  usage: string
  run(args: string[]): Promise<number>
}

export class Refusal extends Error {
  override name = 'Refusal'
}

/** Which database a command works on: people's own, or the one of the sample datacenter. */
export type DatabaseName = 'plenum' | 'plenum_demo'

export interface Site {
  config: Config
  url(name: DatabaseName): string
  /** Whether Postgres is ours, so that there can be a sample datacenter beside the real one. */
  embedded: boolean
  close(): Promise<void>
}

/** The database that the environment names, or the embedded one, started when it does not run yet. */
export async function openSite(): Promise<Site> {
  const config = loadConfig(process.env)
  const given = config.database.url
  if (given !== undefined) return { config, url: () => given, embedded: false, close: async () => {} }
  const postgres = await startPostgres({ folder: config.dataFolder })
  await postgres.ensureDatabase('plenum')
  await postgres.ensureDatabase('plenum_demo')
  return { config, url: (name) => postgres.url(name), embedded: true, close: () => postgres.close() }
}

/** Runs `work` with an up-to-date database. */
export async function withDb<T>(name: DatabaseName, work: (db: Db, site: Site) => Promise<T>): Promise<T> {
  const site = await openSite()
  try {
    const db = openDb({ url: site.url(name) })
    try {
      await migrate(db)
      return await work(db, site)
    } finally {
      await db.destroy()
    }
  } finally {
    await site.close()
  }
}

/** Aborts at Ctrl-C and SIGTERM. */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort(new Refusal('interrupted')))
  return controller.signal
}
