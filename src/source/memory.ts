/** What a watch has told, so that it can say what is gone, and need not repeat itself. */
import type { Observation } from '../resource/resource.ts'
import type { Told } from './source.ts'

/** What was told, by what it was told with: what that holds no more is gone, unless something else holds it too. */
export class Memory {
  readonly #keys = new Map<string, Set<string>>()
  readonly #holders = new Map<string, number>()
  readonly #told = new Map<string, string>()

  /** The things, and those gone that were told with the same holder before; nothing when all is as it was told. */
  tell(holder: string, things: readonly Observation[]): Told[] {
    const text = JSON.stringify(things)
    if (this.#told.get(holder) === text) return []
    if (things.length === 0) this.#told.delete(holder)
    else this.#told.set(holder, text)
    const before = this.#keys.get(holder) ?? new Set<string>()
    const now = new Set(things.map(({ key }) => key))
    if (now.size === 0) this.#keys.delete(holder)
    else this.#keys.set(holder, now)
    for (const key of now.difference(before)) this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1)
    const gone = [...before.difference(now)].filter((key) => {
      const left = this.#holders.get(key)! - 1
      if (left > 0) this.#holders.set(key, left)
      else this.#holders.delete(key)
      return left === 0
    })
    return [...things, ...gone.map((key) => ({ key, gone: true as const }))]
  }

  /** All is to be told again. */
  forget(): void {
    this.#told.clear()
  }

  get holders(): string[] {
    return [...this.#keys.keys()]
  }
}
