/**
 * The shape of a module file: which tables are read and what they mean. Strict: an unknown key is an error.
 * Terminology
 * - table: columns that share an index; a row is one index.
 * - expression: how a value is made of a row. A bare string names a column, a part of the index or a value of `values`.
 */
import { z } from 'zod'
import { isKindName } from '../../../resource/kind/index.ts'
import { linkTypes } from '../../../resource/kind/link.ts'
import { parseOid } from '../protocol/index.ts'
import { decoderNames } from './decode.ts'
import { metricTypes } from './metric.ts'

const oid = z.string().refine((text) => {
  try {
    return parseOid(text).length > 0
  } catch {
    return false
  }
}, 'not an OID in numbers')
const regex = z.string().refine((text) => {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}, 'not a regular expression')
const name = z.string().regex(/^[a-zA-Z][a-zA-Z0-9]*$/, 'not a name: letters and digits')
const scalar = z.union([z.string(), z.number(), z.boolean()])
const decoder = z.enum(decoderNames)

export type Expression =
  | string
  | { const: string | number | boolean }
  /** The first that has a value: not null and not an empty text. */
  | { first: Expression[] }
  /** A template: `{name}` stands for a value of the row; no value in it, none at all. */
  | { text: string }
  | {
      from: Expression
      as?: (typeof decoderNames)[number] | undefined
      /** The first group, or the whole where there is none. */
      match?: string | undefined
      enum?: Record<string, string | number | boolean> | undefined
      times?: number | undefined
      /** Times ten to the power of this. */
      exponent?: Expression | undefined
    }
  /** A value of the row of another table: by its index, or by `on`, one of its values. */
  | { lookup: string; by: Expression; on?: string | undefined; get: Expression }
  /** Numbers added, subtracted from the first, multiplied, or the first divided by the others; one that is missing, none at all. */
  | { sum: Expression[] }
  | { difference: Expression[] }
  | { product: Expression[] }
  | { quotient: Expression[] }
  /** True where it has no value, or false; true where all have one. */
  | { not: Expression }
  | { all: Expression[] }
  /** dBm of watts. */
  | { dbm: Expression }
  /** How many rows of another table have this as their value `on`; with `distinct`: how many values of that name they have. */
  | { count: string; on: string; by: Expression; distinct?: string | undefined }
  /** An LLDP id, read as its subtype says. */
  | { lldpId: 'chassis' | 'port'; subtype: Expression; id: Expression }
  | { if: Expression; in: (string | number | boolean)[]; then: Expression; else?: Expression | undefined }

const expression: z.ZodType<Expression> = z.lazy(() =>
  z.union([
    z.string(),
    z.strictObject({ const: scalar }),
    z.strictObject({ first: z.array(expression).min(1) }),
    z.strictObject({ text: z.string() }),
    z.strictObject({ sum: z.array(expression).min(2) }),
    z.strictObject({ difference: z.array(expression).min(2) }),
    z.strictObject({ product: z.array(expression).min(2) }),
    z.strictObject({ quotient: z.array(expression).min(2) }),
    z.strictObject({ not: expression }),
    z.strictObject({ all: z.array(expression).min(2) }),
    z.strictObject({ dbm: expression }),
    z.strictObject({ count: name, on: name, by: expression, distinct: name.optional() }),
    z.strictObject({
      from: expression,
      as: decoder.optional(),
      match: regex.optional(),
      enum: z.record(z.string(), scalar).optional(),
      times: z.number().optional(),
      exponent: expression.optional(),
    }),
    z.strictObject({ lookup: name, by: expression, on: name.optional(), get: expression }),
    z.strictObject({ lldpId: z.enum(['chassis', 'port']), subtype: expression, id: expression }),
    z.strictObject({ if: expression, in: z.array(scalar), then: expression, else: expression.optional() }),
  ]),
)

