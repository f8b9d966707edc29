/** The SQL of backups: every table by COPY, out of one snapshot and into one transaction. */
import { createRequire } from 'node:module'
import type { Readable, Writable } from 'node:stream'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import type { Knex } from 'knex'
import pg from 'pg'
import { lastMigration } from '../db.ts'
import { PlenumError } from '../errors.ts'
import { appendEvents, readHead, startNewEpoch } from '../event/index.ts'
import type { Frame, Head, TableHead } from './frame.ts'

const copyStreams = createRequire(import.meta.url)('pg-copy-streams') as {
  to(sql: string): Readable & pg.Submittable
  from(sql: string): Writable & pg.Submittable
}

/** Not of the data: who migrates, and whose turn it is. */
const leftOut = ['knex_migrations', 'knex_migrations_lock', 'turn']
/** Ids that were given after the backup was made are never given again to something else. */
const idsSkipped = 2 ** 24
const quote = pg.escapeIdentifier

/** All tables as they are at one instant. */
export async function* dumpTables(db: Knex, signal: AbortSignal): AsyncGenerator<Frame> {
  const client = (await db.client.acquireConnection()) as pg.Client
  try {
    await client.query('begin isolation level repeatable read read only; set local statement_timeout = 0')
    yield { type: 'head', head: await readDumpHead(client) }
    for (const table of await readTables(client)) {
      yield { type: 'table', table }
      const sql = `copy ${quote(table.table)} (${table.columns.map(quote).join(', ')}) to stdout`
      const stream = client.query(copyStreams.to(sql))
      for await (const bytes of stream as AsyncIterable<Buffer>) {
        signal.throwIfAborted()
        yield { type: 'rows', bytes }
      }
    }
    await client.query('commit')
    yield { type: 'end' }
  } finally {
    // A copy that was left early leaves the connection of no use.
    await db.client.destroyRawConnection(client).catch(() => {})
    await db.client.releaseConnection(client)
  }
}

async function readDumpHead(client: pg.Client): Promise<Head> {
  const { rows } = await client.query<{ migration: string; seq: string; sequences: Record<string, number> }>(
    `select (select name from knex_migrations order by id desc limit 1) as migration, (select seq from log_head) as seq,
       (select json_object_agg(sequencename, coalesce(last_value, 0)) from pg_sequences
        where schemaname = current_schema() and sequencename not like 'knex%') as sequences`,
  )
  const { migration, seq, sequences } = rows[0]!
  const madeAt = new Date().toISOString()
  return { format: 'plenum-backup', version: 1, madeAt, migration, seq: Number(seq), sequences }
}

async function readTables(client: pg.Client): Promise<TableHead[]> {
  const { rows } = await client.query<TableHead>(
    `select c.relname as table, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relkind = 'r' and not c.relispartition and c.relnamespace = current_schema()::regnamespace and a.attnum > 0 and not a.attisdropped
       and a.attgenerated = '' and c.relname <> all ($1)
     group by c.relname order by c.relname`,
    [leftOut],
  )
  return rows
}

/** CONFLICT/STATE unless nothing was ever written there; what migrations put in does not count. */
export async function checkEmpty(db: Knex): Promise<void> {
  const { seq } = await readHead(db)
  const { rows } = await db.raw<{ rows: { used: boolean }[] }>(
    'select exists (select from resource) or exists (select from token) as used',
  )
  if (seq === 0 && !rows[0]!.used) return
  throw new PlenumError(
    'CONFLICT',
    'The database is not empty: restore into an empty one, and go over to that',
    { reason: 'STATE' },
  )
}

/** INVALID_INPUT when the backup is of tables that this program does not know. */
export function checkMigration(head: Head): void {
  if (head.migration <= lastMigration()) return
  throw new PlenumError(
    'INVALID_INPUT',
    `The backup is of a newer Plenum (${head.migration}): use that one or a newer one`,
  )
}

export interface Restored {
  tables: number
  rows: number
}

/** Everything or nothing. The log gets an epoch of its own: cursors of the former one get a gap. */
export async function loadTables(
  db: Knex,
  head: Head,
  frames: AsyncIterator<Frame>,
  signal: AbortSignal,
): Promise<Restored> {
  return db.transaction(async (trx) => {
    const client = (await trx.client.acquireConnection()) as pg.Client
    await trx.raw('set local statement_timeout = 0')
    await trx.raw('truncate log_head')
    const restored = await copyIn(client, frames, signal)
    await raiseSequences(trx, head)
    await startNewEpoch(trx)
    await appendEvents(trx, 'restore', [
      { type: 'LogRestored', detail: { madeAt: head.madeAt, seq: head.seq } },
    ])
    return restored
  })
}

const oneRow = ['allocation_head', 'audit_head', 'metric_head']

async function copyIn(
  client: pg.Client,
  frames: AsyncIterator<Frame>,
  signal: AbortSignal,
): Promise<Restored> {
  const restored = { tables: 0, rows: 0 }
  let table: TableCopy | undefined
  try {
    for (let next = await frames.next(); !next.done; next = await frames.next()) {
      signal.throwIfAborted()
      const frame = next.value
      if (frame.type === 'rows') {
        await table?.write(frame.bytes)
        continue
      }
      if (table) {
        restored.rows += await table.end()
        restored.tables += 1
      }
      // Tables of one row have it from the start: it goes when the backup, which may be older than the table, brings its own.
      if (frame.type === 'table' && oneRow.includes(frame.table.table))
        await client.query(`truncate ${quote(frame.table.table)}`)
      table = frame.type === 'table' ? new TableCopy(client, frame.table) : undefined
    }
  } catch (error) {
    await table?.giveUp()
    throw error
  }
  return restored
}

/** One `COPY … FROM STDIN`. What Postgres refuses is thrown by whatever is called next. */
class TableCopy {
  readonly #stream: Writable & { rowCount?: number }
  readonly #ended: Promise<void>

  constructor(client: pg.Client, { table, columns }: TableHead) {
    const sql = `copy ${quote(table)} (${columns.map(quote).join(', ')}) from stdin`
    this.#stream = client.query(copyStreams.from(sql))
    this.#ended = finished(this.#stream)
    this.#ended.catch(() => {})
  }

  async write(bytes: Buffer): Promise<void> {
    if (this.#stream.destroyed) return this.#ended
    if (!this.#stream.write(bytes)) await Promise.race([once(this.#stream, 'drain'), this.#ended])
  }

  async end(): Promise<number> {
    this.#stream.end()
    await this.#ended
    return this.#stream.rowCount ?? 0
  }

  /** Tells Postgres to forget it, so that the connection can roll back. */
  async giveUp(): Promise<void> {
    this.#stream.destroy()
    await this.#ended.catch(() => {})
  }
}

async function raiseSequences(trx: Knex.Transaction, { sequences }: Head): Promise<void> {
  for (const [name, last] of Object.entries(sequences)) {
    const value = name === 'resource_id' ? last + idsSkipped : last
    if (value > 0) await trx.raw('select setval(?::regclass, ?)', [quote(name), value])
  }
}
