/** SQL of log lines, in partitions of a day that are dropped when their time is over. Times in and out are milliseconds. */
import type { Knex } from 'knex'
import type { ResourceId } from '../resource/resource.ts'
import { levelsOf, type KeptLine, type LineQuery, type NewLine } from './line.ts'

const dayMs = 86_400_000
const partitionOf = (day: number): string =>
  `log_line_${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`
const dayOf = (at: number): number => Math.floor(at / dayMs) * dayMs

/** Makes the partitions of these instants where they are not there; several processes may do so at once. */
export async function ensureDays(db: Knex, instants: Iterable<number>): Promise<void> {
  for (const day of new Set([...instants].map(dayOf))) {
    const [from, to] = [new Date(day).toISOString(), new Date(day + dayMs).toISOString()]
    await db.transaction(async (trx) => {
      await lockDays(trx)
      await trx.raw(
        `create table if not exists ${partitionOf(day)} partition of log_line for values from ('${from}') to ('${to}')`,
      )
    })
  }
}

const lockDays = (trx: Knex.Transaction): Knex.Raw =>
  trx.raw("select pg_advisory_xact_lock(hashtext('plenum log lines'))")

/** Drops what is of days that end before an instant; gives their names. */
export async function dropDays(db: Knex, before: number): Promise<string[]> {
  return db.transaction(async (trx) => {
    await lockDays(trx)
    const { rows } = await trx.raw<{ rows: { name: string }[] }>(
      "select inhrelid::regclass::text as name from pg_inherits where inhparent = cast('log_line' as regclass) order by 1",
    )
    const old = rows.map(({ name }) => name).filter((name) => name < partitionOf(dayOf(before)))
    for (const name of old) await trx.raw(`drop table if exists ${name}`)
    return old
  })
}

/** The days must be there. */
export async function saveLines(db: Knex, lines: readonly NewLine[]): Promise<void> {
  await db.raw(
    `insert into log_line (at, told_at, resource_id, interface_id, tenant_id, level, program, text)
     select to_timestamp(at / 1000), to_timestamp(told_at / 1000), resource_id, interface_id, tenant_id, level, program, text
     from unnest(cast(:at as double precision[]), cast(:toldAt as double precision[]), cast(:resourceId as bigint[]), cast(:interfaceId as bigint[]),
       cast(:tenantId as bigint[]), cast(:level as smallint[]), cast(:program as text[]), cast(:text as text[]))
       as l (at, told_at, resource_id, interface_id, tenant_id, level, program, text)`,
    {
      at: lines.map(({ at }) => at),
      toldAt: lines.map(({ toldAt }) => toldAt),
      resourceId: lines.map(({ resourceId }) => resourceId),
      interfaceId: lines.map(({ interfaceId }) => interfaceId),
      tenantId: lines.map(({ tenantId }) => tenantId),
      level: lines.map(({ level }) => level),
      program: lines.map(({ program }) => program),
      text: lines.map(({ text }) => text),
    } as never,
  )
}

interface Row {
  of: string
  at: number
  told_at: number | null
  resource_id: string
  interface_id: string | null
  level: number
  program: string | null
  text: string
}

const columns = `(extract(epoch from at) * 1000)::float8 as at, (extract(epoch from told_at) * 1000)::float8 as told_at,
  resource_id, interface_id, level, program, text`

/** What a line must be, beside whose it is. */
function conditionOf(query: LineQuery): { sql: string; bindings: Record<string, unknown> } {
  const { from, to, words, severities, tenants } = query
  const parts = [
    'at >= to_timestamp(cast(:from as double precision) / 1000)',
    'at <= to_timestamp(cast(:to as double precision) / 1000)',
    ...(words.length > 0 ? ["to_tsvector('simple', text) @@ to_tsquery('simple', :words)"] : []),
    ...(severities ? ['level = any(cast(:levels as smallint[]))'] : []),
    ...(tenants ? ['tenant_id = any(cast(:tenants as bigint[]))'] : []),
  ]
  const bindings = {
    ...{ from, to },
    ...(words.length > 0 ? { words: words.map(toPrefix).join(' & ') } : {}),
    ...(severities ? { levels: severities.flatMap((severity) => [...levelsOf[severity]]) } : {}),
    ...(tenants ? { tenants } : {}),
  }
  return { sql: parts.join(' and '), bindings }
}

const toPrefix = (word: string): string => `'${word.replaceAll(/['\\]/g, ' ')}':*`

/** The newest lines of each of these, also of an interface's device that name it. */
export async function readEach(
  db: Knex,
  ids: readonly ResourceId[],
  query: Omit<LineQuery, 'resourceIds'>,
  most: number,
): Promise<Map<ResourceId, KeptLine[]>> {
  const { sql, bindings } = conditionOf(query)
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select r.id as of, l.* from unnest(cast(:ids as bigint[])) as r (id) cross join lateral (
       select * from (
         (select id, ${columns} from log_line where resource_id = r.id and ${sql} order by log_line.at desc, id desc limit :most)
         union
         (select id, ${columns} from log_line where interface_id = r.id and ${sql} order by log_line.at desc, id desc limit :most)
       ) as both_of order by at desc, id desc limit :most) as l`,
    { ...bindings, ids, most } as never,
  )
  return new Map([...Map.groupBy(rows, ({ of }) => Number(of))].map(([id, some]) => [id, some.map(toLine)]))
}

/** The newest lines of a set. */
export async function readLines(db: Knex, query: LineQuery, most: number): Promise<KeptLine[]> {
  const { sql, bindings } = conditionOf(query)
  const { resourceIds: ids } = query
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from log_line where ${sql}
       ${ids ? 'and (resource_id = any(cast(:ids as bigint[])) or interface_id = any(cast(:ids as bigint[])))' : ''}
     order by log_line.at desc, id desc limit :most`,
    { ...bindings, ...(ids ? { ids } : {}), most } as never,
  )
  return rows.map(toLine)
}

/** How many there were since an instant, of each resource that has any in the range. */
export async function countLines(
  db: Knex,
  query: LineQuery,
  since: number,
): Promise<Map<ResourceId, number>> {
  const { sql, bindings } = conditionOf(query)
  const { rows } = await db.raw<{ rows: { id: string; count: string }[] }>(
    `select resource_id as id, count(*) filter (where at > to_timestamp(cast(:since as double precision) / 1000)) as count
     from log_line where ${sql} group by resource_id`,
    { ...bindings, since } as never,
  )
  return new Map(rows.map(({ id, count }) => [Number(id), Number(count)]))
}

const toLine = (row: Row): KeptLine => ({
  at: Math.round(row.at),
  toldAt: row.told_at === null ? null : Math.round(row.told_at),
  resourceId: Number(row.resource_id),
  interfaceId: row.interface_id === null ? null : Number(row.interface_id),
  level: row.level,
  program: row.program,
  text: row.text,
})
