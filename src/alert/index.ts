/** Alerting: rules over what is measured, their alerts, the incidents that explain them, and whom they are told to. */
import type { Logger } from 'pino'
import type { Db } from '../db.ts'
import { invalidInput, notFound } from '../errors.ts'
import type { Cursor } from '../event/event.ts'
import type { Feed } from '../event/feed.ts'
import type { LiveGraph } from '../graph/graph.ts'
import type { Metrics } from '../metric/index.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Turns } from '../turn.ts'
import type { AlertImage, Hop, IncidentImage, SilenceImage } from './alert.ts'
import { Book } from './book.ts'
import { findGroups } from './cause.ts'
import { Engine } from './engine.ts'
import { HealthKeeper } from './health.ts'
import { IncidentKeeper } from './incident/keeper.ts'
import {
  acknowledge,
  closedIncidents,
  incidentById,
  incidentMoments,
  openIncidents,
  type Moment,
} from './incident/store.ts'
import { Notifier } from './notify/index.ts'
import type { NotifySettings } from './notify/settings.ts'
import { receiveAlerts } from './received.ts'
import { parseRule } from './rule/parse.ts'
import type { Rule } from './rule/rule.ts'
import { problemOf, Rules } from './rules.ts'
import { deleteRule, saveRule, savedRules } from './saved/store.ts'
import { endSilence, saveSilence, silencesAfter } from './silence/store.ts'
import { Silencer } from './silence.ts'
import type { Alerts, RuleStatus } from './verbs.ts'
import { alertsByIds, endedAlerts, openAlerts } from './store.ts'

export { lineThrough } from './rule/statistics.ts'
export { parseRule } from './rule/parse.ts'
export { notifySchema } from './notify/settings.ts'
export { tryCases } from './rule/cases.ts'
export { pruneAlerts } from './store.ts'
export { pruneIncidents } from './incident/store.ts'
export { pruneSilences } from './silence/store.ts'

export type { Alerts, RuleStatus } from './verbs.ts'

export interface AlertsOptions {
  db: Db
  log: Logger
  feed: Feed
  graph(): LiveGraph
  metrics: Metrics
  turns: Turns
  rules: readonly Rule[]
  notify: NotifySettings
  now?: () => number
}

export async function startAlerts(options: AlertsOptions): Promise<Alerts> {
  const alerting = new Alerting(options)
  await alerting.start()
  return alerting
}

class Alerting implements Alerts {
  readonly #options: AlertsOptions
  readonly #now: () => number
  readonly #rules: Rules
  readonly #book: Book
  readonly #silencer: Silencer
  readonly #closing: (() => Promise<void> | void)[] = []
  #engine: Engine | undefined
  #health: HealthKeeper | undefined
  #incidents: IncidentKeeper | undefined

