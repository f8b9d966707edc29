import type { KindName } from './index.ts'
import type { InterfaceName } from './kind.ts'

type Ends = readonly (KindName | InterfaceName)[]

/** What a link type means: its ends, its name read backwards, and which end is hit when the other fails. */
export interface LinkDefinition {
  readonly inverse: string
  readonly description: string
  /** Stored once, with the smaller id as `from`. */
  readonly symmetric?: true
  /** No resource may reach itself along links of this type. */
  readonly acyclic?: true
  /** A resource has at most one such link going out: a later one from the same source replaces it; among sources the precedence decides. */
  readonly single?: true
  /** `from`: the link's from end is hit when its to end fails; `to`: the other way round; `network`: decided by device roles, see graph/walk. */
  readonly impact?: 'from' | 'to' | 'network'
  readonly from: Ends
  readonly to: Ends
}

const all: Ends = ['Resource']

export const links = {
  LOCATED_IN: {
    inverse: 'CONTAINS',
    description: 'stands in a rack, location, site or region',
    acyclic: true,
    single: true,
    impact: 'from',
    from: all,
    to: ['Region', 'Site', 'Location', 'Rack'],
  },
  PART_OF: {
    inverse: 'HAS_PART',
    description:
      'is a part of: a module of its chassis, an interface of its device, an address of its prefix',
    acyclic: true,
    single: true,
    impact: 'from',
    from: all,
    to: all,
  },
  RUNS_ON: {
    inverse: 'RUNS',
    description: 'is carried by: a VM by its server, a container by its host, a service by its instances',
    acyclic: true,
    impact: 'from',
    from: ['VirtualMachine', 'Container', 'Service', 'Cluster', 'Volume'],
    to: all,
  },
  MEMBER_OF: {
    inverse: 'HAS_MEMBER',
    description: 'belongs to a group: a host to its cluster, an interface to its VLAN or LAG',
    acyclic: true,
    from: all,
    to: all,
  },
  DEPENDS_ON: {
    inverse: 'REQUIRED_BY',
    description: 'needs the other to work',
    impact: 'from',
    from: all,
    to: all,
  },
  OWNED_BY: { inverse: 'OWNS', description: 'is held by a tenant', single: true, from: all, to: ['Tenant'] },
  EXPOSES: {
    inverse: 'EXPOSED_BY',
    description: 'is reached at an endpoint',
    impact: 'to',
    from: ['Service', 'Container', 'Hardware', 'Machine'],
    to: ['Endpoint'],
  },
  CONNECTED_TO: {
    inverse: 'CONNECTED_TO',
    description: 'is cabled to',
    symmetric: true,
    impact: 'network',
    from: all,
    to: all,
  },
  POWERED_BY: {
    inverse: 'POWERS',
    description: 'draws power from',
    acyclic: true,
    impact: 'from',
    from: all,
    to: ['Pdu', 'PowerFeed', 'Device'],
  },
  ASSIGNED_TO: {
    inverse: 'HAS_ADDRESS',
    description: 'is an address of an interface or endpoint',
    single: true,
    impact: 'from',
    from: ['IpAddress'],
    to: all,
  },
  ATTACHED_TO: {
    inverse: 'HAS_VOLUME',
    description: 'is attached to a machine',
    impact: 'to',
    from: ['Volume'],
    to: all,
  },
  BOOTED_FROM: {
    inverse: 'BOOTS',
    description: 'was made from an image',
    single: true,
    from: ['VirtualMachine', 'Container', 'Server', 'Volume'],
    to: ['Image', 'Volume'],
  },
  PEERS_WITH: { inverse: 'PEERED_BY', description: 'speaks BGP with', from: ['BgpPeer'], to: all },
} as const satisfies Record<string, LinkDefinition>

export type LinkType = keyof typeof links
export const linkTypes = Object.keys(links) as LinkType[]
export const linkDefinition = (type: LinkType): LinkDefinition => links[type]
