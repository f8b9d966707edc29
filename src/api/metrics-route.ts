/** `GET /metrics` for Prometheus: for tokens that see everything, and from addresses that the configuration names. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { PlenumError } from '../errors.ts'
import { expositionType, toExposition, type Family } from '../telemetry/index.ts'
import { isWithin, toRanges } from '../token/index.ts'
import type { Door } from './door.ts'
import type { Login } from './login.ts'

export interface MetricsOptions {
  login: Login
  door: Door
  /** Addresses and ranges that need no token. */
  allow: readonly string[]
  /** Of this process, or of all that answer on the port. */
  families(): Promise<readonly Family[]>
}

/** By a proxy that is not known as one: the address is the proxy's. */
const isForwarded = ({ headers, ip }: FastifyRequest, address: string): boolean =>
  (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined) && ip === address

export function addMetrics(app: FastifyInstance, { login, door, allow, families }: MetricsOptions): void {
  const ranges = toRanges(allow, 'metrics.allow')
  app.get('/metrics', async (request, reply) => {
    const { authorization } = request.headers
    const address = door.addressOf(request.raw)
    if (authorization !== undefined || !isWithin(ranges, address) || isForwarded(request, address)) {
      door.checkSecure(request.raw)
      const { viewer } = await login({ authorization, address, requestId: request.id })
      if (viewer.tenants !== undefined)
        throw new PlenumError('FORBIDDEN', 'These numbers are of all tenants: this token sees only some')
    }
    return reply
      .header('cache-control', 'no-store')
      .type(expositionType)
      .send(toExposition(await families()))
  })
}
