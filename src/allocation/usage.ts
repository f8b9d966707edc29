/** What is used of each provider, as this process knows it: read once, then only what changed. */
import type { Knex } from 'knex'
import type { Usage } from './pool/fleet.ts'
import { usageAfter } from './claim/store.ts'

export class KnownUsage {
  readonly #used = new Map<string, Map<string, number>>()
  #seq = 0

  /** As the tables have it now. What a transaction reads of its own and then undoes must be forgotten: see `forget`. */
  async now(db: Knex): Promise<Usage> {
    const { seq, changed } = await usageAfter(db, this.#seq)
    for (const { provider, class: name, used } of changed) {
      const known = this.#used.get(provider)
      if (known === undefined) this.#used.set(provider, new Map([[name, used]]))
      else known.set(name, used)
    }
    this.#seq = seq
    return this.#used
  }

  /** Another log: a backup was restored. */
  forget(): void {
    this.#used.clear()
    this.#seq = 0
  }
}
