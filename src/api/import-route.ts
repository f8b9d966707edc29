/** Large inventories: `PUT /import`, streamed, as one transaction. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { formatCursor } from '../event/event.ts'
import { PlenumError, invalidInput } from '../errors.ts'
import { scopeGraph } from '../graph/scope.ts'
import type { Actor } from '../resource/resource.ts'
import type { ImportRequest, InventoryItem, WriteResult } from '../resource/verbs.ts'
import type { Session } from '../token/index.ts'
import type { Admission } from './admission.ts'
import { checkAct, mutationRoles, readOnlyRefusal } from './auth.ts'
import type { ApiConfig } from './config.ts'
import type { Door } from './door.ts'
import { toPlenumError } from './format-error.ts'
import type { WriteAudit } from './guard.ts'
import { Unsupported, requestSignal, headerOf } from './http.ts'
import { toldWrite } from './grant.ts'
import type { Login } from './login.ts'
import { meterOperation } from './meter.ts'
import { actorOf } from './request.ts'
import type { Nouns } from './request.ts'
import { traced } from './traced.ts'

export type ImportFormat = 'ndjson' | 'yaml' | 'csv'
/** Bytes to items, in batches, as they arrive. */
export type ReadInventory = (
  format: ImportFormat,
  body: Readable,
  signal: AbortSignal,
) => AsyncIterable<InventoryItem[]>

const formats: Readonly<Record<string, ImportFormat>> = {
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/yaml': 'yaml',
  'application/x-yaml': 'yaml',
  'text/yaml': 'yaml',
  'text/csv': 'csv',
}

interface RouteOptions {
  config: ApiConfig
  door: Door
  login: Login
  admission: Admission
  nouns: Nouns
  audit: WriteAudit
  readInventory: ReadInventory
  log: Logger
}

export function addImportRoute(app: FastifyInstance, options: RouteOptions): void {
  const sessions = new WeakMap<FastifyRequest, Session>()
  void app.register((scoped, _, done) => {
    // Not read here: what parses it takes it as fast as it can, and the sender waits.
    scoped.addContentTypeParser('*', (_request, body, parsed) => parsed(null, body))
    scoped.addHook('onRequest', async (request, reply) => {
      const { door, login } = options
      door.checkSecure(request.raw)
      const { authorization } = request.headers
      const address = door.addressOf(request.raw)
      const session = await login({ authorization, address, requestId: request.id })
      reply.raw.once('close', options.admission.enter(session.viewer.tokenId))
      sessions.set(request, session)
    })
    scoped.put('/import', { bodyLimit: Number.MAX_SAFE_INTEGER }, (request, reply) =>
      traced(request, reply, () =>
        importBody(options, request, reply, (sessions.get(request) as Session).viewer),
      ),
    )
    done()
  })
}

async function importBody(
  { config, door, nouns, audit, readInventory, log }: RouteOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  viewer: Session['viewer'],
): Promise<FastifyReply> {
  const signal = requestSignal(request, reply, config.limits.importSeconds)
  const entry = {
    actor: viewer.name,
    remoteAddress: door.addressOf(request.raw),
    requestId: request.id,
    action: 'PUT /import',
    input: request.query,
  }
  const beganMs = performance.now()
  const record = (outcome: 'OK' | 'FAILED' | 'REFUSED', rest: { errorCode?: string; cursorSeq?: number }) => {
    meterOperation('import', rest.errorCode ?? 'OK', beganMs)
    return audit({ ...entry, outcome, ...rest }).catch((error: unknown) =>
      log.error({ err: error, entry }, 'an audit row was lost'),
    )
  }
  try {
    if (config.readOnly) throw readOnlyRefusal('PUT /import')
    const needed = mutationRoles['importInventory'] ?? 'operator'
    checkAct(viewer, 'PUT /import', needed)
    const body = new HashedBody(request.body as Readable)
    const items = readInventory(formatOf(request), body.read(), signal)
    const known = () => scopeGraph(viewer, nouns.graph)
    const asked = parameters(request)
    const by = once(actorOf(viewer, { requestId: request.id, signal }, known), request, asked, body)
    // Whether it was answered before is asked when its body is read: only then is it known whether it is the same.
    const result = await toldWrite(viewer, known(), () =>
      nouns.resources.importInventory({ ...asked, items, signal }, by),
    )
    // A dry run's own cursor is of a transaction that was taken back.
    const cursor = asked.dryRun ? nouns.events.cursor() : result.cursor
    await record('OK', asked.dryRun ? {} : { cursorSeq: cursor.seq })
    await nouns.events.applied(cursor.seq, signal)
    return await reply.header('cache-control', 'no-store').send(toSummary({ ...result, cursor }))
  } catch (error) {
    const { code } = toPlenumError(error)
    await record(code === 'FORBIDDEN' ? 'REFUSED' : 'FAILED', { errorCode: code })
    throw error
  }
}

