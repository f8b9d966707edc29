/** What a region holds, as observations. Pure. */
import type { Observation } from '../../resource/resource.ts'
import { toHypervisor, toNode, toNodePort, toServer } from './map/machine.ts'
import { toFloatingIp, toNetwork, toPort, toRouter, toSubnet } from './map/network.ts'
import { toImage, toProject, toVolume } from './map/storage.ts'
import type * as shape from './shape.ts'

/** All that was read of a region, by what it is. */
export interface Holding {
  region: string
  projects: readonly shape.Project[]
  domains: readonly shape.Domain[]
  /** By project: its quotas, as each service tells them. */
  quotas: ReadonlyMap<string, Record<string, unknown>>
  servers: readonly shape.Server[]
  flavors: readonly shape.Flavor[]
  hypervisors: readonly shape.Hypervisor[]
  services: readonly shape.ComputeService[]
  aggregates: readonly shape.Aggregate[]
  groups: readonly shape.ServerGroup[]
  networks: readonly shape.Network[]
  subnets: readonly shape.Subnet[]
  ports: readonly shape.Port[]
  routers: readonly shape.Router[]
  floatingIps: readonly shape.FloatingIp[]
  images: readonly shape.Image[]
  volumes: readonly shape.Volume[]
  /** By the name of the hypervisor: what placement knows of it. */
  providers: ReadonlyMap<string, Record<string, unknown>>
  nodes: readonly shape.Node[]
  nodePorts: readonly shape.NodePort[]
}

/** What things are looked up by while others are mapped. */
export interface Lookup {
  region: string
  flavors: ReadonlyMap<string, shape.Flavor>
  groupOf: ReadonlyMap<string, shape.ServerGroup>
  /** Networks whose addresses count only within them. */
  isolated: ReadonlySet<string>
  networkOf: ReadonlyMap<string, string>
  nodeOfServer: ReadonlyMap<string, string>
  nodes: ReadonlySet<string>
}

export function toLookup(held: Holding): Lookup {
  const { flavors, groups, networks, subnets, nodes } = held
  return {
    region: held.region,
    flavors: new Map(flavors.map((one) => [one.id, one])),
    groupOf: new Map(groups.flatMap((group) => group.members.map((member) => [member, group] as const))),
    isolated: new Set(networks.filter(isIsolated).map(({ id }) => id)),
    networkOf: new Map(subnets.map((one) => [one.id, one.network_id])),
    nodeOfServer: new Map(
      nodes.flatMap((one) => (one.instance_uuid ? [[one.instance_uuid, one.uuid] as const] : [])),
    ),
    nodes: new Set(nodes.map(({ uuid }) => uuid)),
  }
}

/** Only who sees its type knows; a network that is not shared and not outside is taken for one of a tenant. */
const isIsolated = (one: shape.Network): boolean =>
  one['provider:network_type']
    ? /^(?:vxlan|gre|geneve|local)$/.test(one['provider:network_type'])
    : !one['router:external'] && !one.shared

export function toObservations(held: Holding): Observation[] {
  const look = toLookup(held)
  const { region } = held
  const domains = new Map(held.domains.map((one) => [one.id, one.name]))
  const cluster: Observation = {
    key: `region/${region}`,
    kind: 'Cluster',
    name: region,
    fields: { type: 'openstack' },
    attributes: { zones: [...new Set(held.aggregates.flatMap((one) => one.availability_zone ?? []))].sort() },
  }
  return [
    cluster,
    ...held.projects.map((one) => toProject(one, domains, held.quotas.get(one.id))),
    ...held.hypervisors
      .filter((one) => !look.nodes.has(one.hypervisor_hostname))
      .map((one) => toHypervisor(one, held)),
    ...held.nodes.map((one) => toNode(one, region)),
    ...held.nodePorts.map(toNodePort),
    ...held.images.map(toImage),
    ...held.networks.flatMap((one) => toNetwork(one, look)),
    ...held.subnets.map((one) => toSubnet(one, look)),
    ...held.routers.map((one) => toRouter(one, look)),
    ...held.servers.map((one) => toServer(one, look)),
    ...held.ports.flatMap((one) => toPort(one, look)),
    ...held.floatingIps.map((one) => toFloatingIp(one)),
    ...held.volumes.map((one) => toVolume(one)),
  ]
}
