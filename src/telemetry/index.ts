/** What this process tells of itself: numbers for Prometheus, spans for OpenTelemetry, and whose request a line of the log belongs to. */
import type { Knex } from 'knex'
import { instrumentFamilies, type Family, type Point } from './instrument.ts'
import { watchRuntime } from './runtime.ts'

export { counter, histogram, type Family, type Point } from './instrument.ts'
export { expositionType, together, toExposition } from './exposition.ts'
export { countOpen, limitOfFiles } from './runtime.ts'
export { inSpan, toTrail, traceHeaders, trailFields, withTrail, type Trail } from './trail.ts'

export interface Gauge {
  name: string
  help: string
  /** Default: gauge; a count that somebody else keeps is a counter. */
  type?: 'gauge' | 'counter'
  /** The value now; several with their labels. Not told when it throws or gives undefined. */
  read(): number | undefined | readonly Point[]
}

export interface Telemetry {
  /** Tells these from now on. */
  add(gauges: readonly Gauge[]): void
  families(): Family[]
  close(): void
}

export function startTelemetry(): Telemetry {
  const runtime = watchRuntime()
  const gauges: Gauge[] = []
  return {
    add: (more) => void gauges.push(...more),
    families: () => [...gauges.map(toFamily), ...instrumentFamilies(), ...runtime.families()],
    close: runtime.close,
  }
}

export interface TraceOptions {
  /** Absent: no spans, and nothing of OpenTelemetry is loaded. */
  url?: string | undefined
  headers: Readonly<Record<string, string>>
  ratio: number
}

/** Collects spans where a collector is configured. */
export async function startTraces(
  { url, ...options }: TraceOptions,
  db: Knex,
): Promise<{ close(): Promise<void> }> {
  if (url === undefined) return { close: async () => {} }
  const { startTracing } = await import('./tracing.ts')
  const { traceStatements } = await import('./statement.ts')
  traceStatements(db)
  return startTracing({ url, ...options, version: process.env['npm_package_version'] ?? '0' })
}

function toFamily({ name, help, type = 'gauge', read }: Gauge): Family {
  const value = read()
  const points = typeof value === 'number' ? [{ labels: {}, value }] : [...(value ?? [])]
  return { name, help, type, points }
}
