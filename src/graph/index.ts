/** The graph of this process: loaded in one snapshot, then following the log; and graphs of former instants, built on demand. */
import type { Logger } from 'pino'
import type { Events } from '../event/index.ts'
import { PlenumError } from '../errors.ts'
import type { ResourceId } from '../resource/resource.ts'
import type { Resources } from '../resource/verbs.ts'
import type { Graph, GraphRows, LiveGraph } from './graph.ts'
import { loadGraph } from './load.ts'
import { Loading } from './loading.ts'

export { heapShare } from './heap.ts'

/** Tenants by their names; names that nothing has are left out. */
export const tenantIds = (graph: Graph, names: readonly string[]): ResourceId[] =>
  names.flatMap((name) => graph.lookup('Tenant', 'name', name).map(({ id }) => id))

export interface GraphHolder {
  /** The graph as it is; another object after a reload. */
  readonly graph: LiveGraph & { readonly adjacency: { readonly bytes: number } }
  /** Why the graph is not to be asked now; undefined when it is ready. */
  notReady(): string | undefined
  /** The graph as it was. NOT_FOUND before history begins, LIMIT_EXCEEDED when it was too large. The latest two are kept. */
  graphAt(instant: number, signal?: AbortSignal): Promise<Graph>
  close(): Promise<void>
}

export interface GraphOptions {
  resources: Pick<Resources, 'rows' | 'rowsAt'>
  events: Events
  limits: { visited: number; asOfResources: number }
  log: Logger
}

const keptInstants = 2
const retryMs = 1_000

export async function startGraph({ resources, events, limits, log }: GraphOptions): Promise<GraphHolder> {
  const stop = new AbortController()
  let graph = await load(() => resources.rows())
  let trouble: string | undefined
  let reloading = Promise.resolve()
  const instants = new Map<number, Loading>()

  async function load(
    open: () => Promise<GraphRows & { close(): Promise<void> }>,
    signal: AbortSignal = stop.signal,
  ) {
    const rows = await open()
    try {
      return await loadGraph(rows, limits.visited, signal)
    } finally {
      await rows.close()
    }
  }

  const follow = () => events.run(graph.cursor, (batch) => graph.apply(batch), reload)

  /** What cannot be applied is never skipped: the graph is loaded afresh, and until then the process is not ready. */
  function reload(reason: unknown): void {
    if (stop.signal.aborted) return
    trouble = `the graph is loaded again: ${reason instanceof Error ? reason.message : String(reason)}`
    log.error({ err: reason }, 'the graph does not follow the log; loading it again')
    reloading = reloadUntilDone()
  }

  async function reloadUntilDone(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        graph = await load(() => resources.rows())
        trouble = undefined
        instants.clear()
        return follow()
      } catch (error) {
        if (stop.signal.aborted) return
        log.error({ err: error }, 'the graph cannot be loaded now; trying again')
        await pause(retryMs, stop.signal)
      }
    }
  }

  /** One load for all who wait for the instant; given up when the last of them is gone. */
  function graphAt(instant: number, signal = stop.signal): Promise<Graph> {
    if (instant > Date.now())
      throw new PlenumError('INVALID_INPUT', 'asOf is in the future: give an instant that has been', {
        path: 'asOf',
      })
    const known = instants.get(instant)
    if (known !== undefined) {
      // asked again: it is the last one to go
      instants.delete(instant)
      instants.set(instant, known)
      return known.wait(signal)
    }
    const loading = new Loading((given) =>
      load(() => resources.rowsAt(instant, limits.asOfResources), AbortSignal.any([stop.signal, given])),
    )
    instants.set(instant, loading)
    const forget = (): void => {
      if (instants.get(instant) === loading) instants.delete(instant)
    }
    loading.onGivenUp = forget
    loading.graph.catch(forget)
    for (const oldest of instants.keys()) if (instants.size > keptInstants) instants.delete(oldest)
    return loading.wait(signal)
  }

  follow()
  return {
    get graph() {
      return graph
    },
    notReady: () => trouble,
    graphAt,
    async close() {
      stop.abort()
      await reloading
      await Promise.allSettled([...instants.values()].map((one) => one.graph))
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', done)
    resolve()
  }
  const timer = setTimeout(done, ms)
  signal.addEventListener('abort', done, { once: true })
  return promise
}
