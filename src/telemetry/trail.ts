/**
 * Whose work runs now. A trail goes with a request through all that it awaits: lines of the log take its ids from here, spans their parent, and sources are told of it.
 * Spans cost nothing as long as nobody collects them: `inSpan` then just runs.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

export interface Trail {
  requestId: string | undefined
  /** 32 hexadecimal digits: of who asks, where they say so, or our own. */
  traceId: string | undefined
  /** The span that runs now: 16 hexadecimal digits. */
  spanId: string | undefined
  isSampled: boolean
}

export type SpanKind = 'server' | 'client' | 'internal'
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** A span that is under way. */
export interface OpenSpan {
  traceId: string
  spanId: string
  isSampled: boolean
  set(attributes: Attributes): void
  end(error?: unknown): void
}

/** Who collects spans. */
export interface Collector {
  open(name: string, kind: SpanKind, attributes: Attributes, parent: Trail | undefined): OpenSpan
}

const trails = new AsyncLocalStorage<Trail>()
let collector: Collector | undefined

/** From now on spans go there; undefined: nowhere. */
export function collectSpans(into: Collector | undefined): void {
  collector = into
}

export const currentTrail = (): Trail | undefined => trails.getStore()

export const withTrail = <T>(trail: Trail, run: () => T): T => trails.run(trail, run)

const nothing: OpenSpan = {
  ...{ traceId: '', spanId: '', isSampled: false },
  set: () => {},
  end: () => {},
}

/** A span that its caller ends; it is the parent of nothing. None for work that is part of no trace. */
export function openSpan(name: string, kind: SpanKind, attributes: Attributes = {}): OpenSpan | undefined {
  const parent = trails.getStore()
  return parent?.spanId === undefined ? undefined : collector?.open(name, kind, attributes, parent)
}

/** Runs within a span that ends when what it gives has settled. */
export function inSpan<T>(
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  run: (span: OpenSpan) => T,
): T {
  if (collector === undefined) return run(nothing)
  const parent = trails.getStore()
  const span = collector.open(name, kind, attributes, parent)
  const { traceId, spanId, isSampled } = span
  return trails.run({ requestId: parent?.requestId, traceId, spanId, isSampled }, () => settle(span, run))
}

function settle<T>(span: OpenSpan, run: (span: OpenSpan) => T): T {
  try {
    const result = run(span)
    if (result instanceof Promise)
      result.then(
        () => span.end(),
        (error: unknown) => span.end(error ?? new Error('it failed')),
      )
    else span.end()
    return result
  } catch (error) {
    span.end(error)
    throw error
  }
}

const given = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/

/** The W3C header of who asks, where it is one; what it says is only an id. */
export function toTrail(requestId: string, header: string | string[] | undefined): Trail {
  const [, traceId, spanId, flags] = given.exec(typeof header === 'string' ? header : '') ?? []
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId))
    return { requestId, traceId: undefined, spanId: undefined, isSampled: false }
  return { requestId, traceId, spanId, isSampled: (parseInt(flags!, 16) & 1) === 1 }
}

/** What goes out with a request to somebody else, so that their spans are of the same trace: nothing unless spans are collected. */
export function traceHeaders(): Record<string, string> {
  const trail = trails.getStore()
  if (collector === undefined || trail?.traceId === undefined || trail.spanId === undefined) return {}
  return { traceparent: `00-${trail.traceId}-${trail.spanId}-${trail.isSampled ? '01' : '00'}` }
}

/** For each line of the log: whose it is. */
export function trailFields(): { requestId?: string; traceId?: string } {
  const trail = trails.getStore()
  if (trail === undefined) return {}
  const { requestId, traceId } = trail
  return {
    ...(requestId === undefined ? {} : { requestId }),
    ...(traceId === undefined ? {} : { traceId }),
  }
}
