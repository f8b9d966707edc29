/** How many operations of a token last: those of its WebSockets and of its event streams together. */
import { limitExceeded, type PlenumError } from '../errors.ts'

export class PerToken {
  readonly #counts = new Map<number, number>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** One more; says why not. */
  begin(tokenId: number): PlenumError | undefined {
    const count = this.#counts.get(tokenId) ?? 0
    if (count >= this.#limit)
      return limitExceeded(
        'subscriptionsPerToken',
        this.#limit,
        'This token has too many subscriptions and operations on WebSockets',
        count + 1,
      )
    this.#counts.set(tokenId, count + 1)
    return undefined
  }

  end(tokenId: number): void {
    const count = (this.#counts.get(tokenId) ?? 1) - 1
    if (count <= 0) this.#counts.delete(tokenId)
    else this.#counts.set(tokenId, count)
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0)
  }
}
