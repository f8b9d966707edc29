/** What one SNMP source is told by the configuration. */
import { z } from 'zod'
import { secretReference } from '../source.ts'
import { authProtocols, privProtocols } from './session.ts'

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }

const duration = z.union([z.number(), z.string()]).transform((value, context) => {
  const match = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*([smhd])$/.exec(value) : null
  const seconds = typeof value === 'number' ? value : match ? Number(match[1]) * units[match[2]!]! : NaN
  if (seconds >= 1) return seconds
  context.addIssue({
    code: 'custom',
    message: 'seconds (1 or more), or a time such as 30s, 5m or 1h, are needed',
  })
  return z.NEVER
})

const secret = z
  .string()
  .regex(secretReference, 'a secret is given by reference: env:NAME, file:PATH or command:LINE')

const community = z.strictObject({
  community: secret,
  version: z.enum(['1', '2c']).default('2c'),
})
const user = z
  .strictObject({
    user: z.string().min(1).max(32),
    auth: z.strictObject({ protocol: z.enum(authProtocols), password: secret }).optional(),
    priv: z.strictObject({ protocol: z.enum(privProtocols), password: secret }).optional(),
    context: z.string().max(255).optional(),
  })
  .refine(
    ({ auth, priv }) => priv === undefined || auth !== undefined,
    'privacy needs authentication: give auth too',
  )

const port = z.number().int().min(1).max(65_535)
const seedObject = z.strictObject({
  address: z.string().min(1),
  port: port.optional(),
  /** Names of credentials to try, in this order; default: all, in the order of the configuration. */
  credentials: z.array(z.string()).min(1).optional(),
})
const seed = z.union([
  z
    .string()
    .min(1)
    .transform((address) => ({ address })),
  seedObject,
])

const prefix = z.string().regex(/^[0-9a-f.:]+\/\d{1,3}$/i, 'a prefix such as 10.0.0.0/24 is needed')

export const settingsSchema = z
  .strictObject({
    /** Between two polls of a device: state, neighbours, counters. */
    interval: duration.default(30),
    /** Between two readings of what seldom changes: parts, addresses, forwarding tables. */
    inventoryInterval: duration.default(600),
    /** The same by module, where a module should be read more or less often. */
    moduleIntervals: z.record(z.string(), duration).default({}),
    credentials: z.record(z.string(), z.union([community, user])).default({}),
    seeds: z.array(seed).default([]),
    /** Neighbours, and devices that the inventory knows, are asked when their address lies in one of these. */
    follow: z.array(prefix).default([]),
    /** All addresses of these are tried; at most 4,096 in all. */
    scan: z.array(prefix).default([]),
    port: port.default(161),
    timeoutMs: z.number().int().min(50).max(60_000).default(1_000),
    retries: z.number().int().min(0).max(10).default(2),
    /** Devices that are asked at the same time; requests under way at one device. */
    devicesAtOnce: z.number().int().min(1).max(10_000).default(256),
    requestsPerDevice: z.number().int().min(1).max(16).default(2),
    /** A folder of own modules; they replace shipped ones of the same name. */
    modules: z.string().min(1).optional(),
    traps: z.strictObject({ address: z.string().default('0.0.0.0'), port: port.default(162) }).optional(),
  })
  .superRefine(({ seeds, credentials }, context) => {
    if (Object.keys(credentials).length === 0)
      context.addIssue({ code: 'custom', path: ['credentials'], message: 'at least one is needed' })
    seeds.forEach((one, index) => {
      for (const name of ('credentials' in one && one.credentials) || [])
        if (credentials[name] === undefined)
          context.addIssue({
            code: 'custom',
            path: ['seeds', index, 'credentials'],
            message: `there are no credentials called ${name}`,
          })
    })
  })

export type SnmpSettings = z.infer<typeof settingsSchema>
export type SnmpCredentials = SnmpSettings['credentials'][string]
