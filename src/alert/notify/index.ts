/** Tells receivers of incidents: what is to be told stands in the outbox from the transaction that made it so; one process sends, and tries again until it arrived. */
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Graph } from '../../graph/graph.ts'
import { startLoop, type Loop } from '../../loop.ts'
import { secretsOf } from '../../source/index.ts'
import type { Turn, TurnGroup, Turns } from '../../turn.ts'
import type { AlertImage, IncidentImage, SilenceImage } from '../alert.ts'
import { incidentById, incidentMoments } from '../incident/store.ts'
import { holderOf } from '../relation.ts'
import { alertsByIds } from '../store.ts'
import { sendMail, toMail } from './mail.ts'
import { toBody, toWatchdog, type Cause, type Former, type Told } from './message.ts'
import type { NotifySettings, Receiver, Route } from './settings.ts'
import {
  drop,
  dueNow,
  noteFailed,
  noteSent,
  postpone,
  queue,
  queueResolved,
  reopen,
  toldBefore,
  type Due,
} from './store.ts'

export interface NotifierOptions {
  db: Knex
  log: Logger
  turns: Turns
  settings: NotifySettings
  graph(): Graph
  silencedBy(alert: AlertImage): SilenceImage | undefined
  now: () => number
}

const everyMs = 2_000
const deadlineMs = 10_000
const watchdogMs = 60_000
const mostAtOnce = 100
const mostTries = 25
const mostMoments = 200
const silencedMs = 5_000
const backoffMs = (tries: number): number => Math.min(15 * 60_000, 2_000 * 2 ** tries)

export class Notifier {
  readonly #options: NotifierOptions
  readonly #group: TurnGroup | undefined
  readonly #loop: Loop | undefined
  readonly #sending = new Map<string, Promise<void>>()
  readonly #stop = new AbortController()
  #turn: Turn | undefined
  #watchedAt = -Infinity

  constructor(options: NotifierOptions) {
    this.#options = options
    if (Object.keys(options.settings.receivers).length === 0) return
    this.#group = options.turns.share('alert/notify', ['alert/notify'], (held) => (this.#turn = held[0]))
    this.#loop = startLoop({ name: 'notifications', everyMs, log: options.log, run: () => this.#run() })
  }

