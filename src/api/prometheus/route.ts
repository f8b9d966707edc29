/** The HTTP API of Prometheus over what is measured here: for Grafana's data source, promtool and whoever else asks PromQL. Reads only. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { cancellable } from '../../cancel.ts'
import type { Viewer } from '../../context.ts'
import {
  BadQuery,
  nameLabel,
  parseSelector,
  queryInstant,
  queryRange,
  type Answer,
} from '../../promql/index.ts'
import type { Admission } from '../admission.ts'
import type { ApiConfig } from '../config.ts'
import type { Door } from '../door.ts'
import { toPlenumError } from '../format-error.ts'
import type { Login } from '../login.ts'
import { requestSignal, sendText } from '../http.ts'
import type { Nouns } from '../request.ts'
import { answerText, errorText, type ErrorType } from './answer.ts'
import { prometheusName, prometheusType } from './name.ts'
import { duration, instant, range, required, type Parameters } from './parameter.ts'
import { findSeries, selecting } from './select.ts'

export interface PrometheusOptions {
  config: ApiConfig
  door: Door
  login: Login
  admission: Admission
  nouns: Nouns
  log: Logger
}

interface Asked {
  nouns: Nouns
  viewer: Viewer
  parameters: Parameters
  signal: AbortSignal
}

/** Gives the answer as text. */
type Verb = (asked: Asked) => Promise<string> | string

export function addPrometheusRoutes(app: FastifyInstance, options: PrometheusOptions): void {
  void app.register(
    (scoped, _, done) => {
      const viewerOf = admit(scoped, options)
      scoped.addContentTypeParser(
        'application/x-www-form-urlencoded',
        { parseAs: 'string' },
        (_request, body, parsed) => parsed(null, body),
      )
      scoped.setErrorHandler((error, request, reply) => sendFailure(error, request, reply, options.log))
      for (const [url, verb] of Object.entries(reads))
        scoped.route({
          method: ['GET', 'POST'],
          url,
          handler: async (request, reply) => {
            const signal = requestSignal(request, reply, options.config.limits.requestSeconds)
            const parameters = parametersOf(request)
            const asked = { nouns: options.nouns, viewer: viewerOf(request), parameters, signal }
            const text = await cancellable(signal, () => verb(asked))
            void reply.type('application/json; charset=utf-8').header('cache-control', 'no-store')
            return sendText(request, reply, text)
          },
        })
      done()
    },
    { prefix: '/api/v1' },
  )
}

const reads: Readonly<Record<string, Verb>> = {
  '/query': instantQuery,
  '/query_range': rangeQuery,
  '/series': series,
  '/labels': labels,
  '/label/:name/values': labelValues,
  '/metadata': metadata,
  '/status/buildinfo': () => success({ version: '3.0.0', application: 'plenum' }),
}

/** Who may ask, looked at before anything is read. */
function admit(
  scoped: FastifyInstance,
  { door, login, admission }: PrometheusOptions,
): (request: FastifyRequest) => Viewer {
  const viewers = new WeakMap<FastifyRequest, Viewer>()
  scoped.addHook('onRequest', async (request, reply) => {
    door.checkSecure(request.raw)
    const authorization = bearer(request.headers.authorization)
    const address = door.addressOf(request.raw)
    const { viewer } = await login({ authorization, address, requestId: request.id })
    reply.raw.once('close', admission.enter(viewer.tokenId))
    viewers.set(request, viewer)
  })
  return (request) => viewers.get(request) as Viewer
}