const columnOid = z.union([oid, z.int().positive()], 'not an OID in numbers, nor a column number under `at`')
const column = z.union([columnOid, z.strictObject({ oid: columnOid, as: decoder })])
const indexPart = z.union([
  name,
  z.strictObject({ name, as: z.enum(['int', 'ip4', 'ip6', 'inet', 'typedIp', 'mac', 'text', 'rest']) }),
])
const table = z.strictObject({
  /** Of what the columns' numbers are children: the OID of the table's entry, or of a group. */
  at: oid.optional(),
  index: z.array(indexPart).default([]),
  columns: z.record(name, column),
  /** Values made of the row, usable as columns are. */
  values: z.record(name, expression).optional(),
  /** Of more rows than this the rest is left unread, and that is told. */
  maxRows: z.int().positive().default(100_000),
})
const linkTarget = z.union([
  z.literal('device'),
  /** One link a port of a PortList: `key` is filled on the row of `lookup` that has the port as its index, or as its value `on`; `plus` is added to each. */
  z.strictObject({
    ports: expression,
    plus: z.int().optional(),
    lookup: name,
    on: name.optional(),
    key: z.string(),
  }),
  z.strictObject({ key: z.string() }),
  z.strictObject({
    kind: z.string().refine((kind) => isKindName(kind), 'no such kind'),
    identity: z.string(),
    value: expression,
  }),
])
const link = z.strictObject({
  type: z.enum(linkTypes),
  direction: z.enum(['out', 'in']).optional(),
  where: expression.optional(),
  to: linkTarget,
})
const metricName = z
  .string()
  .regex(/^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$/, 'not a metric: small letters, digits and _, with dots between')
/** What a metric says of a row. Its unit, type and help are those of `knownMetrics` unless it is one of the module's own. */
const measure = {
  where: expression.optional(),
  name: z.union([metricName, z.strictObject({ from: expression, enum: z.record(z.string(), metricName) })]),
  unit: z.string().optional(),
  type: z.enum(metricTypes).optional(),
  help: z.string().optional(),
  /** Several rows that say it of one resource make one reading; without it the first is believed. */
  combine: z.enum(['mean', 'sum', 'max', 'min', 'worst']).optional(),
  value: expression,
}
const resource = z.strictObject({
  each: name,
  /** Rows where it has no value, or false, are left out. */
  where: expression.optional(),
  kind: z.string().refine((kind) => isKindName(kind), 'no such kind'),
  /** A template; under the device's own key, or by itself when it begins with `/`. */
  key: z.string().min(1),
  name: expression,
  fields: z.record(z.string(), expression).default({}),
  attributes: z.record(name, expression).default({}),
  /** What says no PART_OF is a part of the device, if it is of a kind that is part of something. */
  links: z.array(link).default([]),
  hearsay: z.boolean().default(false),
  metrics: z.array(z.strictObject(measure)).default([]),
})
const device = z.strictObject({
  each: name,
  where: expression.optional(),
  kind: z.enum(['Switch', 'Server', 'Device', 'Pdu']).optional(),
  name: expression.optional(),
  fields: z.record(z.string(), expression).default({}),
  attributes: z.record(name, expression).default({}),
})
/** `of`: the key of the resource, as in `resources`; absent: the device. */
const metric = z.strictObject({ each: name, of: z.string().optional(), ...measure })

const condition = z.strictObject({ objectId: z.array(oid).optional(), description: regex.optional() })

export const moduleSchema = z.strictObject({
  module: z.string().regex(/^[a-z][a-z0-9-]*$/, 'small letters, digits and -'),
  description: z.string(),
  /** Which devices it is for; absent: all. Any one that fits is enough. */
  when: condition.optional(),
  /** Which of these it is not for. */
  unless: condition.optional(),
  tables: z.record(name, table).default({}),
  device: z.array(device).default([]),
  resources: z.array(resource).default([]),
  metrics: z.array(metric).default([]),
})
export type Module = z.infer<typeof moduleSchema>
export type Condition = z.infer<typeof condition>
export type ModuleTable = z.infer<typeof table>
export type ModuleResource = z.infer<typeof resource>
export type ModuleDevice = z.infer<typeof device>
export type ModuleMetric = z.infer<typeof metric>
export type ModuleMeasure = ModuleResource['metrics'][number]
