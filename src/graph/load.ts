/** Builds a graph from rows, giving way to other work between batches. */
import { setImmediate as breathe } from 'node:timers/promises'
import type { GraphRows } from './graph.ts'
import { MemoryGraph } from './memory.ts'

export async function loadGraph(
  rows: GraphRows,
  visited: number,
  signal?: AbortSignal,
): Promise<MemoryGraph> {
  const graph = new MemoryGraph({ cursor: rows.cursor, asOf: rows.asOf, visited })
  await each(rows.resources, (image) => graph.add(image), signal)
  await each(rows.aliases, ({ id, into }) => graph.addAlias(id, into), signal)
  await each(rows.links, (link) => graph.connect(link), signal)
  return graph
}

const sliceMs = 20

async function each<T>(
  batches: AsyncIterable<T[]>,
  take: (item: T) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const batch of batches) {
    signal?.throwIfAborted()
    let began = performance.now()
    for (const item of batch) {
      take(item)
      if (performance.now() - began < sliceMs) continue
      await breathe()
      began = performance.now()
    }
    await breathe()
  }
}
