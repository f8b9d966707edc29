/** Which resource a source's own key means: asked of the tables once, then remembered. */
import type { ResourceId } from '../resource/resource.ts'
import type { Resources } from '../resource/verbs.ts'

const mostKept = 500_000
const chunkSize = 5_000

export class KeyIds {
  readonly #source: string
  readonly #resources: Pick<Resources, 'findByKeys'>
  /** Ids that are merged away or gone lead to what is now, or to nothing. */
  readonly #current: (id: ResourceId) => ResourceId | undefined
  readonly #known = new Map<string, ResourceId>()

  constructor(
    source: string,
    resources: Pick<Resources, 'findByKeys'>,
    current: (id: ResourceId) => ResourceId | undefined,
  ) {
    this.#source = source
    this.#resources = resources
    this.#current = current
  }

  /** What has no resource is left out. */
  async find(keys: Iterable<string>): Promise<Map<string, ResourceId>> {
    const found = new Map<string, ResourceId>()
    const asked: string[] = []
    for (const key of new Set(keys)) {
      const id = this.#known.get(key)
      const current = id === undefined ? undefined : this.#current(id)
      if (current === undefined) asked.push(key)
      else found.set(key, current)
    }
    for (let start = 0; start < asked.length; start += chunkSize)
      await this.#ask(asked.slice(start, start + chunkSize), found)
    return found
  }

  async #ask(keys: readonly string[], found: Map<string, ResourceId>): Promise<void> {
    const ids = await this.#resources.findByKeys(keys.map((key) => ({ source: this.#source, key })))
    if (this.#known.size + keys.length > mostKept) this.#known.clear()
    for (const [place, key] of keys.entries()) {
      const id = ids[place]
      if (id === undefined) continue
      this.#known.set(key, id)
      found.set(key, id)
    }
  }

  /** What was told anew may belong to another resource now. */
  forget(keys: Iterable<string>): void {
    for (const key of keys) this.#known.delete(key)
  }
}