const longestKey = 255

/** A body that passes through, and a hash of what has passed. */
class HashedBody {
  readonly #body: Readable
  readonly #hash = createHash('sha256')

  constructor(body: Readable) {
    this.#body = body
  }

  read(): Readable {
    return Readable.from(this.#pass(), { objectMode: false })
  }

  async *#pass(): AsyncGenerator<Buffer> {
    for await (const chunk of this.#body as AsyncIterable<Buffer>) {
      this.#hash.update(chunk)
      yield chunk
    }
  }

  get hash(): string {
    return this.#hash.copy().digest('hex')
  }
}

/** With the header Idempotency-Key the same request, to the byte, is done once. */
function once(by: Actor, request: FastifyRequest, { dryRun, ...asked }: Asked, body: HashedBody): Actor {
  const key = headerOf(request, 'idempotency-key')
  if (key === undefined || dryRun) return by
  if (key === '' || key.length > longestKey)
    throw invalidInput(`An idempotency key has 1 to ${longestKey} characters`, 'Idempotency-Key')
  const type = headerOf(request, 'content-type') ?? ''
  const idempotency = {
    actor: by.name,
    key,
    action: 'PUT /import',
    get input() {
      return { ...asked, type, hash: body.hash }
    },
  }
  return { ...by, idempotency }
}

function formatOf(request: FastifyRequest): ImportFormat {
  const [type = ''] = (headerOf(request, 'content-type') ?? '').split(';', 1)
  const format = formats[type.trim().toLowerCase()]
  if (format === undefined) {
    throw new Unsupported(`Content-Type must be one of ${Object.keys(formats).join(', ')}`)
  }
  return format
}

type Asked = Pick<ImportRequest, 'source' | 'mode' | 'dryRun' | 'acceptVanished'>

function parameters(request: FastifyRequest): Asked {
  const query = request.query as Record<string, string | string[] | undefined>
  for (const name of Object.keys(query)) {
    if (!['source', 'mode', 'dryRun', 'acceptVanished'].includes(name)) {
      throw invalidInput(`There is no parameter ${name.slice(0, 60)}`, `query.${name.slice(0, 60)}`)
    }
  }
  const mode = query['mode'] ?? 'merge'
  if (mode !== 'merge' && mode !== 'replace') throw invalidInput('mode is merge or replace', 'query.mode')
  const source = query['source'] ?? 'inventory'
  if (typeof source !== 'string' || !/^[\w.-]{1,100}$/.test(source)) {
    throw invalidInput('source has 1 to 100 letters, digits and . _ -', 'query.source')
  }
  return { source, mode, dryRun: flag(query, 'dryRun'), acceptVanished: flag(query, 'acceptVanished') }
}

function flag(query: Record<string, string | string[] | undefined>, name: string): boolean {
  const value = query[name]
  if (value === undefined || value === 'false' || value === '0') return false
  if (value === '' || value === 'true' || value === '1') return true
  throw new PlenumError('INVALID_INPUT', `${name} is true or false`, { path: `query.${name}` })
}

const toSummary = ({ cursor, resourceIds, ...counts }: WriteResult) => ({
  ...counts,
  cursor: formatCursor(cursor),
  resourceIds: resourceIds.map(String),
  planned: counts.planned.map(({ resourceId, ...change }) => ({
    resourceId: resourceId === null ? null : String(resourceId),
    ...change,
  })),
})
