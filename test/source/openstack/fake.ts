/** A cloud in recorded shapes (Zed), all services behind one address: what it holds is the test's to change. It has pages, microversions, `changes-since` and tokens that end. */
import type { IncomingMessage, ServerResponse } from 'node:http'

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

const many = (count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index + 1))

export class FakeCloud {
  url = ''
  /** Of the last login; an older one is refused. */
  token = 1
  logins: any[] = []
  requests: { path: string; headers: IncomingMessage['headers'] }[] = []
  microversion = '2.93'
  /** Answers instead, when it says true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  /** Services that the catalog has. */
  services = new Set(['compute', 'network', 'image', 'volumev3', 'placement', 'baremetal'])
  readonly password: string
  readonly servers: Item[]
  readonly ports: Item[]
  deleted: Item[] = []
  readonly lists: Record<string, Item[]>

  constructor({ machines = 5, password = 'lab-pass' } = {}) {
    this.password = password
    this.servers = many(machines, (index) => recordedServer(index))
    this.ports = many(machines, (index) => recordedPort(index))
    const rest = { project_id: project, status: 'ACTIVE' }
    this.lists = {
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
        uptime: null,
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
      'network/v2.0/ports': this.ports,
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

  answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (this.intercept?.(request, response)) return
    const url = new URL(request.url!, 'http://cloud')
    const path = url.pathname.slice(1).replace(/\/$/, '')
    this.requests.push({ path, headers: request.headers })
    const say = (status: number, body: unknown, headers = {}) =>
      void response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(body))
    if (request.method === 'POST' && path === 'identity/v3/auth/tokens') return void this.#logIn(request, say)
    if (request.headers['x-auth-token'] !== `token-${this.token}`) return say(401, { error: { code: 401 } })
    const version = this.#versionOf(path)
    if (version !== undefined) return say(200, version)
    if (path === 'compute/v2.1/servers/detail') return this.#page(url, this.#servers(url), 'servers', say)
    const server = /^compute\/v2\.1\/servers\/([\w-]+)$/.exec(path)?.[1]
    const port = /^network\/v2\.0\/ports\/([\w-]+)$/.exec(path)?.[1]
    const one = server
      ? this.servers.find(({ id }) => id === server)
      : this.ports.find(({ id }) => id === port)
    if (server ?? port)
      return one ? say(200, { [server ? 'server' : 'port']: one }) : say(404, { itemNotFound: {} })
    const provided = /^placement\/resource_providers\/[\w-]+\/(inventories|traits)$/.exec(path)?.[1]
    if (provided === 'traits') return say(200, { traits: ['COMPUTE_NODE'] })
    if (provided)
      return say(200, {
        inventories: {
          VCPU: { total: 64, reserved: 0, allocation_ratio: 4 },
          MEMORY_MB: { total: 262_144, reserved: 512, allocation_ratio: 1 },
        },
      })
    if (/\/os-quota-sets\/\w+$/.test(path))
      return say(200, { quota_set: { id: project, cores: 20, instances: 10 } })
    const list = this.lists[path]
    const name = path.replace('/detail', '').split('/').at(-1)!.replace(/^os-/, '').replace('-', '_')
    return list ? this.#page(url, list, name, say) : say(404, { itemNotFound: {} })
  }

  async #logIn(
    request: IncomingMessage,
    say: (status: number, body: unknown, headers?: object) => void,
  ): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const login = JSON.parse(text)
    this.logins.push(login)
    const { password, application_credential: application } = login.auth.identity
    if ((password?.user.password ?? application?.secret) !== this.password)
      return say(401, { error: { message: `no ${text}` } })
    const paths: Record<string, string> = { compute: 'compute/v2.1', volumev3: `volume/v3/${project}` }
    const catalog = [...this.services].map((type) => ({
      type,
      endpoints: ['public', 'internal'].map((name) => ({
        interface: name,
        region_id: 'RegionOne',
        url: `${this.url}/${paths[type] ?? type}`,
      })),
    }))
    const token = {
      expires_at: '2099-11-24T08:41:04.000000Z',
      roles: [{ name: 'admin' }],
      project: { id: project, name: 'admin' },
      catalog,
    }
    say(201, { token }, { 'x-subject-token': `token-${this.token}` })
  }

  #versionOf(path: string): Item | undefined {
    const told = (id: string, version: string) => ({
      versions: [{ id, status: 'CURRENT', version, min_version: id.slice(1) }],
    })
    if (path === 'compute') return told('v2.1', this.microversion)
    if (path === 'volume') return told('v3.0', '3.70')
    if (path === 'placement') return { versions: [{ id: 'v1.0', max_version: '1.39', min_version: '1.0' }] }
    return path === 'baremetal' ? told('v1', '1.82') : undefined
  }

  #servers(url: URL): Item[] {
    const since = url.searchParams.get('changes-since')
    if (since === null) return this.servers
    return [...this.servers, ...this.deleted].filter(({ updated }) => updated >= since)
  }

  #page(url: URL, all: Item[], name: string, say: (status: number, body: unknown) => void): void {
    const [limit, marker] = [Number(url.searchParams.get('limit') ?? 1e9), url.searchParams.get('marker')]
    const idOf = (one: Item) => String(one['uuid'] ?? one['id'])
    const at = marker === null ? 0 : all.findIndex((one) => idOf(one) === marker) + 1
    if (marker !== null && at === 0) return say(400, { badRequest: { message: 'marker not found' } })
    const page = all.slice(at, at + limit)
    // A page of exactly as many as were asked for has a next one, even when that is empty.
    const next =
      page.length === limit ? { [`${name}_links`]: [{ rel: 'next', href: 'http://elsewhere/' }] } : {}
    say(200, { [name]: page, ...next })
  }
}
