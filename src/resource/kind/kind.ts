/**
 * Terminology
 * - kind: what a resource is. Its definition is data: fields, identities, natural keys, filters, what is in memory.
 * - property: a typed value that sources and people state; kept in `resource.fields` and in memory.
 * - walk: a field that follows links from the resource, step by step.
 * - derived: a field computed from the graph in memory, synchronously.
 * From these definitions the SDL's repeated fields, resolvers, filters, connections and the columns of exports are generated.
 */
import type { LinkType } from './link.ts'
import type { KindName } from './index.ts'

export type InterfaceName = 'Resource' | 'Hardware' | 'Machine'

/** Scalars and enums that a property may have in the API. In memory: BigInt is a number while it is safe, else a digit string; DateTime is an RFC 3339 string. */
export type PropertyType =
  | 'String'
  | 'Int'
  | 'Float'
  | 'Boolean'
  | 'BigInt'
  | 'DateTime'
  | 'RackFace'
  | 'PowerState'
  | 'IfStatus'
  | 'BgpState'
  | 'ContainerState'

export interface Property {
  readonly from: 'property'
  readonly type: PropertyType
  readonly list?: true
  readonly nonNull?: true
  /** Who is believed when intent and observation differ: `intent` (default) or `observed` for what only the thing itself can know. */
  readonly authority?: 'observed'
  /** Sources say it in words of their own, one coarser than another (`ethernet`, `25gbase-x-sfp28`): that these differ is no drift. */
  readonly loose?: true
  /** Looked up by value (Ref natural keys, filters with eq/in, search). */
  readonly indexed?: true
  /** An MAC address, IP address or CIDR is kept in its canonical form. */
  readonly format?: 'mac' | 'ip' | 'cidr' | 'uuid'
  readonly description?: string
}

/** One step along links. `direction: 'out'` goes from a link's `from` to its `to`; 'both' is for symmetric types. */
export interface Step {
  readonly type: LinkType
  readonly direction: 'out' | 'in' | 'both'
  /** Keep only these kinds (or interface's kinds); absent: all. */
  readonly kind?: readonly (KindName | InterfaceName)[]
  /** Follow the step again and again; gives everything reached that is of `kind`, passing through anything. */
  readonly transitive?: true
}

export interface Walk {
  readonly from: 'walk'
  readonly steps: readonly Step[]
  /** The declared type of what is reached: a kind's name or `Resource`. */
  readonly to: KindName | InterfaceName
  readonly shape: 'one' | 'list' | 'connection'
  readonly description?: string
}

export interface Derived {
  readonly from: 'derived'
  /** SDL type, such as `Int`, `Float`, `[RackUnit!]`, `[Quota!]`. */
  readonly type: string
  /** The name of the function in `graph/derive.ts`. */
  readonly by: string
  readonly description?: string
}

export type Field = Property | Walk | Derived

export interface ParentScope {
  parent: LinkType
  within?: KindName
}

/** How a resource of this kind is recognised across sources, built from an observation's properties. */
export interface IdentityRule {
  readonly type: string
  /** Joining needs one strong identity; a weak one only raises a conflict for people to decide. */
  readonly strength: 'strong' | 'weak'
  readonly property: string
  /**
   * What the value is valid within: a property (the manufacturer of a serial number), the resource at the end of a link (of the kind `within`, where the link leads to several),
   * or both; absent: everywhere.
   */
  readonly scope?: { property: string } | ParentScope | ({ property: string } & ParentScope)
}

export interface KindDefinition {
  readonly name: KindName
  /** Root connection field, e.g. `servers`. */
  readonly plural: string
  readonly description: string
  readonly interfaces: readonly InterfaceName[]
  readonly fields: Readonly<Record<string, Field>>
  readonly identities: readonly IdentityRule[]
  /** Property names that a Ref may use for this kind, beside `name` and `id`. */
  readonly naturalKeys: readonly string[]
  /** False where names repeat by nature (interfaces): then `name` alone is not looked up by index. */
  readonly nameIndexed: boolean
}

export const property = (
  type: PropertyType,
  rest: Partial<Omit<Property, 'from' | 'type'>> = {},
): Property => ({ from: 'property', type, ...rest })
export const derived = (type: string, by: string, description?: string): Derived =>
  description === undefined ? { from: 'derived', type, by } : { from: 'derived', type, by, description }

const walk = (shape: Walk['shape'], to: Walk['to'], steps: readonly Step[]): Walk => ({
  from: 'walk',
  shape,
  to,
  steps,
})
/** To at most one resource. */
export const one = (to: Walk['to'], ...steps: Step[]): Walk => walk('one', to, steps)
/** To a few resources: 32 or fewer by nature. */
export const list = (to: Walk['to'], ...steps: Step[]): Walk => walk('list', to, steps)
/** To any number of resources. */
export const connection = (to: Walk['to'], ...steps: Step[]): Walk => walk('connection', to, steps)

export const out = (type: LinkType, ...kind: (KindName | InterfaceName)[]): Step => step(type, 'out', kind)
export const into = (type: LinkType, ...kind: (KindName | InterfaceName)[]): Step => step(type, 'in', kind)
export const across = (type: LinkType, ...kind: (KindName | InterfaceName)[]): Step =>
  step(type, 'both', kind)
export const within = (type: LinkType, ...kind: (KindName | InterfaceName)[]): Step => ({
  ...step(type, 'in', kind),
  transitive: true,
})

function step(type: LinkType, direction: Step['direction'], kind: (KindName | InterfaceName)[]): Step {
  return kind.length === 0 ? { type, direction } : { type, direction, kind }
}
