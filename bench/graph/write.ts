/** Changes resources through the log, as writing processes do: rows and events in one transaction. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Db } from '../../src/db.ts'
import type { EventBody } from '../../src/event/event.ts'
import { commitEvents, stageEvents } from '../../src/event/store.ts'
import type { KindName } from '../../src/resource/kind/index.ts'

interface Row {
  id: string
  kind: KindName
  name: string
  labels: Record<string, string>
  fields: Record<string, unknown>
  site_id: string | null
  tenant_id: string | null
  revision: number
}

const toId = (text: string | null): number | null => (text === null ? null : Number(text))

/** Gives the sequence of its last event. */
async function change(db: Db, ids: readonly number[]): Promise<number> {
  return db.transaction(async (trx) => {
    const { rows } = await trx.raw<{ rows: Row[] }>(
      `update resource set revision = revision + 1, updated_at = now(), labels = labels || '{"changed":"yes"}' where id = any(?)
       returning id, kind, name, labels, fields, site_id, tenant_id, revision`,
      [[...ids]],
    )
    await stageEvents(trx, rows.map(toEvent))
    return (await commitEvents(trx, 'bench', new Date())).cursor.seq
  })
}

function toEvent(row: Row): EventBody {
  const [siteId, tenantId] = [toId(row.site_id), toId(row.tenant_id)]
  const { kind, name, labels } = row
  return {
    type: 'ResourceUpdated',
    resource: {
      id: Number(row.id),
      kind,
      name,
      status: 'ACTIVE',
      labels,
      owner: null,
      contact: null,
      siteId,
      tenantId,
      fields: row.fields,
      sources: [],
      generation: 1,
      revision: row.revision,
      createdAt: Date.now(),
      updatedAt: Date.now(),
      hasDrift: false,
      hasConflict: false,
    },
    before: { kind, name, tenantId, siteId, labels, status: 'ACTIVE' },
    changes: [{ path: 'labels.changed', before: null, after: 'yes' }],
  }
}

/** Many at once: `count` changes in transactions of 1,000, spread over all resources. */
export async function changeMany(db: Db, resources: number, count: number): Promise<number> {
  let seq = 0
  for (let start = 0; start < count; start += 1_000) {
    const step = Math.max(1, Math.floor(resources / count))
    seq = await change(
      db,
      Array.from({ length: 1_000 }, (_, index) => 1 + (((start + index) * step) % resources)),
    )
  }
  return seq
}

/** One by one, with time between. */
export async function changeFew(db: Db, resources: number, count: number): Promise<number> {
  let seq = 0
  for (let index = 0; index < count; index++) {
    seq = await change(db, [1 + ((index * 7919) % resources)])
    await delay(10)
  }
  return seq
}
