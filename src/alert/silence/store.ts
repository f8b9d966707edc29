/** SQL of silences. */
import type { Knex } from 'knex'
import { appendEvents } from '../../event/store.ts'
import type { Cursor } from '../../event/event.ts'
import type { SilenceImage, Severity } from '../alert.ts'

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`
const columns = `id, is_maintenance as "isMaintenance", resource_ids as "resourceIds", rules, severities, labels, comment, created_by as "createdBy", ${ms('starts_at')} as "startsAt", ${ms('ends_at')} as "endsAt"`

interface Row extends Omit<SilenceImage, 'id' | 'resourceIds' | 'severities'> {
  id: string
  resourceIds: string[]
  severities: Severity[]
}
const toImage = (row: Row): SilenceImage => ({
  ...row,
  id: Number(row.id),
  resourceIds: row.resourceIds.map(Number),
})

/** Those that are not over, and those to come. */
export async function silencesAfter(db: Knex, instant: number): Promise<SilenceImage[]> {
  const { rows } = await db.raw<{ rows: Row[] }>(
    `select ${columns} from silence where ends_at > to_timestamp(cast(? as double precision) / 1000) order by id`,
    [instant],
  )
  return rows.map(toImage)
}

export async function saveSilence(
  db: Knex,
  silence: Omit<SilenceImage, 'id'>,
): Promise<{ silence: SilenceImage; cursor: Cursor }> {
  return db.transaction(async (trx) => {
    const { rows } = await trx.raw<{ rows: Row[] }>(
      `insert into silence (is_maintenance, resource_ids, rules, severities, labels, comment, created_by, starts_at, ends_at)
       values (?, cast(? as bigint[]), cast(? as text[]), cast(? as text[]), ?, ?, ?, ?, ?) returning ${columns}`,
      [
        silence.isMaintenance,
        silence.resourceIds as unknown as string,
        silence.rules as unknown as string,
        silence.severities as unknown as string,
        JSON.stringify(silence.labels),
        silence.comment,
        silence.createdBy,
        new Date(silence.startsAt),
        new Date(silence.endsAt),
      ],
    )
    return tell(trx, toImage(rows[0]!), silence.createdBy)
  })
}

/** Ends it now; undefined when there is none that is not over. */
export async function endSilence(
  db: Knex,
  id: number,
  by: string,
): Promise<{ silence: SilenceImage; cursor: Cursor } | undefined> {
  return db.transaction(async (trx) => {
    const { rows } = await trx.raw<{ rows: Row[] }>(
      `update silence set ends_at = greatest(now(), starts_at) where id = ? and ends_at > now() returning ${columns}`,
      [id],
    )
    return rows[0] && tell(trx, toImage(rows[0]), by)
  })
}

async function tell(trx: Knex.Transaction, silence: SilenceImage, by: string) {
  const cursor = await appendEvents(trx, by, [{ type: 'SilenceChanged', detail: { ...silence } }])
  return { silence, cursor }
}

export async function pruneSilences(db: Knex, instant: Date, most: number): Promise<number> {
  const old = db('silence').select('id').where('ends_at', '<', instant).limit(most)
  return db('silence').whereIn('id', old).delete()
}
