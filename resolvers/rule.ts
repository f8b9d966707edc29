import { once, seesAll, toRule } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

interface RuleInput {
  name: string
  metric: string
  selector?: unknown
  condition: unknown
  for?: number | null
  keep?: number | null
  severity: string
  failure?: string | null
  summary: string
  runbookUrl?: string | null
  idempotencyKey?: string | null
  dryRun?: boolean | null
}

/** As rules are written: durations in seconds, without what is not given. */
function toDefinition({ idempotencyKey: _, dryRun: __, for: forMs, keep, ...rest }: RuleInput) {
  const given = Object.entries(rest).filter(([, value]) => value != null)
  return {
    ...Object.fromEntries(given),
    ...(forMs == null ? {} : { for: forMs / 1_000 }),
    ...(keep == null ? {} : { keep: keep / 1_000 }),
  }
}

export const rule = {
  Query: {
    rules: (_: unknown, __: unknown, context: Context) =>
      seesAll(context.viewer) ? context.alerts.rules().map((one) => toRule(context, one)) : [],
  },
  Mutation: {
    async saveRule(_: unknown, { input }: { input: RuleInput }, context: Context) {
      const definition = toDefinition(input)
      const checked = context.alerts.check(definition)
      if (input.dryRun === true) return { cursor: context.events.cursor(), rule: toRule(context, checked) }
      const { cursor } = await once(context, input, 'saveRule', ({ name }) =>
        context.alerts.saveRule(definition, name),
      )
      return { cursor, rule: toRule(context, checked) }
    },
    async deleteRule(
      _: unknown,
      { input }: { input: { name: string; idempotencyKey?: string | null } },
      context: Context,
    ) {
      const { cursor } = await once(context, input, 'deleteRule', ({ name }) =>
        context.alerts.deleteRule(input.name, name),
      )
      return { cursor, name: input.name }
    },
  },
}
