/** What can be asked of a cloud to be made. Pure. */
import { z } from 'zod'
import { SourceError } from '../../source.ts'

const text = z.string().min(1).max(255)
/** A place of a blueprint that stayed empty means: not asked for. */
const optional = z
  .string()
  .max(255)
  .optional()
  .transform((value) => (value === '' ? undefined : value))
/** Default: the only one that there is. */
const region = optional

/** What others refer to, they refer to by the name under which it is made. */
const spec = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('serverGroup'),
    region,
    policy: z.enum(['affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity']),
  }),
  z.strictObject({
    kind: z.literal('port'),
    region,
    network: text,
    address: optional,
    securityGroups: z.array(text).max(50).default([]),
  }),
  z.strictObject({
    kind: z.literal('volume'),
    region,
    sizeGb: z.coerce.number().int().min(1).max(1_000_000),
    type: optional,
  }),
  z.strictObject({
    kind: z.literal('server'),
    region,
    image: text,
    flavor: text,
    port: text.optional(),
    volumes: z.array(text).max(20).default([]),
    group: text.optional(),
    /** The hypervisor: only an administrator may ask for one. */
    host: optional,
    zone: optional,
    keyName: optional,
    userData: z.string().max(65_535).optional(),
    labels: z.record(z.string(), z.string().max(255)).default({}),
  }),
  z.strictObject({
    kind: z.literal('node'),
    region,
    /** Its name or id. */
    node: text,
    resourceClass: text,
    traits: z.array(text).max(50).default([]),
    /** What Ironic's deploy interface needs: `image_source`, `image_checksum`, `root_gb` … */
    instanceInfo: z.record(z.string().regex(/^\w+$/), z.union([z.string(), z.number(), z.boolean()])),
    userData: z.string().max(65_535).optional(),
  }),
  z.strictObject({ kind: z.literal('floatingIp'), region, network: text, port: text }),
])
export type Spec = z.infer<typeof spec>
export type SpecOf<K extends Spec['kind']> = Extract<Spec, { kind: K }>

export function parseSpec(given: unknown): Spec {
  const { success, data, error } = spec.safeParse(given)
  if (success) return data
  const { path, message } = error.issues[0]!
  throw new SourceError(
    'bad',
    `what is asked for is nothing that a cloud makes: ${path.join('.')}: ${message}`,
  )
}
