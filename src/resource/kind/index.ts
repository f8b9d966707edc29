/** Every kind of resource. The order is the one of documentation and exports. */
import { component, device, networkSwitch, pdu, powerFeed } from './device.ts'
import { cluster, container, image, namespace, server, virtualMachine, volume } from './machine.ts'
import { bgpPeer, ipAddress, network, networkInterface, prefix, vlan, vrf } from './network.ts'
import { location, rack, region, site } from './place.ts'
import { cloudAccount, endpoint, service, source, tenant } from './service.ts'
import type { InterfaceName, KindDefinition, Property, Walk } from './kind.ts'

export const kindNames = [
  'Region',
  'Site',
  'Location',
  'Rack',
  'Server',
  'Switch',
  'Device',
  'Component',
  'Pdu',
  'PowerFeed',
  'NetworkInterface',
  'Network',
  'Vrf',
  'Vlan',
  'Prefix',
  'IpAddress',
  'BgpPeer',
  'Cluster',
  'Namespace',
  'VirtualMachine',
  'Container',
  'Volume',
  'Image',
  'Tenant',
  'CloudAccount',
  'Service',
  'Endpoint',
  'Source',
] as const
export type KindName = (typeof kindNames)[number]

const definitions: readonly KindDefinition[] = [
  region,
  site,
  location,
  rack,
  server,
  networkSwitch,
  device,
  component,
  pdu,
  powerFeed,
  networkInterface,
  network,
  vrf,
  vlan,
  prefix,
  ipAddress,
  bgpPeer,
  cluster,
  namespace,
  virtualMachine,
  container,
  volume,
  image,
  tenant,
  cloudAccount,
  service,
  endpoint,
  source,
]

export const kinds: ReadonlyMap<KindName, KindDefinition> = new Map(
  definitions.map((kind) => [kind.name, kind]),
)

export function getKind(name: KindName): KindDefinition {
  const kind = kinds.get(name)
  if (kind === undefined) throw new Error(`no kind ${name}`)
  return kind
}

export const isKindName = (name: string): name is KindName =>
  (kinds as ReadonlyMap<string, unknown>).has(name)

/** Whether a resource of `kind` is what `type` (a kind or an interface) asks for. */
export function isOfType(kind: KindName, type: KindName | InterfaceName): boolean {
  return type === 'Resource' || kind === type || getKind(kind).interfaces.includes(type as InterfaceName)
}

/** The kinds that a type name stands for. */
export function kindsOfType(type: KindName | InterfaceName): KindName[] {
  return kindNames.filter((kind) => isOfType(kind, type))
}

const properties = new WeakMap<KindDefinition, readonly [string, Property][]>()

/** Asked of every observation: found out once. */
export function propertiesOf(kind: KindDefinition): readonly [string, Property][] {
  let known = properties.get(kind)
  if (known === undefined) {
    known = Object.entries(kind.fields).filter(
      (entry): entry is [string, Property] => entry[1].from === 'property',
    )
    properties.set(kind, known)
  }
  return known
}

export function walksOf(kind: KindDefinition): [string, Walk][] {
  return Object.entries(kind.fields).filter((entry): entry is [string, Walk] => entry[1].from === 'walk')
}
