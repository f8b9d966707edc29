/** Servers, hypervisors and bare-metal nodes. */
import type { Observation } from '../../../resource/resource.ts'
import type { Holding, Lookup } from '../map.ts'
import type * as shape from '../shape.ts'
import { link, nameOr, ownedBy, present, toLabels } from './draft.ts'

const mebibyte = 2 ** 20
const gibibyte = 2 ** 30

/** Nova's numbers (nova/compute/power_state.py). */
const powerStates: Readonly<Record<number, string>> = {
  0: 'UNKNOWN',
  1: 'ON',
  3: 'PAUSED',
  4: 'OFF',
  6: 'OFF',
  7: 'SUSPENDED',
}

export const hypervisorKey = (region: string, name: string): string => `hypervisor/${region}/${name}`

export function toServer(one: shape.Server, look: Lookup): Observation {
  const flavor = flavorOf(one, look)
  const imageId = typeof one.image === 'object' ? one.image?.id : undefined
  const group = look.groupOf.get(one.id)
  const power = one['OS-EXT-STS:power_state']
  return {
    key: `server/${one.id}`,
    kind: 'VirtualMachine',
    name: nameOr(one.name, 'server', one.id),
    fields: present({
      instanceId: one.id,
      // What libvirt gives the guest as the UUID of its firmware; a node of bare metal has its own.
      systemUuid: look.nodeOfServer.has(one.id) ? undefined : one.id,
      cpuCores: flavor.vcpus,
      memoryBytes: flavor.ram === undefined ? undefined : flavor.ram * mebibyte,
      diskBytes: flavor.disk === undefined ? undefined : flavor.disk * gibibyte,
      powerState: power === null || power === undefined ? undefined : (powerStates[power] ?? 'UNKNOWN'),
      availabilityZone: one['OS-EXT-AZ:availability_zone'],
      flavor: flavor.name,
      vmState: one['OS-EXT-STS:vm_state'] ?? one.status?.toLowerCase(),
      taskState: one['OS-EXT-STS:task_state'],
      fault: one.fault?.message,
    }),
    labels: {
      ...toLabels(one.metadata),
      ...toLabels(Object.fromEntries((one.tags ?? []).map((tag) => [tag, 'true']))),
    },
    attributes: present({
      region: look.region,
      status: one.status,
      createdAt: one.created,
      description: one.description,
      instanceName: one['OS-EXT-SRV-ATTR:instance_name'],
      locked: one.locked === true ? true : undefined,
      serverGroup: group && { name: group.name, policy: group.policy ?? group.policies?.[0] },
    }),
    links: [
      { type: 'MEMBER_OF', to: { key: `region/${look.region}` } },
      ...ownedBy(one.tenant_id),
      ...link('RUNS_ON', hostKeyOf(one, look)),
      ...link('BOOTED_FROM', imageId && `image/${imageId}`),
    ],
  }
}

function hostKeyOf(one: shape.Server, look: Lookup): string | undefined {
  const node = look.nodeOfServer.get(one.id)
  if (node !== undefined) return `node/${node}`
  const name = one['OS-EXT-SRV-ATTR:hypervisor_hostname'] ?? one['OS-EXT-SRV-ATTR:host']
  return name ? hypervisorKey(look.region, name) : undefined
}

/** From 2.47 on it is told with the server, before only its id. */
export function flavorOf(
  { flavor }: shape.Server,
  look: Lookup,
): { name?: string; vcpus?: number; ram?: number; disk?: number } {
  if (flavor?.vcpus != null && flavor.ram != null)
    return {
      vcpus: flavor.vcpus,
      ram: flavor.ram,
      disk: (flavor.disk ?? 0) + (flavor.ephemeral ?? 0),
      ...(flavor.original_name ? { name: flavor.original_name } : {}),
    }
  const known = flavor?.id ? look.flavors.get(flavor.id) : undefined
  return known ?? (flavor?.id ? { name: flavor.id } : {})
}

