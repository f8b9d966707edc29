/** Lines of logs that sources keep: each source is asked once, what fails is told beside the lines of the others. */
import type { ResourceId } from '../resource/resource.ts'
import { chooseLines } from '../log-line/index.ts'
import type { KeptLine, LineQuery, StoreAnswer } from '../log-line/index.ts'
import type { ReadTarget } from './index.ts'
import type { Running } from './running.ts'
import type { LogLine, LogQuery, Source } from './source.ts'

const deadlineMs = 10_000
/** Things that one source is asked of at once: each is a request of its own. */
const mostThings = 50
/** Lines that one answer of a source has. */
const mostLines = 200_000

export interface LogRequest {
  targets: readonly ReadTarget[]
  query: Omit<LineQuery, 'resourceIds' | 'tenants'>
  most: number
}

/** `keyOf` of a source that keeps lines of things which others know. */
export interface LogStore {
  keyOf?: NonNullable<Source['logKeyOf']>
}

export const storesOf = (running: ReadonlyMap<ResourceId, Running>): Map<ResourceId, LogStore> =>
  new Map(
    [...running.values()].flatMap(({ sourceId, source }): [ResourceId, LogStore][] => {
      if (source?.logs === undefined) return []
      const { logKeyOf } = source
      return [[sourceId, logKeyOf === undefined ? {} : { keyOf: (owner) => logKeyOf(owner) }]]
    }),
  )

/** Never rejects because of a source. */
export function readStores(
  running: ReadonlyMap<ResourceId, Running>,
  { targets, query, most }: LogRequest,
  signal: AbortSignal,
): Promise<StoreAnswer[]> {
  return Promise.all(
    [...Map.groupBy(targets, ({ sourceId }) => sourceId)].flatMap(([sourceId, own]) => {
      const source = running.get(sourceId)
      return source?.source?.logs !== undefined ? [ask(source, own, query, most, signal)] : []
    }),
  )
}

async function ask(
  source: Running,
  targets: readonly ReadTarget[],
  query: LogRequest['query'],
  most: number,
  signal: AbortSignal,
): Promise<StoreAnswer> {
  const start = performance.now()
  const told = (
    status: StoreAnswer['status'],
    failure: string | null,
    lines: KeptLine[] = [],
  ): StoreAnswer => ({
    ...{ name: source.name, status, failure, lines },
    tookSeconds: (performance.now() - start) / 1_000,
  })
  if (targets.length > mostThings)
    return told(
      'ERROR',
      `it is asked of ${mostThings} resources at once, not of ${targets.length}: narrow the filter`,
    )
  const idOf = new Map(targets.map(({ key, resourceId }) => [key, resourceId]))
  const { from, to, words } = query
  try {
    const lines = await readSource(source, { keys: [...idOf.keys()], from, to, words, first: most }, signal)
    const kept = lines.flatMap(({ key, ...line }) => {
      const resourceId = idOf.get(key)
      return resourceId === undefined
        ? []
        : [{ ...line, toldAt: null, resourceId, interfaceId: null, program: null }]
    })
    return told('OK', null, chooseLines(kept, query, most))
  } catch (error) {
    const { failure, message } = source.redactor.cleanError(error)
    return told(failure === 'timeout' ? 'TIMEOUT' : 'ERROR', `${failure}: ${message}`)
  }
}

/** Without what the source knows as its secrets. */
function readSource(
  { source, guard, redactor }: Running,
  query: LogQuery,
  signal: AbortSignal,
): Promise<LogLine[]> {
  return guard.run(
    async (both) => {
      const lines: LogLine[] = []
      for await (const one of source?.logs?.(query, both) ?? [])
        if (lines.push({ ...one, text: redactor.clean(one.text) }) >= mostLines) break
      return lines
    },
    signal,
    deadlineMs,
  )
}
