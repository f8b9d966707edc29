/** Rules as people write them, strict: what is not known is refused with its place. */
import { z } from 'zod'
import { toMs } from '../../duration.ts'
import { failures, severities } from '../alert.ts'
import { selectorShape } from '../../graph/selector.ts'
import type { Rule } from './rule.ts'
import { templateFaults } from './template.ts'

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

const upper = (value: unknown): unknown => (typeof value === 'string' ? value.toUpperCase() : value)

export const ruleSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9_:.-]{0,99}$/, 'letters, digits, _, -, . and : are needed'),
  metric: z.string().regex(/^[a-z][a-z0-9_.:]{0,127}$/i, 'the name of a metric is needed'),
  selector: selectorShape.default({}),
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
