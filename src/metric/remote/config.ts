/** The configuration's section `remote`: a store that speaks Prometheus' protocols, for those who outgrow Postgres. */
import { z } from 'zod'

const reserved = new Set(['__name__', 'metric', 'resource', 'source'])
const isUrl = z.url({ protocol: /^https?$/ })

export const remoteShape = z
  .strictObject({
    /** Where samples are written to: `…/api/v1/write`. Absent: there is none. */
    write: isUrl.optional(),
    /** Before `/api/v1/query`; absent: it is written to only. */
    query: isUrl.optional(),
    headers: z
      .record(
        z.string().min(1),
        z
          .string()
          .regex(
            /^(?:env:[A-Za-z_]\w*|file:.+|command:.+)$/s,
            'a reference is needed: env:NAME, file:PATH or command:LINE',
          ),
      )
      .default({}),
    /** On every series: several Plenums may share a store. */
    labels: z
      .record(
        z
          .string()
          .regex(/^[a-zA-Z_]\w*$/, 'a label is called by letters, digits and _')
          .refine((label) => !reserved.has(label), 'Plenum says this label itself'),
        z.string().min(1),
      )
      .default({}),
    /** Ranges that reach back further are asked of the remote. */
    localHours: z.number().int().min(26).default(48),
    /** For so long samples wait while the remote does not answer. */
    bufferHours: z.number().int().min(1).max(168).default(6),
    requestSeconds: z.number().positive().max(600).default(30),
  })
  .refine(({ write, query }) => query === undefined || write !== undefined, {
    message: 'what is asked for must be written there: write is needed too',
    path: ['query'],
  })
export type RemoteConfig = z.output<typeof remoteShape>
