import type { DropReason } from './answer.ts'

/** Why an exchange or a walk failed. `bad`: the agent answers, but with what cannot be right; `refused`: with an error status. */
export type SnmpFailure =
  | 'timeout'
  | 'deadline'
  | 'aborted'
  | 'closed'
  | 'socket'
  | 'send'
  | 'overload'
  | 'refused'
  | 'bad'
  | 'consumer'

/** What a poll fails with. The driver turns it into the error of the port. */
export class SnmpError extends Error {
  readonly failure: SnmpFailure
  /** The agent's error status, when it refused. */
  readonly status: number | null
  /** Why the last answer that came was dropped. */
  readonly dropped: DropReason | null

  constructor(
    failure: SnmpFailure,
    message: string,
    options: { status?: number; dropped?: DropReason | null; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'SnmpError'
    this.failure = failure
    this.status = options.status ?? null
    this.dropped = options.dropped ?? null
  }

  /** Whether asking again later may help without anybody changing anything. */
  get retryable(): boolean {
    return this.failure !== 'refused' && this.failure !== 'consumer'
  }
}