  /** What follows of incidents as they were written, in their transaction. */
  async announce(trx: Knex.Transaction, written: readonly IncidentImage[]): Promise<void> {
    const { settings, now } = this.#options
    for (const incident of written) {
      const { id } = incident
      if (incident.state === 'CLOSED') {
        await queueResolved(trx, id, now() + settings.wait)
        continue
      }
      await reopen(trx, id)
      const route = settings.routes.find((one) => fits(one, incident, this.#options.graph()))
      if (route === undefined) continue
      await queue(trx, id, 'firing', route.to, now() + settings.wait)
      if (route.escalate) await queue(trx, id, 'escalation', route.escalate.to, now() + route.escalate.after)
    }
  }

  async #run(): Promise<void> {
    const turn = this.#turn
    if (turn === undefined || turn.signal.aborted) return
    const { db, now } = this.#options
    this.#watch()
    const due = await dueNow(db, now(), mostAtOnce)
    // One that hangs holds up only what is its own.
    for (const [receiver, own] of Map.groupBy(due, (one) => one.receiver)) {
      if (this.#sending.has(receiver)) continue
      const sending = this.#sendAll(own, turn)
        .catch((error: unknown) =>
          this.#options.log.warn({ err: error, receiver }, 'notifications cannot be sent now'),
        )
        .finally(() => this.#sending.delete(receiver))
      this.#sending.set(receiver, sending)
    }
  }

  async #sendAll(due: readonly Due[], turn: Turn): Promise<void> {
    for (const one of due) {
      if (turn.signal.aborted || this.#stop.signal.aborted) return
      await this.#sendOne(one, turn)
    }
  }

  async #sendOne(due: Due, turn: Turn): Promise<void> {
    const { db, settings, log, now } = this.#options
    const receiver = settings.receivers[due.receiver]
    const incident = await incidentById(db, due.incidentId)
    if (receiver === undefined || incident === undefined || isPast(due, incident)) return drop(db, due.id)
    const alerts = inOrder(incident, await alertsByIds(db, incident.alertIds))
    const open = alerts.filter(({ state }) => state === 'FIRING')
    const isSilenced = open.length > 0 && open.every((alert) => this.#options.silencedBy(alert) !== undefined)
    if (isSilenced && due.what !== 'resolved') return postpone(db, due.id, now() + silencedMs)
    try {
      const isOver = due.what === 'resolved' && receiver.type === 'alertmanager'
      const formerly = isOver ? await this.#formerly(due) : []
      const told = this.#toldOf(due, incident, alerts, formerly)
      const signal = AbortSignal.any([turn.signal, this.#stop.signal])
      if (receiver.type === 'email') await mail(receiver, told, signal)
      else await post(receiver, toBody(receiver.type, told, now()), signal)
      await noteSent(db, due.id)
    } catch (error) {
      if (turn.signal.aborted || this.#stop.signal.aborted) return
      const failure = (error as Error).message
      const isLast = due.tries + 1 >= mostTries
      log.warn(
        { receiver: due.receiver, incident: due.incidentId, tries: due.tries + 1, failure },
        isLast ? 'a notification was given up' : 'a notification did not arrive; trying again',
      )
      await noteFailed(db, due.id, failure, isLast ? null : now() + backoffMs(due.tries))
    }
  }

  /** As what it may have been told to this receiver. */
  async #formerly({ incidentId, receiver }: Due): Promise<Former[]> {
    const { db } = this.#options
    const told = await toldBefore(db, incidentId, receiver)
    const images = (await incidentMoments(db, [incidentId], mostMoments)).map(({ image }) => image)
    const alerts = await alertsByIds(db, [...new Set(images.flatMap(({ alertIds }) => alertIds))])
    return images.flatMap((incident) => {
      const ids = new Set(incident.alertIds)
      const own = inOrder(
        incident,
        alerts.filter(({ id }) => ids.has(id)),
      )
      const cause = this.#causeOf(incident)
      return own.length === 0 ? [] : told.map((what) => ({ incident, alerts: own, cause, what }))
    })
  }

  #causeOf({ causeId }: IncidentImage): Cause {
    const graph = this.#options.graph()
    const cause = graph.get(causeId)
    const nameOf = (id: number | null | undefined): string | null =>
      id == null ? null : (graph.get(id)?.name ?? null)
    return {
      kind: cause?.kind.name ?? 'Resource',
      name: cause?.name ?? String(causeId),
      labels: cause?.labels ?? {},
      site: nameOf(cause?.siteId),
      tenant: nameOf(holderOf(cause)),
    }
  }

  #toldOf(
    { what, receiver }: Due,
    incident: IncidentImage,
    alerts: readonly AlertImage[],
    formerly: readonly Former[],
  ): Told {
    return {
      ...{ incident, alerts, what, receiver, formerly },
      cause: this.#causeOf(incident),
      nameOf: ({ resourceId }) => {
        const vertex = resourceId === null ? undefined : this.#options.graph().get(resourceId)
        return vertex && { kind: vertex.kind.name, name: vertex.name }
      },
      externalUrl: this.#options.settings.externalUrl ?? 'http://localhost:4000',
    }
  }

  #watch(): void {
    const { settings, now, log } = this.#options
    if (Math.abs(now() - this.#watchedAt) < watchdogMs) return
    this.#watchedAt = now()
    for (const [name, receiver] of Object.entries(settings.receivers)) {
      if (!receiver.watchdog) continue
      const body = toWatchdog(receiver.type, name, settings.externalUrl ?? '', now())
      if (body === undefined) continue
      void post(receiver, body, this.#stop.signal).catch((error: unknown) => {
        if (!this.#stop.signal.aborted)
          log.warn({ receiver: name, failure: (error as Error).message }, 'the watchdog did not arrive')
      })
    }
  }

  async close(): Promise<void> {
    await this.#loop?.close()
    this.#stop.abort()
    await Promise.allSettled(this.#sending.values())
    await this.#group?.close()
  }
}

/** Nothing is told of the begin of what is over, nor is what somebody has seen escalated. */
function isPast({ what }: Due, { state, acknowledgedAt }: IncidentImage): boolean {
  if (what === 'resolved') return state !== 'CLOSED'
  return state === 'CLOSED' || (what === 'escalation' && acknowledgedAt !== null)
}

const inOrder = ({ causeId }: IncidentImage, alerts: readonly AlertImage[]): AlertImage[] =>
  [...alerts].sort(
    (a, b) => Number(b.resourceId === causeId) - Number(a.resourceId === causeId) || a.id - b.id,
  )

function fits({ severity, tenant, site, label }: Route, incident: IncidentImage, graph: Graph): boolean {
  const cause = graph.get(incident.causeId)
  const isNamed = (names: readonly string[] | undefined, id: number | null | undefined): boolean =>
    names === undefined || (id != null && names.includes(graph.get(id)?.name ?? ''))
  return (
    (severity === undefined || severity.includes(incident.severity)) &&
    isNamed(tenant, holderOf(cause)) &&
    isNamed(site, cause?.siteId) &&
    Object.entries(label ?? {}).every(([key, value]) => cause?.labels[key] === value)
  )
}

async function mail({ url, from, to }: Receiver, told: Told, signal: AbortSignal): Promise<void> {
  const secrets = url.startsWith('smtp') ? { url } : await secretsOf({ url })
  await sendMail(secrets['url']!, { from: from!, to: to! }, toMail(told), deadlineMs, signal)
}

/** Throws what went wrong, without the address. */
async function post(
  { type, url: reference, token }: Receiver,
  body: unknown,
  signal: AbortSignal,
): Promise<void> {
  const secrets = await secretsOf({
    ...(reference.startsWith('http') ? {} : { url: reference }),
    ...(token === undefined ? {} : { token }),
  })
  const url = secrets['url'] ?? reference
  const target = type === 'alertmanager' ? `${url.replace(/\/$/, '')}/api/v2/alerts` : url
  let response: Response
  try {
    response = await fetch(target, {
      method: 'POST',
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        ...(secrets['token'] === undefined ? {} : { authorization: `Bearer ${secrets['token']}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    })
  } catch (error) {
    const cause = (error as Error & { cause?: { code?: string } }).cause?.code
    throw new Error(
      (error as Error).name === 'TimeoutError'
        ? `no answer within ${deadlineMs / 1_000} s`
        : `it cannot be reached${cause ? ` (${cause})` : ''}`,
      { cause: error },
    )
  }
  await response.body?.cancel()
  if (!response.ok) throw new Error(`it answered ${response.status}`)
}
