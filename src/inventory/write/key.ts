/** What exported things call each other: their keys at the sources that know them. */
import type { Graph, Vertex } from '../../graph/graph.ts'
import type { ResourceId } from '../../resource/resource.ts'
import type { Origin, Resources } from '../../resource/verbs.ts'

export interface Keys {
  /** Unique among all. */
  of(id: ResourceId): string
  /** `source:key`, for what is not exported itself. */
  originOf(id: ResourceId): string
}

const batchSize = 1_000

/** One SQL statement a batch; the keys are kept in memory while the export runs. */
export async function readKeys(
  graph: Graph,
  resources: Pick<Resources, 'originsOf'>,
  preferred: string,
  signal: AbortSignal,
): Promise<Keys> {
  const sourceName = (id: ResourceId) => graph.get(id)?.name ?? String(id)
  const chosen = new Map<ResourceId, Origin>()
  const counts = new Map<string, number>()
  const ids = graph.ofType('Resource').map(({ id }) => id)
  for (let at = 0; at < ids.length; at += batchSize) {
    signal.throwIfAborted()
    const origins = await resources.originsOf(ids.slice(at, at + batchSize))
    for (const [id, list] of origins) {
      const origin = choose(list, (one) => sourceName(one.sourceId), preferred)
      if (origin === undefined) continue
      chosen.set(id, origin)
      counts.set(origin.key, (counts.get(origin.key) ?? 0) + 1)
    }
  }
  const originOf = (id: ResourceId) => {
    const origin = chosen.get(id)
    return origin ? `${sourceName(origin.sourceId)}:${origin.key}` : `plenum:${id}`
  }
  return {
    of(id) {
      const key = chosen.get(id)?.key
      return key !== undefined && counts.get(key) === 1 ? key : originOf(id)
    },
    originOf,
  }
}

/** The preferred source's, else the one of the first source by name; the same at every export. */
function choose(
  list: readonly Origin[],
  nameOf: (origin: Origin) => string,
  preferred: string,
): Origin | undefined {
  const rank = (origin: Origin) => `${nameOf(origin) === preferred ? 0 : 1}${nameOf(origin)}\0${origin.key}`
  return list.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0]
}

/** By name, then key: an order that does not depend on ids. */
export function sortVertices(vertices: readonly Vertex[], keys: Keys): Vertex[] {
  return vertices.toSorted((a, b) => compare(a.name, b.name) || compare(keys.of(a.id), keys.of(b.id)))
}

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
