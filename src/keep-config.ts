/** For how long what is kept. */
import { z } from 'zod'

const positive = z.number().int().positive()

export const keep = z.strictObject({
  eventDays: positive.default(7),
  auditDays: positive.default(400),
  historyDays: positive.default(400),
  /** Samples as they were, of what is measured more than four times a minute. */
  fineSampleDays: positive.default(7),
  /** Samples of the rest, and minutes of those. */
  sampleDays: positive.default(90),
  /** Hours of all. */
  alertDays: positive.default(400),
  sampleHourDays: positive.default(800),
  /** Log lines. */
  logDays: positive.default(30),
  idempotencyDays: z.number().int().min(7).default(14),
})
