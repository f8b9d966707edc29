/** Where syslog messages come in, and how many are borne. */
import { z } from 'zod'
import { toRanges } from '../token/index.ts'

const port = z.number().int().min(0).max(65_535)
const positive = z.number().int().positive()

function isRange(text: string): boolean {
  try {
    toRanges([text], '')
    return true
  } catch {
    return false
  }
}

export const syslogShape = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** Without a port it is not listened there. */
  udp: port.optional(),
  tcp: port.optional(),
  tls: z
    .strictObject({
      port,
      certificate: z.string().min(1),
      key: z.string().min(1),
      /** Senders must have a certificate of these authorities. */
      authorities: z.string().min(1).optional(),
    })
    .optional(),
  /** Who sends what others wrote: the hostname in the line is believed from these alone. */
  relays: z
    .array(z.string().refine(isRange, 'an address or a range such as 10.0.0.0/8 is needed'))
    .max(100)
    .default(['127.0.0.0/8', '::1']),
  /** Of one sender, ten times as many of a relay; more is dropped and counted. */
  linesPerSecond: positive.default(500),
  lineBytes: positive.min(480).max(65_536).default(8_192),
  /** Lines that wait for the database at most. */
  waitingLines: positive.max(1_000_000).default(20_000),
  connections: positive.max(10_000).default(1_000),
})
export type SyslogConfig = z.infer<typeof syslogShape>
