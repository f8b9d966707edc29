/**
 * The port: what every driver of an outside system offers, and all that a driver knows of Plenum. Terminology
 * - source: one configured connection; it is a resource too. driver: the code that speaks to such systems.
 * - part: a piece of a source that is listed by itself, such as one device of many; its keys begin with its own name and `/`, or are its name. The name has no `/`.
 * - shard: a share of a source's parts; one process has it at a time.
 */
import type { Gone, Observation } from '../resource/resource.ts'
import type { Actor, Mover, PowerSwitch, Resizer } from './control.ts'

export { powers } from './control.ts'
export type {
  ActorSpec,
  Actor,
  MadeThing,
  Power,
  PowerSwitch,
  Progress,
  Mover,
  MoveOrder,
  MachineSize,
  Resizing,
  Resizer,
} from './control.ts'

/** How a configuration refers to a secret; for the schemas of drivers' settings. */
export const secretReference = /^(?:env:[A-Za-z_]\w*|file:.+|command:.+)$/s

/** What went wrong, by what can be done about it. */
export const sourceFailures = [
  /** Nobody listens, no route, the name is unknown, the connection broke. */
  'unreachable',
  /** No answer before the deadline. */
  'timeout',
  /** The credentials are refused, or may not do this. */
  'denied',
  /** The other side has no such thing. */
  'missing',
  /** Too many requests: wait `retryAfterMs`. */
  'busy',
  /** It answers what cannot be right: garbage, too large, a redirect loop, a wrong certificate. */
  'bad',
  /** It says itself that it failed (5xx). */
  'failed',
  /** The caller gave up. */
  'aborted',
] as const
export type SourceFailure = (typeof sourceFailures)[number]

/** The only error that a driver throws. Its message tells this layer's part, without secrets; what lies below is its `cause`. */
export class SourceError extends Error {
  override name = 'SourceError'
  readonly failure: SourceFailure
  readonly retryAfterMs: number | undefined
  constructor(
    failure: SourceFailure,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.failure = failure
    this.retryAfterMs = options.retryAfterMs
  }
}

/** How a value behaves in time; rates of counters are made once, by who collects: what is told here is a gauge, a state or a total. */
export type MetricType = 'gauge' | 'counter' | 'state'

/** Which shard a part is of. A divided driver works on those parts whose shard is among `environment.shards.mine()`: what it tells of others is dropped. */
export function shardOf(part: string, count: number): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < part.length; at++) hash = Math.imul(hash ^ part.charCodeAt(at), 0x01000193) >>> 0
  return ((hash ^ (hash >>> 15)) >>> 0) % count
}

/** What is measured: `name` in OpenTelemetry's manner (`system.cpu.utilization`), `unit` in UCUM (`By`, `bit/s`, `1`, `Cel`, `W`). */
export interface MetricDefinition {
  name: string
  unit: string
  type: MetricType
  help: string
}

/** One value of one metric of the thing that the source knows by `key`, at milliseconds since the epoch. */
export interface Reading {
  key: string
  metric: string
  value: number
  at: number
}

/** One value of what the inventory knows already, whoever told it, found by `environment.matcher`; without a resource: of the source itself. */
export interface Measured {
  resourceId?: number
  metric: string
  value: number
  at: number
}

/** A part that was listed as a whole: what it held before and holds no more was missed once. */
export interface Part {
  part: string
  things: Observation[]
}

/** A part that does not answer: nothing of it is gone, all that it held is stale until it is listed again. */
export interface Silent {
  silent: string
}

/** Something that happened, to be kept as an event of the source, or of the thing with this key: a trap, a notification. */
export interface Notice {
  notice: string
  key?: string
  detail: Record<string, unknown>
}

/** That the source was asked for values, whether it answered, and how long that took. */
export interface Collected {
  collected: boolean
  seconds: number
}

/** What a watch tells: a thing as it is now, one that is gone, a part listed anew or silent, values, how a collection went, or something that happened. */
export type Told =
  Observation | Gone | Part | Silent | Notice | Collected | { readings: Reading[] } | { measured: Measured[] }

/** Lines of these things in [from, to], milliseconds since the epoch. */
export interface LogQuery {
  keys: readonly string[]
  from: number
  to: number
  /** Words that all stand in the line, each at least as the beginning of one: what a source cannot choose by itself is chosen from what it gives. */
  words: readonly string[]
  /** How many are wanted, the newest. */
  first: number
}
/** What a source that keeps lines of things which others know goes by. */
export interface LogOwner {
  kind: string
  name: string
  fields: Readonly<Record<string, unknown>>
  labels: Readonly<Record<string, string>>
}
export interface LogLine {
  key: string
  at: number
  /** 0 (emergency) to 7 (debug); null where the system does not say. */
  level: number | null
  text: string
}

