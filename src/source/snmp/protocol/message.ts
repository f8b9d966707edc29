import type { SnmpFailure } from './error.ts'
import type { Exchange } from './exchange.ts'

const place = ({ target }: Exchange): string => `${target.address} port ${target.port}`
const lastDrop = ({ dropped }: Exchange): string =>
  dropped === null ? '' : `; what came was dropped: ${dropped}`
/** What an SnmpError says, by its failure. */
export const messages: Record<SnmpFailure, (exchange: Exchange) => string> = {
  timeout: (one) => `no answer from ${place(one)} after ${one.tries} tries${lastDrop(one)}`,
  deadline: (one) => `no answer from ${place(one)} before the deadline${lastDrop(one)}`,
  aborted: (one) => `asking ${place(one)} was cancelled`,
  closed: () => 'the SNMP client is closed',
  socket: () => 'the UDP socket failed',
  send: (one) => `nothing can be sent to ${place(one)}`,
  overload: () => 'too many SNMP requests wait already',
  refused: (one) => `${place(one)} refused`,
  bad: (one) => `${place(one)} answers what cannot be right${lastDrop(one)}`,
  consumer: () => 'an answer could not be used',
}
