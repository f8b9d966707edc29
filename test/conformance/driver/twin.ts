/** What a driver brings to be audited: a neighbour that can be well and ill. */
import type { Driver, Told } from '../../../src/source/source.ts'

/** How a neighbour can be ill. */
export const illnesses = [
  /** Fails after some of the answers. */
  'midway',
  /** Answers what nobody understands. */
  'garbage',
  /** Answers what could be understood and is of another shape. */
  'shape',
  /** Takes what is asked and says nothing. */
  'hang',
  /** Says one byte at a time and never ends. */
  'drip',
  /** Never ends either, as fast as it can. */
  'large',
  /** Cuts its answer off. */
  'cut',
  /** Sends in circles. */
  'circle',
  /** Sends to somebody else. */
  'elsewhere',
  /** Repeats what is sent to it, secrets included, in an error. */
  'echo',
  /** Has a certificate that nobody trusts. */
  'certificate',
] as const
export type Illness = (typeof illnesses)[number]

export interface Neighbour {
  /** For the configuration; with deadlines of half a second where there are any. */
  settings: Record<string, unknown>
  /** References in the settings with what they stand for. */
  secrets: Record<string, string>
  /** How many things a whole listing has; more than fit on a page. Undefined: the driver does not list. */
  things: number | undefined
  /** Of a driver that only watches: how many things its first part has at least, and how it says that a part does not answer. */
  watched?: { things: number; isDown(told: Told): boolean }
  /** What may be asked by `read`; undefined: nothing. */
  live?: { keys: readonly string[]; metrics: readonly string[] }
  /** From now on. With `after` the first so many answers are good. */
  be(illness: Illness | 'well', after?: number): void
  /** How many questions were answered since it was last changed. */
  answered(): number
  /** What it was sent that is neither a read nor a login. */
  writes(): readonly string[]
  /** Requests that somebody else got of what was meant for it; absent: nobody else could. */
  strayed?(): number
  /** Connections that are open now. */
  connections(): Promise<number>
  close(): Promise<void>
}

export interface Twin {
  driver: Driver
  /** Illnesses that it cannot have, each with the reason. */
  immune?: Partial<Record<Illness, string>>
  /** Whether an ill neighbour is an outcome and no error: a check that fails says so by its readings. */
  measuresFailure?: boolean
  start(): Promise<Neighbour>
}
