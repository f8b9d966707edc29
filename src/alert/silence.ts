/** What is silenced: by resource, rule, severity and label; by a maintenance with all that depends on its resources. */
import type { Graph } from '../graph/graph.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { AlertImage, SilenceImage } from './alert.ts'

export const isActive = ({ startsAt, endsAt }: SilenceImage, now: number): boolean =>
  startsAt <= now && now < endsAt

type Told = Pick<AlertImage, 'resourceId' | 'rule' | 'severity' | 'labels'>

/** All that it says must fit; what it says nothing of does. `covered`: its resources, with what depends on them where it is a maintenance. */
export function silences(
  silence: SilenceImage,
  alert: Told,
  labels: Readonly<Record<string, string>>,
  covered: ReadonlySet<ResourceId>,
): boolean {
  const { resourceIds, rules, severities } = silence
  return (
    (resourceIds.length === 0 || (alert.resourceId !== null && covered.has(alert.resourceId))) &&
    (rules.length === 0 || rules.includes(alert.rule)) &&
    (severities.length === 0 || severities.includes(alert.severity)) &&
    Object.entries(silence.labels).every(
      ([key, value]) => labels[key] === value || alert.labels[key] === value,
    )
  )
}

/** Finds what silences an alert; what depends on what is walked once for each state of the links. */
export class Silencer {
  readonly #silences: ReadonlyMap<number, SilenceImage>
  readonly #graph: () => Graph
  readonly #covered = new Map<
    number,
    { graph: Graph; linkChanges: number | undefined; ids: Set<ResourceId> }
  >()

  constructor(all: ReadonlyMap<number, SilenceImage>, graph: () => Graph) {
    this.#silences = all
    this.#graph = graph
  }

  by(alert: Told, now: number): SilenceImage | undefined {
    const graph = this.#graph()
    const labels = (alert.resourceId === null ? undefined : graph.get(alert.resourceId)?.labels) ?? {}
    for (const silence of this.#silences.values())
      if (isActive(silence, now) && silences(silence, alert, labels, this.#coveredBy(silence, graph)))
        return silence
    return undefined
  }

  /** What is in maintenance, with all that depends on it. */
  maintained(now: number): ReadonlySet<ResourceId> {
    const graph = this.#graph()
    const all = new Set<ResourceId>()
    for (const silence of this.#silences.values())
      if (silence.isMaintenance && isActive(silence, now))
        for (const id of this.#coveredBy(silence, graph)) all.add(id)
    return all
  }

  #coveredBy(silence: SilenceImage, graph: Graph): Set<ResourceId> {
    if (!silence.isMaintenance) return new Set(silence.resourceIds)
    const known = this.#covered.get(silence.id)
    if (known?.graph === graph && known.linkChanges === graph.linkChanges) return known.ids
    const ids = new Set(silence.resourceIds)
    for (const id of silence.resourceIds) {
      const vertex = graph.get(id)
      if (vertex === undefined) continue
      for (const hit of graph.dependents(vertex)) ids.add(hit.vertex.id)
    }
    this.#covered.set(silence.id, { graph, linkChanges: graph.linkChanges, ids })
    return ids
  }
}
