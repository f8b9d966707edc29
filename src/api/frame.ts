/** A shared answer as a WebSocket message of graphql-transport-ws: past the library, which would write it anew for each. */
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { SharedAnswer } from './subscription/shared-answer.ts'

/** Who has as much to take is slow. */
const mostWaiting = 64 * 1024
const closing = Buffer.from('}')
const finText = 0x81

export function createShare(
  webSocket: WebSocket,
  stream: Duplex,
): (id: string, answers: readonly SharedAnswer[]) => boolean {
  const openings = new Map<string, Buffer>()
  const openingOf = (id: string): Buffer => {
    let known = openings.get(id)
    if (known === undefined) {
      // One socket has few operations, and new ones may follow each other for long.
      if (openings.size >= 100) openings.clear()
      openings.set(id, (known = Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`)))
    }
    return known
  }
  return (id, answers) => {
    // Its operations end with it.
    if (webSocket.readyState !== webSocket.OPEN) return true
    if (stream.writableLength > mostWaiting) return false
    const frames = answers.map((answer) => toFrame(openingOf(id), answer))
    stream.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames))
    return true
  }
}

/** https://www.rfc-editor.org/rfc/rfc6455#section-5.2: the last piece of a text, not masked, then how long it is. */
function toFrame(opening: Buffer, answer: SharedAnswer): Buffer {
  const length = opening.length + answer.bytes.length + closing.length
  const head = answer.as(`head ${length}`, () => headOf(length))
  const end = answer.as('closed', (bytes) => Buffer.concat([bytes, closing]))
  const frame = Buffer.allocUnsafe(head.length + length)
  head.copy(frame, 0)
  opening.copy(frame, head.length)
  end.copy(frame, head.length + opening.length)
  return frame
}

function headOf(length: number): Buffer {
  if (length < 126) return Buffer.from([finText, length])
  if (length < 65_536) {
    const head = Buffer.from([finText, 126, 0, 0])
    head.writeUInt16BE(length, 2)
    return head
  }
  const head = Buffer.alloc(10)
  head[0] = finText
  head[1] = 127
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}
