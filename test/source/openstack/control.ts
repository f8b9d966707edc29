/**
 * What people do to servers that stand in the fake cloud, with Nova's rules: a change is noted before it is answered, takes a while, and is refused while another is
 * under way. Each can be made to fail before or after its effect.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { recordedServer } from './fake.ts'
import { TenantCloud, type Fault } from './tenant.ts'

type Item = Record<string, any>
type Say = (status: number, body?: unknown) => void

const task = 'OS-EXT-STS:task_state'
const hypervisor = 'OS-EXT-SRV-ATTR:hypervisor_hostname'
const pattern = /^compute\/v2\.1\/servers\/([\w-]+?)(\/action|\/migrations(?:\/\w+)?)?$/

/** What an action needs, what is under way meanwhile, and what it leads to. */
const actions: Readonly<Record<string, { from: string[]; during: Item; then: Item }>> = {
  'os-start': {
    from: ['SHUTOFF'],
    during: { [task]: 'powering-on' },
    then: { status: 'ACTIVE', 'OS-EXT-STS:power_state': 1, 'OS-EXT-STS:vm_state': 'active' },
  },
  'os-stop': {
    from: ['ACTIVE', 'ERROR'],
    during: { [task]: 'powering-off' },
    then: { status: 'SHUTOFF', 'OS-EXT-STS:power_state': 4, 'OS-EXT-STS:vm_state': 'stopped' },
  },
  unpause: { from: ['PAUSED'], during: { [task]: 'unpausing' }, then: { status: 'ACTIVE' } },
  resume: { from: ['SUSPENDED'], during: { [task]: 'resuming' }, then: { status: 'ACTIVE' } },
  reboot: {
    from: ['ACTIVE', 'SHUTOFF'],
    during: { status: 'REBOOT', [task]: 'rebooting' },
    then: { status: 'ACTIVE' },
  },
  'os-migrateLive': {
    from: ['ACTIVE', 'PAUSED'],
    during: { status: 'MIGRATING', [task]: 'migrating' },
    then: {},
  },
  resize: {
    from: ['ACTIVE', 'SHUTOFF'],
    during: { status: 'RESIZE', [task]: 'resize_prep' },
    then: {},
  },
  migrate: { from: ['ACTIVE', 'SHUTOFF'], during: { status: 'RESIZE', [task]: 'resize_prep' }, then: {} },
  confirmResize: { from: ['VERIFY_RESIZE'], during: {}, then: {} },
  revertResize: {
    from: ['VERIFY_RESIZE'],
    during: { status: 'REVERT_RESIZE', [task]: 'resize_reverting' },
    then: {},
  },
}

export class ControlCloud extends TenantCloud {
  /** Every action that had its effect, as `vm1 os-stop`. */
  readonly told: string[] = []
  /** Servers by name that go wrong while something is under way. */
  readonly ill = new Set<string>()
  /** Servers by name for which there is no room elsewhere. */
  readonly stuck = new Set<string>()
  /** How often something is looked at until it is done. */
  looks = 1
  readonly #under = new Map<Item, { left: number; then(): void }>()

  constructor({ machines = 1, hypervisors = 3 } = {}) {
    super({ hypervisors })
    for (let index = 2; index <= machines; index++) this.servers.push(recordedServer(index))
    for (const one of this.servers) one[hypervisor] = 'node1'
    const services = this.hosts.map((one, index) => {
      const name = `compute${index + 1}`
      one['service'] = { id: `service-${index + 1}`, host: name, disabled_reason: null }
      return {
        id: `service-${index + 1}`,
        binary: 'nova-compute',
        host: name,
        zone: 'nova',
        status: 'enabled',
      }
    })
    this.lists['compute/v2.1/os-services'] = services
    this.lists['compute/v2.1/flavors/detail']!.push({ id: '43', name: 'm1.big', ram: 256, disk: 1, vcpus: 4 })
    const before = this.intercept!
    this.intercept = (request, response) => this.#mine(request, response) || before(request, response)
  }

  get hosts(): Item[] {
    return this.lists['compute/v2.1/os-hypervisors/detail']!
  }

  /** Names of what runs there. */
  on(host: string): string[] {
    return this.servers.filter((one) => one[hypervisor] === host).map((one) => String(one['name']))
  }

  server(name: string): Item {
    return this.servers.find((one) => one['name'] === name)!
  }

