/** What of a cloud's answers is used, in every release from Kilo on. What only administrators see may be absent. */
import { z } from 'zod'

const text = z.string().nullish()
const number = z.number().nullish()
const flag = z.boolean().nullish()

export const server = z.looseObject({
  id: z.string().min(1),
  /** Absent of a server in a cell that is down: nothing else is known of it either. */
  name: text,
  status: text,
  tenant_id: text,
  created: text,
  metadata: z.record(z.string(), z.unknown()).nullish(),
  tags: z.array(z.string()).nullish(),
  image: z.union([z.object({ id: z.string() }), z.string()]).nullish(),
  flavor: z
    .object({ id: text, original_name: text, vcpus: number, ram: number, disk: number, ephemeral: number })
    .nullish(),
  description: text,
  locked: flag,
  fault: z.object({ message: text }).nullish(),
  key_name: text,
  'OS-EXT-AZ:availability_zone': text,
  'OS-EXT-SRV-ATTR:host': text,
  'OS-EXT-SRV-ATTR:hypervisor_hostname': text,
  'OS-EXT-SRV-ATTR:instance_name': text,
  'OS-EXT-STS:task_state': text,
  'OS-EXT-STS:vm_state': text,
  'OS-EXT-STS:power_state': number,
})
export const flavor = z.object({
  id: z.string(),
  name: z.string(),
  vcpus: z.number(),
  ram: z.number(),
  disk: z.number(),
})
const id = z.union([z.string(), z.number()])
export const hypervisor = z.object({
  id,
  hypervisor_hostname: z.string().min(1),
  state: text,
  status: text,
  hypervisor_type: text,
  hypervisor_version: z.union([z.number(), z.string()]).nullish(),
  host_ip: text,
  service: z.object({ host: text, disabled_reason: text }).nullish(),
  vcpus: number,
  memory_mb: number,
  local_gb: number,
  cpu_info: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
  /** What its system prints, from 2.88 on. */
  uptime: text,
})
/** Up to 2.87. */
export const hypervisorUsage = z.object({
  id,
  hypervisor_hostname: z.string().min(1),
  hypervisor_type: text,
  vcpus: number,
  vcpus_used: number,
  memory_mb: number,
  memory_mb_used: number,
  local_gb: number,
  local_gb_used: number,
  running_vms: number,
})
/** From 2.48 on. */
export const diagnostics = z.object({
  uptime: number,
  cpu_details: z.array(z.object({ time: number })).nullish(),
  memory_details: z.object({ maximum: number, used: number }).nullish(),
  nic_details: z.array(z.object({ rx_octets: number, tx_octets: number })).nullish(),
  disk_details: z.array(z.object({ read_bytes: number, write_bytes: number })).nullish(),
})
export const computeService = z.object({
  id,
  binary: z.string(),
  host: z.string(),
  zone: text,
  status: text,
  state: text,
  disabled_reason: text,
  forced_down: flag,
})
export const aggregate = z.object({
  id: z.number(),
  name: z.string(),
  availability_zone: text,
  hosts: z.array(z.string()),
})
export const serverGroup = z.object({
  id: z.string(),
  name: z.string(),
  policy: text,
  policies: z.array(z.string()).nullish(),
  members: z.array(z.string()),
})
export const network = z.object({
  id: z.string().min(1),
  name: text,
  project_id: text,
  tenant_id: text,
  status: text,
  mtu: number,
  shared: flag,
  'router:external': flag,
  'provider:network_type': text,
  'provider:physical_network': text,
  'provider:segmentation_id': number,
})
export const subnet = z.object({
  id: z.string().min(1),
  name: text,
  network_id: z.string(),
  cidr: z.string(),
  gateway_ip: text,
  enable_dhcp: flag,
})
export const port = z.object({
  id: z.string().min(1),
  name: text,
  network_id: z.string(),
  project_id: text,
  tenant_id: text,
  mac_address: text,
  admin_state_up: flag,
  status: text,
  device_id: text,
  device_owner: text,
  fixed_ips: z.array(z.object({ subnet_id: text, ip_address: text })).nullish(),
  'binding:host_id': text,
  'binding:vif_type': text,
  'binding:vnic_type': text,
})
export const router = z.object({
  id: z.string().min(1),
  name: text,
  project_id: text,
  tenant_id: text,
  status: text,
  distributed: flag,
  ha: flag,
  external_gateway_info: z.object({ network_id: text }).nullish(),
})
export const floatingIp = z.object({
  id: z.string().min(1),
  floating_ip_address: z.string(),
  floating_network_id: text,
  fixed_ip_address: text,
  port_id: text,
  router_id: text,
  project_id: text,
  tenant_id: text,
  status: text,
})
export const image = z.looseObject({
  id: z.string().min(1),
  name: text,
  status: text,
  size: number,
  visibility: text,
  owner: text,
  disk_format: text,
  os_distro: text,
  os_version: text,
  tags: z.array(z.string()).nullish(),
})
export const volume = z.object({
  id: z.string().min(1),
  name: text,
  status: text,
  size: z.number(),
  availability_zone: text,
  volume_type: text,
  bootable: z.union([z.string(), z.boolean()]).nullish(),
  encrypted: flag,
  attachments: z.array(z.object({ server_id: text, device: text })).nullish(),
  volume_image_metadata: z.object({ image_id: text }).nullish(),
  'os-vol-tenant-attr:tenant_id': text,
  'os-vol-host-attr:host': text,
})
export const node = z.object({
  uuid: z.string().min(1),
  name: text,
  power_state: text,
  provision_state: text,
  maintenance: flag,
  maintenance_reason: text,
  resource_class: text,
  driver: text,
  instance_uuid: text,
  owner: text,
  properties: z.record(z.string(), z.unknown()).nullish(),
  driver_info: z.record(z.string(), z.unknown()).nullish(),
  extra: z.record(z.string(), z.unknown()).nullish(),
  traits: z.array(z.string()).nullish(),
})
export const nodePort = z.object({
  uuid: z.string().min(1),
  address: z.string(),
  node_uuid: z.string(),
  name: text,
  pxe_enabled: flag,
  local_link_connection: z.record(z.string(), z.unknown()).nullish(),
})
export const project = z.object({
  id: z.string().min(1),
  name: z.string(),
  domain_id: text,
  description: text,
  enabled: flag,
})
export const domain = z.object({ id: z.string(), name: z.string() })
export const provider = z.object({ uuid: z.string(), name: z.string() })
export const inventories = z.object({
  inventories: z.record(
    z.string(),
    z.object({ total: z.number(), reserved: number, allocation_ratio: number }),
  ),
})
export const traits = z.object({ traits: z.array(z.string()) })
export const quotaSet = z.object({ quota_set: z.record(z.string(), z.unknown()) })

export type Server = z.infer<typeof server>
export type Flavor = z.infer<typeof flavor>
export type Hypervisor = z.infer<typeof hypervisor>
export type HypervisorUsage = z.infer<typeof hypervisorUsage>
export type Diagnostics = z.infer<typeof diagnostics>
export type ComputeService = z.infer<typeof computeService>
export type Aggregate = z.infer<typeof aggregate>
export type ServerGroup = z.infer<typeof serverGroup>
export type Network = z.infer<typeof network>
export type Subnet = z.infer<typeof subnet>
export type Port = z.infer<typeof port>
export type Router = z.infer<typeof router>
export type FloatingIp = z.infer<typeof floatingIp>
export type Image = z.infer<typeof image>
export type Volume = z.infer<typeof volume>
export type Node = z.infer<typeof node>
export type NodePort = z.infer<typeof nodePort>
export type Project = z.infer<typeof project>
export type Domain = z.infer<typeof domain>
