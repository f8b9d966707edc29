/** What containers write to their standard streams, as the kubelets kept it: the API server gives it for one container at a time. */
import type { LogLine, LogQuery } from '../source.ts'
import type { Client } from './client.ts'
import type { Held } from './held.ts'

/** Of a container: where lines are chosen by what is in them, so many are looked through. */
const mostLines = 10_000

export async function* readLogs(
  client: Client,
  held: Held,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const isLatest = query.words.length === 0 && query.to >= Date.now()
  const tail = isLatest ? query.first : mostLines
  const wanted = query.keys.flatMap((key) => {
    const place = held.containerAt(key)
    return place === undefined ? [] : [{ key, ...place }]
  })
  const found = await Promise.all(
    wanted.map(async ({ key, pod, container }) => {
      const { namespace, name } = pod.metadata
      const text = await client.logs(
        { namespace: namespace ?? '', name, container, since: query.from, tail },
        signal,
      )
      return toLines(text).map((line) => ({ key, ...line }))
    }),
  )
  for (const lines of found) yield* lines
}

/** Each line has its time before it; one without is the rest of what was cut off. */
export function toLines(text: string): Omit<LogLine, 'key'>[] {
  return text.split('\n').flatMap((line) => {
    const [, time, said] = /^(\d{4}-\d\d-\d\dT\S{8,30}) ?([^\n]*)$/.exec(line) ?? []
    const at = Date.parse((time ?? '').replace(/(\.\d{3})\d*/, '$1'))
    return Number.isNaN(at) ? [] : [{ at, level: null, text: said!.replace(/\r$/, '') }]
  })
}
