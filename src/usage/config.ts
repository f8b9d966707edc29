/** The price list. */
import { z } from 'zod'
import { kindNames } from '../resource/kind/index.ts'
import { usedClasses } from './usage.ts'

const price = z.strictObject({
  kind: z.enum(kindNames).optional(),
  flavor: z.string().min(1).optional(),
  /** Per unit of it; without it: per resource. */
  class: z.enum(usedClasses).optional(),
  perHour: z.number().min(0).max(1e12),
  /** From when on it holds. */
  from: z
    .string()
    .refine(
      (text) => /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text)),
      'a time such as 2026-01-01T00:00:00Z is needed',
    )
    .transform((text) => Date.parse(text))
    .optional(),
})

export const usageShape = z.strictObject({
  /** What prices are in: KRW, EUR, points. */
  currency: z.string().max(20).default(''),
  /** The first that fits decides. */
  prices: z.array(price).max(10_000).default([]),
})
export type UsageConfig = z.infer<typeof usageShape>
