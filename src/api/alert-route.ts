/** Alerts of other systems: `POST /api/v2/alerts`, as Prometheus sends them to an Alertmanager. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Session } from '../token/index.ts'
import type { Admission } from './admission.ts'
import { checkAct, mutationRoles, readOnlyRefusal } from './auth.ts'
import type { ApiConfig } from './config.ts'
import type { Door } from './door.ts'
import type { Login } from './login.ts'
import type { Nouns } from './request.ts'

export interface AlertRouteOptions {
  config: ApiConfig
  door: Door
  login: Login
  admission: Admission
  nouns: Nouns
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
    scoped.post('/api/v2/alerts', async (request, reply) => {
      if (options.config.readOnly) throw readOnlyRefusal(action)
      const { viewer } = sessions.get(request) as Session
      checkAct(viewer, action, mutationRoles['createSilence'] ?? 'operator')
      await options.nouns.alerts.receive(request.body, viewer.name)
      return reply.type('application/json; charset=utf-8').send('{"status":"success"}')
    })
    done()
  })
}
