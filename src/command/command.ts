/**
 * Terminology
 * - command: one thing that the program does when it is called from a terminal; a file here each.
 * - Refusal: why a command did not do it, in one line that says what to do.
 */
import { once } from 'node:events'
import { loadConfig, type Config } from '../config.ts'
import { migrate, openDb, type Db } from '../db.ts'
import { userInfo } from 'node:os'
import { readHead, writeAudit, type AuditRecord } from '../event/index.ts'
import { startPostgres } from '../postgres/index.ts'

export interface Command {
  /** Lines for `--help`. */
  usage: string
  run(args: string[]): Promise<number>
}

export class Refusal extends Error {
  override name = 'Refusal'
}

/** Which database a command works on: people's own, or the one of the sample datacenter. They are never mixed. */
export type DatabaseName = 'plenum' | 'plenum_demo'

export interface Site {
  config: Config
  url(name: DatabaseName): string
  /** Whether Postgres is ours, so that there can be a sample datacenter beside the real one. */
  embedded: boolean
  /** Where the embedded Postgres keeps its data; undefined with one of people's own. */
  folder: string | undefined
  close(): Promise<void>
}

/** The database that the environment names, or the embedded one, started when it does not run yet. */
export async function openSite(config = loadConfig(process.env)): Promise<Site> {
  const given = config.database.url
  if (given !== undefined)
    return { config, url: () => given, embedded: false, folder: undefined, close: async () => {} }
  const postgres = await startPostgres({ folder: config.dataFolder })
  try {
    await postgres.ensureDatabase('plenum')
    await postgres.ensureDatabase('plenum_demo')
  } catch (error) {
    await postgres.close()
    throw error
  }
  return {
    config,
    url: (name) => postgres.url(name),
    embedded: true,
    folder: postgres.folder,
    close: () => postgres.close(),
  }
}

/** What a server shows: the real database as soon as anything was written there, the sample until then. */
export async function findShown(site: Site): Promise<DatabaseName> {
  if (!site.embedded || !site.config.sample || site.config.sources.length > 0) return 'plenum'
  const { seq } = await withTables(site, 'plenum', (db) => readHead(db))
  return seq === 0 ? 'plenum_demo' : 'plenum'
}

/** Runs `work` with up-to-date tables. */
export async function withTables<T>(
  site: Site,
  name: DatabaseName,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  const db = openDb({ url: site.url(name) })
  try {
    await migrate(db)
    return await work(db)
  } finally {
    await db.destroy()
  }
}

/** Opens the site for one piece of work; `shown` is what a server would show now. */
export async function withDb<T>(
  name: DatabaseName | 'shown',
  work: (db: Db, site: Site) => Promise<T>,
): Promise<T> {
  const site = await openSite()
  try {
    const database = name === 'shown' ? await findShown(site) : name
    return await withTables(site, database, (db) => work(db, site))
  } finally {
    await site.close()
  }
}

/** Who calls: the user of this machine. */
export const caller = (): { name: string } => ({ name: `${userName()} (terminal)` })

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // Containers run users that have no name.
    return `user ${process.getuid?.() ?? ''}`
  }
}

/** What is done from a terminal stands in the audit trail as well. */
export const audit = (db: Db, record: Pick<AuditRecord, 'action' | 'input' | 'cursorSeq'>): Promise<void> =>
  writeAudit(db, {
    actor: caller().name,
    remoteAddress: 'terminal',
    requestId: `process ${process.pid}`,
    outcome: 'OK',
    ...record,
  })

const interruption = new AbortController()
let isListening = false

/** Aborts at Ctrl-C, SIGTERM and the end of the terminal. Somebody who asks a second time means it. */
export function untilInterrupted(): AbortSignal {
  if (isListening) return interruption.signal
  isListening = true
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(130)
      interruption.abort(new Refusal('interrupted'))
    })
  }
  return interruption.signal
}

/** To standard output, as fast as its reader takes it. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}
