/** Somebody who is told: an HTTP server that keeps what it is sent, and answers as it is told to. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TestReceiver {
  url: string
  sent: { path: string; body: any }[]
  /** The status that the next requests are answered with; 0: no answer at all. */
  answer: number
  /** Resolves when something was sent that fits. */
  until(fits: (body: any) => boolean): Promise<any>
  close(): Promise<void>
}

export async function startReceiver(): Promise<TestReceiver> {
  const waiting = new Set<() => void>()
  const server: Server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => (text += part))
    request.on('end', () => {
      if (receiver.answer === 0) return
      response.statusCode = receiver.answer
      response.end()
      if (receiver.answer < 300) receiver.sent.push({ path: request.url ?? '', body: JSON.parse(text) })
      for (const look of waiting) look()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: TestReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: [],
    answer: 200,
    until: (fits) =>
      new Promise((resolve) => {
        const look = () => {
          const found = receiver.sent.find(({ body }) => fits(body))
          if (found === undefined) return
          waiting.delete(look)
          resolve(found.body)
        }
        waiting.add(look)
        look()
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return receiver
}
