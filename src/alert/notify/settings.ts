/** Whom alerts are told to: receivers, and the routes that lead to them. */
import { z } from 'zod'
import { severities } from '../alert.ts'
import { toMs } from '../../duration.ts'

const time = z.unknown().transform((value, context) => {
  const ms = toMs(value)
  if (ms !== undefined && ms <= 7 * 86_400_000) return ms
  context.addIssue({ code: 'custom', message: 'a time such as 30s or 15m is needed, a week at most' })
  return z.NEVER
})

/** Addresses of hooks are secrets: whoever knows one may write there. */
const hook = z
  .string()
  .regex(
    /^(?:https?:\/\/\S+|smtps?:\/\/\S+|env:[A-Za-z_]\w*|file:.+|command:.+)$/s,
    'a URL is needed, or where it is: env:NAME, file:PATH, command:LINE',
  )
  .refine(
    (text) => !/^(?:http|smtp)/.test(text) || !new URL(text).password,
    'a password does not stand in the configuration: refer to the URL by env:NAME',
  )

const receiver = z
  .strictObject({
    /** webhook: Alertmanager's webhook format. alertmanager: posted to an Alertmanager as alerts. slack: `{ text }`. email: by SMTP. */
    type: z.enum(['webhook', 'alertmanager', 'slack', 'email']),
    url: hook,
    /** Sent as a bearer token, by reference. */
    token: z
      .string()
      .regex(
        /^(?:env:[A-Za-z_]\w*|file:.+|command:.+)$/s,
        'a secret is given by reference: env:NAME, file:PATH or command:LINE',
      )
      .optional(),
    /** Told each minute that Plenum is alive. */
    watchdog: z.boolean().default(false),
    /** Of mails. */
    from: z.email().optional(),
    to: z.array(z.email()).min(1).optional(),
  })
  .superRefine(({ type, url, from, to, token }, context) => {
    const fault = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message })
    const isMail = type === 'email'
    if (isMail && from === undefined) fault('from', 'a mail needs who it is from')
    if (isMail && to === undefined) fault('to', 'a mail needs whom it is for')
    if (isMail && token !== undefined)
      fault('token', 'a mail server knows no token: name and password stand in the URL')
    if (!isMail && (from ?? to) !== undefined) fault('from', 'only mails have from and to')
    if (/^(?:http|smtp)/.test(url) && url.startsWith('smtp') !== isMail)
      fault('url', isMail ? 'a mail needs smtp://HOST or smtps://HOST' : 'a URL of http or https is needed')
  })

const upper = (value: unknown): unknown => (typeof value === 'string' ? value.toUpperCase() : value)
const names = z.array(z.string().min(1)).min(1)

const route = z.strictObject({
  severity: z
    .array(z.preprocess(upper, z.enum(severities)))
    .min(1)
    .optional(),
  /** Names of the tenants that hold the cause. */
  tenant: names.optional(),
  site: names.optional(),
  /** Of the cause. */
  label: z.record(z.string(), z.string()).optional(),
  to: names,
  /** Told as well when nobody has acknowledged it by then. */
  escalate: z.strictObject({ after: time, to: names }).optional(),
})

export const notifySchema = z
  .strictObject({
    receivers: z
      .record(z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'small letters, digits and - are needed'), receiver)
      .default({}),
    /** The first that fits decides. */
    routes: z.array(route).default([]),
    /** How long alerts are gathered before the first word of an incident. */
    wait: time.prefault('30s'),
    /** Where people find Plenum, for links. */
    externalUrl: z.url().optional(),
  })
  .superRefine(({ receivers, routes }, context) => {
    routes.forEach(({ to, escalate }, index) => {
      for (const name of [...to, ...(escalate?.to ?? [])])
        if (!Object.hasOwn(receivers, name))
          context.addIssue({
            code: 'custom',
            path: ['routes', index],
            message: `there is no receiver ${name}`,
          })
    })
  })

export type NotifySettings = z.output<typeof notifySchema>
export type Receiver = z.output<typeof receiver>
export type Route = z.output<typeof route>