/** Prometheus' clients often know only a user and a password: the password is the token. */
function bearer(authorization: string | undefined): string | undefined {
  const [, basic] = /^Basic +([A-Za-z0-9+/=]{1,16384}) *$/i.exec(authorization ?? '') ?? []
  if (basic === undefined) return authorization
  const [, password = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? []
  return `Bearer ${password}`
}

const success = (data: unknown): string => JSON.stringify({ status: 'success', data })

/** Of the query and of the form, both. */
function parametersOf({ url, body, params }: FastifyRequest): Parameters {
  const question = url.indexOf('?')
  const all = new URLSearchParams(question < 0 ? '' : url.slice(question + 1))
  for (const [name, value] of new URLSearchParams(typeof body === 'string' ? body : ''))
    all.append(name, value)
  for (const [name, value] of Object.entries(params as Record<string, string>)) all.set(`path.${name}`, value)
  return all
}

function optionsOf({ nouns, viewer, parameters, signal }: Asked) {
  return {
    select: selecting({ graph: nouns.graph, metrics: nouns.metrics, viewer }),
    signal,
    ...(parameters.has('lookback_delta') && { lookbackMs: duration(parameters, 'lookback_delta') }),
  }
}

async function instantQuery(asked: Asked): Promise<string> {
  const { parameters } = asked
  const at = instant(parameters, 'time', Date.now())
  return answerText(
    limited(await queryInstant(required(parameters, 'query'), at, optionsOf(asked)), parameters),
  )
}

async function rangeQuery(asked: Asked): Promise<string> {
  const { parameters } = asked
  const query = required(parameters, 'query')
  return answerText(limited(await queryRange(query, range(parameters), optionsOf(asked)), parameters))
}

/** `limit`: the most series; 0 or none: all. */
function limited(answer: Answer, parameters: Parameters): Answer {
  const limit = Number(parameters.get('limit') ?? 0)
  if (!Number.isInteger(limit) || limit < 0)
    throw new BadQuery('invalid parameter "limit": a whole number, 0 for none')
  if (limit === 0 || answer.type === 'scalar' || answer.type === 'string') return answer
  return { ...answer, series: answer.series.slice(0, limit) } as Answer
}

/** By all `match[]`; without any, all series. */
function matching({ nouns, viewer, parameters }: Asked, needsMatch: boolean) {
  const matches = parameters.getAll('match[]')
  if (needsMatch && matches.length === 0) throw new BadQuery('no match[] parameter provided')
  const selecting = { graph: nouns.graph, metrics: nouns.metrics, viewer }
  if (matches.length === 0) return findSeries(selecting, [])
  const found = matches.flatMap((text) => findSeries(selecting, parseSelector(text)))
  return [...new Map(found.map((one) => [JSON.stringify(one.labels), one])).values()]
}

function series(asked: Asked): string {
  return success(matching(asked, true).map(({ labels: one }) => one))
}

function labels(asked: Asked): string {
  return success([...new Set(matching(asked, false).flatMap(({ labels: one }) => Object.keys(one)))].sort())
}

function labelValues(asked: Asked): string {
  const name = asked.parameters.get('path.name') ?? ''
  return success([...new Set(matching(asked, false).flatMap(({ labels: one }) => one[name] ?? []))].sort())
}

/** Of the metrics that the viewer has any series of. */
function metadata(asked: Asked): string {
  const { nouns, parameters } = asked
  const seen = new Set(matching(asked, false).map(({ labels: one }) => one[nameLabel]))
  const only = parameters.get('metric')
  const limit = Number(parameters.get('limit') ?? Infinity)
  const known = nouns.metrics.metrics().flatMap((metric) => {
    const name = prometheusName(metric)
    if (!seen.has(name) || (only !== null && only !== name)) return []
    return [[name, [{ type: prometheusType(metric.type), help: metric.help, unit: metric.unit }]] as const]
  })
  return success(Object.fromEntries(known.slice(0, limit)))
}

const failures: Readonly<Record<string, { type: ErrorType; status: number }>> = {
  INVALID_INPUT: { type: 'bad_data', status: 400 },
  UNAUTHENTICATED: { type: 'unauthorized', status: 401 },
  FORBIDDEN: { type: 'unauthorized', status: 403 },
  LIMIT_EXCEEDED: { type: 'execution', status: 422 },
  RATE_LIMITED: { type: 'unavailable', status: 429 },
}

function sendFailure(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  void reply.type('application/json; charset=utf-8').header('cache-control', 'no-store')
  if (error instanceof BadQuery) return reply.code(400).send(errorText('bad_data', error.message))
  const shown = toPlenumError(error)
  const { type, status } = failures[shown.code] ?? { type: 'internal' as const, status: 500 }
  if (status === 500) log.error({ err: error, requestId: request.id }, 'a PromQL query failed')
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="plenum"')
  if (shown.details.retryAfterSeconds !== undefined)
    void reply.header('retry-after', shown.details.retryAfterSeconds)
  const message = status === 500 ? `an error of ours: request ${request.id}` : shown.message
  return reply.code(status).send(errorText(type, message))
}
