/** What containers write to their standard streams, as the engine kept it. */
import type { LogLine, LogQuery } from '../source.ts'
import type { Engine } from './client.ts'
import { containerIdOf } from './map.ts'

/** Of a container: where lines are chosen by what is in them, so many are looked through. */
const mostLines = 10_000

export async function* readLogs(
  engine: Engine,
  query: LogQuery,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const isLatest = query.words.length === 0 && query.to >= Date.now()
  const tail = isLatest ? query.first : mostLines
  for (const key of query.keys) {
    const id = containerIdOf(key)
    if (id === undefined) continue
    for (const line of toLines(await engine.logs(id, { ...query, tail }, signal))) yield { key, ...line }
  }
}

/**
 * Each line has its time before it; without a terminal each is preceded by eight bytes that say which stream it is of and how long it is. Those are no text: how
 * many characters they became, and whether one is the end of a line, is open.
 */
const line =
  /(?:^|\n)(?:[\x00-\x02]\x00\x00\x00[^]{1,4}?)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) ([^\n]*)/g

export function toLines(text: string): Omit<LogLine, 'key'>[] {
  return [...text.matchAll(line)].map(([, time, said]) => ({
    at: Date.parse(time!.replace(/(\.\d{3})\d*Z$/, '$1Z')),
    level: null,
    text: said!.replace(/\r$/, ''),
  }))
}
