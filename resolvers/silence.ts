import {
  getForWrite,
  once,
  seesAll,
  seeId,
  toSilence,
  type Severity,
  type SilenceImage,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput, notFound } from '../src/errors.ts'

interface Write {
  idempotencyKey?: string | null
}
interface SilenceInput extends Write {
  resources?: string[] | null
  rules?: string[] | null
  severities?: Severity[] | null
  labels?: { key: string; value: string }[] | null
  comment: string
  startsAt?: number | null
  endsAt?: number | null
  duration?: number | null
}
interface MaintenanceInput extends Write {
  resource: string
  duration?: number | null
  comment?: string | null
  dryRun?: boolean | null
}

const longestMs = 400 * 86_400_000
const longestComment = 1_000
const usualMaintenanceMs = 4 * 3_600_000

function timesOf({ startsAt, endsAt, duration }: SilenceInput): { startsAt: number; endsAt: number } {
  const begins = startsAt ?? Date.now()
  if ((endsAt == null) === (duration == null))
    throw invalidInput('Give either endsAt or duration', 'input.endsAt')
  const ends = endsAt ?? begins + duration!
  if (ends <= Math.max(begins, Date.now()))
    throw invalidInput('It would be over before it begins', 'input.endsAt')
  if (ends - begins > longestMs) throw invalidInput('A silence lasts at most 400 days', 'input.endsAt')
  return { startsAt: begins, endsAt: ends }
}

function checkComment(comment: string): string {
  if (comment.length > longestComment)
    throw invalidInput(`At most ${longestComment} characters`, 'input.comment')
  return comment
}

async function toSilenceOf(
  input: SilenceInput,
  context: Context,
  createdBy: string,
): Promise<Omit<SilenceImage, 'id'>> {
  const { resources, rules, severities, labels } = input
  const times = timesOf(input)
  const ids = await Promise.all(
    (resources ?? []).map(
      async (ref, index) => (await getForWrite(context, ref, { path: `input.resources[${index}]` })).id,
    ),
  )
  const given = [resources, rules, severities, labels].filter((list) => list != null && list.length > 0)
  if (given.length === 0)
    throw invalidInput('It would silence everything: name resources, rules, severities or labels', 'input')
  return {
    isMaintenance: false,
    resourceIds: ids,
    rules: rules ?? [],
    severities: severities ?? [],
    labels: Object.fromEntries((labels ?? []).map(({ key, value }) => [key, value])),
    comment: checkComment(input.comment),
    createdBy,
    ...times,
  }
}

const shown = (context: Context, { silence, cursor }: { silence: SilenceImage; cursor: unknown }) => ({
  cursor,
  silence: toSilence(context, silence),
})

/** All that is under way for a resource. */
function maintenancesOf(context: Context, id: number): SilenceImage[] {
  const own = context.alerts
    .silences()
    .filter(({ isMaintenance, resourceIds }) => isMaintenance && resourceIds.includes(id))
  if (own.length === 0) throw notFound('No maintenance of it is under way', 'input.resource')
  return own
}

async function endAll(context: Context, id: number, by: string) {
  const [first, ...more] = maintenancesOf(context, id)
  let last = await context.alerts.endSilence(first!.id, by)
  for (const silence of more) last = await context.alerts.endSilence(silence.id, by)
  return last
}

/** What is told of a maintenance beside its silence. */
const around = (context: Context, id: number) => ({
  resource: () => seeId(context, context.graph, id),
  impact: () =>
    context.allocations.control
      .impactOf(id, context.graph)
      .flatMap((vertex) => seeId(context, context.graph, vertex.id) ?? []),
})

const foreseen = (context: Context, id: number) => ({
  ...{ cursor: context.events.cursor(), silence: null },
  ...around(context, id),
})

export const silence = {
  Query: {
    silences: (_: unknown, { active }: { active?: boolean | null }, context: Context) => {
      if (!seesAll(context.viewer)) return []
      const all = context.alerts.silences().map((one) => toSilence(context, one))
      return active == null ? all : all.filter((one) => one.active === active)
    },
  },
  Mutation: {
    async createSilence(_: unknown, { input }: { input: SilenceInput }, context: Context) {
      return shown(
        context,
        await once(context, input, 'createSilence', async ({ name }) =>
          context.alerts.silence(await toSilenceOf(input, context, name)),
        ),
      )
    },
    async endSilence(_: unknown, { input }: { input: Write & { silence: string } }, context: Context) {
      const id = /^silence\.(\d{1,15})$/.exec(input.silence)?.[1]
      if (id === undefined) throw invalidInput('The id of a silence is needed', 'input.silence')
      return shown(
        context,
        await once(context, input, 'endSilence', ({ name }) => context.alerts.endSilence(Number(id), name)),
      )
    },
    async startMaintenance(_: unknown, { input }: { input: MaintenanceInput }, context: Context) {
      const { id } = await getForWrite(context, input.resource, { path: 'input.resource' })
      const duration = input.duration ?? usualMaintenanceMs
      if (duration <= 0 || duration > longestMs)
        throw invalidInput('It lasts up to 400 days', 'input.duration')
      const comment = checkComment(input.comment ?? 'Maintenance')
      if (input.dryRun === true) return foreseen(context, id)
      const done = await once(context, input, 'startMaintenance', ({ name }) => {
        const startsAt = Date.now()
        const rest = {
          rules: [],
          severities: [],
          labels: {},
          createdBy: name,
          startsAt,
          endsAt: startsAt + duration,
        }
        return context.alerts.silence({ isMaintenance: true, resourceIds: [id], comment, ...rest })
      })
      return { ...shown(context, done), ...around(context, id) }
    },
    async endMaintenance(_: unknown, { input }: { input: MaintenanceInput }, context: Context) {
      const { id } = await getForWrite(context, input.resource, { path: 'input.resource' })
      if (input.dryRun === true && maintenancesOf(context, id).length > 0) return foreseen(context, id)
      const done = await once(context, input, 'endMaintenance', ({ name }) => endAll(context, id, name))
      return { ...shown(context, done), ...around(context, id) }
    },
  },
}
