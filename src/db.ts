/** The database connection: a pool through knex, migrations, a connection that listens, and a count of what was asked. */
import { readdirSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { join } from 'node:path'
import knex, { type Knex } from 'knex'
import pg from 'pg'
import { cancelAbandoned } from './cancel.ts'
import { PlenumError } from './errors.ts'
import { prepareRepeated } from './statement.ts'

export type Db = Knex

export interface DbOptions {
  url: string
  poolSize?: number
  /** A statement that takes longer is cancelled by Postgres. */
  statementTimeoutMs?: number
}

const idleMs = 60_000
const migrationsFolder = join(import.meta.dirname, '..', 'migrations')

const ignore = (): void => {}
/** What goes wrong is thrown; knex would print it as well. */
const silent = { warn: ignore, error: ignore, debug: ignore, deprecate: ignore }

/** Opens the pool lazily; `db.destroy()` closes it. */
export function openDb({ url, poolSize = 10, statementTimeoutMs = 600_000 }: DbOptions): Db {
  const cancel = createCanceller(url)
  return knex({
    client: 'pg',
    connection: {
      connectionString: url,
      statement_timeout: statementTimeoutMs,
      // A process that is stopped within a transaction would keep its locks, and all writers waiting.
      idle_in_transaction_session_timeout: idleMs,
      application_name: 'plenum',
      keepAlive: true,
    },
    pool: {
      min: 0,
      max: poolSize,
      afterCreate: (connection: pg.Client, done: (error: null, connection: pg.Client) => void) => {
        prepareRepeated(connection)
        cancelAbandoned(connection, cancel)
        done(null, connection)
      },
    },
    acquireConnectionTimeout: 15_000,
    log: silent,
  })
}

/** Postgres ended the connection, starts, stops, or has no more of them; nothing wrong with what was asked. */
const awayStates: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '53300', '25P03'])
const awayCodes: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT'])

/** Whether it failed for want of a database. A write that met this may have been done or not. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof PlenumError) return false
  const { code, syscall, name, message } = error as Error & { code?: string; syscall?: string }
  if (name === 'KnexTimeoutError') return true
  if (code === undefined)
    return /(?:^| - )(?:Connection terminated|Connection ended|timeout expired|Client has encountered a connection error|Query read timeout)/.test(
      message,
    )
  return (
    awayStates.has(code) ||
    code.startsWith('08') ||
    (awayCodes.has(code) && /connect|read|write/.test(syscall ?? ''))
  )
}

/** Brings the tables up to date, or no further than `through`. Several processes may call it at once: one migrates, the others wait. */
export async function migrate(db: Db, through = lastMigration()): Promise<void> {
  const connection = (await db.client.acquireConnection()) as pg.Client
  try {
    await checkVersion(connection)
    await connection.query("select pg_advisory_lock(hashtext('plenum migrate'))")
    await db.migrate.latest({ migrationSource: migrationsThrough(through) })
  } finally {
    await connection.query("select pg_advisory_unlock(hashtext('plenum migrate'))").catch(() => {})
    await db.client.releaseConnection(connection)
  }
}

/** The oldest major version that does. */
export const oldestServer = 14

async function checkVersion(connection: pg.Client): Promise<void> {
  const { rows } = await connection.query<{ major: number; version: string }>(
    "select current_setting('server_version_num')::int / 10000 as major, current_setting('server_version') as version",
  )
  const { major, version } = rows[0]!
  if (major < oldestServer)
    throw new PlenumError(
      'INVALID_INPUT',
      `This Postgres is ${version}: Plenum needs ${oldestServer} or newer. Without DATABASE_URL it brings its own`,
    )
}

/** Name of the newest migration: `0001-resource`. */
export const lastMigration = (): string => listMigrations().at(-1)!

const listMigrations = (): string[] =>
  readdirSync(migrationsFolder)
    .filter((name) => /^\d{4}-.*\.ts$/.test(name))
    .map((name) => name.replace(/\.ts$/, ''))
    .sort()

const migrationsThrough = (last: string): Knex.MigrationSource<string> => ({
  getMigrations: async () => listMigrations().filter((name) => name <= last),
  getMigrationName: (name) => name,
  getMigration: async (name) =>
    (await import(pathToFileURL(join(migrationsFolder, `${name}.ts`)).href)) as Knex.Migration,
})

/** Counts the statements sent from now on; `stop()` gives the number and ends the counting. For query budgets. */
export function countStatements(db: Db): { readonly statements: string[]; stop(): number } {
  const statements: string[] = []
  const note = (query: { sql: string }) => void statements.push(query.sql)
  db.on('query', note)
  return {
    statements,
    stop: () => {
      db.removeListener('query', note)
      return statements.length
    },
  }
}

export interface Listener {
  close(): Promise<void>
}

/**
 * Calls `onNotify` for each NOTIFY on the channel, and once after every (re)connect, because one may have been missed meanwhile.
 * Reconnects by itself; a lost message loses nothing as long as the table is read too.
 */
export function listen(url: string, channel: string, onNotify: () => void): Listener {
  let client: pg.Client | undefined
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let attempt = Promise.resolve()

  const connect = async (): Promise<void> => {
    const own = new pg.Client({
      connectionString: url,
      application_name: 'plenum listener',
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
    })
    own.on('notification', onNotify)
    own.on('error', () => {})
    own.once('end', () => retry(own))
    try {
      await own.connect()
      if (closed) return void (await own.end())
      await own.query(`listen ${pg.escapeIdentifier(channel)}`)
      client = own
      onNotify()
    } catch {
      await own.end().catch(() => {})
      retry(own)
    }
  }
  const retry = (own: pg.Client) => {
    if (closed || timer !== undefined || (client !== undefined && client !== own)) return
    client = undefined
    timer = setTimeout(() => {
      timer = undefined
      attempt = connect()
    }, 500)
  }
  attempt = connect()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await attempt
      await client?.end().catch(() => {})
    },
  }
}

/** Cancels statements by their connection's process; several at once with one connection that is there as long as there are any. */
function createCanceller(url: string): (pid: number) => Promise<void> {
  let waiting: number[] = []
  let next: Promise<void> | undefined

  async function cancelAll(): Promise<void> {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'plenum canceller',
      connectionTimeoutMillis: 5_000,
    })
    client.on('error', () => {})
    try {
      await client.connect()
      const pids = waiting
      waiting = []
      next = undefined
      await client.query('select pg_cancel_backend(pid) from unnest($1::int[]) as pid', [pids])
    } catch {
      // Postgres cannot be reached: then its statements end by themselves.
      next = undefined
    } finally {
      await client.end().catch(() => {})
    }
  }

  return (pid) => {
    waiting.push(pid)
    return (next ??= cancelAll())
  }
}
