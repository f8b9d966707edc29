/** The demo's cloud with recorded shapes (Zed) in it: what it holds is the test's to change, what it was asked is kept, and it can be made to answer anything. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CloudServer } from '../../../src/demo/face/cloud.ts'

type Item = Record<string, any>
const project = '04e14f497f1044d39805bfad2500f54f'
export const uuid = (index: number, head = 'b8b09e42'): string =>
  `${head}-bfe0-49c9-a1e7-${index.toString(16).padStart(12, '0')}`
const networkId = uuid(1, '8a3f6350')
const subnetId = uuid(1, 'df1e51e2')
const imageId = uuid(1, '7fe25290')

/** With all that version 2.93 tells. */
export const recordedServer = (index: number, rest: Item = {}): Item => ({
  id: uuid(index),
  name: `vm${index}`,
  status: 'ACTIVE',
  tenant_id: project,
  metadata: { team: 'blue' },
  image: { id: imageId, links: [] },
  flavor: { vcpus: 2, ram: 64, disk: 1, ephemeral: 0, swap: 0, original_name: 'm1.nano', extra_specs: {} },
  created: '2026-11-23T08:41:17Z',
  updated: '2026-11-23T08:41:18Z',
  addresses: {},
  'OS-EXT-AZ:availability_zone': 'nova',
  'OS-EXT-SRV-ATTR:host': 'fake-compute1',
  'OS-EXT-SRV-ATTR:hypervisor_hostname': `node${1 + (index % 2)}`,
  'OS-EXT-SRV-ATTR:instance_name': 'instance-00000002',
  'OS-EXT-STS:task_state': null,
  'OS-EXT-STS:vm_state': 'active',
  'OS-EXT-STS:power_state': 1,
  tags: ['x'],
  ...rest,
})

export const recordedPort = (index: number, rest: Item = {}): Item => ({
  id: uuid(index, 'dd04509a'),
  name: '',
  network_id: networkId,
  project_id: project,
  mac_address: `fa:16:3e:48:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`,
  admin_state_up: true,
  status: 'ACTIVE',
  device_id: uuid(index),
  device_owner: 'compute:nova',
  fixed_ips: [{ subnet_id: subnetId, ip_address: `10.20.${index >> 8}.${index & 255}` }],
  'binding:vnic_type': 'normal',
  'binding:host_id': 'fake-compute1',
  'binding:vif_type': 'bridge',
  ...rest,
})

const hypervisors = 'compute/v2.1/os-hypervisors/detail'
const used = new Set(
  ['vcpus', 'memory_mb', 'local_gb'].flatMap((name) => [name, `${name}_used`]).concat('running_vms'),
)

/** As libvirt's driver tells them in 2.48. */
const recordedDiagnostics = {
  state: 'running',
  driver: 'libvirt',
  hypervisor: 'kvm',
  hypervisor_os: 'linux',
  uptime: 46_664,
  config_drive: true,
  num_cpus: 2,
  num_nics: 1,
  num_disks: 1,
  cpu_details: [
    { id: 0, time: 17_300_000_000, utilisation: 15 },
    { id: 1, time: 2_700_000_000, utilisation: null },
  ],
  nic_details: [
    {
      mac_address: '01:23:45:67:89:ab',
      rx_octets: 2_070_139,
      rx_errors: 0,
      tx_octets: 140_208,
      tx_rate: null,
    },
  ],
  disk_details: [{ read_bytes: 262_144, read_requests: 112, write_bytes: 5_778_432, errors_count: 1 }],
  memory_details: { maximum: 64, used: 48 },
}

const many = (count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index + 1))

