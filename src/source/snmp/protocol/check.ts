/** Whether a decoded answer is one that the request can have: right names, rising order. */
import type { Answer, DropReason } from './answer.ts'
import type { RemoteInfo } from 'node:dgram'
import type { Exchange } from './exchange.ts'
import { compareOids } from './oid.ts'
import type { Request } from './request.ts'
import { errorStatus, pdu, tag } from './tag.ts'

export function checkAnswer(answer: Answer, request: Request): DropReason | null {
  // With an error the varbinds only repeat the question, in full, in part or not at all.
  if (answer.errorStatus !== errorStatus.noError) return null
  switch (request.type) {
    case pdu.get:
      return checkNames(answer, request)
    case pdu.getNext:
      return answer.count === request.oids.length ? checkOrder(answer, request) : 'count'
    default:
      return checkOrder(answer, request)
  }
}

function checkNames(answer: Answer, { oids }: Request): DropReason | null {
  if (answer.count !== oids.length) return 'count'
  for (let i = 0; i < oids.length; i++) {
    const oid = oids[i] as Uint8Array
    const start = answer.nameStart[i] as number
    if (compareOids(answer.bytes, start, answer.nameEnd[i] as number, oid, 0, oid.length) !== 0) return 'name'
  }
  return null
}

/** Each name comes after the one it follows (the question in the first row), or repeats it to say that the view has ended. */
function checkOrder(answer: Answer, { oids, nonRepeaters }: Request): DropReason | null {
  const { bytes, nameStart, nameEnd, types, count } = answer
  const single = Math.min(nonRepeaters, oids.length)
  const width = oids.length - single
  for (let i = 0; i < count; i++) {
    const start = nameStart[i] as number
    const end = nameEnd[i] as number
    const asked = i < oids.length ? (oids[i] as Uint8Array) : null
    const before = i - width
    const order =
      asked !== null
        ? compareOids(bytes, start, end, asked, 0, asked.length)
        : compareOids(bytes, start, end, bytes, nameStart[before] as number, nameEnd[before] as number)
    if (types[i] === tag.endOfMibView) {
      if (order < 0) return 'order'
    } else if (order <= 0) return 'order'
  }
  return null
}

/** Whether the datagram is from whom it should be, before its content is looked at. */
export function mismatch(answer: Answer, { target }: Exchange, from: RemoteInfo): DropReason | null {
  if (from.port !== target.port || from.address !== target.address) return 'address'
  if (answer.version !== target.version) return 'version'
  const { community } = target
  if (answer.communityEnd - answer.communityStart !== community.length) return 'community'
  for (let i = 0; i < community.length; i++)
    if (answer.bytes[answer.communityStart + i] !== community[i]) return 'community'
  return answer.pduType === pdu.response ? null : 'pduType'
}
