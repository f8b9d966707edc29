/** Rows of resources as a write finds and leaves them, each read once. What is asked for by id must have been loaded. */
import type { Knex } from 'knex'
import type { ResourceId } from '../resource.ts'
import { loadRows, type GoneRow, type ResourceRow } from '../store.ts'
import { each, inSlices } from './breathe.ts'

const sliceSize = 2_000

export class Rows {
  readonly before = new Map<ResourceId, ResourceRow>()
  readonly after = new Map<ResourceId, ResourceRow>()
  readonly gone = new Map<ResourceId, GoneRow>()
  readonly #trx: Knex.Transaction

  constructor(trx: Knex.Transaction) {
    this.#trx = trx
  }

  /** Reads the rows that are not known yet. */
  async load(ids: Iterable<ResourceId>): Promise<void> {
    const missing: ResourceId[] = []
    await each(ids, (id) => {
      if (!this.after.has(id) && !this.gone.has(id) && !this.before.has(id)) missing.push(id)
    })
    await this.reload(missing)
  }

  /** Reads rows as they stand before this write. */
  async reload(ids: readonly ResourceId[]): Promise<void> {
    await inSlices(ids, sliceSize, async (slice) => {
      for (const [id, row] of await loadRows(this.#trx, slice)) this.before.set(id, row)
    })
  }

  /** The row as this write leaves it; undefined when there is none, or none any more. */
  get(id: ResourceId): ResourceRow | undefined {
    return this.after.get(id) ?? (this.gone.has(id) ? undefined : this.before.get(id))
  }
}
