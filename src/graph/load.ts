/** Builds a graph from rows, giving way to other work all the time. */
import { setImmediate as breathe } from 'node:timers/promises'
import type { GraphRows } from './graph.ts'
import { checkHeap } from './heap.ts'
import { MemoryGraph } from './memory.ts'

const sliceMs = 5

/** Rows that come ascending by id need no sorting afterwards. Throws when rows contradict each other, LIMIT_EXCEEDED when they do not fit into memory. */
export async function loadGraph(
  rows: GraphRows,
  visited: number,
  signal?: AbortSignal,
): Promise<MemoryGraph> {
  const graph = new MemoryGraph({ cursor: rows.cursor, asOf: rows.asOf, visited })
  const onBatch = () => {
    signal?.throwIfAborted()
    checkHeap(graph.size)
  }
  await each(rows.resources, (image) => graph.add(image), onBatch)
  await each(rows.aliases, ({ id, into }) => graph.addAlias(id, into), onBatch)
  await each(rows.links, (link) => graph.connect(link), onBatch)
  return graph
}

async function each<T>(
  batches: AsyncIterable<T[]>,
  take: (item: T) => void,
  onBatch: () => void,
): Promise<void> {
  let began = performance.now()
  for await (const batch of batches) {
    onBatch()
    for (let index = 0; index < batch.length; index++) {
      take(batch[index]!)
      if (index % 16 !== 0 || performance.now() - began < sliceMs) continue
      await breathe()
      began = performance.now()
    }
  }
}
