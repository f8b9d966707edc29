/** A rule tried on samples that are made up: what becomes of its alert, and when somebody would be told. The same judgement and the same life as in earnest. */
import { z } from 'zod'
import { freshFor } from '../../metric/fresh.ts'
import { judge, lookbackOf } from './condition.ts'
import { step, type Life } from './machine.ts'
import { toMs } from '../../duration.ts'
import type { Rule } from './rule.ts'

const time = z.unknown().transform((value, context) => {
  const ms = toMs(value)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'a time such as 30s or 5m is needed' })
  return z.NEVER
})

const change = z
  .string()
  .regex(
    /^\S+ (pending|fired|dropped|resolved|told)$/,
    'a time and pending, fired, dropped, resolved or told are needed: 2m fired',
  )

/** YAML reads a line of one value as a number. */
const line = z.union([z.string(), z.number()]).default('').transform(String)

export const caseSchema = z.strictObject({
  name: z.string().min(1),
  rule: z.unknown(),
  /** Between two samples, and between two looks at them. */
  every: time.prefault('30s'),
  round: time.prefault('10s'),
  /** `1*3 0 _*2 NaN`: values in order, `*` how often, `_` none. */
  samples: line,
  /** The same a week earlier, from the same moment on. */
  weekBefore: line,
  /** By when it is over; default: some time after the last sample. */
  until: time.optional(),
  happens: z
    .array(
      z.strictObject({
        at: time,
        /** The process ends and starts again; what is not in the table is gone. `down`: for so long. */
        restart: z.boolean().optional(),
        down: time.optional(),
        /** The clock is set by so many seconds. */
        clock: z.number().optional(),
        gone: z.boolean().optional(),
        late: z.strictObject({ of: time, value: z.number() }).optional(),
      }),
    )
    .default([]),
  silences: z.array(z.strictObject({ from: time, to: time })).default([]),
  expect: z.array(change),
})
export type Case = z.output<typeof caseSchema>

type Sample = [number, number]

/** Throws a text that says what is no value. */
function parseSamples(text: string, everyMs: number): Sample[] {
  const samples: Sample[] = []
  let index = 0
  for (const token of text.split(/\s+/).filter(Boolean)) {
    const match = /^(_|[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|Inf)|NaN)(?:\*(\d+))?$/i.exec(token)
    if (!match) throw new Error(`"${token}" is no value: write 1, 0*10, _ or NaN`)
    const value = Number(match[1]!.replace(/inf$/i, 'Infinity'))
    for (let times = Number(match[2] ?? 1); times > 0; times--, index++)
      if (match[1] !== '_') samples.push([index * everyMs, value])
  }
  return samples
}

/** Clocks of sources may be a little ahead. */
const aheadMs = 60_000
const weekMs = 7 * 86_400_000
/** Any instant: a simulation begins there. */
const epoch = 1_800_000_000_000

interface World {
  /** By the clock of the time. */
  samples: Sample[]
  former: Sample[]
  clock: number
  isGone: boolean
  downUntil: number
}

/** What happened, as `expect` is written, in order. */
export function simulate(rule: Rule, one: Case): string[] {
  const pending = parseSamples(one.samples, one.every)
  const former = parseSamples(one.weekBefore, one.every).map(([at, value]): Sample => [
    epoch + at - weekMs,
    value,
  ])
  const world: World = { samples: [], former, clock: 0, isGone: false, downUntil: 0 }
  const end = one.until ?? (pending.at(-1)?.[0] ?? 0) + 60_000
  const told: string[] = []
  let life: Life | undefined
  let isTold = false
  const happens = [...one.happens].sort((a, b) => a.at - b.at)
  for (let at = 0; at <= end; at += one.round) {
    while (pending[0] !== undefined && pending[0][0] <= at) take(world, pending.shift()!)
    while (happens[0] !== undefined && happens[0].at <= at) {
      const happening = happens.shift()!
      happen(world, happening)
      // What the table has comes back; nothing else does.
      if (happening.restart) life = life && (JSON.parse(JSON.stringify(life)) as Life)
    }
    if (at < world.downUntil) continue
    const now = epoch + at + world.clock
    const next = world.isGone
      ? { life: undefined, change: ended(life) }
      : step(rule, life, judge(rule.condition, evidenceOf(rule, world, life, now)), now)
    life = next.life
    if (next.change) told.push(`${formatTime(at)} ${next.change}`)
    if (life?.state !== 'FIRING') isTold = false
    else if (!isTold && !one.silences.some(({ from, to }) => at >= from && at < to)) {
      isTold = true
      told.push(`${formatTime(at)} told`)
    }
  }
  return told
}

const ended = (life: Life | undefined) =>
  life === undefined ? undefined : life.state === 'FIRING' ? 'resolved' : 'dropped'

function take(world: World, [at, value]: Sample): void {
  // The collector takes no other.
  if (Number.isFinite(value)) insert(world.samples, [epoch + at + world.clock, value])
}

function happen(world: World, { at, clock, gone, late, down }: Case['happens'][number]): void {
  if (clock !== undefined) world.clock += clock * 1_000
  if (gone) world.isGone = true
  if (late) insert(world.samples, [epoch + late.of + world.clock, late.value])
  if (down !== undefined) world.downUntil = at + down
}

function insert(samples: Sample[], sample: Sample): void {
  samples.push(sample)
  samples.sort((a, b) => a[0] - b[0])
}

function evidenceOf({ condition }: Rule, { samples, former }: World, life: Life | undefined, now: number) {
  const [back, freshMs] = [lookbackOf(condition), freshOf(samples)]
  const isLatest = condition.type === 'threshold'
  return {
    now,
    freshMs,
    isFiring: life?.state === 'FIRING',
    window: windowOf(samples, now - (isLatest ? Math.max(back, freshMs) : back), now + aheadMs),
    before: windowOf(former, now - weekMs - back, now - weekMs),
  }
}

function freshOf(samples: readonly Sample[]): number {
  const gap = (last: number): number => {
    const [former, one] = [samples.at(last - 1), samples.at(last)]
    return samples.length > -last ? one![0] - former![0] : Infinity
  }
  return freshFor(gap(-1), gap(-2))
}

function windowOf(samples: readonly Sample[], from: number, to: number) {
  const within = samples.filter(([at]) => at >= from && at <= to)
  return { times: within.map(([at]) => at), values: within.map(([, value]) => value) }
}

const formatTime = (ms: number): string => {
  const parts = [
    [3_600_000, 'h'],
    [60_000, 'm'],
    [1_000, 's'],
  ] as const
  const fits = parts.find(([size]) => ms % size === 0 && ms >= size)
  return fits ? `${ms / fits[0]}${fits[1]}` : `${ms / 1_000}s`
}

/** `90s fired` and `1.5m fired` are the same. */
export function canonicalChange(text: string): string {
  const [at = '', what = ''] = text.split(' ')
  return `${formatTime(toMs(at) ?? 0)} ${what}`
}
