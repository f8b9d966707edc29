/** SQL of the doctor: what Postgres says of itself and of us. */
import type { Db } from '../db.ts'

export interface Standing {
  version: string
  major: number
  /** Whether tables may be made. */
  mayCreate: boolean
  maxConnections: number
  usedConnections: number
  databaseBytes: number
  isReadOnly: boolean
  durable: { fsync: string; fullPageWrites: string; synchronousCommit: string }
  randomPageCost: number
  /** Milliseconds since the epoch, by Postgres' clock. */
  nowMs: number
}

export async function readStanding(db: Db): Promise<Standing> {
  const { rows } = await db.raw<{ rows: Record<string, string & boolean>[] }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major,
       has_schema_privilege(current_schema(), 'CREATE') as may_create,
       current_setting('max_connections') as max_connections, (select count(*) from pg_stat_activity where backend_type = 'client backend') as used_connections,
       pg_database_size(current_database()) as database_bytes, pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as is_read_only,
       current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes, current_setting('synchronous_commit') as synchronous_commit,
       current_setting('random_page_cost') as random_page_cost, extract(epoch from clock_timestamp()) * 1000 as now_ms`,
  )
  const row = rows[0]!
  return {
    version: row['version']!,
    major: Number(row['major']),
    mayCreate: row['may_create']!,
    maxConnections: Number(row['max_connections']),
    usedConnections: Number(row['used_connections']),
    databaseBytes: Number(row['database_bytes']),
    isReadOnly: row['is_read_only']!,
    durable: {
      fsync: row['fsync']!,
      fullPageWrites: row['full_page_writes']!,
      synchronousCommit: row['synchronous_commit']!,
    },
    randomPageCost: Number(row['random_page_cost']),
    nowMs: Number(row['now_ms']),
  }
}

/** Migrations that were done; undefined when there are no tables of ours. */
export async function readMigrations(db: Db): Promise<string[] | undefined> {
  const { rows } = await db.raw<{ rows: { there: boolean }[] }>(
    `select to_regclass('knex_migrations') is not null as there`,
  )
  if (!rows[0]!.there) return undefined
  const done = await db.raw<{ rows: { name: string }[] }>('select name from knex_migrations order by id')
  return done.rows.map(({ name }) => name)
}

export async function countGraph(db: Db): Promise<{ resources: number; links: number }> {
  const { rows } = await db.raw<{ rows: { resources: string; links: string }[] }>(
    'select (select count(*) from resource) as resources, (select count(*) from link) as links',
  )
  return { resources: Number(rows[0]!.resources), links: Number(rows[0]!.links) }
}
