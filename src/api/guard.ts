/**
 * Root fields behind their roles, and mutations in the audit trail: every attempt leaves a row, refused or not. A mutation
 * answers when this process has applied what it wrote, so that the answer and the next query show it.
 */
import { defaultFieldResolver } from 'graphql'
import type { GraphQLFieldResolver, GraphQLObjectType, GraphQLSchema } from 'graphql'
import type { Logger } from 'pino'
import type { Context, Role } from '../context.ts'
import { parseCursor } from '../event/event.ts'
import { checkAct, mutationRoles, readOnlyRefusal, readRoles } from './auth.ts'
import { toPlenumError } from './format-error.ts'
import { meterResolver } from './meter.ts'
import type { Refusals } from './refusals.ts'

/** One row of the audit trail. */
export interface AuditEntry {
  actor: string
  remoteAddress: string
  requestId: string
  action: string
  /** The arguments, secrets masked. */
  input: unknown
  outcome: 'OK' | 'FAILED' | 'REFUSED'
  errorCode?: string
  cursorSeq?: number
}
export type WriteAudit = (entry: AuditEntry) => Promise<void>

export interface GuardOptions {
  audit: WriteAudit
  log: Logger
  /** Where refused reads are told. */
  refusals: Refusals
  /** Refuses every mutation. */
  readOnly?: boolean
}

type Resolver = GraphQLFieldResolver<unknown, Context>

/** Puts the guards around a schema's root fields. To be done once, before it serves. */
export function guardRoots(schema: GraphQLSchema, options: GuardOptions): void {
  forFields(schema.getMutationType(), (name, resolve) => guardMutation(name, resolve, options))
  const guard = (name: string, resolve: Resolver): Resolver => guardRead(name, resolve, options)
  forFields(schema.getQueryType(), guard)
  const subscription = schema.getSubscriptionType()
  for (const field of Object.values(subscription?.getFields() ?? {})) {
    if (field.subscribe) field.subscribe = guard(field.name, field.subscribe as Resolver)
  }
}

function forFields(
  type: GraphQLObjectType | null | undefined,
  wrap: (name: string, resolve: Resolver) => Resolver,
): void {
  for (const field of Object.values(type?.getFields() ?? {})) {
    const guarded = wrap(field.name, (field.resolve as Resolver | undefined) ?? defaultFieldResolver)
    field.resolve = metered(`${type!.name}.${field.name}`, guarded)
  }
}

function metered(field: string, resolve: Resolver): Resolver {
  return (source, args, context, info) => {
    const beganMs = performance.now()
    try {
      const answer = resolve(source, args, context, info)
      if (answer instanceof Promise)
        answer.then(
          () => meterResolver(field, 'ok', beganMs),
          () => meterResolver(field, 'failed', beganMs),
        )
      else meterResolver(field, 'ok', beganMs)
      return answer
    } catch (error) {
      meterResolver(field, 'failed', beganMs)
      throw error
    }
  }
}

function guardRead(name: string, resolve: Resolver, { refusals }: GuardOptions): Resolver {
  const needed = readRoles[name]
  if (needed === undefined) return resolve
  return (source, args, context, info) => {
    try {
      checkAct(context.viewer, name, needed)
    } catch (error) {
      const { code: errorCode, message: reason } = toPlenumError(error)
      refusals.note({ ...actorOf(context), action: name, errorCode, reason })
      throw error
    }
    return resolve(source, args, context, info)
  }
}

function guardMutation(
  name: string,
  resolve: Resolver,
  { audit, log, readOnly = false }: GuardOptions,
): Resolver {
  const needed: Role | undefined = mutationRoles[name]
  return async (source, args, context, info) => {
    try {
      if (readOnly) throw readOnlyRefusal(name)
      checkAct(context.viewer, name, needed ?? 'admin')
      const payload = await resolve(source, args, context, info)
      const cursorSeq = cursorOf(payload)
      await record({ outcome: 'OK', ...(cursorSeq === undefined ? {} : { cursorSeq }) })
      if (cursorSeq !== undefined) await context.events.applied(cursorSeq, context.signal)
      return payload
    } catch (error) {
      const { code } = toPlenumError(error)
      await record({ outcome: code === 'FORBIDDEN' ? 'REFUSED' : 'FAILED', errorCode: code })
      throw error
    }

    async function record(result: Pick<AuditEntry, 'outcome' | 'errorCode' | 'cursorSeq'>): Promise<void> {
      const entry = { ...actorOf(context), action: name, input: mask(args), ...result }
      // The change itself is committed: an audit trail that cannot be written must be heard of, but cannot undo it.
      await audit(entry).catch((error: unknown) => log.error({ err: error, entry }, 'an audit row was lost'))
    }
  }
}

export const actorOf = (context: Context) => ({
  actor: context.viewer.name,
  remoteAddress: context.remoteAddress,
  requestId: context.requestId,
})

/** The sequence number in a payload's `cursor`, if it has one. */
function cursorOf(payload: unknown): number | undefined {
  const cursor = (payload as { cursor?: unknown } | null | undefined)?.cursor
  if (typeof cursor === 'string') return parseCursor(cursor)?.seq
  const seq = (cursor as { seq?: unknown } | null | undefined)?.seq
  return typeof seq === 'number' ? seq : undefined
}

const secretName = /secret|password|passphrase|token|community|credential|private.?key|api.?key/i
const longestText = 2_000
const mostItems = 200

/** The value without what must not be kept: secrets by their names, and the tail of what is too long to read. */
export function mask(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    return value.length <= longestText
      ? value
      : `${value.slice(0, longestText)}… (${value.length} characters)`
  }
  if (typeof value !== 'object' || value === null) return value
  if (depth > 20) return '…'
  if (Array.isArray(value)) {
    const shown = value.slice(0, mostItems).map((item) => mask(item, depth + 1))
    return value.length <= mostItems ? shown : [...shown, `… (${value.length} items)`]
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, secretName.test(key) ? '***' : mask(item, depth + 1)]),
  )
}
