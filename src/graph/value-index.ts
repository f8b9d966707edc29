/** Vertices by a value. Split into shards, so that no single table grows so large that making it bigger stops the process. */
import type { VertexRecord } from './vertex.ts'

const shards = 64

export class ValueIndex {
  #shards = Array.from({ length: shards }, () => new Map<string, VertexRecord | VertexRecord[]>())

  get(value: string): readonly VertexRecord[] {
    const found = this.#shardOf(value).get(value)
    return found === undefined ? [] : Array.isArray(found) ? found : [found]
  }

  add(value: string, vertex: VertexRecord): void {
    const shard = this.#shardOf(value)
    const found = shard.get(value)
    if (found === undefined) shard.set(value, vertex)
    else if (Array.isArray(found)) insertById(found, vertex)
    else shard.set(value, found.id < vertex.id ? [found, vertex] : [vertex, found])
  }

  remove(value: string, vertex: VertexRecord): void {
    const shard = this.#shardOf(value)
    const found = shard.get(value)
    if (found === vertex) return void shard.delete(value)
    if (!Array.isArray(found)) return
    removeById(found, vertex)
    if (found.length === 1) shard.set(value, found[0]!)
  }

  *values(): Iterable<string> {
    for (const shard of this.#shards) yield* shard.keys()
  }

  #shardOf(value: string): Map<string, VertexRecord | VertexRecord[]> {
    let hash = 0
    for (let at = Math.max(0, value.length - 8); at < value.length; at++)
      hash = (hash * 31 + value.charCodeAt(at)) | 0
    return this.#shards[hash & (shards - 1)]!
  }
}

/** Index of the first entry whose id is not less than `id`. */
export function placeOf(sorted: readonly { id: number }[], id: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]!.id < id) low = middle + 1
    else high = middle
  }
  return low
}

export function insertById<T extends { id: number }>(sorted: T[], item: T): void {
  const last = sorted.at(-1)
  if (last === undefined || last.id < item.id) sorted.push(item)
  else sorted.splice(placeOf(sorted, item.id), 0, item)
}

export function removeById<T extends { id: number }>(sorted: T[], item: T): void {
  const place = placeOf(sorted, item.id)
  if (sorted[place] === item) sorted.splice(place, 1)
}
