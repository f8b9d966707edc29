/** One after the other, within this process: allocations of several processes are kept apart by the write lock, and would only wait for it with a connection in hand. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const own = this.#last.then(work, work)
    this.#last = own.catch(() => {})
    return own
  }

  /** What is under way and waiting has ended. */
  async close(): Promise<void> {
    await this.#last
  }
}
