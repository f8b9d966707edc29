/** How a source does beside its listings, as its resource says: it cannot be opened, its watch is down. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Actor, ResourceId } from '../resource/resource.ts'
import type { Resources } from '../resource/verbs.ts'

export interface StandingOptions {
  sourceId: ResourceId
  by: Actor
  resources: Pick<Resources, 'noteSource' | 'noteFailure'>
  /** What is wrong with it otherwise. */
  otherwise(): string | null
  /** Called each time that something is found wrong. */
  onIll(): void
  log: Logger
  clean(error: unknown): Error
}

const stateEveryMs = 30_000

export class Standing {
  readonly #options: StandingOptions
  failure: string | null = null

  constructor(options: StandingOptions) {
    this.#options = options
  }

  async note(note: Parameters<Resources['noteSource']>[1]): Promise<void> {
    if (Object.keys(note).length === 0) return
    const { resources, sourceId } = this.#options
    await resources.noteSource(sourceId, note).catch((error: unknown) => this.#warn(error))
  }

  /** What `look` sees, now and then. */
  async noteAll(
    look: () => { isSeen: boolean; lagSeconds: number | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    let noted: number | undefined
    while (!signal.aborted) {
      const { isSeen, lagSeconds } = look()
      await this.note({
        ...(isSeen ? { seenAt: new Date() } : {}),
        ...(lagSeconds === undefined || lagSeconds === noted ? {} : { pushLagSeconds: lagSeconds }),
      })
      noted = lagSeconds
      await delay(stateEveryMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** Told once, until it is over. */
  async tell(failure: string | null): Promise<void> {
    const { resources, sourceId, otherwise, onIll, by, log } = this.#options
    this.failure = failure
    if (failure !== null) {
      log.warn({ failure }, 'a source is ill')
      onIll()
    }
    await resources
      .noteFailure(sourceId, failure ?? otherwise(), by)
      .catch((error: unknown) => this.#warn(error))
  }

  #warn(error: unknown): void {
    const failure = this.#options.clean(error).message
    this.#options.log.warn({ failure }, 'the state of a source cannot be written now')
  }
}
