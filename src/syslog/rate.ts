/** How many lines each sender may send: buckets that refill with time. As many senders as there are places; the rest share one. Pure but for its memory. */

interface Bucket {
  left: number
  at: number
}

/** A sender may be ahead by as much as this many seconds give. */
const burstSeconds = 5
const mostSenders = 10_000
const others = ''

export class SenderRate {
  readonly #buckets = new Map<string, Bucket>()

  /** Whether one more is taken from this sender at `now` (milliseconds of a steady clock). */
  admit(sender: string, perSecond: number, now: number): boolean {
    const bucket = this.#bucketOf(sender, perSecond, now)
    const burst = perSecond * burstSeconds
    bucket.left = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1_000) * perSecond)
    bucket.at = now
    if (bucket.left < 1) return false
    bucket.left -= 1
    return true
  }

  get size(): number {
    return this.#buckets.size
  }

  #bucketOf(sender: string, perSecond: number, now: number): Bucket {
    const known = this.#buckets.get(sender)
    if (known !== undefined) return known
    if (this.#buckets.size >= mostSenders) this.#forget(now)
    const name = this.#buckets.size >= mostSenders ? others : sender
    const bucket = this.#buckets.get(name) ?? { left: perSecond * burstSeconds, at: now }
    this.#buckets.set(name, bucket)
    return bucket
  }

  /** Those whose bucket is full again by now are as good as new. */
  #forget(now: number): void {
    for (const [sender, { at }] of this.#buckets)
      if (now - at > burstSeconds * 1_000) this.#buckets.delete(sender)
  }
}
