/** What writes of inventory take and answer. */
import type { Context } from '../../context.ts'
import { invalidInput } from '../../errors.ts'
import type { Vertex } from '../../graph/graph.ts'
import type { Cursor } from '../../event/event.ts'
import type { Actor, Change } from '../../resource/resource.ts'
import type { PlannedChange, WriteResult } from '../../resource/verbs.ts'
import { toldWrite } from '../grant.ts'
import { checkTexts } from './text.ts'
import { seeId } from './view.ts'

const longestKey = 255

/** Who writes, after a look at the texts that are to be written. The input's own idempotency key goes before the header's; a dry run needs none. */
export function actorOf(
  context: Context,
  input: { idempotencyKey?: string | null; dryRun?: boolean | null },
  action: string,
): Actor {
  checkTexts(input, 'input')
  const { idempotencyKey: own, ...rest } = input
  const key = own ?? context.idempotencyKey
  if (key === undefined || input.dryRun === true) return context.actor
  if (key === '' || key.length > longestKey) {
    throw invalidInput(`An idempotency key has 1 to ${longestKey} characters`, 'input.idempotencyKey')
  }
  return { ...context.actor, idempotency: { actor: context.actor.name, key, action, input: rest } }
}

/** Refuses where the viewer may not write what is there, as a write of it would be. */
export function checkPlace({ actor }: Context, { id, kind, siteId, tenantId }: Vertex, path: string): void {
  const place = { id, kind: kind.name, siteId, tenantId }
  actor.guard?.({ items: [{ before: place, after: place, path }], links: [] })
}

/** Runs a write once: a repeated request is answered as before, whatever became of what it named. */
export async function writeOnce(
  context: Context,
  input: { idempotencyKey?: string | null; dryRun?: boolean | null },
  action: string,
  write: (by: Actor) => Promise<WriteResult>,
): Promise<object> {
  const by = actorOf(context, input, action)
  const known = by.idempotency && (await context.resources.answered(by.idempotency))
  const result = await toldWrite(context.viewer, context.graph, async () => known ?? write(by))
  // What a dry run wrote was undone: its place in the log never comes.
  return toPayload(context, input.dryRun === true ? { ...result, cursor: context.events.cursor() } : result)
}

/** Runs what is no write of resources once; a repeated request is answered as before. */
export async function once<T extends { cursor: Cursor }>(
  context: Context,
  input: { idempotencyKey?: string | null },
  action: string,
  run: (by: Actor) => Promise<T>,
): Promise<T> {
  const { idempotency } = actorOf(context, input, action)
  if (idempotency === undefined) return run(context.actor)
  const known = await context.resources.answered(idempotency)
  if (known !== undefined) return known as unknown as T
  const answer = await run(context.actor)
  await context.resources.keepAnswer(idempotency, answer)
  return answer
}

/** A payload of a write: its resources are read when they are selected, after this process has applied the write. */
function toPayload(context: Context, result: WriteResult): object {
  const { cursor, created, updated, unchanged, deleted, linksAdded, linksRemoved } = result
  return {
    cursor,
    counts: { created, updated, unchanged, deleted, linksAdded, linksRemoved },
    resources: () => result.resourceIds.flatMap((id) => seeId(context, context.graph, id) ?? []),
    plan: () => result.planned.map((change) => ({ ...change, ...describe(context, change) })),
    plannedTotal: result.plannedTotal,
  }
}

function describe(context: Context, change: PlannedChange): object {
  return {
    resource: () => seeId(context, context.graph, change.resourceId),
    summary: summaryOf(change),
  }
}

const mostTold = 10

function summaryOf({ action, kind, name, changes }: PlannedChange): string {
  const told = changes
    .slice(0, mostTold)
    .map(({ path, before, after }: Change) =>
      action === 'CREATE' || before == null
        ? `${path} ${show(after)}`
        : `${path} ${show(before)} → ${show(after)}`,
    )
  const more = changes.length > mostTold ? [`${changes.length - mostTold} more`] : []
  const list = [...told, ...more].join(', ')
  return `${action} ${kind} ${name}${list === '' ? '' : `: ${list}`}`
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
