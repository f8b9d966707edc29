/** An alert as it is to be written, of the step that its rule took. */
import type { Graph } from '../graph/graph.ts'
import type { AlertImage } from './alert.ts'
import type { Candidate } from './candidate.ts'
import type { Step } from './rule/machine.ts'
import type { Rule } from './rule/rule.ts'
import { holderOf } from './relation.ts'
import { fillTemplate } from './rule/template.ts'
import type { AlertWrite, StoredAlert } from './store.ts'

interface Stepped {
  rule: Rule
  graph: Graph
  candidate: Candidate
  former: StoredAlert | undefined
  next: Step
  value: number | null
  now: number
}

export function toWrite({ rule, graph, candidate, former, next, value, now }: Stepped): AlertWrite {
  const { fingerprint, resourceId, sourceId } = candidate
  const { life } = next
  const vertex = graph.get(resourceId)
  const told: Pick<AlertImage, 'value' | 'summary' | 'state'> = {
    value: finite(life?.value ?? value),
    summary:
      former === undefined || next.change === 'fired'
        ? summaryOf(rule, graph, resourceId, value)
        : former.image.summary,
    state: life?.state ?? 'RESOLVED',
  }
  const image = {
    ...(former === undefined ? {} : { id: former.image.id }),
    rule: rule.name,
    resourceId,
    tenantId: holderOf(vertex),
    siteId: vertex?.siteId ?? null,
    sourceId,
    severity: rule.severity,
    failure: rule.failure,
    runbookUrl: rule.runbookUrl,
    labels: {},
    startsAt: former?.image.startsAt ?? life?.since ?? now,
    firedAt: life?.firedAt ?? former?.image.firedAt ?? null,
    endsAt: life === undefined ? now : null,
    ...told,
  }
  return { image, fingerprint, life: life ?? null, isTold: next.change !== undefined }
}

/** JSON has no infinity. */
const finite = (value: number | null): number | null =>
  value === null || Number.isFinite(value) ? value : null

function summaryOf(rule: Rule, graph: Graph, resourceId: number, value: number | null): string {
  const vertex = graph.get(resourceId)
  const nameOf = (id: number | null | undefined): string | null =>
    id == null ? null : (graph.get(id)?.name ?? null)
  return fillTemplate(rule.summary, {
    rule: rule.name,
    metric: rule.metric,
    severity: rule.severity,
    value,
    resource: { kind: vertex?.kind.name ?? '?', name: vertex?.name ?? '?' },
    site: nameOf(vertex?.siteId),
    tenant: nameOf(holderOf(vertex)),
    labels: vertex?.labels ?? {},
  })
}
