/** What lies within some links of some roots, now or at a former place in the log. */
import type { LoggedEvent } from '../../event/event.ts'
import type { Graph } from '../../graph/graph.ts'
import type { KindName } from '../../resource/kind/index.ts'
import type { LinkType } from '../../resource/kind/link.ts'
import type { ResourceId } from '../../resource/resource.ts'

export interface Neighbourhood {
  roots: ReadonlySet<ResourceId>
  depth: number
  /** undefined: all. */
  types: ReadonlySet<LinkType> | undefined
  /** Kinds that are passed through: they cost no depth and are not told of. */
  collapsed: ReadonlySet<KindName>
}

export interface Member {
  depth: number
  shown: boolean
}
export type Members = ReadonlyMap<ResourceId, Member>

/** A link seen from one of its ends. */
interface Way {
  type: LinkType
  from: ResourceId
  to: ResourceId
  other: ResourceId
  otherKind: KindName
}
export interface Links {
  of(id: ResourceId): readonly Way[]
  kindOf(id: ResourceId): KindName | undefined
}

/** The links of the graph. An id that was merged away has none: its survivor has them. */
export function presentLinks(graph: Graph): Links {
  const vertexOf = (id: ResourceId) => {
    const vertex = graph.get(id)
    return vertex?.id === id ? vertex : undefined
  }
  return {
    kindOf: (id) => vertexOf(id)?.kind.name,
    of(id) {
      const vertex = vertexOf(id)
      if (vertex === undefined) return []
      return graph.links(vertex).map(({ type, from, to }) => {
        const other = from.id === id ? to : from
        return { type, from: from.id, to: to.id, other: other.id, otherKind: other.kind.name }
      })
    },
  }
}

/** The links before `events` happened. */
export function rewind(present: Links, events: readonly LoggedEvent[]): Links {
  const added = new Set<string>()
  const removed = new Map<ResourceId, Map<string, Way>>()
  const kinds = new Map<ResourceId, KindName>()
  for (const { body } of events.toReversed()) {
    if (body.type === 'ResourceDeleted' || body.type === 'ResourceMerged')
      kinds.set(body.id, body.before.kind)
    if (body.type !== 'LinkAdded' && body.type !== 'LinkRemoved') continue
    const { type, from, to } = body.link
    const id = `${type}.${from}.${to}`
    const ends = [
      [from, { type, from, to, other: to, otherKind: body.to.kind }],
      [to, { type, from, to, other: from, otherKind: body.from.kind }],
    ] as const
    for (const [end, way] of ends) {
      if (body.type === 'LinkAdded') removed.get(end)?.delete(id)
      else removed.set(end, (removed.get(end) ?? new Map<string, Way>()).set(id, way))
    }
    if (body.type === 'LinkAdded') added.add(id)
    else added.delete(id)
  }
  return {
    kindOf: (id) => present.kindOf(id) ?? kinds.get(id),
    of(id) {
      const kept = present.of(id).filter(({ type, from, to }) => !added.has(`${type}.${from}.${to}`))
      const known = new Set(kept.map(({ type, from, to }) => `${type}.${from}.${to}`))
      const back = [...(removed.get(id) ?? [])].filter(([key]) => !known.has(key)).map(([, way]) => way)
      return [...kept, ...back]
    },
  }
}

/** Nearest first; collapsed kinds are stepped through at no cost. */
export function findMembers({ roots, depth, types, collapsed }: Neighbourhood, links: Links): Members {
  const members = new Map<ResourceId, Member>()
  let border: ResourceId[] = []
  for (const id of roots) {
    if (links.kindOf(id) === undefined) continue
    members.set(id, { depth: 0, shown: true })
    border.push(id)
  }
  for (let level = 0; border.length > 0; level++) {
    const next: ResourceId[] = []
    // The border grows while it is walked: what is collapsed is of the same level as what it is a part of.
    for (let index = 0; index < border.length; index++) {
      const id = border[index] as ResourceId
      for (const { type, other, otherKind } of links.of(id)) {
        if (members.has(other) || !(types?.has(type) ?? true)) continue
        const isCollapsed = collapsed.has(otherKind)
        if (!isCollapsed && level >= depth) continue
        members.set(other, { depth: isCollapsed ? level : level + 1, shown: !isCollapsed })
        if (isCollapsed) border.push(other)
        else next.push(other)
      }
    }
    border = next
  }
  return members
}
