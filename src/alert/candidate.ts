/** Which series each rule looks at: those of its metric whose resources it selects. Found again when the graph or the series changed. */
import { toTest } from '../graph/filter.ts'
import type { Graph } from '../graph/graph.ts'
import type { Metrics } from '../metric/index.ts'
import type { SeriesId } from '../metric/metric.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Rule } from './rule/rule.ts'
import { selected, toFilter } from '../graph/selector.ts'

/** Something that a rule has an alert on. */
export interface Candidate {
  fingerprint: string
  resourceId: ResourceId
  /** 0 where no source measures it. */
  sourceId: ResourceId
  /** Null where there is no series: the rule is about its absence, or about nothing. */
  seriesId: SeriesId | null
}

export const fingerprintOf = (rule: string, resourceId: ResourceId, sourceId: ResourceId): string =>
  `rule/${rule}/${resourceId}/${sourceId}`

interface Known {
  rule: Rule
  graph: Graph
  seq: number
  seriesCount: number
  foundAt: number
  byResource: ReadonlyMap<ResourceId, readonly Candidate[]>
}

/** A graph that changes all the time is not searched all the time. */
export const restMs = 3_000

export class Candidates {
  readonly #metrics: Metrics
  readonly #known = new Map<string, Known>()

  /** Whether the graph has changed since something was found: it is to be asked again when the rest is over. */
  isBehind = false

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  of(rule: Rule, graph: Graph, now: number): ReadonlyMap<ResourceId, readonly Candidate[]> {
    const known = this.#known.get(rule.name)
    const seriesCount = this.#metrics.counters().series
    if (known?.rule === rule && known.graph === graph) {
      const isSame = known.seriesCount === seriesCount
      if (isSame && known.seq === graph.cursor.seq) return known.byResource
      if (isSame && Math.abs(now - known.foundAt) < restMs) {
        this.isBehind = true
        return known.byResource
      }
    }
    const byResource = this.#find(rule, graph)
    this.#known.set(rule.name, { rule, graph, seq: graph.cursor.seq, seriesCount, foundAt: now, byResource })
    return byResource
  }

  forget(names: ReadonlySet<string>): void {
    for (const name of this.#known.keys()) if (!names.has(name)) this.#known.delete(name)
  }

  #find(rule: Rule, graph: Graph): Map<ResourceId, Candidate[]> {
    const found = new Map<ResourceId, Candidate[]>()
    const add = (resourceId: ResourceId, sourceId: ResourceId, seriesId: SeriesId | null): void => {
      const candidate = {
        fingerprint: fingerprintOf(rule.name, resourceId, sourceId),
        resourceId,
        sourceId,
        seriesId,
      }
      const own = found.get(resourceId)
      if (own) own.push(candidate)
      else found.set(resourceId, [candidate])
    }
    if (rule.condition.type !== 'always') {
      const test = toTest(graph, toFilter(graph, rule.selector))
      for (const { id, resourceId, sourceId } of this.#metrics.seriesOf(rule.metric)) {
        const vertex = graph.get(resourceId)
        if (vertex?.id === resourceId && (test?.(vertex) ?? true)) add(resourceId, sourceId, id)
      }
    }
    if (isOfResources(rule))
      for (const { id } of selected(graph, rule.selector)) if (!found.has(id)) add(id, 0, null)
    return found
  }
}

/** Absence is of what is named: otherwise every resource would have to be measured. */
const isOfResources = ({ condition, selector }: Rule): boolean =>
  condition.type === 'always' || (condition.type === 'absence' && Object.keys(selector).length > 0)
