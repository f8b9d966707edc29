/** What resources were: changes by resource and between two instants. */
import type { Knex } from 'knex'
import { invalidInput } from '../errors.ts'
import type { KindName } from './kind/index.ts'
import type { Change, ResourceId } from './resource.ts'
import type { HistoryEntry, Page, PageOf } from './verbs.ts'

interface Row {
  resource_id: string
  kind: KindName
  name: string
  action: HistoryEntry['action']
  at: number
  seq: string
  actor: string
  changes: Change[]
  total: string
  place: string
}

const columns = `h.resource_id, h.image ->> 'kind' as kind, h.image ->> 'name' as name, h.action, (extract(epoch from h.valid_from) * 1000)::float8 as at, h.seq, h.actor, h.changes`

const toEntry = (row: Row): HistoryEntry => ({
  resourceId: Number(row.resource_id),
  kind: row.kind,
  name: row.name,
  action: row.action,
  at: row.at,
  seq: Number(row.seq),
  actor: row.actor,
  changes: row.changes,
})

function afterOf(page: Page): number {
  if (page.after === undefined) return 0
  if (!/^\d{1,15}$/.test(page.after)) throw invalidInput('after is no cursor that a connection gave', 'after')
  return Number(page.after)
}

function toPage(rows: readonly Row[], first: number, totalCount: number): PageOf<HistoryEntry> {
  const items = rows.slice(0, first).map((row) => ({ item: toEntry(row), cursor: row.seq }))
  return { items, hasNextPage: rows.length > first, totalCount }
}

/** The latest first; the same page of each resource by one statement. */
export async function historyOf(
  db: Knex,
  ids: readonly ResourceId[],
  page: Page,
): Promise<Map<ResourceId, PageOf<HistoryEntry>>> {
  const after = afterOf(page)
  const held = heldBy(page.tenants)
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select * from (select ${columns}, count(*) over (partition by h.resource_id) as total,
       row_number() over (partition by h.resource_id order by case when ? = 0 or h.seq < ? then 0 else 1 end, h.seq desc) as place
       from resource_history h where h.resource_id = any(?::bigint[])${held.where}) ranked
     where place <= ? + 1 and (? = 0 or seq < ?) order by resource_id, seq desc`,
    [after, after, ids as unknown as string[], ...held.bindings, page.first, after, after],
  )
  const byId = Map.groupBy(rows, (row) => Number(row.resource_id))
  const totals = page.first > 0 && after === 0 ? undefined : await totalsOf(db, ids, held)
  return new Map(
    ids.map((id) => {
      const found = byId.get(id) ?? []
      return [id, toPage(found, page.first, totals?.get(id) ?? Number(found[0]?.total ?? 0))]
    }),
  )
}

interface Held {
  where: string
  bindings: Knex.RawBinding[]
}

/** Only what it was while one of the tenants held it. */
function heldBy(tenants: readonly ResourceId[] | undefined): Held {
  if (tenants === undefined) return { where: '', bindings: [] }
  const list = tenants as unknown as string[]
  return {
    where: ` and ((h.image ->> 'tenantId')::bigint = any(?::bigint[]) or (h.image ->> 'kind' = 'Tenant' and h.resource_id = any(?::bigint[])))`,
    bindings: [list, list],
  }
}

async function totalsOf(db: Knex, ids: readonly ResourceId[], held: Held): Promise<Map<ResourceId, number>> {
  const { rows } = await db.raw<{ rows: { resource_id: string; total: string }[] }>(
    `select h.resource_id, count(*) as total from resource_history h where h.resource_id = any(?::bigint[])${held.where} group by h.resource_id`,
    [ids as unknown as string[], ...held.bindings],
  )
  return new Map(rows.map((row) => [Number(row.resource_id), Number(row.total)]))
}

/** Changes with from < time <= to, in the order in which they happened. */
export async function diff(
  db: Knex,
  request: { from: number; to: number; ids?: readonly ResourceId[] },
  page: Page,
): Promise<PageOf<HistoryEntry>> {
  const ids = request.ids as unknown as string[] | undefined
  const held = heldBy(page.tenants)
  const where = `h.valid_from > ? and h.valid_from <= ?${ids === undefined ? '' : ' and h.resource_id = any(?::bigint[])'}${held.where}`
  const bounds = [
    new Date(request.from),
    new Date(request.to),
    ...(ids === undefined ? [] : [ids]),
    ...held.bindings,
  ] as unknown as Knex.RawBinding[]
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from resource_history h where ${where} and h.seq > ? order by h.seq limit ?`,
    [...bounds, afterOf(page), page.first + 1],
  )
  const { rows: counted } = await db.raw<{ rows: { total: string }[] }>(
    `select count(*) as total from resource_history h where ${where}`,
    bounds,
  )
  return toPage(rows, page.first, Number(counted[0]!.total))
}

/** Removes images that ended before `instant`; gives how many. */
export async function pruneHistory(db: Knex, instant: Date, most = 10_000): Promise<number> {
  const { rowCount } = await db.raw<{ rowCount: number }>(
    'delete from resource_history where (resource_id, seq) in (select resource_id, seq from resource_history where valid_to < ? order by valid_to limit ?)',
    [instant, most],
  )
  await db.raw('delete from link_history where valid_to < ?', [instant])
  return rowCount
}
