/**
 * Which alerts are one incident: each goes to the deepest failing thing that explains it, and that nothing else explains. The same alerts over the same graph give the same
 * incidents in whatever order they came.
 *
 * Terminology
 * - fact: that a resource fails in a certain way: an alert, or what its neighbours make one suspect. reason: a fact that explains another one, directly or through resources
 *   between them of which nothing is known.
 */
import type { Graph, Vertex } from '../graph/graph.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { AlertImage, Failure, Hop } from './alert.ts'
import { carries, suspicions, type Carry, type Relation, type Suspicion } from './carry.ts'
import { nearOf, sessionsWith } from './relation.ts'

export type AlertFact = Pick<AlertImage, 'id' | 'resourceId' | 'sourceId' | 'failure' | 'state'>

export interface Group {
  causeId: ResourceId
  failure: Failure
  /** Ascending. */
  alertIds: number[]
  /** Links from each alert's resource to the cause. */
  via: Map<number, Hop[]>
}

interface Fact {
  key: string
  vertex: Vertex
  failure: Failure
  alerts: AlertFact[]
}

interface Reason {
  fact: Fact
  depth: number
  via: Hop[]
}

/** Deeper than that nothing explains. */
const deepest = 12
const keyOf = (id: ResourceId, failure: Failure): string => `${id}/${failure}`
const byEffect = Map.groupBy(carries, ({ to }) => to)

/** `healing`: causes that ended, or are suspected no more, but still explain what they made fail: it follows in its time. */
export function findGroups(
  graph: Graph,
  alerts: readonly AlertFact[],
  healing: readonly Pick<Group, 'causeId' | 'failure'>[] = [],
): Group[] {
  const facts = factsOf(graph, alerts, healing)
  const reasons = allReasons(graph, facts)
  const roots = rootsOf(reasons)
  const groups = new Map<Fact, Group>()
  for (const [fact, own] of reasons) {
    if (fact.alerts.length === 0) continue
    const { fact: root, via } = nearestRoot(fact, own, roots)
    let group = groups.get(root)
    if (group === undefined) {
      group = { causeId: root.vertex.id, failure: root.failure, alertIds: [], via: new Map() }
      groups.set(root, group)
    }
    for (const { id } of fact.alerts) {
      group.alertIds.push(id)
      group.via.set(id, via)
    }
  }
  for (const group of groups.values()) group.alertIds.sort((a, b) => a - b)
  return [...groups.values()].sort((a, b) => a.causeId - b.causeId || (a.failure < b.failure ? -1 : 1))
}

/** By resource and failure, in an order that does not depend on that of the alerts. */
function factsOf(
  graph: Graph,
  alerts: readonly AlertFact[],
  healing: readonly Pick<Group, 'causeId' | 'failure'>[],
): Map<string, Fact> {
  const facts = new Map<string, Fact>()
  const sorted = [...alerts].sort((a, b) => a.id - b.id)
  for (const alert of sorted) {
    const vertex = alert.resourceId === null ? undefined : graph.get(alert.resourceId)
    if (vertex === undefined) continue
    // What spreads to nothing is an incident for itself: two rules on one disk are one.
    const key = keyOf(vertex.id, alert.failure)
    const known = facts.get(key)
    if (known) known.alerts.push(alert)
    else facts.set(key, { key, vertex, failure: alert.failure, alerts: [alert] })
  }
  for (const { causeId, failure } of healing) {
    const [key, vertex] = [keyOf(causeId, failure), graph.get(causeId)]
    if (vertex !== undefined && !facts.has(key)) facts.set(key, { key, vertex, failure, alerts: [] })
  }
  for (const suspicion of suspicions) suspect(graph, suspicion, facts)
  return facts
}

function suspect(graph: Graph, suspicion: Suspicion, facts: Map<string, Fact>): void {
  const { of, seen, over, least, isWhole, isLast } = suspicion
  const own = [...facts.values()].filter(({ failure }) => failure === seen)
  if (own.length < least) return
  const open = isLast ? rootsOf(allReasons(graph, facts)) : undefined
  const counts = new Map<ResourceId, Set<ResourceId>>()
  for (const fact of own) {
    const { vertex } = fact
    if (open?.has(fact) === false) continue
    for (const { id } of nearOf(graph, wholeOf(graph, vertex, seen), over)) {
      const set = counts.get(id)
      if (set) set.add(vertex.id)
      else counts.set(id, new Set([vertex.id]))
    }
  }
  for (const [id, witnesses] of counts) {
    const vertex = graph.get(id)
    if (vertex === undefined || witnesses.size < least || facts.has(keyOf(id, of))) continue
    if (isWhole && !areAll(graph, vertex, over, witnesses)) continue
    facts.set(keyOf(id, of), { key: keyOf(id, of), vertex, failure: of, alerts: [] })
  }
}

