/** What may be done with alerts, rules, incidents and silences. */
import type { Cursor } from '../event/event.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { AlertImage, Hop, IncidentImage, SilenceImage } from './alert.ts'
import type { Moment } from './incident/store.ts'
import type { Rule } from './rule/rule.ts'

export interface RuleStatus {
  /** Resources that it is about. */
  selected: number
  problem: string | null
}

export interface Alerts {
  rules(): readonly Rule[]
  statusOf(rule: Rule): RuleStatus
  /** Those that are open, in no order. */
  open(): Iterable<AlertImage>
  of(resourceId: ResourceId): AlertImage[]
  /** Open or ended, in the order of the ids that are found. */
  byIds(ids: readonly number[]): Promise<AlertImage[]>
  /** Those that fired and ended, the latest first. */
  ended(request: {
    resourceIds?: readonly ResourceId[]
    incidentId?: number
    before?: number
    first: number
  }): Promise<AlertImage[]>
  silencedBy(alert: AlertImage): SilenceImage | undefined
  /** What is in maintenance now, with all that depends on it. */
  maintained(): ReadonlySet<ResourceId>
  incidentOf(alertId: number): IncidentImage | undefined
  openIncidents(): Iterable<IncidentImage>
  incident(id: number): Promise<IncidentImage | undefined>
  closedIncidents(request: { before?: number; first: number }): Promise<IncidentImage[]>
  /** By which links the cause explains each alert, as the graph is now. */
  viaOf(incident: IncidentImage): ReadonlyMap<number, readonly Hop[]>
  /** How incidents came about, oldest first. */
  moments(incidentIds: readonly number[], most: number): Promise<Moment[]>
  /** Those that are not over. */
  silences(): SilenceImage[]
  /** INVALID_INPUT with all faults. */
  check(definition: unknown): Rule
  saveRule(definition: unknown, by: string): Promise<{ rule: Rule; cursor: Cursor }>
  /** NOT_FOUND when the API made none of that name. */
  deleteRule(name: string, by: string): Promise<{ cursor: Cursor }>
  acknowledge(incidentId: number, by: string): Promise<{ incident: IncidentImage; cursor: Cursor }>
  silence(silence: Omit<SilenceImage, 'id'>): Promise<{ silence: SilenceImage; cursor: Cursor }>
  endSilence(id: number, by: string): Promise<{ silence: SilenceImage; cursor: Cursor }>
  /** Alerts of another system. INVALID_INPUT when they are none; null when nothing is other than before. */
  receive(alerts: unknown, by: string): Promise<Cursor | null>
  /** Evaluates the rules now. */
  round(): Promise<void>
  close(): Promise<void>
}