/** A running connection to an outside system. Every method obeys `signal` within 50 ms and throws SourceError only. */
export interface Source {
  /** What this one measures beyond its driver's metrics. */
  readonly metrics?: readonly MetricDefinition[]
  /** The whole inventory; failing midway throws. Absent where a source only watches (SNMP: every device is a part). */
  list?(signal: AbortSignal): AsyncIterable<Observation>
  /** Live values of things by key; what cannot be read is left out when others can, and throws when nothing can. */
  read?(keys: readonly string[], metrics: readonly string[], signal: AbortSignal): Promise<Reading[]>
  /**
   * The least that shows whether the system answers and lets us read, for `plenum doctor`: what it found, in a few words. Where it is absent the first thing of a
   * listing is asked for.
   */
  probe?(signal: AbortSignal): Promise<string>
  /** Pushed changes, where the system can push; ends only by `signal` or by throwing. */
  watch?(signal: AbortSignal): AsyncIterable<Told>
  /** In any order, also more than were asked for. */
  logs?(query: LogQuery, signal: AbortSignal): AsyncIterable<LogLine>
  /**
   * Under which key it has the lines of a thing, where it lists none itself; undefined: it has none. What it goes by may be what a tenant calls its own things, so
   * that such lines are for those who see all.
   */
  logKeyOf?(owner: LogOwner): string | undefined
  /** Only with `control: true`. */
  actor?: Actor
  /** Only with `control: true`. */
  power?: PowerSwitch
  /** Only with `control: true`. */
  mover?: Mover
  /** Only with `control: true`. */
  resizer?: Resizer
  close(): Promise<void>
}

/** How one thing is to be measured, by the collection policies of the configuration. */
export interface Collecting {
  /** Not at all. */
  isOff: boolean
  /** Between two readings; undefined: as the source's own settings say. */
  everyMs: number | undefined
  accepts(metric: string): boolean
}
/** The policies as a driver asks for them; what it measures all the same is sieved when it is taken in. */
export interface Collection {
  /** The shortest `everyMs` that any policy gives. */
  shortestMs: number | undefined
  /** What no policy selects is left out. */
  of(keys: readonly string[]): Promise<ReadonlyMap<string, Collecting>>
}

export interface KnownAddress {
  address: string
  resourceId: number
  kind: string
  name: string
  /** Nobody but this source tells of it. */
  isOwn: boolean
}

/** What a driver is told when a source of it is opened. */
export interface SourceEnvironment {
  /** The source's name in the configuration. */
  name: string
  /** Whether it may change things there; without it no actor is to be made. Absent: no. */
  control?: boolean
  log: { debug(detail: object, message: string): void; warn(detail: object, message: string): void }
  /** The value behind `env:NAME`, `file:PATH` or `command:LINE`; such references are the only form in which a config holds secrets. */
  secret(reference: string): Promise<string>
  /**
   * Waits until one more request may go out to the source, by its rate and how many it bears at once; call what it gives when the answer is there. Drivers ask
   * before every request that they send, unless they bound themselves (SNMP: per device).
   */
  admit?(signal: AbortSignal): Promise<() => void>
  /**
   * Which of `count` shards this process has now, where the driver divides its work: `Driver.shards` says into how many, `shardOf` what belongs to which. For other
   * drivers there is one, and whoever has it lists and watches.
   */
  shards: { count: number; mine(): readonly number[]; onChange(listener: () => void): () => void }
  /** Addresses of things that the inventory knows and that this source might ask: management addresses of devices. */
  addresses(signal: AbortSignal): Promise<readonly KnownAddress[]>
  /** Absent: all is measured as the source's own settings say. */
  collection?: Collection
  /** Which resource of the inventory the labels of a monitoring system speak of: good for the moment. Absent: nothing is known. */
  matcher?(): (labels: Readonly<Record<string, string>>) => number | undefined
}

/** A driver: one line in the list of src/source/index.ts. */
export interface Driver<Settings = unknown> {
  name: string
  /** Whether what it leaves out of a whole listing is gone; otherwise it goes stale. */
  authoritative: boolean
  /** Default rank among sources: larger is believed first. */
  precedence: number
  role: 'intent' | 'observed'
  /** Into how many pieces the work of one source may be divided between processes; default 1. A divided source is watched by all of them, and not listed. */
  shards?: number
  metrics: readonly MetricDefinition[]
  /** The settings of one source in the configuration, strict: unknown keys are refused with their path (a zod schema's parse). */
  parseSettings(value: unknown): Settings
  open(settings: Settings, environment: SourceEnvironment): Promise<Source>
}
