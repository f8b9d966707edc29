/** What the API counts of itself. */
import type { FastifyInstance } from 'fastify'
import { getOperationAST } from 'graphql'
import type { DocumentNode, ExecutionResult } from 'graphql'
import { counter, histogram } from '../telemetry/index.ts'
import { toPlenumError } from './format-error.ts'

const operations = counter({
  name: 'plenum_operations_total',
  help: 'Operations executed: queries, mutations, messages of subscriptions and imports, by the code of their first error or OK.',
  labels: ['operation', 'code'],
})
const operationSeconds = histogram({
  name: 'plenum_operation_duration_seconds',
  help: 'How long operations took to be executed; of subscriptions each message.',
  labels: ['operation'],
})
const resolverCalls = counter({
  name: 'plenum_resolver_calls_total',
  help: 'Calls of root fields: those that were answered (ok) and those that failed.',
  labels: ['field', 'result'],
})
const resolverSeconds = counter({
  name: 'plenum_resolver_seconds_total',
  help: 'Time until root fields were answered; what is read of the answer afterwards is in the duration of the operation.',
  labels: ['field'],
})
const refusals = counter({
  name: 'plenum_refusals_total',
  help: 'Requests that were refused before they were executed, by the code of the error.',
  labels: ['code'],
})
const requests = counter({
  name: 'plenum_http_requests_total',
  help: 'HTTP requests by what they asked for and the status of the answer.',
  labels: ['route', 'method', 'status'],
})

export type OperationKind = 'query' | 'mutation' | 'subscription' | 'import'

export function operationOf(asked: { document: DocumentNode; operationName: string | undefined }): {
  kind: OperationKind
  name: string | undefined
} {
  const operation = getOperationAST(asked.document, asked.operationName)
  return { kind: operation?.operation ?? 'query', name: operation?.name?.value }
}

export function meterOperation(kind: OperationKind, code: string, beganMs: number): void {
  operations.add([kind, code])
  operationSeconds.observe([kind], (performance.now() - beganMs) / 1_000)
}

export function meterResolver(field: string, result: 'ok' | 'failed', beganMs: number): void {
  resolverCalls.add([field, result])
  resolverSeconds.add([field], (performance.now() - beganMs) / 1_000)
}

export const codeOf = ({ errors }: ExecutionResult): string =>
  errors?.[0] === undefined ? 'OK' : String(errors[0].extensions['code'])

export const meterRefusal = (error: unknown): void => refusals.add([toPlenumError(error).code])

/** Routes as they are declared: addresses that anybody makes up are not counted one by one. */
export function meterRequests(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none')
    requests.add([route, request.method, String(reply.statusCode)])
    done()
  })
}
