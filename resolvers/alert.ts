import type { GraphQLResolveInfo } from 'graphql'
import {
  connectAlerts,
  followAlerts,
  openStates,
  seesAll,
  toLabels,
  toAlertTest,
  type AlertChangedArguments,
  type AlertFilterInput,
  type AlertState,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'

interface AlertsArguments {
  filter?: AlertFilterInput | null
  first?: number | null
  after?: string | null
}

const mostEnded = 1_000

async function alerts(
  _: unknown,
  { filter, ...args }: AlertsArguments,
  context: Context,
  info: GraphQLResolveInfo,
) {
  const { test: fits } = await toAlertTest(context, filter ?? {})
  const states = new Set<AlertState>(filter?.state ?? openStates)
  const ended = states.has('RESOLVED') ? await context.alerts.ended({ first: mostEnded }) : []
  const all = [...context.alerts.open(), ...ended].filter((image) => states.has(image.state) && fits(image))
  return connectAlerts(context, info, args, [filter ?? null], all)
}

function unmatchedAlerts(_: unknown, __: unknown, context: Context) {
  if (!seesAll(context.viewer)) return []
  return [...context.alerts.open()]
    .filter(({ resourceId }) => resourceId === null)
    .map(({ rule, severity, summary, labels, startsAt }) => ({
      name: rule,
      severity,
      summary,
      labels: toLabels(labels),
      startsAt,
    }))
}

export const alert = {
  Query: { alerts, unmatchedAlerts },
  Subscription: {
    alertChanged: {
      subscribe: async (_: unknown, args: AlertChangedArguments, context: Context) =>
        (await followAlerts(context, args)).under('alertChanged'),
    },
  },
}
