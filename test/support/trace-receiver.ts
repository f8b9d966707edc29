/** A small collector of OpenTelemetry: takes OTLP over HTTP (JSON) on a port of its own. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  status: { code?: number }
  attributes: Record<string, unknown>
}

export interface TraceReceiver {
  url: string
  spans: ReceivedSpan[]
  headers: IncomingHttpHeaders[]
  /** Waits until the spans fit. */
  until(fits: (spans: readonly ReceivedSpan[]) => boolean): Promise<void>
  close(): Promise<void>
}

export async function startTraceReceiver(): Promise<TraceReceiver> {
  const spans: ReceivedSpan[] = []
  const headers: IncomingHttpHeaders[] = []
  let look = (): void => {}
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      headers.push(request.headers)
      const body = JSON.parse(Buffer.concat(chunks).toString())
      for (const { scopeSpans } of body.resourceSpans)
        for (const scope of scopeSpans)
          for (const span of scope.spans) spans.push({ ...span, attributes: toObject(span.attributes) })
      response.setHeader('content-type', 'application/json').end('{}')
      look()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    spans,
    headers,
    async until(fits) {
      while (!fits(spans)) await new Promise<void>((resolve) => (look = resolve))
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const toObject = (attributes: any[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value as object)[0]]))
