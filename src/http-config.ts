/** The part of the configuration about HTTP: where it answers, who is believed there, and which documents run. */
import { z } from 'zod'
import { toRanges } from './token/index.ts'

const positive = z.number().int().positive()

/** On one port; more than this many cores are for more than one machine. */
export const mostProcesses = 64

function isRange(text: string): boolean {
  try {
    toRanges([text], '')
    return true
  } catch {
    return false
  }
}

const isLoopback = (host: string): boolean => /^(localhost|127\..*|::1)$/.test(host)

export const http = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(0).max(65_535).default(4000),
    processes: positive.max(mostProcesses).default(1),
    /** PEM files. */
    tls: z.strictObject({ certificate: z.string().min(1), key: z.string().min(1) }).optional(),
    /** Something in front speaks TLS: tokens may come from elsewhere in the clear. */
    behindProxy: z.boolean().default(false),
    /** From whom X-Forwarded-For, -Proto and -Host are believed, with behindProxy. */
    trustedProxies: z
      .array(z.string().refine(isRange, 'an address or a range such as 10.0.0.0/8 is needed'))
      .max(100)
      .default(['127.0.0.0/8', '::1']),
    cors: z
      .strictObject({
        origins: z
          .array(
            z
              .string()
              .regex(/^https?:\/\/[^/*\s]+$/, 'an origin such as https://portal.example.net is needed'),
          )
          .max(100)
          .default([]),
        credentials: z.boolean().default(false),
        maxAgeSeconds: z.number().int().min(0).max(86_400).default(600),
      })
      .prefault({}),
    introspection: z.boolean().default(true),
    graphiql: z.boolean().default(true),
  })
  .refine(
    ({ host, tls, behindProxy }) => tls !== undefined || behindProxy || isLoopback(host),
    'tokens would come over a network in the clear: give tls with certificate and key, or say behindProxy: true when something in front speaks TLS',
  )
  .prefault({})

/** Which documents may be asked. */
export const documents = z
  .strictObject({
    automatic: z.boolean().default(true),
    allow: z.array(z.string().min(1)).default([]),
    exemptAdmins: z.boolean().default(true),
  })
  .prefault({})
