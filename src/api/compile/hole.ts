/**
 * Terminology
 * - hole: a place in the answer whose text comes later, and is then written behind all that is there. Holes in its own text are its children: it is
 *   filled when they are.
 * - nullable: an error ends here and the text becomes null; that of any other hole is an error of its parent.
 */
import type { GraphQLError } from 'graphql'
import { ascii, type Out } from './out.ts'

export class Hole {
  parent: Hole | undefined
  readonly nullable: boolean
  children: Hole[] = []
  /** Where it is in its parent's text, and where that goes on. */
  at = 0
  past = 0
  /** Its own text. */
  start = 0
  end = 0
  /** What still keeps it from being filled: its own value, its children. */
  open: number
  /** Filled or failed: what comes later is not told any more. */
  closed = false
  isNull = false
  /** What this hole fails with once its children have come, whatever they are. */
  doom: GraphQLError | undefined

  constructor(parent: Hole | undefined, nullable: boolean, open: number) {
    this.parent = parent
    this.nullable = nullable
    this.open = open
  }
}

/** A stretch of text and the holes in it. */
export type Part = Pick<Hole, 'start' | 'end' | 'children'>

/** The holes of one answer; the whole answer is the first of them. */
export class Holes {
  readonly #whole = new Hole(undefined, true, 0)
  readonly #out: Out
  readonly #onError: (error: GraphQLError) => void
  #filled: (() => void) | undefined
  /** Whose text is being written. */
  #current = this.#whole

  constructor(out: Out, onError: (error: GraphQLError) => void) {
    this.#out = out
    this.#onError = onError
  }

  /** How many there are in the text that is being written: to be remembered before something is added to it. */
  get count(): number {
    return this.#current.children.length
  }

  /** Whether the whole answer is null: an error that nothing below stopped. */
  get isNull(): boolean {
    return this.#whole.isNull
  }

  /** A new hole in the text that is being written, to `fill` or to `fail`. */
  dig(nullable: boolean): Hole {
    const hole = new Hole(this.#current, nullable, 1)
    hole.at = hole.past = this.#out.at
    this.#current.open++
    this.#current.children.push(hole)
    return hole
  }

  /** Writes a hole's text. What `write` throws is its failure. */
  fill(hole: Hole, write: () => void, locate: (error: unknown) => GraphQLError): void {
    if (!isAlive(hole)) return
    const before = this.#current
    this.#current = hole
    hole.start = this.#out.at
    try {
      write()
      hole.end = this.#out.at
    } catch (error) {
      this.drop(0)
      this.#out.at = hole.start
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
      hole.isNull = true
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

  /** What was written since `from` is not part of the answer: nobody waits for it, and its errors are not told. */
  drop(from: number): void {
    const gone = this.#current.children.splice(from)
    this.#current.open -= gone.filter(({ closed }) => !closed).length
    for (const hole of gone) hole.parent = dropped
  }

  /** What was written since `start` stands where null may stand: errors of its holes that may not be null end there. */
  enclose(start: number, from: number): void {
    if (this.#current.children.slice(from).every(({ nullable }) => nullable)) return
    const around = this.#gather(from, true)
    around.at = around.start = start
    around.past = around.end = this.#out.at
  }

  /** An object that failed while some of its fields are on their way: it fails when they have come. */
  doom(error: GraphQLError, start: number, from: number): void {
    const doomed = this.#gather(from, false)
    doomed.doom = error
    this.#out.at = doomed.at = doomed.past = start
  }

  #gather(from: number, nullable: boolean): Hole {
    const inner = this.#current.children.splice(from)
    const around = new Hole(this.#current, nullable, inner.length)
    around.children = inner
    for (const hole of inner) hole.parent = around
    this.#current.children.push(around)
    this.#current.open += 1 - inner.length
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

  /** What of the whole answer was written since `start`. */
  part(start: number): Part {
    return { start, end: this.#out.at, children: this.#whole.children.splice(0) }
  }

  /** A copy of parts of what was written, with every hole's own text where it belongs. */
  copy(parts: readonly Part[]): Buffer {
    const { bytes } = this.#out
    const [first] = parts
    if (parts.length === 1 && first!.children.length === 0) {
      return Buffer.from(bytes.subarray(first!.start, first!.end))
    }
    const chunks: Uint8Array[] = []
    for (const part of parts) collect(bytes, part, chunks)
    return Buffer.concat(chunks)
  }
}

const nothing = ascii('null')

function collect(bytes: Buffer, { start, end, children }: Part, chunks: Uint8Array[]): void {
  let from = start
  for (const child of children) {
    chunks.push(bytes.subarray(from, child.at))
    if (child.isNull) chunks.push(nothing)
    else collect(bytes, child, chunks)
    from = child.past
  }
  chunks.push(bytes.subarray(from, end))
}

const dropped = new Hole(undefined, true, 0)
dropped.closed = true

function isAlive(hole: Hole): boolean {
  for (let at: Hole | undefined = hole; at !== undefined; at = at.parent) if (at.closed) return false
  return true
}
