/** Which vertices have a value. Most values have one vertex: that needs no list. In many small maps, so that none takes long to grow. */
import type { Vertex } from './graph.ts'
import { VertexList } from './vertex-list.ts'

const shardCount = 256

type Posting<T extends Vertex> = T | VertexList<T>

export class ValueIndex<T extends Vertex = Vertex> {
  readonly #shards: (Map<string, Posting<T>> | undefined)[] = []
  /** Told of values that were not there before; used by search. */
  onNew: ((value: string) => void) | undefined

  add(value: string, vertex: T): void {
    const shard = (this.#shards[shardOf(value)] ??= new Map<string, Posting<T>>())
    const found = shard.get(value)
    if (found === undefined) {
      shard.set(value, vertex)
      this.onNew?.(value)
    } else if (found instanceof VertexList) found.add(vertex)
    else {
      const list = new VertexList<T>()
      list.add(found)
      list.add(vertex)
      shard.set(value, list)
    }
  }

  /** The vertex must be there under this value. */
  remove(value: string, vertex: T): void {
    const shard = this.#shards[shardOf(value)]
    const found = shard?.get(value)
    if (found instanceof VertexList) {
      found.remove(vertex)
      if (found.size === 0) shard!.delete(value)
    } else if (found === vertex) shard!.delete(value)
    else
      throw new Error(
        `the index does not have ${vertex.kind.name} ${vertex.id} under ${JSON.stringify(value)}`,
      )
  }

  get(value: string): readonly T[] {
    const found = this.#shards[shardOf(value)]?.get(value)
    if (found === undefined) return []
    return found instanceof VertexList ? found.read() : [found]
  }

  has(value: string): boolean {
    return this.#shards[shardOf(value)]?.has(value) ?? false
  }

  get size(): number {
    return this.#shards.reduce((sum, shard) => sum + (shard?.size ?? 0), 0)
  }

  *values(): Generator<string> {
    for (const shard of this.#shards) if (shard) yield* shard.keys()
  }
}

/** Values differ most at their end. */
function shardOf(value: string): number {
  const end = value.length
  let hash = end
  for (let index = Math.max(0, end - 6); index < end; index++)
    hash = (hash * 31 + value.charCodeAt(index)) | 0
  return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (shardCount - 1)
}
