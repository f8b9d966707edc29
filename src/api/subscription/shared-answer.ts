/** An answer that many are told: written once, in the form that each way of sending needs. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ExecutionResult } from 'graphql'
import { bytesOfAnswer } from '../answer.ts'

/** An answer on its way to many. */
export class SharedAnswer {
  /** JSON in UTF-8. */
  readonly bytes: Buffer
  readonly #forms = new Map<string, Buffer>()

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** What a way of sending makes of it, made once. */
  as(form: string, make: (bytes: Buffer) => Buffer): Buffer {
    let made = this.#forms.get(form)
    if (made === undefined) this.#forms.set(form, (made = make(this.bytes)))
    return made
  }
}

/** The way to one subscriber, past everything that is only its own. */
export interface Line {
  /** False: it still has something to take. Then nothing was sent. */
  send(answer: SharedAnswer): boolean
}

/** Somebody who is told. */
export interface Receiver {
  line: Line
  /** Told with the first answer only. */
  extensions: object | undefined
}

export interface Told<T> {
  isThere(receiver: T): boolean
  /** It does not take it. */
  left(receiver: T): void
}

/** Sent in one turn of the event loop. */
const atOnce = 200

/** An answer larger than `answerBytes` is nobody's: each is told by itself, as an error. */
export async function tellAll<T extends Receiver>(
  result: ExecutionResult,
  answerBytes: number,
  receivers: Iterable<T>,
  { isThere, left }: Told<T>,
): Promise<void> {
  const answer = new SharedAnswer(bytesOfAnswer(result))
  const isTooLarge = answer.bytes.length > answerBytes
  let first: SharedAnswer | undefined
  let count = 0
  for (const receiver of receivers) {
    if (++count % atOnce === 0) await nextTurn()
    if (!isThere(receiver)) continue
    if (receiver.extensions !== undefined)
      first ??= new SharedAnswer(bytesOfAnswer({ ...result, extensions: receiver.extensions }))
    const isSent = !isTooLarge && receiver.line.send(receiver.extensions === undefined ? answer : first!)
    if (isSent) receiver.extensions = undefined
    else left(receiver)
  }
}
