/** A request and all that it causes under one id, in logs and in traces. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { inSpan, toTrail, withTrail } from '../telemetry/index.ts'

/** Takes the trace of who asks up (W3C traceparent). */
export function traced(
  request: FastifyRequest,
  reply: FastifyReply,
  run: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const route = request.routeOptions.url ?? ''
  const attributes = {
    'http.request.method': request.method,
    'http.route': route,
    'plenum.request_id': request.id,
  }
  return withTrail(toTrail(request.id, request.headers['traceparent']), () =>
    inSpan(`${request.method} ${route}`, 'server', attributes, async (span) => {
      const answered = await run()
      span.set({ 'http.response.status_code': reply.statusCode })
      return answered
    }),
  )
}
