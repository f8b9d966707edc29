/** Room in memory: a graph that does not fit is refused with the numbers, before V8 ends the process without a word. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { limitExceeded } from '../errors.ts'

/** Share of the heap from which on it is looked at what of it is garbage … */
const suspectShare = 0.85
/** … and share that a graph may take; the rest is for answering. */
const fullShare = 0.75
const mebibyte = 1_048_576
/** Part of V8's limit that only young objects get: three times 64 MiB. */
const youngBytes = 192 * mebibyte

/** LIMIT_EXCEEDED when the heap is so full, after it was cleaned, that little more goes in. `resources` are those loaded so far. */
export function checkHeap(resources: number): void {
  if (readHeap().share < suspectShare) return
  collectGarbage()
  const { share, limitBytes, usedBytes } = readHeap()
  if (share < fullShare) return
  const [used, limit] = [usedBytes, limitBytes].map((bytes) => Math.round(bytes / mebibyte))
  throw limitExceeded(
    'heapBytes',
    limitBytes,
    `The graph does not fit into memory: with ${resources} resources loaded, ${used} MiB of the heap limit of ${limit} MiB are in use. Give it more: NODE_OPTIONS=--max-old-space-size=${limit! * 2}`,
  )
}

/** How full the heap is, against what it may hold. */
export const heapShare = (): number => readHeap().share

function readHeap(): { share: number; usedBytes: number; limitBytes: number } {
  const { used_heap_size, external_memory, heap_size_limit } = getHeapStatistics()
  const usedBytes = used_heap_size + external_memory
  const limitBytes = Math.max(heap_size_limit - youngBytes, heap_size_limit / 4)
  return { share: usedBytes / limitBytes, usedBytes, limitBytes }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
}
