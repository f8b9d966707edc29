export { Answer, dropReasons, type Cell, type DropReason } from './answer.ts'
export { startSnmpClient, type SnmpClient, type SnmpClientOptions } from './client.ts'
export type { SnmpCounters } from './counter.ts'
export { encodeContent, encodeInteger, encodeMessage, encodeVarbind } from './encode.ts'
export { SnmpError, type SnmpFailure } from './error.ts'
export type { Asker } from './exchange.ts'
export { checkAnswer } from './check.ts'
export { SharedSocket } from './socket.ts'
export {
  arcsOf,
  compareOids,
  encodeArcs,
  encodeOid,
  formatOid,
  isOidContent,
  isUnder,
  parseOid,
  type EncodedOid,
} from './oid.ts'
export { encodeRequest, maxAnswerVarbinds, sizeOf, type Request } from './request.ts'
export { errorStatus, errorStatusNames, isException, pdu, tag, version, type RequestType } from './tag.ts'
export { Target, type TargetOptions } from './target.ts'
export { readSigned, type SnmpValue } from './value.ts'
