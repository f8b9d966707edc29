/** When sources last confirmed a resource. */
import type { Context } from '../../context.ts'
import type { Graph, Vertex } from '../../graph/graph.ts'
import { presentOnly } from './instant.ts'

/** Resources that no source has confirmed at or after the instant, by the last complete sync of each source that knows them. */
export async function notSeenSince(
  context: Context,
  graph: Graph,
  instant: number,
): Promise<(vertex: Vertex) => boolean> {
  presentOnly(graph, 'notSeenSince')
  const states = await context.resources.sourceStates()
  return (vertex) =>
    !vertex.sources.some((id) => {
      const at = states.get(id)?.lastSyncAt
      return (at ?? vertex.updatedAt) >= instant
    })
}
