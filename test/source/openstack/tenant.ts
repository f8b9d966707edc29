/**
 * What a tenant of the fake cloud changes in it: servers, ports, volumes, floating addresses, groups, with the rules that the real ones have (an address is one
 * port's, a volume that is attached stays, a server goes after a while). Each change can be made to fail before or after its effect, or to be served late.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { FakeCloud, recordedPort, recordedServer, uuid } from './fake.ts'

type Item = Record<string, any>
export type Fault = 'before' | 'after' | 'late' | 'before, once' | 'after, once'

const project = '04e14f497f1044d39805bfad2500f54f'
const kinds = {
  servers: { one: 'server', list: 'servers', at: 'compute/v2.1' },
  'os-server-groups': { one: 'server_group', list: 'server_groups', at: 'compute/v2.1' },
  ports: { one: 'port', list: 'ports', at: 'network/v2.0' },
  floatingips: { one: 'floatingip', list: 'floatingips', at: 'network/v2.0' },
  volumes: { one: 'volume', list: 'volumes', at: `volume/v3/${project}` },
} as const
type Kind = keyof typeof kinds
const pattern =
  /^(?:compute\/v2\.1|network\/v2\.0|volume\/v3\/\w+)\/(servers|os-server-groups|ports|floatingips|volumes)(?:\/(detail|[\w-]+))?$/

const now = () => `${new Date().toISOString().slice(0, 19)}Z`

class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export class TenantCloud extends FakeCloud {
  readonly faults = new Map<string, Fault>()
  /** Every change that was asked for, as `POST servers`. */
  readonly changes: string[] = []
  /** What stands before anybody asked: somebody else's. */
  readonly #before: ReadonlySet<string>
  readonly #late: (() => void)[] = []
  #next = 1_000

  constructor({ hypervisors = 3 } = {}) {
    super({ machines: 1 })
    this.lists['network/v2.0/floatingips'] = []
    this.lists[`volume/v3/${project}/volumes/detail`] = []
    this.lists['compute/v2.1/os-server-groups'] = []
    this.services.add('volumev3')
    this.lists['network/v2.0/networks']!.push({
      id: uuid(2, '8a3f6350'),
      name: 'public',
      status: 'ACTIVE',
      'router:external': true,
    })
    const [first] = this.lists['compute/v2.1/os-hypervisors/detail']!
    this.lists['compute/v2.1/os-hypervisors/detail'] = Array.from({ length: hypervisors }, (_, index) => ({
      ...first,
      id: uuid(index + 1, '84ded59d'),
      hypervisor_hostname: `node${index + 1}`,
    }))
    this.lists['placement/resource_providers'] = Array.from({ length: hypervisors }, (_, index) => ({
      uuid: uuid(index + 1, '84ded59d'),
      name: `node${index + 1}`,
    }))
    this.intercept = (request, response) => this.#take(request, response)
    this.#before = new Set(this.#all().map(({ id }) => id))
  }

  /** What was made and is there, by kind and name; what is nobody's name has its mark. */
  there(): string[] {
    return this.#all()
      .filter(({ id }) => !this.#before.has(id))
      .map((one) => `${one['kind_'] ?? ''} ${one['name'] || one['description']}`)
      .sort()
  }

  of(kind: Kind): Item[] {
    return this.#items(kind)
  }

  /** What was to be served late is served now. */
  deliver(): void {
    for (const serve of this.#late.splice(0))
      try {
        serve()
      } catch (error) {
        if (!(error instanceof Refused)) throw error
      }
  }

  #all(): Item[] {
    return (Object.keys(kinds) as Kind[]).flatMap((kind) => this.#items(kind))
  }

  #items(kind: Kind): Item[] {
    if (kind === 'servers') return this.servers
    if (kind === 'ports') return this.ports
    return this.lists[`${kinds[kind].at}/${kind}${kind === 'volumes' ? '/detail' : ''}`]!
  }

  #take(request: IncomingMessage, response: ServerResponse): boolean {
    const url = new URL(request.url!, 'http://cloud')
    const [, kind, id] = pattern.exec(url.pathname.slice(1)) ?? []
    if (kind === undefined || request.headers['x-auth-token'] !== `token-${this.token}`) return false
    const isDetail = id === undefined || id === 'detail'
    if (
      request.method === 'GET' &&
      isDetail &&
      !['name', 'description'].some((name) => url.searchParams.has(name))
    )
      return false
    void this.#serve(request, response, url, kind as Kind, isDetail ? undefined : id)
    return true
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    kind: Kind,
    id: string | undefined,
  ): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const say = (status: number, body?: unknown) =>
      void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body === undefined ? undefined : JSON.stringify(body))
    if (request.method === 'GET') return this.#read(url, kind, id, say)
    const effect = (): unknown =>
      request.method === 'POST' ? this.#make(kind, JSON.parse(text)) : this.#end(kind, id!)
    const what = `${request.method} ${kind}`
    this.changes.push(what)
    const fault = this.faults.get(what)
    if (fault?.endsWith('once')) this.faults.delete(what)
    if (fault === 'late') {
      this.#late.push(effect)
      return void response.destroy()
    }
    if (fault?.startsWith('before')) return say(500, { computeFault: { message: 'it is ill' } })
    try {
      const made = effect()
      if (fault?.startsWith('after')) return void response.destroy()
      say(request.method === 'POST' ? 202 : 204, made)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      say(error.status, { conflictingRequest: { code: error.status, message: error.message } })
    }
  }

  #read(url: URL, kind: Kind, id: string | undefined, say: (status: number, body?: unknown) => void): void {
    const all = this.#items(kind)
    this.#advance(kind)
    if (id !== undefined) {
      const one = all.find((each) => each['id'] === id)
      return one ? say(200, { [kinds[kind].one]: one }) : say(404, { itemNotFound: { message: 'no such' } })
    }
    const [name, description] = [url.searchParams.get('name'), url.searchParams.get('description')]
    const found = all.filter(
      (one) =>
        // Nova takes it for a pattern.
        (name === null || (kind === 'servers' ? String(one['name']).includes(name) : one['name'] === name)) &&
        (description === null || one['description'] === description),
    )
    say(200, { [kinds[kind].list]: found })
  }

  /** What takes its time in the real ones takes one look here. */
  #advance(kind: Kind): void {
    if (kind === 'volumes')
      for (const one of this.of(kind)) if (one['status'] === 'creating') one['status'] = 'available'
    if (kind !== 'servers') return
    for (const one of [...this.servers])
      if (one['OS-EXT-STS:task_state'] === 'deleting') {
        this.servers.splice(this.servers.indexOf(one), 1)
        for (const port of this.ports)
          if (port['device_id'] === one['id']) Object.assign(port, { device_id: '', status: 'DOWN' })
        for (const volume of this.of('volumes'))
          if (volume['attachments'].some((each: Item) => each['server_id'] === one['id']))
            Object.assign(volume, { attachments: [], status: 'available' })
      } else if (one['status'] === 'BUILD') this.#place(one)
  }

  #place(server: Item): void {
    const { asked, group } = server['hints_'] as { asked?: string; group?: string }
    const all = this.lists['compute/v2.1/os-hypervisors/detail']!.map((one) =>
      String(one['hypervisor_hostname']),
    )
    const taken = this.servers.filter(
      (one) => one !== server && group !== undefined && one['hints_']?.group === group,
    )
    const left = all.filter(
      (name) =>
        (asked === undefined || name === asked) &&
        taken.every((one) => one['OS-EXT-SRV-ATTR:hypervisor_hostname'] !== name),
    )
    const [host] = left
    if (host === undefined)
      return void Object.assign(server, { status: 'ERROR', fault: { message: 'No valid host was found.' } })
    Object.assign(server, {
      status: 'ACTIVE',
      updated: now(),
      'OS-EXT-SRV-ATTR:hypervisor_hostname': host,
      'OS-EXT-STS:vm_state': 'active',
    })
  }

  #make(kind: Kind, body: any): unknown {
    const given = body[kinds[kind].one]
    const one = this[`_${kind}` as '_servers'](given, this.#next++, body)
    this.#items(kind).push({ ...one, kind_: kinds[kind].one })
    return { [kinds[kind].one]: { ...one, id: one['id'] } }
  }

  _servers(given: any, index: number, body: any): Item {
    const id = uuid(index)
    const ports =
      given.networks === 'none' ? [] : given.networks.map(({ port }: any) => this.#find('ports', port))
    if (ports.some((port: Item) => port['device_id'])) throw new Refused(409, 'Port is still in use')
    const volumes = (given.block_device_mapping_v2 ?? [])
      .filter((device: any) => device.source_type === 'volume')
      .map((device: any) => this.#find('volumes', device.uuid))
    if (volumes.some((volume: Item) => volume['status'] !== 'available'))
      throw new Refused(400, 'Invalid volume')
    for (const port of ports)
      Object.assign(port, { device_id: id, device_owner: 'compute:nova', status: 'ACTIVE' })
    for (const volume of volumes)
      Object.assign(volume, { status: 'in-use', attachments: [{ server_id: id, device: '/dev/vdb' }] })
    return recordedServer(index, {
      name: given.name,
      metadata: given.metadata,
      status: 'BUILD',
      ...{ created: now(), updated: now() },
      tags: [],
      'OS-EXT-SRV-ATTR:hypervisor_hostname': null,
      'OS-EXT-SRV-ATTR:host': null,
      hints_: { asked: given.hypervisor_hostname, group: body['os:scheduler_hints']?.group },
    })
  }

  _ports(given: any, index: number): Item {
    const address = given.fixed_ips?.[0]?.ip_address ?? `10.20.9.${index & 255}`
    if (this.ports.some((port) => port['fixed_ips'].some((one: any) => one.ip_address === address)))
      throw new Refused(409, `IP address ${address} already allocated`)
    const fixed = recordedPort(index)['fixed_ips'][0]
    return recordedPort(index, {
      name: given.name,
      description: given.description,
      device_id: '',
      device_owner: '',
      status: 'DOWN',
      fixed_ips: [{ ...fixed, ip_address: address }],
    })
  }

  _volumes(given: any, index: number): Item {
    const tenant = { 'os-vol-tenant-attr:tenant_id': project }
    return {
      id: uuid(index, '72fa0d46'),
      ...given,
      status: 'creating',
      bootable: 'false',
      attachments: [],
      ...tenant,
    }
  }

  _floatingips(given: any, index: number): Item {
    this.#find('ports', given.port_id)
    if (this.of('floatingips').some((one) => one['port_id'] === given.port_id))
      throw new Refused(409, 'the port has one already')
    return {
      id: uuid(index, 'f1e2387f'),
      ...given,
      floating_ip_address: `192.0.2.${index & 255}`,
      status: 'ACTIVE',
      project_id: project,
    }
  }

  '_os-server-groups'(given: any, index: number): Item {
    return { id: uuid(index, '9a1e2387'), ...given, policies: [given.policy], members: [] }
  }

  #find(kind: Kind, id: string): Item {
    const found = this.#items(kind).find((one) => one['id'] === id)
    if (found === undefined) throw new Refused(404, `no ${kind} ${id}`)
    return found
  }

  #end(kind: Kind, id: string): undefined {
    const all = this.#items(kind)
    const one = this.#find(kind, id)
    if (this.#before.has(id)) throw new Refused(409, 'that is somebody else’s')
    if (kind === 'servers') return void (one['OS-EXT-STS:task_state'] = 'deleting')
    if (kind === 'volumes' && one['status'] !== 'available')
      throw new Refused(400, 'Volume status must be available')
    all.splice(all.indexOf(one), 1)
    return undefined
  }
}
