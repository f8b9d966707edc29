/** What receivers are sent, in the formats that they know. Pure. */
import type { AlertImage, IncidentImage } from '../alert.ts'
import type { Receiver } from './settings.ts'

export interface Cause {
  kind: string
  name: string
  labels: Readonly<Record<string, string>>
  site: string | null
  tenant: string | null
}

export interface Former {
  incident: IncidentImage
  alerts: readonly AlertImage[]
  cause: Cause
  what: 'firing' | 'escalation'
}

export interface Told {
  incident: IncidentImage
  /** Its alerts, those of the cause first. */
  alerts: readonly AlertImage[]
  what: 'firing' | 'escalation' | 'resolved'
  cause: Cause
  /** What else it may have been told as: its cause and severity may have been others. */
  formerly: readonly Former[]
  nameOf: (alert: AlertImage) => { kind: string; name: string } | undefined
  receiver: string
  externalUrl: string
}

/** More are counted. */
const mostAlerts = 100
/** An Alertmanager forgets what is not told again by then. */
const forgetMs = 7 * 86_400_000

export function toBody(type: Exclude<Receiver['type'], 'email'>, told: Told, now: number): unknown {
  if (type === 'slack') return toSlack(told)
  return type === 'alertmanager' ? toAlerts(told, now) : toWebhook(told)
}

const statusOf = ({ what }: Told): 'firing' | 'resolved' => (what === 'resolved' ? 'resolved' : 'firing')
const instant = (ms: number): string => new Date(ms).toISOString()
const never = '0001-01-01T00:00:00Z'

function labelsOf({
  incident,
  cause,
  what,
}: Pick<Told, 'incident' | 'cause' | 'what'>): Record<string, string> {
  return {
    incident: `incident.${incident.id}`,
    severity: incident.severity.toLowerCase(),
    cause: cause.name,
    cause_kind: cause.kind,
    ...(cause.site === null ? {} : { site: cause.site }),
    ...(cause.tenant === null ? {} : { tenant: cause.tenant }),
    ...(what === 'escalation' ? { escalated: 'true' } : {}),
  }
}

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
function toWebhook(told: Told): object {
  const { incident, alerts, receiver, externalUrl } = told
  const common = labelsOf(told)
  return {
    version: '4',
    groupKey: `{}:{incident="incident.${incident.id}"}`,
    truncatedAlerts: Math.max(0, alerts.length - mostAlerts),
    status: statusOf(told),
    receiver,
    groupLabels: { incident: common['incident'] },
    commonLabels: common,
    commonAnnotations: annotationsOf(told),
    externalURL: externalUrl,
    alerts: alerts.slice(0, mostAlerts).map((alert) => toAlert(told, alert, common)),
  }
}

function annotationsOf({ incident }: Told): Record<string, string> {
  return {
    summary: incident.summary,
    ...(incident.runbookUrl === null ? {} : { runbook_url: incident.runbookUrl }),
  }
}

function toAlert(told: Told, alert: AlertImage, common: Record<string, string>): object {
  const named = told.nameOf(alert)
  return {
    status: alert.endsAt === null ? 'firing' : 'resolved',
    labels: {
      ...alert.labels,
      ...common,
      alertname: alert.rule,
      severity: alert.severity.toLowerCase(),
      ...(named === undefined ? {} : { instance: named.name, kind: named.kind }),
    },
    annotations: {
      summary: alert.summary,
      ...(alert.runbookUrl === null ? {} : { runbook_url: alert.runbookUrl }),
    },
    startsAt: instant(alert.startsAt),
    endsAt: alert.endsAt === null ? never : instant(alert.endsAt),
    generatorURL: `${told.externalUrl}/?incident=${told.incident.id}`,
    fingerprint: alert.id.toString(16).padStart(16, '0'),
  }
}

/** One alert an incident: an Alertmanager groups and routes it further. To it an alert is its labels: what ends, ends as all that it was. */
function toAlerts(told: Told, now: number): object[] {
  const { incident, alerts, formerly } = told
  const isOver = statusOf(told) === 'resolved'
  const all = isOver ? [told, ...formerly] : [told]
  const sets = new Map(
    all.map((one) => {
      const labels = { alertname: one.alerts[0]?.rule ?? 'Incident', ...labelsOf(one) }
      return [JSON.stringify(labels), labels]
    }),
  )
  return [...sets.values()].map((labels) => ({
    labels,
    annotations: { ...annotationsOf(told), alerts: String(alerts.length) },
    startsAt: instant(incident.startsAt),
    endsAt: instant(isOver ? (incident.endsAt ?? now) : now + forgetMs),
    generatorURL: `${told.externalUrl}/?incident=${incident.id}`,
  }))
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function toSlack({ incident, alerts, what, cause, externalUrl }: Told): object {
  const head =
    what === 'resolved' ? 'Resolved' : what === 'escalation' ? 'Not acknowledged' : incident.severity
  const more = alerts.length > 1 ? ` (${alerts.length} alerts)` : ''
  const runbook = incident.runbookUrl === null ? '' : ` <${escape(incident.runbookUrl)}|runbook>`
  return {
    text: `*${head}* ${escape(incident.summary)}${more}. Cause: ${escape(cause.kind)} ${escape(cause.name)}.${runbook} <${escape(externalUrl)}/?incident=${incident.id}|incident ${incident.id}>`,
  }
}

/** What says that Plenum is alive. */
export function toWatchdog(
  type: Receiver['type'],
  receiver: string,
  externalUrl: string,
  now: number,
): unknown {
  const labels = { alertname: 'Watchdog', severity: 'info' }
  const annotations = { summary: 'Always fires: when it is no longer told, Plenum is silent' }
  const times = { startsAt: instant(now), endsAt: type === 'alertmanager' ? instant(now + 300_000) : never }
  const alert = {
    status: 'firing',
    labels,
    annotations,
    ...times,
    generatorURL: externalUrl,
    fingerprint: '0'.repeat(16),
  }
  if (type === 'slack' || type === 'email') return undefined
  if (type === 'alertmanager') return [{ labels, annotations, ...times }]
  return {
    ...{
      version: '4',
      groupKey: '{}:{alertname="Watchdog"}',
      truncatedAlerts: 0,
      status: 'firing',
      receiver,
    },
    ...{
      groupLabels: labels,
      commonLabels: labels,
      commonAnnotations: annotations,
      externalURL: externalUrl,
    },
    alerts: [alert],
  }
}
