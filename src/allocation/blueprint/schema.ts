/** The form of a blueprint: what can be asked for, as data. */
import { z } from 'zod'
import { isClass, isTrait } from '../class.ts'
import { domains } from '../plan.ts'
import { stepShape } from '../step/form.ts'

const trait = z.string().refine(isTrait, 'a trait is capitals, digits and _')
const traits = z.array(trait).max(50).default([])

const text = { title: z.string().optional(), description: z.string().optional() }
/** Types of parameters: the plain part of JSON Schema, without references. */
const parameter = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('string'),
    ...text,
    default: z.string().optional(),
    enum: z.array(z.string()).min(1).optional(),
    minLength: z.number().int().min(0).optional(),
    maxLength: z.number().int().min(1).max(4_096).default(255),
    pattern: z.string().max(200).refine(isPattern, 'no regular expression').optional(),
  }),
  z.strictObject({
    type: z.enum(['integer', 'number']),
    ...text,
    default: z.number().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
  }),
  z.strictObject({ type: z.literal('boolean'), ...text, default: z.boolean().optional() }),
])
export type Parameter = z.infer<typeof parameter>

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, 'u') !== undefined
  } catch {
    return false
  }
}

const claim = z.strictObject({
  class: z
    .string()
    .refine(isClass, 'no resource class: one of Placement’s, such as VCPU, or CUSTOM_ and capitals'),
  amount: z.union([
    z.number().int().min(1).max(1_000_000_000_000),
    z.string().regex(/^\{\{ *parameters\.\w+ *\}\}$/),
  ]),
  /** What the thing is called that the claim makes: of classes whose units have names. */
  name: z.string().min(1).max(255).optional(),
  require: traits,
  forbid: traits,
})

export const blueprintShape = z.strictObject({
  blueprint: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, 'a blueprint is called by small letters, digits and -'),
  description: z.string().min(1),
  count: z
    .strictObject({
      default: z.number().int().min(1).max(1_000).default(1),
      most: z.number().int().min(1).max(1_000).default(100),
    })
    .prefault({}),
  parameters: z.record(z.string().regex(/^[a-z]\w{0,62}$/i), parameter).default({}),
  /** What one member takes. */
  claims: z.array(claim).min(1).max(20),
  prefer: traits,
  spread: z
    .strictObject({
      over: z.enum(domains),
      atMost: z.number().int().min(1).default(1),
      required: z.boolean().default(true),
    })
    .optional(),
  /** Whether what is used already is filled before what is empty. */
  pack: z.boolean().default(true),
  /** A role yields a service that runs on the members, and is reached at their addresses. */
  service: z
    .strictObject({
      role: z.string().min(1),
      name: z.string().min(1).max(255).default('{{name}}'),
      protocol: z.string().min(1).default('tcp'),
      port: z.union([z.number().int().min(1).max(65_535), z.string().min(1)]).optional(),
    })
    .optional(),
  /** What is done for each member beyond the CMDB, in order; undone in reverse. */
  steps: z.array(stepShape).max(20).default([]),
  /** Whether a second person must agree before anything is done. */
  approval: z.boolean().default(false),
})
export type Blueprint = z.infer<typeof blueprintShape>