/** A sensor's heat is its device's. */
function wholeOf(graph: Graph, vertex: Vertex, failure: Failure): Vertex {
  if (failure !== 'HOT') return vertex
  let whole = vertex
  for (let depth = 0; depth < 8; depth++) {
    const [link] = graph.links(whole, { type: ['PART_OF'], direction: 'out' })
    if (link === undefined) break
    whole = link.to
  }
  return whole
}

/** Whether every port that is cabled to the device, every session with it, is among the witnesses. */
function areAll(graph: Graph, device: Vertex, over: Relation, witnesses: ReadonlySet<ResourceId>): boolean {
  const far =
    over === 'remote'
      ? sessionsWith(graph, device)
      : graph
          .neighbors(device, 'PART_OF', 'in')
          .flatMap((port) => graph.neighbors(port, 'CONNECTED_TO', 'both'))
  return far.length > 0 && far.every(({ id }) => witnesses.has(id))
}

const allReasons = (graph: Graph, facts: ReadonlyMap<string, Fact>): Map<Fact, Map<Fact, Reason>> =>
  new Map([...facts.values()].map((fact) => [fact, reasonsOf(graph, fact, facts)]))

/** All facts that explain this one, the nearest first: backwards over what carries failures. */
function reasonsOf(graph: Graph, fact: Fact, facts: ReadonlyMap<string, Fact>): Map<Fact, Reason> {
  const found = new Map<Fact, Reason>()
  const seen = new Set([fact.key])
  let border: { vertex: Vertex; failure: Failure; via: Hop[] }[] = [{ ...fact, via: [] }]
  for (let depth = 1; depth <= deepest && border.length > 0; depth++) {
    const next: typeof border = []
    for (const at of border) {
      for (const carry of byEffect.get(at.failure) ?? []) {
        for (const { id, via } of stepsBack(graph, at.vertex, carry, fact, facts)) {
          const key = keyOf(id, carry.from)
          const vertex = graph.get(id)
          if (vertex === undefined || seen.has(key)) continue
          seen.add(key)
          const reached = { vertex, failure: carry.from, via: [...at.via, ...via] }
          const known = facts.get(key)
          if (known) found.set(known, { fact: known, depth, via: reached.via })
          next.push(reached)
        }
      }
    }
    border = next.sort((a, b) => a.vertex.id - b.vertex.id)
  }
  return found
}

function stepsBack(
  graph: Graph,
  vertex: Vertex,
  { over }: Carry,
  fact: Fact,
  facts: ReadonlyMap<string, Fact>,
) {
  // Only of what was measured itself is it known by whom.
  if (over === 'measured by') {
    if (vertex !== fact.vertex) return []
    return fact.alerts.flatMap(({ sourceId }) => (sourceId === 0 ? [] : [{ id: sourceId, via: [] }]))
  }
  const near = nearOf(graph, vertex, over)
  if (over === 'all ports' && !near.every(({ id }) => isCut(graph, id, facts))) return []
  return near
}

/** Whether nothing comes through a port: it has no carrier, or what it leads to is down. */
function isCut(graph: Graph, portId: ResourceId, facts: ReadonlyMap<string, Fact>): boolean {
  if (facts.has(keyOf(portId, 'LINK'))) return true
  const far = nearOf(graph, graph.get(portId)!, 'far device')
  return far.length > 0 && far.every(({ id }) => facts.has(keyOf(id, 'DOWN')))
}

type Reasons = ReadonlyMap<Fact, ReadonlyMap<Fact, Reason>>

/** Facts that nothing explains; of those that explain each other the one that weighs most. */
function rootsOf(reasons: Reasons): Set<Fact> {
  const roots = new Set<Fact>()
  for (const [fact, own] of reasons) {
    const isOpen = [...own.keys()].every((other) => reasons.get(other)!.has(fact) && weighs(fact, other))
    if (isOpen) roots.add(fact)
  }
  return roots
}

const weight: Readonly<Record<Failure, number>> = { SILENT: 5, DOWN: 4, HOT: 3, LINK: 2, SESSION: 1, NONE: 0 }

/** A thing before its ports, what was measured before what is suspected, then the older resource. */
function weighs(fact: Fact, other: Fact): boolean {
  const [a, b] = [weight[fact.failure], weight[other.failure]]
  if (a !== b) return a > b
  return fact.vertex.id < other.vertex.id
}

function nearestRoot(fact: Fact, own: ReadonlyMap<Fact, Reason>, roots: ReadonlySet<Fact>): Reason {
  const itself = { fact, depth: 0, via: [] }
  if (roots.has(fact)) return itself
  const candidates = [...own.values()].filter((reason) => roots.has(reason.fact))
  candidates.sort(
    (a, b) => a.depth - b.depth || a.fact.vertex.id - b.fact.vertex.id || (a.fact.key < b.fact.key ? -1 : 1),
  )
  return candidates[0] ?? itself
}
