/** SQL of sources that run by themselves: syncs that are asked for, and what they are told happened. */
import type { Db } from '../db.ts'
import { appendEvents } from '../event/index.ts'
import type { ResourceId } from '../resource/resource.ts'

export interface Asked {
  sourceId: ResourceId
  /** The instant, in Postgres' own precision. */
  at: string
  by: string
  accept: boolean
}

export interface SyncAnswer {
  seen: number
  changed: number
  held: string | null
  failure: string | null
  cursor: { epoch: string; seq: number } | null
}

/** Whoever has the source's turn will see it. Gives the instant to wait for. */
export async function askSync(
  db: Db,
  sourceId: ResourceId,
  { by, accept }: { by: string; accept: boolean },
): Promise<string> {
  const { rows } = await db.raw<{ rows: { at: string }[] }>(
    `update source set asked_at = clock_timestamp(), asked_by = ?, asked_accept = ? or (asked_accept and asked_at > coalesce(answered_at, '-infinity'))
     where id = ? returning asked_at::text as at`,
    [by, accept, sourceId],
  )
  return rows[0]!.at
}

export async function findAsked(db: Db, ids: readonly ResourceId[]): Promise<Asked[]> {
  if (ids.length === 0) return []
  const { rows } = await db.raw<{ rows: { id: string; at: string; by: string; accept: boolean }[] }>(
    `select id, asked_at::text as at, asked_by as by, asked_accept as accept from source
     where id = any(?::bigint[]) and asked_at > coalesce(answered_at, '-infinity')`,
    [ids as unknown as string],
  )
  return rows.map(({ id, ...rest }) => ({ ...rest, sourceId: Number(id) }))
}

export async function answerSync(db: Db, { sourceId, at }: Asked, answer: SyncAnswer): Promise<void> {
  await db('source')
    .where({ id: sourceId })
    .update({ answered_at: at, answer: JSON.stringify(answer) })
}

/** The answer to what was asked at that instant, once it is there. */
export async function findAnswer(db: Db, sourceId: ResourceId, at: string): Promise<SyncAnswer | undefined> {
  const { rows } = await db.raw<{ rows: { answer: SyncAnswer }[] }>(
    'select answer from source where id = ? and answered_at >= ?',
    [sourceId, at],
  )
  return rows[0]?.answer
}

/** Sources of these drivers, by name. */
export async function sourcesOf(db: Db, drivers: readonly string[]): Promise<Map<string, ResourceId>> {
  const rows = await db('source')
    .whereIn('driver', [...drivers])
    .select<{ id: string; name: string }[]>('id', 'name')
  return new Map(rows.map((row) => [row.name, Number(row.id)]))
}

export interface ToldNotice {
  sourceId: ResourceId
  resourceId: ResourceId
  notice: string
  key?: string
  detail: Record<string, unknown>
}

export async function tellNotices(db: Db, by: string, notices: readonly ToldNotice[]): Promise<void> {
  await db.transaction((trx) =>
    appendEvents(
      trx,
      by,
      notices.map(({ sourceId, resourceId, notice, key, detail }) => ({
        type: 'Notice',
        id: resourceId,
        detail: { ...detail, notice, sourceId: String(sourceId), ...(key === undefined ? {} : { key }) },
      })),
    ),
  )
}
