/** The rows of the graph, now or at an instant, streamed from one snapshot together with the cursor of the log. */
import type { Knex } from 'knex'
import type pg from 'pg'
import { limitExceeded, notFound } from '../../errors.ts'
import type { GraphRows } from '../../graph/graph.ts'
import type { LinkType } from '../kind/link.ts'
import type { KindName } from '../kind/index.ts'
import type { LinkImage, ResourceId, ResourceImage, ResourceStatus } from '../resource.ts'

export type Snapshot = GraphRows & { close(): Promise<void> }

const batchSize = 10_000

/** Columns of a resource image, in the order that `toImage` reads them. */
const imageColumns = `id, kind, name, status, labels, owner, contact, site_id, tenant_id, fields, sources, generation, revision,
  (extract(epoch from created_at) * 1000)::float8, (extract(epoch from updated_at) * 1000)::float8, drift is not null, has_conflict`

type ImageRow = [
  string,
  KindName,
  string,
  ResourceStatus | null,
  Record<string, string>,
  string | null,
  string | null,
  string | null,
  string | null,
  Record<string, unknown>,
  string[],
  number,
  number,
  number,
  number,
  boolean,
  boolean,
]

function toImage(row: ImageRow): ResourceImage {
  return {
    id: Number(row[0]),
    kind: row[1],
    name: row[2],
    status: row[3],
    labels: row[4],
    owner: row[5],
    contact: row[6],
    siteId: row[7] === null ? null : Number(row[7]),
    tenantId: row[8] === null ? null : Number(row[8]),
    fields: row[9],
    sources: row[10].map(Number),
    generation: row[11],
    revision: row[12],
    createdAt: row[13],
    updatedAt: row[14],
    hasDrift: row[15],
    hasConflict: row[16],
  }
}

const toLink = ([type, from, to, since]: [LinkType, string, string, number]): LinkImage => ({
  type,
  from: Number(from),
  to: Number(to),
  since,
})
const toAlias = ([id, into]: [string, string]): { id: ResourceId; into: ResourceId } => ({
  id: Number(id),
  into: Number(into),
})

export async function openSnapshot(db: Knex): Promise<Snapshot> {
  const reader = await beginReading(db)
  const { rows } = await reader.client.query<{ epoch: string; seq: string }>(
    'select epoch, seq from log_head',
  )
  return {
    cursor: { epoch: rows[0]!.epoch, seq: Number(rows[0]!.seq) },
    asOf: null,
    resources: reader.stream(`select ${imageColumns} from resource order by id`, [], toImage),
    links: reader.stream(
      'select type, from_id, to_id, (extract(epoch from since) * 1000)::float8 from link order by from_id, to_id',
      [],
      toLink,
    ),
    aliases: reader.stream('select id, into_id from resource_gone where into_id is not null', [], toAlias),
    close: reader.close,
  }
}

/** As it was at `instant`. NOT_FOUND before history begins, LIMIT_EXCEEDED when it had more than `limit` resources. */
export async function openSnapshotAt(db: Knex, instant: number, limit: number): Promise<Snapshot> {
  const at = new Date(instant)
  const reader = await beginReading(db)
  try {
    const { rows } = await reader.client.query<{
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
    const valid = 'valid_from <= $1 and (valid_to is null or valid_to > $1)'
    return {
      cursor: { epoch: head.epoch, seq: Number(head.seq) },
      asOf: instant,
      resources: reader.stream(
        `select image from resource_history where ${valid} order by resource_id`,
        [at],
        ([image]: [ResourceImage]) => image,
      ),
      links: reader.stream(
        `select type, from_id, to_id, (extract(epoch from valid_from) * 1000)::float8 from link_history where ${valid} order by from_id, to_id`,
        [at],
        toLink,
      ),
      aliases: reader.stream(
        'select id, into_id from resource_gone where into_id is not null and gone_at <= $1',
        [at],
        toAlias,
      ),
      close: reader.close,
    }
  } catch (error) {
    await reader.close()
    throw error
  }
}

interface Reader {
  client: pg.Client
  stream<Row extends unknown[], T>(sql: string, values: unknown[], to: (row: Row) => T): AsyncIterable<T[]>
  close(): Promise<void>
}

/** A connection in a transaction that sees one state of the tables until it is closed. */
async function beginReading(db: Knex): Promise<Reader> {
  const client = (await db.client.acquireConnection()) as pg.Client
  let open = true
  let streams = 0
  await client.query('begin isolation level repeatable read read only')
  async function* stream<Row extends unknown[], T>(
    sql: string,
    values: unknown[],
    to: (row: Row) => T,
  ): AsyncIterable<T[]> {
    const name = `snapshot_${++streams}`
    await client.query(`declare ${name} no scroll cursor for ${sql}`, values)
    for (;;) {
      const { rows } = await client.query<Row>({ text: `fetch ${batchSize} from ${name}`, rowMode: 'array' })
      if (rows.length > 0) yield rows.map(to)
      if (rows.length < batchSize) break
    }
    await client.query(`close ${name}`)
  }
  return {
    client,
    stream,
    async close() {
      if (!open) return
      open = false
      await client.query('rollback').catch(() => {})
      await db.client.releaseConnection(client)
    },
  }
}
