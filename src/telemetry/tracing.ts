/** Spans by OpenTelemetry's own packages to a collector, OTLP over HTTP. Loaded only where one is configured. */
import {
  ROOT_CONTEXT,
  SpanKind as OtelKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { collectSpans, type Attributes, type OpenSpan, type SpanKind, type Trail } from './trail.ts'

export interface TracingOptions {
  /** Where spans are posted, such as http://127.0.0.1:4318/v1/traces. */
  url: string
  headers: Readonly<Record<string, string>>
  /** Which part of the traces that begin here is kept; of others their beginner decides. */
  ratio: number
  version: string
}

const kinds: Record<SpanKind, OtelKind> = {
  server: OtelKind.SERVER,
  client: OtelKind.CLIENT,
  internal: OtelKind.INTERNAL,
}
/** Spans are sent this often, and given up beyond this number: tracing never holds anything up. */
const everyMs = 2_000
const mostWaiting = 8_192
const sendMs = 5_000

/** From now on spans are collected; `close` sends what is left. */
export function startTracing({ url, headers, ratio, version }: TracingOptions): { close(): Promise<void> } {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'plenum',
      'service.version': version,
      'service.instance.id': String(process.pid),
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url, headers: { ...headers }, timeoutMillis: sendMs }),
        scheduledDelayMillis: everyMs,
        exportTimeoutMillis: sendMs,
        maxQueueSize: mostWaiting,
      }),
    ],
  })
  const tracer = provider.getTracer('plenum', version)
  collectSpans({
    open(name, kind, attributes, parent) {
      const span = tracer.startSpan(
        name,
        { kind: kinds[kind], attributes: { ...attributes } },
        toContext(parent),
      )
      const { traceId, spanId, traceFlags } = span.spanContext()
      return {
        ...{ traceId, spanId, isSampled: (traceFlags & TraceFlags.SAMPLED) !== 0 },
        set: (more: Attributes) => void span.setAttributes({ ...more }),
        end(error) {
          if (error !== undefined) {
            const message = error instanceof Error ? error.message : String(error)
            span.setStatus({ code: SpanStatusCode.ERROR, message })
          }
          span.end()
        },
      } satisfies OpenSpan
    },
  })
  return {
    async close() {
      collectSpans(undefined)
      // A collector that is away is no reason to fail.
      await provider.shutdown().catch(() => {})
    },
  }
}

function toContext(parent: Trail | undefined): Context {
  const { traceId, spanId, isSampled } = parent ?? {}
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...{ traceId, spanId, isRemote: true },
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  })
}