export class FakeCloud extends CloudServer {
  logins: any[] = []
  requests: { path: string; headers: IncomingMessage['headers'] }[] = []
  /** Machines that do not run. */
  readonly stopped = new Set<string>()
  /** Answers instead, when it says true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  declare readonly servers: Item[]
  declare readonly ports: Item[]
  declare readonly lists: Record<string, Item[]>

  constructor({ machines = 5, password = 'lab-pass' } = {}) {
    super(
      { password, region: 'RegionOne', project },
      {
        servers: many(machines, (index) => recordedServer(index)),
        ports: many(machines, (index) => recordedPort(index)),
        lists: recordedLists(),
      },
    )
  }

  override onLogin(login: unknown): void {
    this.logins.push(login)
  }

  answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.intercept?.(request, response)) return
    const { pathname } = new URL(request.url!, 'http://cloud')
    const path = pathname.slice(1).replace(/\/$/, '')
    this.requests.push({ path, headers: request.headers })
    const machine = /servers\/([\w-]+)\/diagnostics$/.exec(path)?.[1]
    if (machine !== undefined) return this.#diagnose(machine, response)
    // What machines have of a host is told up to 2.87, what its system prints after that.
    const all = this.lists[hypervisors]
    const isNew = Number(String(request.headers['x-openstack-nova-api-version']).split('.')[1]) > 87
    if (path === hypervisors && all)
      this.lists[path] = all.map((one) =>
        Object.fromEntries(
          Object.entries(one).filter(([name]) => (isNew ? !used.has(name) : name !== 'uptime')),
        ),
      )
    this.handle(request, response)
    if (path === hypervisors && all) this.lists[path] = all
  }

  #diagnose(id: string, response: ServerResponse): void {
    const [status, body] = !this.servers.some((one) => one['id'] === id)
      ? [404, { itemNotFound: {} }]
      : this.stopped.has(id)
        ? [409, { conflictingRequest: { message: 'not in the state for that' } }]
        : [200, recordedDiagnostics]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}

function recordedLists(): Record<string, Item[]> {
  const rest = { project_id: project, status: 'ACTIVE' }
  return {
    'identity/v3/projects': [
      { id: project, name: 'admin', domain_id: 'default', description: '', enabled: true },
    ],
    'identity/v3/domains': [{ id: 'default', name: 'Default', enabled: true }],
    'compute/v2.1/flavors/detail': [{ id: '42', name: 'm1.nano', ram: 64, disk: 1, vcpus: 2 }],
    'compute/v2.1/os-hypervisors/detail': many(2, (index) => ({
      id: uuid(index, '84ded59d'),
      hypervisor_hostname: `node${index}`,
      state: 'up',
      status: 'enabled',
      hypervisor_type: 'QEMU',
      hypervisor_version: 1000,
      host_ip: `10.1.0.${index}`,
      service: { id: 's', host: 'fake-compute1', disabled_reason: null },
      uptime: ' 08:32:11 up 93 days, 18:25, 12 users,  load average: 0.20, 0.12, 0.14',
      vcpus: 64,
      vcpus_used: 3 + index,
      memory_mb: 262_144,
      memory_mb_used: 512 + 64 * index,
      local_gb: 1_000,
      local_gb_used: 10,
      running_vms: 2 + index,
    })),
    'compute/v2.1/os-services': [
      {
        id: 's',
        binary: 'nova-compute',
        host: 'fake-compute1',
        zone: 'nova',
        status: 'enabled',
        state: 'up',
      },
    ],
    'compute/v2.1/os-aggregates': [
      { id: 1, name: 'ssd', availability_zone: 'az1', hosts: ['fake-compute1'] },
    ],
    'compute/v2.1/os-server-groups': [
      { id: 'g', name: 'apart', policy: 'anti-affinity', members: [uuid(1)] },
    ],
    'network/v2.0/networks': [
      {
        id: networkId,
        name: 'lab-net',
        ...rest,
        shared: false,
        'router:external': false,
        mtu: 1450,
        'provider:network_type': 'vxlan',
        'provider:segmentation_id': 2172,
      },
    ],
    'network/v2.0/subnets': [
      {
        id: subnetId,
        name: '',
        network_id: networkId,
        cidr: '10.20.0.0/16',
        gateway_ip: '10.20.0.1',
        enable_dhcp: true,
      },
    ],
    'network/v2.0/routers': [{ id: uuid(1, 'd1e2387f'), name: 'r1', ...rest, external_gateway_info: null }],
    'network/v2.0/floatingips': [
      { id: uuid(1, 'f1e2387f'), floating_ip_address: '192.0.2.7', port_id: uuid(1, 'dd04509a'), ...rest },
    ],
    'image/v2/images': [
      {
        id: imageId,
        name: 'tiny',
        status: 'active',
        size: 1024,
        visibility: 'public',
        owner: project,
        disk_format: 'raw',
        os_distro: 'debian',
        os_version: '12',
        tags: [],
      },
    ],
    [`volume/v3/${project}/volumes/detail`]: [
      {
        id: uuid(1, '72fa0d46'),
        name: 'v1',
        status: 'in-use',
        size: 1,
        volume_type: 'fake',
        bootable: 'false',
        attachments: [{ server_id: uuid(1), device: '/dev/vdb' }],
        'os-vol-tenant-attr:tenant_id': project,
      },
    ],
    'placement/resource_providers': many(2, (index) => ({
      uuid: uuid(index, '84ded59d'),
      name: `node${index}`,
      generation: 2,
    })),
    'baremetal/v1/nodes/detail': [
      {
        uuid: uuid(1, '70174c1a'),
        name: 'bm-1',
        power_state: 'power off',
        provision_state: 'available',
        driver: 'ipmi',
        driver_info: { ipmi_address: '10.9.0.1', ipmi_password: '******' },
        properties: { cpus: '8', memory_mb: '65536' },
        extra: {
          system_vendor: { manufacturer: 'Dell Inc.', product_name: 'R650', serial_number: 'SVC0001' },
        },
      },
    ],
    'baremetal/v1/ports/detail': [
      {
        uuid: uuid(1, '80174c1a'),
        address: 'a0:36:9f:00:00:01',
        node_uuid: uuid(1, '70174c1a'),
        pxe_enabled: true,
        local_link_connection: {},
      },
    ],
  }
}
