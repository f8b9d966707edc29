/** An answer that many are told: written once, in the form that each way of sending needs. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ExecutionResult } from 'graphql'
import { bytesOfAnswer } from '../answer.ts'

/** An answer on its way to many. */
export class SharedAnswer {
  readonly result: ExecutionResult
  /** JSON in UTF-8. */
  readonly bytes: Buffer
  readonly #forms = new Map<string, Buffer>()

  constructor(result: ExecutionResult) {
    this.result = result
    this.bytes = bytesOfAnswer(result)
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
  /** Sends all of them, in order, in one go. False: it still has something to take. Then nothing was sent. */
  send(answers: readonly SharedAnswer[]): boolean
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

/** Tells each all of them. With one that is larger than `answerBytes` among them nobody takes any: each is told by itself, of that one as an error. */
export async function tellAll<T extends Receiver>(
  answers: readonly SharedAnswer[],
  answerBytes: number,
  receivers: Iterable<T>,
  { isThere, left }: Told<T>,
): Promise<void> {
  const [begin, ...more] = answers
  if (begin === undefined) return
  const isTooLarge = answers.some(({ bytes }) => bytes.length > answerBytes)
  let first: SharedAnswer[] | undefined
  let count = 0
  for (const receiver of receivers) {
    if (++count % atOnce === 0) await nextTurn()
    if (!isThere(receiver)) continue
    const { extensions } = receiver
    if (extensions !== undefined)
      first ??= [new SharedAnswer({ ...begin.result, extensions: { ...extensions } }), ...more]
    const isSent = !isTooLarge && receiver.line.send(extensions === undefined ? answers : first!)
    if (isSent) receiver.extensions = undefined
    else left(receiver)
  }
}
