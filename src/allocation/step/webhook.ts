/**
 * A configuration that somebody else does: a request to do it, one to take it back. Both bear the step's name as their idempotency key and may come again. 202: it is under way, and
 * is asked again; another 2xx: it is done; 408, 425, 429 and 5xx: tried again; any other: it is refused.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { invalidInput } from '../../errors.ts'
import type { NewStep } from '../../operation/index.ts'
import type { StepKind } from '../../operation/operation.ts'
import { readSecret } from '../../source/index.ts'
import { SourceError } from '../../source/source.ts'
import { fill, fillAll, type Values } from '../blueprint/index.ts'
import { toldOf } from './check.ts'
import type { WebhookForm } from './form.ts'
import { aboutOf, nameOf, type About, type Place } from './name.ts'

type Parameters = WebhookForm & { about: About }
type Action = 'configure' | 'undo' | 'release'

export function webhookStep({ url, ...form }: WebhookForm, values: Values, place: Place): NewStep {
  const parameters = { ...fillAll(form, values), url: fillAddress(url, values), about: aboutOf(values) }
  return { kind: 'webhook', name: nameOf(place, 'webhook'), parameters }
}

/** A value is a part of the path and leads nowhere else. */
function fillAddress(url: string, values: Values): string {
  const coded = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, encodeURIComponent(String(value))]),
  )
  const filled = fill(url, coded)
  const plain = fill(url, Object.fromEntries(Object.keys(values).map((key) => [key, 'x'])))
  const partsOf = (text: string): number => new URL(text).pathname.split('/').length
  if (partsOf(filled) !== partsOf(plain))
    throw invalidInput(
      'The address of a webhook leads elsewhere, with these parameters',
      'request.parameters',
    )
  return filled
}

const longestMs = 86_400_000
const lookAgain = { firstMs: 500, mostMs: 15_000 }
const again = [408, 425, 429]
/** What is not there needs not be taken back. */
const gone = [404, 410]

export const webhookKinds: readonly StepKind[] = [
  { kind: 'webhook', timeoutMs: longestMs, run: asking('configure'), undo: taking('undo') },
  { kind: 'webhook.end', timeoutMs: longestMs, run: asking('release'), undo: async () => {} },
]

function asking(action: Action): StepKind['run'] {
  return async (parameters, { name, signal }) => {
    const own = parameters as unknown as Parameters
    const until = performance.now() + own.within * 1_000
    for (let waitMs = lookAgain.firstMs; ; waitMs = Math.min(2 * waitMs, lookAgain.mostMs)) {
      const { status, retryMs } = await ask(own, action, name, signal)
      if (status !== 202) return { status }
      const restMs = retryMs ?? waitMs
      if (performance.now() + restMs >= until)
        throw new SourceError('bad', `${toldOf(own.url)} has not done it within ${own.within} s`)
      await delay(restMs, undefined, { signal })
    }
  }
}

function taking(action: Action): StepKind['undo'] {
  const run = asking(action)
  return async (parameters, context) => void (await run(parameters, context))
}

async function ask(
  { url, token, body, about, deadline }: Parameters,
  action: Action,
  name: string,
  signal: AbortSignal,
): Promise<{ status: number; retryMs: number | undefined }> {
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': `${name}/${action}`,
    ...(token === undefined ? {} : { authorization: `Bearer ${await readSecret(token, signal)}` }),
  }
  const response = await send(url, {
    ...{ method: 'POST', headers, redirect: 'manual' as const },
    body: JSON.stringify({ action, step: name, ...about, ...body }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(deadline * 1_000)]),
  })
  // What it says is nobody's: only that it came.
  await response.body?.cancel().catch(() => {})
  const { status } = response
  const isDone = response.ok || (action !== 'configure' && gone.includes(status))
  if (isDone) return { status: response.ok ? status : 200, retryMs: retryAfter(response) }
  const isPassing = status >= 500 || again.includes(status)
  throw new SourceError(isPassing ? 'failed' : 'bad', `${toldOf(url)} answers ${status} to ${action}`)
}

async function send(url: string, init: RequestInit & { signal: AbortSignal }): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } }
    if (name === 'TimeoutError') throw new SourceError('timeout', `${toldOf(url)}: no answer in time`)
    if (init.signal.aborted) throw new SourceError('aborted', 'given up')
    const why = cause?.code === undefined ? '' : ` (${cause.code})`
    throw new SourceError('unreachable', `${toldOf(url)} cannot be reached${why}`)
  }
}

/** In whole seconds, a minute at most: whoever says more is asked all the same. */
function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? NaN)
  return Number.isInteger(seconds) && seconds >= 0 ? Math.min(seconds, 60) * 1_000 : undefined
}