  #mine(request: IncomingMessage, response: ServerResponse): boolean {
    const { pathname, searchParams } = new URL(request.url!, 'http://cloud')
    if (request.headers['x-auth-token'] !== `token-${this.token}`) return false
    const service = /^\/compute\/v2\.1\/os-services\/([\w-]+)$/.exec(pathname)?.[1]
    if (service !== undefined && request.method === 'PUT') return this.#serve(request, response, service)
    const host = searchParams.get('host')
    if (pathname === '/compute/v2.1/servers/detail' && host !== null) {
      const name = this.hosts.find((one) => one['service'].host === host)?.['hypervisor_hostname']
      const servers = this.servers.filter((one) => one[hypervisor] === name)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ servers }))
      return true
    }
    const [, id, isAction] = pattern.exec(pathname.slice(1)) ?? []
    if (id === undefined) return false
    const server = this.servers.find((one) => one['id'] === id)
    if (server === undefined) return false
    if (request.method === 'GET') this.#look(server)
    if (isAction === undefined) return false
    if (isAction === '/action') void this.#work(request, response, (body) => this.#act(server, body))
    else this.#migrations(request, response, server)
    return true
  }

  /** What is under way, by its task. */
  #migrations(request: IncomingMessage, response: ServerResponse, server: Item): void {
    const say = (status: number, body?: object) =>
      void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body === undefined ? undefined : JSON.stringify(body))
    const isUnder = server[task] === 'migrating'
    if (request.method === 'GET')
      return say(200, { migrations: isUnder ? [{ id: 7, status: 'running' }] : [] })
    if (!isUnder) return say(404, { itemNotFound: { message: 'no such migration' } })
    this.#under.delete(server)
    Object.assign(server, { status: 'ACTIVE', [task]: null })
    this.told.push(`${server['name']} abort`)
    say(202)
  }

  #serve(request: IncomingMessage, response: ServerResponse, id: string): true {
    const host = this.hosts.find((one) => one['service'].id === id)!
    void this.#work(request, response, ({ status, disabled_reason: reason }) => {
      this.told.push(`${host['hypervisor_hostname']} ${status}`)
      host['status'] = status
      host['service'].disabled_reason = status === 'disabled' ? reason : null
      return undefined
    })
    return true
  }

  /** What is under way is done at the next look. */
  hurry(): void {
    for (const under of this.#under.values()) under.left = 0
  }

  #look(server: Item): void {
    const under = this.#under.get(server)
    if (under === undefined || under.left-- > 0) return
    this.#under.delete(server)
    server[task] = null
    if (this.ill.has(server['name']))
      Object.assign(server, { status: 'ERROR', fault: { message: 'it is ill' } })
    else under.then()
  }

  async #work(
    request: IncomingMessage,
    response: ServerResponse,
    effect: (body: Item) => string | undefined,
  ): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const body = JSON.parse(text) as Item
    const say: Say = (status, told) =>
      void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(told === undefined ? undefined : JSON.stringify(told))
    const what = `${request.method} ${body['status'] ?? Object.keys(body)[0]}`
    this.changes.push(what)
    const fault: Fault | undefined = this.faults.get(what)
    if (fault?.endsWith('once')) this.faults.delete(what)
    if (fault?.startsWith('before')) return say(500, { computeFault: { message: 'it is ill' } })
    const refused = effect(body)
    if (refused !== undefined) return say(409, { conflictingRequest: { code: 409, message: refused } })
    if (fault?.startsWith('after')) return void response.destroy()
    say(202)
  }

  /** Why not. */
  #act(server: Item, body: Item): string | undefined {
    const [[name, given]] = Object.entries(body) as [[string, Item | null]]
    const action = actions[name]
    if (action === undefined) return `${name} is not known here`
    const { status } = server
    // Nova shows no sign of it until it is done.
    if (status === 'VERIFY_RESIZE' && this.#under.has(server)) return 'Instance has not been resized.'
    if (server[task] !== null)
      return `Cannot '${name}' instance ${server['id']} while it is in task_state ${server[task]}`
    if (!action.from.includes(status) && given?.['type'] !== 'HARD')
      return `Cannot '${name}' instance ${server['id']} while it is in vm_state ${status}`
    const detail = given?.['type'] ?? given?.['host']
    this.told.push(`${server['name']} ${name}${detail ? ` ${detail}` : ''}`)
    const then = this.#thenOf(server, name, given) ?? action.then
    Object.assign(server, action.during)
    this.#under.set(server, { left: this.looks, then: () => void Object.assign(server, then) })
    return undefined
  }

  /** What a move leads to: where there is room, as Nova’s scheduler finds it by then. */
  #thenOf(server: Item, name: string, given: Item | null): Item | undefined {
    const { status, flavor } = server
    const before = { status, flavor, [hypervisor]: server[hypervisor] }
    if (name === 'resize') {
      server['before_'] = before
      const { name: wished } = this.lists['compute/v2.1/flavors/detail']!.find(
        ({ id }) => id === given?.['flavorRef'],
      )!
      return this.stuck.has(server['name'])
        ? before
        : { status: 'VERIFY_RESIZE', flavor: { ...flavor, original_name: wished } }
    }
    const host = given?.['host'] ?? undefined
    const target = this.hosts.find(
      (one) =>
        one['status'] === 'enabled' &&
        one['hypervisor_hostname'] !== server[hypervisor] &&
        (host === undefined || one['service'].host === host),
    )?.['hypervisor_hostname']
    const moved = this.stuck.has(server['name']) || target === undefined ? undefined : target
    if (name === 'os-migrateLive') return { ...before, [hypervisor]: moved ?? server[hypervisor] }
    if (name === 'migrate') {
      server['before_'] = before
      return moved === undefined ? before : { status: 'VERIFY_RESIZE', [hypervisor]: moved }
    }
    if (name === 'confirmResize') return { status: server['before_'].status }
    return name === 'revertResize' ? server['before_'] : undefined
  }
}
