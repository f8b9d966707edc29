/** Patterns whose rate is measured. */
import { z } from 'zod'
import { wordsOf } from './line.ts'

const mostPatterns = 50

export const logsShape = z.strictObject({
  /** By names of your own: how often such lines come is the metric `log.NAME.rate`. */
  patterns: z
    .record(
      z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'a pattern is called by small letters, digits and _'),
      z.strictObject({
        contains: z
          .string()
          .refine((text) => wordsOf(text).length > 0, 'a word is needed: letters or digits'),
        severity: z
          .array(
            z
              .enum(['critical', 'warning', 'info'])
              .transform((one) => one.toUpperCase() as Uppercase<typeof one>),
          )
          .min(1)
          .optional(),
      }),
    )
    .refine((given) => Object.keys(given).length <= mostPatterns, `at most ${mostPatterns} patterns`)
    .default({}),
})
export type LogsConfig = z.infer<typeof logsShape>
