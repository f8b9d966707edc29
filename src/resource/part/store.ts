/** SQL of parts: pieces of a source that are listed by themselves. */
import type { Knex } from 'knex'
import type { ResourceId } from '../resource.ts'

/** What is compared with what is told of a thing; much less to read than the whole member. */
export interface KnownKey {
  key: string
  resourceId: ResourceId
  hash: Buffer
  firstSeenAt: number
  missedListings: number
  isMissed: boolean
  hearsay: boolean
  part: string | null
}

const knownColumns = `key, resource_id as "resourceId", content_hash as hash, (extract(epoch from first_seen_at) * 1000)::float8 as "firstSeenAt", missed_listings as "missedListings",
  missed_since is not null as "isMissed", hearsay, part`

type KnownRow = Omit<KnownKey, 'resourceId'> & { resourceId: string }

/** So many are read at once: more would hold up everything else while they are unpacked. */
const pageSize = 5_000

/** Everything that a source is known to say, ascending by key. */
export async function knownOfSource(db: Knex, sourceId: ResourceId): Promise<KnownKey[]> {
  const found: KnownKey[] = []
  for (let after = '', more = true; more;) {
    const { rows } = await db.raw<{ rows: KnownRow[] }>(
      `select ${knownColumns} from observation where source_id = ? and key > ? order by key limit ?`,
      [sourceId, after, pageSize],
    )
    for (const row of rows) found.push({ ...row, resourceId: Number(row.resourceId) })
    after = rows.at(-1)?.key ?? after
    more = rows.length === pageSize
  }
  return found
}

/** What is known by these keys, and what was listed with these parts. */
export async function knownOf(
  db: Knex,
  sourceId: ResourceId,
  keys: readonly string[],
  parts: readonly string[],
): Promise<KnownKey[]> {
  const { rows } = await db.raw<{ rows: KnownRow[] }>(
    `select ${knownColumns} from observation where source_id = :source and key = any(:keys::text[])
     union select ${knownColumns} from observation where source_id = :source and part = any(:parts::text[])`,
    { source: sourceId, keys: keys as unknown as string, parts: parts as unknown as string },
  )
  return rows.map((row) => ({ ...row, resourceId: Number(row.resourceId) }))
}

/** A part that does not answer: what it held is stale, and was not missed. */
export async function notePartsSilent(
  trx: Knex.Transaction,
  sourceId: ResourceId,
  parts: readonly string[],
  at: Date,
): Promise<void> {
  await trx.raw(
    'update observation set missed_since = ? where source_id = ? and part = any(?::text[]) and missed_since is null',
    [at, sourceId, parts as string[]],
  )
}

export async function notePart(
  trx: Knex.Transaction,
  sourceId: ResourceId,
  part: string,
  keys: readonly string[],
): Promise<void> {
  await trx.raw('update observation set part = ? where source_id = ? and key = any(?::text[])', [
    part,
    sourceId,
    keys as string[],
  ])
}
