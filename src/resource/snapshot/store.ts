/** The rows of the graph, now or at an instant, streamed from one snapshot together with the cursor of the log. */
import type { Knex } from 'knex'
import pg from 'pg'
import { limitExceeded, notFound } from '../../errors.ts'
import type { Cursor } from '../../event/event.ts'
import type { GraphRows } from '../../graph/graph.ts'
import type { LinkType } from '../kind/link.ts'
import type { KindName } from '../kind/index.ts'
import type { LinkImage, ResourceId, ResourceImage, ResourceStatus } from '../resource.ts'
import { copyRows, type RowReader } from './copy.ts'

export type Snapshot = GraphRows & { close(): Promise<void> }

/** Columns of a resource image, in the order that `readImage` takes them. */
const imageColumns = `id, kind, name, status, labels::text, owner, contact, site_id, tenant_id, fields::text, array_to_string(sources, ','),
  generation, revision, floor(extract(epoch from created_at) * 1000)::float8, floor(extract(epoch from updated_at) * 1000)::float8,
  drift is not null, has_conflict`

const linkColumns = (since: string): string =>
  `type, from_id, to_id, floor(extract(epoch from ${since}) * 1000)::float8`

/** Labels repeat: the same text is parsed once and gives the same object. */
function toImageReader(): (row: RowReader) => ResourceImage {
  const known = new Map<string, Record<string, string>>()
  const toLabels = (text: string): Record<string, string> => {
    const found = known.get(text)
    if (found !== undefined) return found
    const labels = JSON.parse(text) as Record<string, string>
    if (known.size < 50_000) known.set(text, labels)
    return labels
  }
  return (row) => ({
    id: row.integer()!,
    kind: row.text() as KindName,
    name: row.text()!,
    status: row.text() as ResourceStatus | null,
    labels: toLabels(row.text()!),
    owner: row.text(),
    contact: row.text(),
    siteId: row.integer(),
    tenantId: row.integer(),
    fields: JSON.parse(row.text()!) as Record<string, unknown>,
    sources: toIds(row.text()!),
    generation: row.integer()!,
    revision: row.integer()!,
    createdAt: row.float(),
    updatedAt: row.float(),
    hasDrift: row.boolean(),
    hasConflict: row.boolean(),
  })
}

const toIds = (text: string): ResourceId[] => (text === '' ? [] : text.split(',').map(Number))
const readOldImage = (row: RowReader): ResourceImage => JSON.parse(row.text()!) as ResourceImage
const readLink = (row: RowReader): LinkImage => ({
  type: row.text() as LinkType,
  from: row.integer()!,
  to: row.integer()!,
  since: row.float(),
})
const readAlias = (row: RowReader): { id: ResourceId; into: ResourceId } => ({
  id: row.integer()!,
  into: row.integer()!,
})

export async function openSnapshot(db: Knex): Promise<Snapshot> {
  const reader = await beginReading(db)
  const { rows } = await reader.client.query<{ epoch: string; seq: string }>(
    'select epoch, seq from log_head',
  )
  return {
    cursor: { epoch: rows[0]!.epoch, seq: Number(rows[0]!.seq) },
    asOf: null,
    resources: reader.stream(`select ${imageColumns} from resource order by id`, toImageReader()),
    links: reader.stream(`select ${linkColumns('since')} from link order by from_id, to_id`, readLink),
    aliases: reader.stream('select id, into_id from resource_gone where into_id is not null', readAlias),
    close: reader.close,
  }
}

/** As it was at `instant`. NOT_FOUND before history begins, LIMIT_EXCEEDED when it had more than `limit` resources. */
export async function openSnapshotAt(db: Knex, instant: number, limit: number): Promise<Snapshot> {
  const at = new Date(instant)
  const reader = await beginReading(db)
  try {
    const cursor = await cursorAt(reader.client, at, limit)
    const moment = `timestamptz ${pg.escapeLiteral(at.toISOString())}`
    const valid = `valid_from <= ${moment} and (valid_to is null or valid_to > ${moment})`
    return {
      cursor,
      asOf: instant,
      resources: reader.stream(
        `select image::text from resource_history where ${valid} order by resource_id`,
        readOldImage,
      ),
      links: reader.stream(
        `select ${linkColumns('valid_from')} from link_history where ${valid} order by from_id, to_id`,
        readLink,
      ),
      aliases: reader.stream(
        `select id, into_id from resource_gone where into_id is not null and gone_at <= ${moment}`,
        readAlias,
      ),
      close: reader.close,
    }
  } catch (error) {
    await reader.close()
    throw error
  }
}

/** The log's place at an instant; refuses one without history, and one at which there was too much. */
async function cursorAt(client: pg.Client, at: Date, limit: number): Promise<Cursor> {
  const { rows } = await client.query<{
    epoch: string
    seq: string
    begins: Date | null
    count: string
  }>(
    `select epoch, coalesce((select max(seq) from event where at <= $1), 0) as seq,
       (select min(valid_from) from resource_history) as begins,
       (select count(*) from (select from resource_history where valid_from <= $1 and (valid_to is null or valid_to > $1) limit $2::bigint + 1) counted) as count
     from log_head`,
    [at, limit],
  )
  const head = rows[0]!
  if (head.begins === null || head.begins > at) {
    throw notFound(
      `There is no history at ${at.toISOString()}${head.begins ? `: it begins at ${head.begins.toISOString()}` : ''}`,
      'asOf',
    )
  }
  if (Number(head.count) > limit) {
    throw limitExceeded(
      'asOfResources',
      limit,
      `The graph of ${at.toISOString()} had more than ${limit} resources: raise limits.asOfResources`,
    )
  }
  return { epoch: head.epoch, seq: Number(head.seq) }
}

interface Reader {
  client: pg.Client
  stream<T>(sql: string, read: (row: RowReader) => T): AsyncIterable<T[]>
  close(): Promise<void>
}

/** A connection in a transaction that sees one state of the tables until it is closed. */
async function beginReading(db: Knex): Promise<Reader> {
  const client = (await db.client.acquireConnection()) as pg.Client
  let open = true
  /** Streams that were begun and not read to their end: then the connection is good for nothing else. */
  let unread = 0
  await client.query('begin isolation level repeatable read read only')
  async function* stream<T>(sql: string, read: (row: RowReader) => T): AsyncIterable<T[]> {
    unread++
    yield* copyRows(client, sql, read)
    unread--
  }
  return {
    client,
    stream,
    async close() {
      if (!open) return
      open = false
      if (unread > 0) await client.end().catch(() => {})
      else await client.query('rollback').catch(() => {})
      await db.client.releaseConnection(client)
    },
  }
}
