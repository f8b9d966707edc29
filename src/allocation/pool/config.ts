/** Pools as data: which resources give what, and how much of it. */
import { z } from 'zod'
import { statuses } from '../../resource/resource.ts'
import { isClass, isTrait } from '../class.ts'
import { leaseWarningsShape } from '../lease/index.ts'

const className = z
  .string()
  .refine(isClass, 'no resource class: one of Placement’s, such as VCPU, or CUSTOM_ and capitals')
const amount = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const amounts = z.record(className, amount).default({})
const trait = z.string().refine(isTrait, 'a trait is capitals, digits and _')

const where = z
  .strictObject({
    /** Names, exactly. */
    name: z.array(z.string().min(1)).min(1).optional(),
    labels: z.record(z.string(), z.string()).default({}),
    /** Of servers and devices: what they are there for, such as `hypervisor`. */
    role: z.array(z.string().min(1)).min(1).optional(),
    /** Names of sites. */
    site: z.array(z.string().min(1)).min(1).optional(),
    /** `NONE`: nobody says one, as of what is only observed. */
    status: z
      .array(z.enum([...statuses, 'NONE']))
      .min(1)
      .default(['ACTIVE']),
  })
  .prefault({})

export const poolShape = z
  .strictObject({
    kind: z.enum(['Prefix', 'Rack', 'Server', 'VirtualMachine', 'Vlan']),
    where,
    /** Of kind Vlan: the numbers that may be given, within a group. */
    vlans: z
      .strictObject({
        group: z.string().min(1),
        from: z.number().int().min(1).max(4094),
        to: z.number().int().min(1).max(4094),
      })
      .refine(({ from, to }) => from <= to, 'from is beyond to')
      .optional(),
    traits: z.array(trait).default([]),
    /** Of classes that the resources do not tell by themselves, or otherwise than they do. */
    total: amounts,
    reserved: amounts,
    /** How often the total may be given: 4 lets four share one. */
    ratio: z.record(className, z.number().positive().max(1_000)).default({}),
    /** What one claim may have at least, at most, and in which steps. */
    min: amounts,
    max: amounts,
    step: amounts,
    /** Names of the tenants that may take from it; default: all. */
    tenants: z.array(z.string().min(1)).min(1).optional(),
  })
  .refine(
    ({ kind, vlans }) => (kind === 'Vlan') === (vlans !== undefined),
    'a pool of kind Vlan, and no other, has vlans: { group, from, to }',
  )

export type PoolConfig = z.infer<typeof poolShape>

export const quotaShape = z.strictObject({
  /** A tenant's name; default: each tenant that has none of its own. */
  tenant: z.string().min(1).optional(),
  class: className,
  limit: amount,
})
export type QuotaConfig = z.infer<typeof quotaShape>

export const allocationShape = z.strictObject({
  pools: z
    .record(
      z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'a pool is called by small letters, digits and -'),
      poolShape,
    )
    .default({}),
  /** A folder of blueprints (YAML) beside the shipped ones. */
  blueprints: z.string().min(1).optional(),
  /** A folder of playbooks for the steps `ansible`, with its roles and `ansible.cfg`. */
  playbooks: z.string().min(1).optional(),
  quotas: z.array(quotaShape).default([]),
  leaseWarnings: leaseWarningsShape,
})
export type AllocationConfig = z.infer<typeof allocationShape>
