/** Faults of one file, told together: a reader goes on after one, so that one round trip shows them all. */
import { PlenumError } from '../../errors.ts'

const mostFaults = 100

export class Faults {
  readonly #found: { path: string; message: string }[] = []

  add(path: string, message: string): void {
    this.#found.push({ path, message })
    if (this.#found.length >= mostFaults) this.end()
  }

  get any(): boolean {
    return this.#found.length > 0
  }

  /** Throws `error`, with what was found before it as the first of its problems. */
  endWith(error: unknown): never {
    const isMore =
      error instanceof PlenumError && error.code === 'INVALID_INPUT' && error.details.path !== undefined
    if (!isMore || !this.any || error.details.problems) throw error
    this.#found.push({ path: error.details.path as string, message: error.message })
    this.end()
    throw error
  }

  /** INVALID_INPUT with all of them, when there are any. */
  end(): void {
    const [first] = this.#found
    if (first === undefined) return
    const more = this.#found.length > 1 ? ` (and ${this.#found.length - 1} more, see problems)` : ''
    throw new PlenumError('INVALID_INPUT', `${first.path}: ${first.message}${more}`, {
      path: first.path,
      problems: [...this.#found],
    })
  }
}

export const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
