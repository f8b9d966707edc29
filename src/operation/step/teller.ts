/** What a step says of itself while it goes on: the last of it, once in a while. */
export interface Told {
  progress: number | null
  message: string
}

const everyMs = 1_000

export class Teller {
  readonly #write: (told: Told) => Promise<void>
  #next: Told | undefined
  #writing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  /** `write` may fail: what is said is of use as long as it is new. */
  constructor(write: (told: Told) => Promise<void>) {
    this.#write = write
  }

  tell(progress: number | null, message: string): void {
    if (this.#closed) return
    this.#next = { progress, message }
    if (this.#writing === undefined && this.#timer === undefined) this.#go()
  }

  #go(): void {
    const told = this.#next
    this.#next = undefined
    if (told === undefined || this.#closed) return
    this.#writing = this.#write(told)
      .catch(() => {})
      .finally(() => {
        this.#writing = undefined
        if (this.#closed) return
        this.#timer = setTimeout(() => {
          this.#timer = undefined
          this.#go()
        }, everyMs)
      })
  }

  /** Nothing is written any more. */
  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#writing
  }
}