export function toHypervisor(
  one: shape.Hypervisor,
  { region, services, aggregates, providers }: Holding,
): Observation {
  const host = one.service?.host ?? one.hypervisor_hostname
  const service = services.find(({ binary, host: at }) => binary === 'nova-compute' && at === host)
  const its = aggregates.filter(({ hosts }) => hosts.includes(host))
  const provided = providers.get(one.hypervisor_hostname)
  const cpu = toCpu(one.cpu_info)
  const cores = one.vcpus ?? totalOf(provided, 'VCPU')
  const memory = one.memory_mb ?? totalOf(provided, 'MEMORY_MB')
  return {
    key: hypervisorKey(region, one.hypervisor_hostname),
    kind: 'Server',
    name: one.hypervisor_hostname,
    fields: present({
      cpuCores: cores,
      memoryBytes: memory == null ? undefined : memory * mebibyte,
      cpuModel: cpu,
      role: 'hypervisor',
    }),
    attributes: present({
      region,
      computeHost: host,
      state: one.state,
      status: one.status,
      disabledReason: one.service?.disabled_reason ?? service?.disabled_reason,
      forcedDown: service?.forced_down === true ? true : undefined,
      hypervisorType: one.hypervisor_type,
      hypervisorVersion: one.hypervisor_version,
      hostIp: one.host_ip,
      availabilityZone: its.find((each) => each.availability_zone)?.availability_zone ?? service?.zone,
      aggregates: its.length === 0 ? undefined : its.map(({ name }) => name).sort(),
      placement: provided,
    }),
    links: [{ type: 'MEMBER_OF', to: { key: `region/${region}` } }],
  }
}

function totalOf(provided: Record<string, unknown> | undefined, name: string): number | undefined {
  const inventories = provided?.['inventories'] as Record<string, { total: number }> | undefined
  return inventories?.[name]?.total
}

/** A text with JSON in it before 2.28, an object from then on. */
function toCpu(info: shape.Hypervisor['cpu_info']): string | undefined {
  if (!info) return undefined
  try {
    const cpu = (typeof info === 'string' ? JSON.parse(info) : info) as { vendor?: unknown; model?: unknown }
    return [cpu.vendor, cpu.model].filter((part) => typeof part === 'string').join(' ')
  } catch {
    return undefined
  }
}

const nodePower: Readonly<Record<string, string>> = {
  'power on': 'ON',
  'power off': 'OFF',
  rebooting: 'POWERING_ON',
}

/** Inspection leaves what a node is in its properties and extras, under these names. */
export function toNode(one: shape.Node, region: string): Observation {
  const { properties, extra, driver_info: driver } = one
  const vendor = objectOf(extra?.['system_vendor'])
  const textOf = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  const serial =
    textOf(extra?.['serial_number']) ??
    textOf(vendor['serial_number']) ??
    textOf(properties?.['serial_number'])
  const bmc = textOf(driver?.['ipmi_address']) ?? hostOf(textOf(driver?.['redfish_address']))
  return {
    key: `node/${one.uuid}`,
    kind: 'Server',
    name: nameOr(one.name, 'node', one.uuid),
    fields: present({
      powerState: nodePower[one.power_state ?? ''] ?? 'UNKNOWN',
      manufacturer: textOf(vendor['manufacturer']),
      model: textOf(vendor['product_name']),
      serialNumber: serial,
      systemUuid: uuidOf(textOf(extra?.['system_uuid'])),
      cpuCores: wholeOf(properties?.['cpus']),
      memoryBytes: scaled(wholeOf(properties?.['memory_mb']), mebibyte),
      diskBytes: scaled(wholeOf(properties?.['local_gb']), gibibyte),
      bmcAddress: bmc && /^[\d.]+$|:/.test(bmc) ? bmc : undefined,
    }),
    attributes: present({
      region,
      provisionState: one.provision_state,
      resourceClass: one.resource_class,
      driver: one.driver,
      maintenance: one.maintenance === true ? (one.maintenance_reason ?? true) : undefined,
      traits: one.traits?.length ? one.traits : undefined,
    }),
    links: [{ type: 'MEMBER_OF', to: { key: `region/${region}` } }, ...ownedBy(one.owner)],
  }
}

export const toNodePort = (one: shape.NodePort): Observation => ({
  key: `nodeport/${one.uuid}`,
  kind: 'NetworkInterface',
  name: one.name?.trim() ? one.name : one.address,
  fields: { macAddress: one.address },
  attributes: present({ pxe: one.pxe_enabled, switch: one.local_link_connection }),
  links: [{ type: 'PART_OF', to: { key: `node/${one.node_uuid}` } }],
})

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const uuidOf = (text: string | undefined) => (text && /^[0-9a-f-]{36}$/i.test(text) ? text : undefined)
const hostOf = (url: string | undefined) => (url && URL.canParse(url) ? new URL(url).hostname : url)
const scaled = (value: number | undefined, by: number) => (value === undefined ? undefined : value * by)
function wholeOf(value: unknown): number | undefined {
  const number = Number(value)
  return value !== null && value !== '' && Number.isInteger(number) && number > 0 ? number : undefined
}
