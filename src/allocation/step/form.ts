/** The forms of a blueprint's steps: each is one thing to be done for a member. */
import { z } from 'zod'
import { secretReference } from '../../source/source.ts'

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

const server = z
  .strictObject({
    source,
    region: z.string().min(1).optional(),
    image: z.string().min(1),
    flavor: z.string().min(1),
    /** A port is made in it, with `address` where that is said. */
    network: z.string().min(1).optional(),
    address: z.string().min(1).optional(),
    securityGroups: z.array(z.string().min(1)).max(50).default([]),
    /** Made for it, attached, and ended with it. */
    volumes: z
      .array(
        z.strictObject({
          sizeGb: z.union([z.number().int().min(1), z.string().min(1)]),
          type: z.string().min(1).optional(),
        }),
      )
      .max(20)
      .default([]),
    /** An address of it leads to the port. */
    floatingNetwork: z.string().min(1).optional(),
    /** How the members stand to each other, as Nova's scheduler has it. */
    group: z.enum(['affinity', 'anti-affinity', 'soft-affinity', 'soft-anti-affinity']).optional(),
    /** The hypervisor: `'{{host}}'` is the one that the plan chose. */
    host: z.string().min(1).optional(),
    zone: z.string().min(1).optional(),
    keyName: z.string().min(1).optional(),
    /** What cloud-init gets. */
    userData: z.string().max(60_000).optional(),
  })
  .refine(
    ({ network, address, floatingNetwork }) =>
      network !== undefined || (address === undefined && floatingNetwork === undefined),
    'address and floatingNetwork are of a port: say its network',
  )
export type ServerForm = z.infer<typeof server>

const neighbor = z.strictObject({
  /** Which source configures the switches: one of driver frr, with control. */
  source,
  /** Of the server; default: whatever it is, as long as it is another. */
  remoteAs: z.union([z.number().int().min(1), z.string().min(1)]).default('external'),
  vrf: z.string().min(1).optional(),
  timers: z
    .strictObject({ keepalive: z.number().int(), hold: z.number().int(), connect: z.number().int() })
    .optional(),
  bfd: z.boolean().default(false),
  /** Seconds until the session must be established, as SNMP tells it. */
  within: z.number().positive().max(3_600).default(120),
})
export type NeighborForm = z.infer<typeof neighbor>

const node = z.strictObject({
  source,
  region: z.string().min(1).optional(),
  /** Its name or id in Ironic; default: the server that the plan chose. */
  node: z.string().min(1).default('{{host}}'),
  resourceClass: z.string().min(1),
  traits: z.array(z.string().min(1)).max(50).default([]),
  /** What its deploy interface needs. */
  instanceInfo: z.record(z.string().regex(/^\w+$/), z.union([z.string(), z.number(), z.boolean()])),
  /** What cloud-init gets. */
  userData: z.string().max(60_000).optional(),
})
export type NodeForm = z.infer<typeof node>

/** By reference; where it is must not be chosen by who asks. */
const secret = z
  .string()
  .regex(secretReference, 'a secret is given by reference: env:NAME, file:PATH or command:LINE')
  .refine((reference) => !reference.includes('{{'), 'a reference to a secret has no places')

const webhook = z.strictObject({
  /** Places may stand in its path only: whoever asks does not choose who is told. */
  url: z
    .string()
    .regex(
      /^https?:\/\/[^/{}\s@]+(?:\/\S*)?$/,
      'an address with http or https is needed, without places in its host',
    ),
  /** Sent as a bearer token. */
  token: secret.optional(),
  /** What it is told beside what it is about. */
  body: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/), z.union([z.string(), z.number(), z.boolean()]))
    .default({}),
  /** Seconds until it must be done, and for one answer. */
  within: z.number().positive().max(86_000).default(600),
  deadline: z.number().positive().max(600).default(30),
})
export type WebhookForm = z.infer<typeof webhook>

const playbook = z
  .string()
  .regex(
    /^(?!.*\.\.)[\w-][\w./-]*\.ya?ml$/,
    'a playbook is a file of the folder allocation.playbooks, ending in .yml or .yaml, without places',
  )

const ansible = z.strictObject({
  playbook,
  /** Takes back what the other did; also when what was allocated is released. */
  undo: playbook.optional(),
  host: z.string().min(1).default('{{address}}'),
  /** Of the inventory, beside `all`. */
  groups: z
    .array(z.string().regex(/^[A-Za-z_]\w*$/, 'a group is called by letters, digits and _'))
    .max(20)
    .default([]),
  /** local: the playbook is run where Plenum runs, and speaks to the host by itself. */
  connection: z.enum(['ssh', 'local']).default('ssh'),
  user: z.string().min(1).optional(),
  port: z.union([z.number().int().min(1).max(65_535), z.string().min(1)]).optional(),
  become: z.boolean().default(false),
  privateKey: secret.optional(),
  variables: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/), z.union([z.string(), z.number(), z.boolean()]))
    .default({}),
  /** Variables too. */
  secrets: z.record(z.string().regex(/^[A-Za-z_]\w*$/), secret).default({}),
  /** Seconds until the host must be reached, and until the playbook must be through. */
  reach: z.number().positive().max(3_600).default(300),
  within: z.number().positive().max(86_000).default(1_800),
})
export type AnsibleForm = z.infer<typeof ansible>

const forms = { container, server, node, neighbor, webhook, ansible, check }
const names = Object.keys(forms).join(', ')

export const stepShape = z
  .strictObject({
    container: container.optional(),
    server: server.optional(),
    node: node.optional(),
    neighbor: neighbor.optional(),
    webhook: webhook.optional(),
    ansible: ansible.optional(),
    check: check.optional(),
  })
  .refine((step) => Object.keys(step).length === 1, `a step is one of ${names}`)
export type StepForm = z.infer<typeof stepShape>
