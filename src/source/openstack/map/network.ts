/** Networks, subnets, ports, routers, floating addresses. */
import { isIP } from 'node:net'
import type { LinkClaim, Observation } from '../../../resource/resource.ts'
import type { Lookup } from '../map.ts'
import type * as shape from '../shape.ts'
import { link, nameOr, ownedBy, present } from './draft.ts'

/** Addresses of a tenant's network count only within it. */
const vrfLinks = (network: string | undefined, look: Lookup): LinkClaim[] =>
  link('MEMBER_OF', network !== undefined && look.isolated.has(network) ? `vrf/${network}` : undefined)

const ownerOf = (one: { project_id?: string | null | undefined; tenant_id?: string | null | undefined }) =>
  ownedBy(one.project_id ?? one.tenant_id)

export function toNetwork(one: shape.Network, look: Lookup): Observation[] {
  const name = nameOr(one.name, 'network', one.id)
  const [type, segment] = [one['provider:network_type'], one['provider:segmentation_id']]
  const thing: Observation = {
    key: `network/${one.id}`,
    kind: 'Network',
    name,
    fields: present({ networkId: one.id, segment: type && (segment == null ? type : `${type}:${segment}`) }),
    attributes: present({
      region: look.region,
      status: one.status,
      mtu: one.mtu,
      external: one['router:external'] === true ? true : undefined,
      shared: one.shared === true ? true : undefined,
      physicalNetwork: one['provider:physical_network'],
    }),
    links: [{ type: 'PART_OF', to: { key: `region/${look.region}` } }, ...ownerOf(one)],
  }
  if (!look.isolated.has(one.id)) return [thing]
  return [thing, { key: `vrf/${one.id}`, kind: 'Vrf', name: `${name} (${one.id})` }]
}

export const toSubnet = (one: shape.Subnet, look: Lookup): Observation => ({
  key: `subnet/${one.id}`,
  kind: 'Prefix',
  name: one.cidr,
  fields: present({ cidr: one.cidr, gateway: one.gateway_ip }),
  attributes: present({ name: one.name, dhcp: one.enable_dhcp }),
  links: [{ type: 'PART_OF', to: { key: `network/${one.network_id}` } }, ...vrfLinks(one.network_id, look)],
})

const operStatuses: Readonly<Record<string, string>> = { ACTIVE: 'UP', DOWN: 'DOWN' }

export function toPort(one: shape.Port, look: Lookup): Observation[] {
  const key = `port/${one.id}`
  const thing: Observation = {
    key,
    kind: 'NetworkInterface',
    name: nameOr(one.name, 'port', one.id),
    fields: present({
      type: 'virtual',
      macAddress: one.mac_address,
      adminStatus: one.admin_state_up == null ? undefined : one.admin_state_up ? 'UP' : 'DOWN',
      operStatus: one.status ? (operStatuses[one.status] ?? 'UNKNOWN') : undefined,
    }),
    attributes: present({
      portId: one.id,
      deviceOwner: one.device_owner,
      bindingHost: one['binding:host_id'],
      vifType: one['binding:vif_type'],
      vnicType: one['binding:vnic_type'],
    }),
    links: [
      ...link('PART_OF', deviceKeyOf(one)),
      { type: 'MEMBER_OF', to: { key: `network/${one.network_id}` } },
      ...ownerOf(one),
    ],
  }
  const addresses = (one.fixed_ips ?? []).flatMap(
    ({ ip_address: address, subnet_id: subnet }): Observation[] =>
      address && isIP(address) !== 0
        ? [
            {
              key: `address/${one.id}/${address}`,
              kind: 'IpAddress',
              name: address,
              fields: { address },
              links: [
                { type: 'ASSIGNED_TO', to: { key } },
                ...link('PART_OF', subnet ? `subnet/${subnet}` : undefined),
                ...vrfLinks(one.network_id, look),
              ],
            },
          ]
        : [],
  )
  return [thing, ...addresses]
}

function deviceKeyOf({ device_id: device, device_owner: owner }: shape.Port): string | undefined {
  if (!device) return undefined
  if (owner?.startsWith('compute:') || owner?.startsWith('baremetal:')) return `server/${device}`
  return owner?.startsWith('network:router') || owner?.startsWith('network:ha_router')
    ? `router/${device}`
    : undefined
}

export const toRouter = (one: shape.Router, look: Lookup): Observation => ({
  key: `router/${one.id}`,
  kind: 'Device',
  name: nameOr(one.name, 'router', one.id),
  fields: { role: 'virtual router' },
  attributes: present({
    region: look.region,
    routerId: one.id,
    status: one.status,
    distributed: one.distributed,
    ha: one.ha,
    externalNetwork: one.external_gateway_info?.network_id,
  }),
  links: [{ type: 'MEMBER_OF', to: { key: `region/${look.region}` } }, ...ownerOf(one)],
})

export const toFloatingIp = (one: shape.FloatingIp): Observation => ({
  key: `floatingip/${one.id}`,
  kind: 'IpAddress',
  name: one.floating_ip_address,
  fields: { address: one.floating_ip_address, floating: true },
  attributes: present({ status: one.status, fixedAddress: one.fixed_ip_address, router: one.router_id }),
  links: [...link('ASSIGNED_TO', one.port_id ? `port/${one.port_id}` : undefined), ...ownerOf(one)],
})
