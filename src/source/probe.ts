/** Asks a source once, outside of everything that runs: whether it answers, and whether it lets us read. */
import type { SourceConfig } from './config.ts'
import { Guard, inTime } from './guard.ts'
import { readSecret, Redactor } from './secret.ts'
import { type Source, type SourceFailure } from './source.ts'

/** What it says of itself; undefined when it cannot be asked. */
export type Probed = { told: string | undefined } | { failure: SourceFailure; message: string }

const patienceMs = 15_000
const nothing = (): void => {}

export async function probeSource(config: SourceConfig): Promise<Probed> {
  const redactor = new Redactor()
  const stop = new AbortController()
  const guard = new Guard(config)
  let source: Source | undefined
  try {
    const opening = config.driver.open(config.settings, {
      name: config.name,
      log: { debug: nothing, warn: nothing },
      async secret(reference) {
        const secret = await readSecret(reference, stop.signal)
        redactor.add(secret)
        return secret
      },
      admit: (signal) => guard.admit(signal),
      shards: { count: 1, mine: () => [0], onChange: () => nothing },
      addresses: async () => [],
    })
    source = await inTime(opening, stop.signal, patienceMs)
    return { told: await inTime(ask(source, stop.signal), stop.signal, patienceMs) }
  } catch (error) {
    const { failure, message } = redactor.cleanError(error)
    return { failure, message }
  } finally {
    stop.abort()
    await source?.close().catch(nothing)
  }
}

async function ask(source: Source, signal: AbortSignal): Promise<string | undefined> {
  if (source.probe !== undefined) return source.probe(signal)
  if (source.list === undefined) return undefined
  for await (const { kind, name } of source.list(signal)) return `answers: lists ${kind} ${name ?? ''}`.trim()
  return 'answers, and lists nothing'
}
