/** Alerts of other systems: `POST /api/v2/alerts`, as Prometheus sends them to an Alertmanager. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Session } from '../token/index.ts'
import type { Admission } from './admission.ts'
import { checkAct, mutationRoles, readOnlyRefusal } from './auth.ts'
import type { ApiConfig } from './config.ts'
import type { Door } from './door.ts'
import { toPlenumError } from './format-error.ts'
import { mask, type WriteAudit } from './guard.ts'
import type { Login } from './login.ts'
import type { Refusals } from './refusals.ts'
import type { Nouns } from './request.ts'
import { traced } from './traced.ts'

export interface AlertRouteOptions {
  config: ApiConfig
  door: Door
  login: Login
  admission: Admission
  nouns: Nouns
  audit: WriteAudit
  refusals: Refusals
  log: Logger
}

const action = 'POST /api/v2/alerts'

export function addAlertRoute(app: FastifyInstance, options: AlertRouteOptions): void {
  const sessions = new WeakMap<FastifyRequest, Session>()
  void app.register((scoped, _, done) => {
    scoped.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, parsed) => {
      try {
        parsed(null, JSON.parse(String(body)))
      } catch {
        // Told with the rest of what is wrong with it.
        parsed(null, undefined)
      }
    })
    scoped.addHook('onRequest', async (request, reply) => {
      const { door, login } = options
      door.checkSecure(request.raw)
      const { authorization } = request.headers
      const address = door.addressOf(request.raw)
      const session = await login({ authorization, address, requestId: request.id })
      reply.raw.once('close', options.admission.enter(session.viewer.tokenId))
      sessions.set(request, session)
    })
    scoped.post('/api/v2/alerts', (request, reply) =>
      traced(request, reply, async () => {
        await receive(options, request, sessions.get(request) as Session)
        return reply.type('application/json; charset=utf-8').send('{"status":"success"}')
      }),
    )
    done()
  })
}

/** What is told again and again, and changes nothing, leaves no record. */
async function receive(
  { config, door, nouns, audit, refusals, log }: AlertRouteOptions,
  request: FastifyRequest,
  { viewer }: Session,
): Promise<void> {
  const who = {
    ...{ actor: viewer.name, requestId: request.id, action },
    remoteAddress: door.addressOf(request.raw),
  }
  try {
    if (config.readOnly) throw readOnlyRefusal(action)
    checkAct(viewer, action, mutationRoles['createSilence'] ?? 'operator')
    const cursor = await nouns.alerts.receive(request.body, viewer.name)
    if (cursor === null) return
    const entry = { ...who, input: mask(request.body), outcome: 'OK' as const, cursorSeq: cursor.seq }
    await audit(entry).catch((error: unknown) => log.error({ err: error, entry }, 'an audit row was lost'))
  } catch (error) {
    const { code: errorCode, message: reason } = toPlenumError(error)
    refusals.note({ ...who, errorCode, reason })
    throw error
  }
}
