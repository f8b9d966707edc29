/** The forms of a blueprint's steps: each is one thing to be done for a member. */
import { z } from 'zod'

const source = z.string().min(1)

const container = z.strictObject({
  /** Which source runs it: a name of the configuration, with control. */
  source,
  image: z.string().min(1),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.string()).default({}),
  /** One that the engine has; default: the engine's own. */
  network: z.string().min(1).optional(),
})

/** What a check is of: also asked of what is filled in. */
export const checkable = z.url({ protocol: /^(?:https?|tcp|tls)$/ })

const check = z.strictObject({
  url: z.string().regex(/^(?:https?|tcp|tls):\/\/./, 'an address with http, https, tcp or tls is needed'),
  /** The status that is right; default: below 400. */
  status: z.number().int().min(100).max(599).optional(),
  /** Seconds until it must have passed, between two tries, and for one. */
  within: z.number().positive().max(3_600).default(60),
  every: z.number().positive().max(60).default(2),
  deadline: z.number().positive().max(60).default(5),
})
export type Check = z.infer<typeof check>

const forms = { container, check }
const names = Object.keys(forms).join(', ')

export const stepShape = z
  .strictObject({ container: container.optional(), check: check.optional() })
  .refine((step) => Object.keys(step).length === 1, `a step is one of ${names}`)
export type StepForm = z.infer<typeof stepShape>
