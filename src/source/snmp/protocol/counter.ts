import { dropReasons, type DropReason } from './answer.ts'

/** What a client has done since its start. Every number only rises, but `inFlight` and `waiting`. */
export interface SnmpCounters {
  requests: number
  retransmissions: number
  datagramsSent: number
  datagramsReceived: number
  bytesReceived: number
  answers: number
  varbinds: number
  timeouts: number
  deadlines: number
  aborts: number
  sendErrors: number
  socketErrors: number
  shrinks: number
  inFlight: number
  waiting: number
  dropped: Record<DropReason, number>
}

export const zeroCounters = (): SnmpCounters => ({
  requests: 0,
  retransmissions: 0,
  datagramsSent: 0,
  datagramsReceived: 0,
  bytesReceived: 0,
  answers: 0,
  varbinds: 0,
  timeouts: 0,
  deadlines: 0,
  aborts: 0,
  sendErrors: 0,
  socketErrors: 0,
  shrinks: 0,
  inFlight: 0,
  waiting: 0,
  dropped: Object.fromEntries(dropReasons.map((reason) => [reason, 0])) as Record<DropReason, number>,
})
