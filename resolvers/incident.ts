import type { GraphQLResolveInfo } from 'graphql'
import {
  connectIncidents,
  findIncident,
  followIncidents,
  once,
  openIncidentStates,
  seesIncident,
  toIncident,
  toIncidentTest,
  type IncidentChangedArguments,
  type IncidentFilterInput,
  type IncidentState,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput } from '../src/errors.ts'

interface IncidentsArguments {
  filter?: IncidentFilterInput | null
  first?: number | null
  after?: string | null
}

const mostClosed = 1_000

function numberOf(id: string, path: string): number {
  const number = /^incident\.(\d{1,15})$/.exec(id)?.[1]
  if (number === undefined) throw invalidInput('The id of an incident is needed: incident.7', path)
  return Number(number)
}

async function incidents(
  _: unknown,
  { filter, ...args }: IncidentsArguments,
  context: Context,
  info: GraphQLResolveInfo,
) {
  const { test: fits } = await toIncidentTest(context, filter ?? {})
  const states = new Set<IncidentState>(filter?.state ?? openIncidentStates)
  const closed = states.has('CLOSED') ? await context.alerts.closedIncidents({ first: mostClosed }) : []
  const all = [...context.alerts.openIncidents(), ...closed].filter(
    (image) => states.has(image.state) && fits(image),
  )
  return connectIncidents(context, info, args, [filter ?? null], all)
}

export const incident = {
  Query: {
    incidents,
    incident: (_: unknown, { id }: { id: string }, context: Context) =>
      findIncident(context, numberOf(id, 'id')),
  },
  Mutation: {
    async acknowledgeIncident(
      _: unknown,
      { input }: { input: { incident: string; idempotencyKey?: string | null } },
      context: Context,
    ) {
      const id = numberOf(input.incident, 'input.incident')
      const known = await context.alerts.incident(id)
      if (known !== undefined && !seesIncident(context, known))
        throw invalidInput('There is no such incident, or it is closed', 'input.incident')
      const done = await once(context, input, 'acknowledgeIncident', ({ name }) =>
        context.alerts.acknowledge(id, name),
      )
      return { cursor: done.cursor, incident: toIncident(context, done.incident) }
    },
  },
  Subscription: {
    incidentChanged: {
      subscribe: async (_: unknown, args: IncidentChangedArguments, context: Context) =>
        (await followIncidents(context, args)).under('incidentChanged'),
    },
  },
}
