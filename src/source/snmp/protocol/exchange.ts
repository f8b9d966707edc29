import type { Answer, DropReason } from './answer.ts'
import type { SnmpError } from './error.ts'
import type { Request } from './request.ts'
import type { Target } from './target.ts'
import { Waiter } from './wheel.ts'

/** Who asked. Exactly one of the two is called, once. */
export interface Asker {
  /** `answer` is valid only during the call. Its `errorStatus` may be set. */
  answered(answer: Answer): void
  failed(error: SnmpError): void
}

/** One request on its way: queued, in flight or done. */
export class Exchange extends Waiter {
  readonly target: Target
  readonly asker: Asker
  /** As last sent: a retransmitted GETBULK asks for less. */
  request: Request
  readonly deadlineAt: number
  readonly signal: AbortSignal | undefined
  state: 'queued' | 'sent' | 'done' = 'queued'
  requestId = 0
  tries = 0
  startedAt = 0
  /** The most varbinds that an answer to any of its requests may hold. */
  maxCount = 0
  dropped: DropReason | null = null

  constructor(
    target: Target,
    request: Request,
    asker: Asker,
    deadlineAt: number,
    signal: AbortSignal | undefined,
  ) {
    super()
    this.target = target
    this.request = request
    this.asker = asker
    this.deadlineAt = deadlineAt
    this.signal = signal
  }
}
