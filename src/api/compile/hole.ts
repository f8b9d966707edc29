/**
 * Terminology
 * - hole: a place in the answer whose text comes later. Meanwhile a mark stands in the text, which no JSON text can hold: a number between NULs.
 *   A hole may have holes in its own text: they are its children, and it is filled when they are.
 * - nullable: an error ends here and the text becomes null; that of any other hole is an error of its parent.
 */
import type { GraphQLError } from 'graphql'

export class Hole {
  parent: Hole | undefined
  readonly nullable: boolean
  /** With marks where its children's texts go. */
  text: string | undefined
  /** What still keeps it from being filled: its own value, its children. */
  open: number
  /** Filled or failed: what comes later is not told any more. */
  closed = false
  /** What this hole fails with once its children have come, whatever they are. */
  doom: GraphQLError | undefined

  constructor(parent: Hole | undefined, nullable: boolean, open: number) {
    this.parent = parent
    this.nullable = nullable
    this.open = open
  }
}

const mark = '\0'

/** The holes of one answer; the whole answer is the first of them. */
export class Holes {
  readonly #all: Hole[] = []
  readonly #whole = new Hole(undefined, true, 0)
  readonly #onError: (error: GraphQLError) => void
  #filled: (() => void) | undefined
  /** Whose text is being written. */
  #current = this.#whole

  constructor(onError: (error: GraphQLError) => void) {
    this.#onError = onError
  }

  /** How many there were so far: to be remembered before something is written. */
  get count(): number {
    return this.#all.length
  }

  /** Whether the whole answer is null: an error that nothing below stopped. */
  get isEmpty(): boolean {
    return this.#whole.text === 'null'
  }

  /** A new hole in the text that is being written: its mark, and the hole to `fill` or to `fail`. */
  dig(nullable: boolean): { hole: Hole; text: string } {
    const hole = new Hole(this.#current, nullable, 1)
    this.#current.open++
    return { hole, text: this.#enter(hole) }
  }

  #enter(hole: Hole): string {
    return `${mark}${this.#all.push(hole) - 1}${mark}`
  }

  /** Writes a hole's text. What `write` throws is its failure. */
  fill(hole: Hole, write: () => string, locate: (error: unknown) => GraphQLError): void {
    if (!isAlive(hole)) return
    const before = this.#current
    this.#current = hole
    const from = this.count
    try {
      hole.text = write()
    } catch (error) {
      this.drop(from)
      this.fail(hole, locate(error))
      return
    } finally {
      this.#current = before
    }
    this.#step(hole)
  }

  fail(hole: Hole, error: GraphQLError): void {
    if (!isAlive(hole)) return
    if (hole.nullable) {
      hole.text = 'null'
      this.#onError(error)
      return this.#close(hole)
    }
    hole.closed = true
    this.fail(hole.parent!, hole.doom ?? error)
  }

  #step(hole: Hole): void {
    if (--hole.open > 0 || hole.closed) return
    if (hole === this.#whole) this.#filled?.()
    else if (hole.doom) this.fail(hole, hole.doom)
    else this.#close(hole)
  }

  #close(hole: Hole): void {
    hole.closed = true
    if (hole.parent) this.#step(hole.parent)
    else this.#filled?.()
  }

  /** Of the text that is being written: those dug since `from`. */
  *#own(from: number): Iterable<Hole> {
    for (let index = from; index < this.#all.length; index++) {
      const hole = this.#all[index]!
      if (hole.parent === this.#current) yield hole
    }
  }

  has(from: number): boolean {
    for (const _ of this.#own(from)) return true
    return false
  }

  /** What was written since `from` is not part of the answer: nobody waits for it, and its errors are not told. */
  drop(from: number): void {
    for (const hole of this.#own(from)) {
      this.#current.open--
      hole.parent = dropped
    }
  }

  /** `text` stands where null may stand: errors of its holes that may not be null end there. */
  enclose(text: string, from: number): string {
    for (const hole of this.#own(from)) {
      if (hole.nullable) continue
      const around = this.#gather(from, true)
      around.text = text
      return this.#enter(around)
    }
    return text
  }

  /** An object that failed while some of its fields are on their way: it fails when they have come. */
  doom(error: GraphQLError, from: number): string {
    const doomed = this.#gather(from, false)
    doomed.doom = error
    return this.#enter(doomed)
  }

  #gather(from: number, nullable: boolean): Hole {
    const own = [...this.#own(from)]
    const around = new Hole(this.#current, nullable, own.length)
    for (const hole of own) hole.parent = around
    this.#current.open += 1 - own.length
    return around
  }

  /** Resolves when all that is part of the answer has come; undefined when it has already. */
  settled(): Promise<void> | undefined {
    if (this.#whole.open === 0 || this.#whole.closed) return undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#filled = resolve
    return promise
  }

  /** The answer is given: what still comes is not told. */
  end(): void {
    this.#whole.closed = true
  }

  /** The text with every hole's own text in place of its mark. */
  splice(text: string): string {
    if (this.#all.length === 0) return text
    const parts = text.split(mark)
    for (let index = 1; index < parts.length; index += 2) {
      parts[index] = this.splice(this.#all[Number(parts[index])]!.text ?? 'null')
    }
    return parts.join('')
  }
}

const dropped = new Hole(undefined, true, 0)
dropped.closed = true

function isAlive(hole: Hole): boolean {
  for (let at: Hole | undefined = hole; at !== undefined; at = at.parent) if (at.closed) return false
  return true
}
