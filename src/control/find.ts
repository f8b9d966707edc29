/** Which source may do something to a thing: the one believed first of those that know it and may be changed. */
import { notFound, PlenumError } from '../errors.ts'
import type { Graph, Vertex } from '../graph/graph.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Resources } from '../resource/verbs.ts'

export interface Found<T> {
  sourceId: ResourceId
  key: string
  by: T
}

export interface Wanted<T> {
  id: ResourceId
  /** What can be told so. */
  kinds: readonly string[]
  /** Of a source by its id; throws what is to be told to who asks when it is not to be changed, or cannot. */
  of(sourceId: ResourceId): T
  knows(by: T, key: string): boolean
  /** Why a thing of another kind is not. */
  notOfKind(kind: string): string
  nobody: string
  path: string
}

/** Throws when nobody may or can. */
export async function findController<T>(
  graph: Graph,
  resources: Pick<Resources, 'originsOf'>,
  { id, kinds, of, knows, notOfKind, nobody, path }: Wanted<T>,
): Promise<Found<T> & { vertex: Vertex }> {
  const vertex = graph.get(id)
  if (vertex === undefined) throw notFound('It is no more', path)
  if (!kinds.includes(vertex.kind.name))
    throw new PlenumError('INVALID_INPUT', notOfKind(vertex.kind.name), { path })
  let why: unknown
  const origins = (await resources.originsOf([id])).get(id) ?? []
  for (const { sourceId, key } of origins.toSorted((one, other) => other.precedence - one.precedence))
    try {
      const by = of(sourceId)
      if (knows(by, key)) return { sourceId, key, by, vertex }
    } catch (error) {
      // An inventory that somebody imported is no source of the configuration: that is not what is wrong.
      if (!(error instanceof PlenumError) || error.code !== 'NOT_FOUND') why ??= error
    }
  throw why ?? new PlenumError('FORBIDDEN', nobody, { path })
}
