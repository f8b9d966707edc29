/** Rules as people write them, strict: what is not known is refused with its place. */
import { z } from 'zod'
import { failures, severities } from '../alert.ts'
import { isKindName } from '../../resource/kind/index.ts'
import { linkTypes } from '../../resource/kind/link.ts'
import { statuses } from '../../resource/resource.ts'
import type { Rule, Selector } from './rule.ts'
import { templateFaults } from './template.ts'

const units: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** `30s`, `5m`, `PT5M`, or seconds. */
export function toMs(value: unknown): number | undefined {
  if (typeof value === 'number') return value >= 0 && Number.isFinite(value) ? value * 1_000 : undefined
  if (typeof value !== 'string') return undefined
  const short = /^(\d+(?:\.\d+)?)\s*([smhdw])$/.exec(value)
  if (short) return Number(short[1]) * units[short[2]!]!
  const long =
    /^P(?=\d|T\d)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(value)
  if (!long) return undefined
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = long
    .slice(1)
    .map((part) => Number(part ?? 0))
  return Math.round(((((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000)
}

const duration = z.unknown().transform((value, context) => {
  const ms = toMs(value)
  if (ms !== undefined && ms <= 366 * 86_400_000) return ms
  context.addIssue({
    code: 'custom',
    message: 'a time such as 30s, 5m, 3d or PT5M is needed, at most a year',
  })
  return z.NEVER
})

const number = z.number().refine(Number.isFinite, 'a finite number is needed')
const bound = {
  above: number.optional(),
  below: number.optional(),
  equals: number.optional(),
  clear: number.optional(),
}
type Bounds = { [name in keyof typeof bound]?: number | undefined }

function isOneBound({ above, below, equals }: Bounds): boolean {
  return [above, below, equals].filter((one) => one !== undefined).length === 1
}
const oneBound = 'exactly one of above, below and equals is needed'
/** An alert that began above a value cannot end above it. */
const isClear = ({ above, below, clear }: Bounds): boolean =>
  clear === undefined || (above !== undefined && clear <= above) || (below !== undefined && clear >= below)
const noClear = 'clear lies on the good side of above or below'

/** Raw samples of more than this are not in memory. */
const longestRate = 3_600_000

const condition = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('always') }),
  z
    .strictObject({ type: z.literal('threshold'), ...bound })
    .refine(isOneBound, oneBound)
    .refine(isClear, noClear),
  z
    .strictObject({
      type: z.literal('rate'),
      over: duration.pipe(z.number().min(1_000).max(longestRate)),
      ...bound,
    })
    .refine(isOneBound, oneBound)
    .refine(isClear, noClear),
  z.strictObject({ type: z.literal('absence'), after: duration.pipe(z.number().min(1_000)) }),
  z
    .strictObject({ type: z.literal('lastWeek'), over: duration.pipe(z.number().min(60_000)), ...bound })
    .refine(isOneBound, oneBound)
    .refine(isClear, noClear),
  z
    .strictObject({
      type: z.literal('forecast'),
      over: duration.pipe(z.number().min(60_000)),
      within: duration.pipe(z.number().min(60_000)),
      confidence: number.min(0.5).max(0.999).default(0.9),
      ...bound,
    })
    .refine(({ above, below }) => isOneBound({ above, below }), 'exactly one of above and below is needed')
    .refine(({ equals }) => equals === undefined, 'a forecast knows above and below'),
  z
    .strictObject({ type: z.literal('zscore'), over: duration.pipe(z.number().min(60_000)), ...bound })
    .refine(isOneBound, oneBound)
    .refine(isClear, noClear),
])

const names = z.array(z.string().min(1)).min(1)
const scalar = z.union([z.string(), z.number(), z.boolean()])

export const selector: z.ZodType<Selector> = z.lazy(() =>
  z.strictObject({
    and: z.array(selector).optional(),
    or: z.array(selector).min(1).optional(),
    not: selector.optional(),
    kind: names.refine((kinds) => kinds.every(isKindName), 'not a kind').optional(),
    name: z.string().min(1).max(300).optional(),
    status: z.array(z.enum(statuses)).min(1).optional(),
    label: z
      .array(
        z.strictObject({
          key: z.string().min(1),
          value: z.string().optional(),
          in: z.array(z.string()).optional(),
          exists: z.boolean().optional(),
        }),
      )
      .min(1)
      .optional(),
    tenant: names.optional(),
    site: names.optional(),
    source: names.optional(),
    fields: z.record(z.string(), z.array(scalar).min(1)).optional(),
    linked: z
      .strictObject({
        type: z.enum(linkTypes as [string, ...string[]]).optional(),
        direction: z.enum(['IN', 'OUT', 'BOTH']).optional(),
        depth: z.number().int().min(1).max(8).optional(),
        to: selector.optional(),
      })
      .optional(),
  }),
)

const upper = (value: unknown): unknown => (typeof value === 'string' ? value.toUpperCase() : value)

export const ruleSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9_:.-]{0,99}$/, 'letters, digits, _, -, . and : are needed'),
  metric: z.string().regex(/^[a-z][a-z0-9_.:]{0,127}$/i, 'the name of a metric is needed'),
  selector: selector.default({}),
  condition,
  for: duration.default(0),
  /** How long it must be well again. */
  keep: duration.default(0),
  severity: z.preprocess(upper, z.enum(severities)),
  failure: z.preprocess(upper, z.enum(failures)).default('NONE'),
  summary: z
    .string()
    .min(1)
    .max(1_000)
    .superRefine((text, context) => {
      for (const message of templateFaults(text)) context.addIssue({ code: 'custom', message })
    }),
  runbookUrl: z.url({ protocol: /^https?$/ }).nullish(),
})

export type RuleInput = z.input<typeof ruleSchema>

export function toRule(parsed: z.output<typeof ruleSchema>, origin: Rule['origin']): Rule {
  const { for: forMs, keep: keepMs, runbookUrl, condition: when, ...rest } = parsed
  return { ...rest, condition: when, forMs, keepMs, runbookUrl: runbookUrl ?? null, origin }
}

export interface RuleFault {
  path: string
  message: string
}

/** All faults at once. */
export function parseRule(
  value: unknown,
  origin: Rule['origin'],
): { rule: Rule; faults: [] } | { rule?: undefined; faults: RuleFault[] } {
  const parsed = ruleSchema.safeParse(value)
  if (parsed.success) return { rule: toRule(parsed.data, origin), faults: [] }
  return { faults: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) }
}