  constructor(options: AlertsOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#rules = new Rules(options.rules)
    this.#book = new Book({
      log: options.log,
      load: () => this.#load(),
      changed: (ids) => {
        for (const id of ids) this.#health?.set(id)
        this.#incidents?.wake()
      },
      rulesChanged: () =>
        void this.#loadRules().catch((error: unknown) => this.#warn(error, 'rules cannot be read now')),
    })
    this.#silencer = new Silencer(this.#book.silences, options.graph)
  }

  async start(): Promise<void> {
    const { feed, metrics, graph, db, log, turns } = this.#options
    const reload = () =>
      void this.#book.load().catch((error: unknown) => this.#warn(error, 'alerts cannot be read now'))
    this.#closing.push(feed.join({ applied: (events) => this.#book.apply(events), restarted: reload }))
    await this.#loadRules()
    await this.#book.load()
    this.#health = new HealthKeeper({
      metrics,
      graph,
      alertsOf: (id) => this.#book.of(id),
      incidentOf: (id) => this.#book.incidentOf(id),
      now: this.#now,
    })
    this.#closing.push(() => this.#health?.close())
    for (const id of this.#book.resourceIds) this.#health.set(id)
    const common = { db, log, turns, graph, wake: () => feed.wake(), now: this.#now }
    const notifier = new Notifier({
      ...common,
      settings: this.#options.notify,
      silencedBy: (alert) => this.silencedBy(alert),
    })
    this.#closing.push(() => notifier.close())
    this.#incidents = new IncidentKeeper({
      ...common,
      announce: (trx, written) => notifier.announce(trx, written),
    })
    this.#closing.push(() => this.#incidents?.close())
    this.#engine = new Engine({ ...common, metrics, rules: () => this.#rules.all })
    this.#closing.push(() => this.#engine?.close())
  }

  async #load() {
    const { db } = this.#options
    const alerts = await openAlerts(db)
    return { alerts, incidents: await openIncidents(db), silences: await silencesAfter(db, this.#now()) }
  }

  async #loadRules(): Promise<void> {
    const faults = this.#rules.setSaved(await savedRules(this.#options.db))
    for (const fault of faults) this.#options.log.warn({ fault }, 'a saved rule cannot be used')
    this.#engine?.rulesChanged()
  }

  #warn(error: unknown, message: string): void {
    this.#options.log.warn({ err: error }, message)
  }

  rules(): readonly Rule[] {
    return this.#rules.all
  }

  statusOf(rule: Rule): RuleStatus {
    const status = problemOf(rule, this.#options.graph(), this.#options.metrics)
    return { ...status, problem: status.problem ?? this.#engine?.problemOf(rule.name) ?? null }
  }

  open(): Iterable<AlertImage> {
    return this.#book.alerts.values()
  }

  of(resourceId: ResourceId): AlertImage[] {
    return this.#book.of(resourceId)
  }

  async byIds(ids: readonly number[]): Promise<AlertImage[]> {
    const known = ids.flatMap((id) => this.#book.alerts.get(id) ?? [])
    const rest = ids.filter((id) => !this.#book.alerts.has(id))
    return rest.length === 0 ? known : [...known, ...(await alertsByIds(this.#options.db, rest))]
  }

  ended(request: Parameters<Alerts['ended']>[0]): Promise<AlertImage[]> {
    return endedAlerts(this.#options.db, request)
  }

  silencedBy(alert: AlertImage): SilenceImage | undefined {
    return this.#silencer.by(alert, this.#now())
  }

  maintained(): ReadonlySet<ResourceId> {
    return this.#silencer.maintained(this.#now())
  }

  incidentOf(alertId: number): IncidentImage | undefined {
    return this.#book.incidentOf(alertId)
  }

  openIncidents(): Iterable<IncidentImage> {
    return this.#book.incidents.values()
  }

  async incident(id: number): Promise<IncidentImage | undefined> {
    return this.#book.incidents.get(id) ?? incidentById(this.#options.db, id)
  }

  closedIncidents(request: { before?: number; first: number }): Promise<IncidentImage[]> {
    return closedIncidents(this.#options.db, request)
  }

  viaOf({ causeId, failure, alertIds }: IncidentImage): ReadonlyMap<number, readonly Hop[]> {
    const alerts = alertIds.flatMap((id) => this.#book.alerts.get(id) ?? [])
    const groups = findGroups(this.#options.graph(), alerts)
    return groups.find((group) => group.causeId === causeId && group.failure === failure)?.via ?? new Map()
  }

  moments(incidentIds: readonly number[], most: number): Promise<Moment[]> {
    return incidentMoments(this.#options.db, incidentIds, most)
  }

  silences(): SilenceImage[] {
    const now = this.#now()
    return [...this.#book.silences.values()].filter(({ endsAt }) => endsAt > now)
  }

  check(definition: unknown): Rule {
    const { rule, faults } = parseRule(definition, 'API')
    if (rule !== undefined) return rule
    const [first] = faults
    throw invalidInput(
      faults.map(({ path, message }) => `${path || 'the rule'}: ${message}`).join('; '),
      first!.path === '' ? 'input' : `input.${first!.path}`,
    )
  }

  async saveRule(definition: unknown, by: string): Promise<{ rule: Rule; cursor: Cursor }> {
    const rule = this.check(definition)
    const cursor = await saveRule(this.#options.db, rule.name, definition, by)
    await this.#loadRules()
    this.#options.feed.wake()
    return { rule, cursor }
  }

  async deleteRule(name: string, by: string): Promise<{ cursor: Cursor }> {
    const cursor = await deleteRule(this.#options.db, name, by)
    if (cursor === undefined)
      throw notFound(
        'There is no rule of that name that came by the API: what stands in the configuration is changed there',
        'input.name',
      )
    await this.#loadRules()
    this.#options.feed.wake()
    return { cursor }
  }

  async acknowledge(incidentId: number, by: string) {
    const done = await acknowledge(this.#options.db, incidentId, by)
    this.#options.feed.wake()
    return done
  }

  async silence(silence: Omit<SilenceImage, 'id'>) {
    const done = await saveSilence(this.#options.db, silence)
    this.#options.feed.wake()
    return done
  }

  async endSilence(id: number, by: string) {
    const done = await endSilence(this.#options.db, id, by)
    if (done === undefined) throw notFound('There is no such silence, or it is over', 'input.silence')
    this.#options.feed.wake()
    return done
  }

  async receive(alerts: unknown, by: string): Promise<Cursor | null> {
    const { db, graph, feed } = this.#options
    const cursor = await receiveAlerts(db, graph(), alerts, by, this.#now())
    if (cursor !== null) feed.wake()
    return cursor
  }

  async round(): Promise<void> {
    await this.#engine?.round()
  }

  async close(): Promise<void> {
    for (const end of this.#closing.reverse()) await end()
  }
}
