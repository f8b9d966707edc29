/** Alerts of other systems, as Prometheus sends them to an Alertmanager. Their labels are matched to a resource; what fits none is kept and listed. */
import { z } from 'zod'
import { severities, type AlertImage, type Failure, type Severity } from './alert.ts'
import type { Vertex } from '../graph/graph.ts'
import { holderOf } from './relation.ts'
import { invalidInput, limitExceeded } from '../errors.ts'

const text = z.string().max(10_000)
const time = z.iso.datetime({ offset: true }).transform((value) => Date.parse(value))

const given = z.object({
  labels: z
    .record(z.string().min(1).max(200), text)
    .refine((labels) => Object.keys(labels).length > 0, 'at least one label is needed'),
  annotations: z.record(z.string().max(200), text).default({}),
  startsAt: time.optional(),
  endsAt: time.optional(),
  generatorURL: text.optional(),
})

export interface GivenAlert {
  fingerprint: string
  labels: Record<string, string>
  annotations: Record<string, string>
  startsAt: number
  /** Null: it fires, and is over when it is not told again in time. */
  endsAt: number | null
  /** When it is over unless it is told again. */
  until?: number
}

const most = 10_000

/** INVALID_INPUT with the place of the first fault. */
export function parseAlerts(value: unknown, now: number): GivenAlert[] {
  if (!Array.isArray(value)) throw invalidInput('A list of alerts is needed', 'body')
  if (value.length > most)
    throw limitExceeded('alerts', most, `At most ${most} alerts at a time`, value.length)
  return value.map((one, index) => {
    const parsed = given.safeParse(one)
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!
      throw invalidInput(message, `body[${index}]${path.length > 0 ? `.${path.join('.')}` : ''}`)
    }
    const { labels, annotations, startsAt, endsAt } = parsed.data
    // Prometheus writes the year 1 where there is no end, and an end to come where it fires.
    const isOver = endsAt !== undefined && endsAt > 0 && endsAt <= now
    return {
      fingerprint: fingerprintOf(labels),
      labels,
      annotations,
      startsAt: Math.min(startsAt ?? now, now),
      endsAt: isOver ? endsAt : null,
      ...(endsAt !== undefined && endsAt > now ? { until: endsAt } : {}),
    }
  })
}

const fingerprintOf = (labels: Readonly<Record<string, string>>): string =>
  `intake/${JSON.stringify(
    Object.keys(labels)
      .sort()
      .map((key) => [key, labels[key]]),
  )}`

const severityOf = (label: string | undefined): Severity => {
  const text = (label ?? '').toUpperCase()
  if ((severities as readonly string[]).includes(text)) return text as Severity
  if (['PAGE', 'FATAL', 'EMERGENCY', 'ERROR', 'HIGH', 'DISASTER'].includes(text)) return 'CRITICAL'
  return ['NONE', 'NOTICE', 'DEBUG', 'LOW'].includes(text) ? 'INFO' : 'WARNING'
}

/** What an alert of another system tells of the things around it, by its usual names. */
function failureOf(name: string): Failure {
  if (
    /(instance|host|node|target|device|switch|server|endpoint|service).*(down|unreachable|notanswering|missing)/i.test(
      name,
    )
  )
    return 'DOWN'
  if (/(link|interface|port).*down/i.test(name)) return 'LINK'
  return /(bgp|session|peer).*(down|idle|notestablished)/i.test(name) ? 'SESSION' : 'NONE'
}

export function toImage(alert: GivenAlert, vertex: Vertex | undefined): Omit<AlertImage, 'id'> {
  const { labels, annotations, startsAt, endsAt } = alert
  const rule = labels['alertname'] ?? 'Alert'
  return {
    rule: rule.slice(0, 200),
    resourceId: vertex?.id ?? null,
    tenantId: holderOf(vertex),
    siteId: vertex?.siteId ?? null,
    sourceId: 0,
    state: endsAt === null ? 'FIRING' : 'RESOLVED',
    severity: severityOf(labels['severity']),
    failure: failureOf(rule),
    value: null,
    summary: (annotations['summary'] ?? annotations['description'] ?? annotations['message'] ?? rule).slice(
      0,
      1_000,
    ),
    runbookUrl: /^https?:\/\//.test(annotations['runbook_url'] ?? '')
      ? annotations['runbook_url']!.slice(0, 1_000)
      : null,
    labels,
    startsAt,
    firedAt: startsAt,
    endsAt,
  }
}
