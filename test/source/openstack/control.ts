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
const pattern = /^compute\/v2\.1\/servers\/([\w-]+?)(\/action)?$/

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
}

export class ControlCloud extends TenantCloud {
  /** Every action that had its effect, as `vm1 os-stop`. */
  readonly told: string[] = []
  /** Servers by name that go wrong while something is under way. */
  readonly ill = new Set<string>()
  /** How often something is looked at until it is done. */
  looks = 1
  readonly #under = new Map<Item, { left: number; then(): void }>()

  constructor({ machines = 1, hypervisors = 3 } = {}) {
    super({ hypervisors })
    for (let index = 2; index <= machines; index++) this.servers.push(recordedServer(index))
    for (const one of this.servers) one[hypervisor] = 'node1'
    const before = this.intercept!
    this.intercept = (request, response) => this.#mine(request, response) || before(request, response)
  }

  server(name: string): Item {
    return this.servers.find((one) => one['name'] === name)!
  }

  #mine(request: IncomingMessage, response: ServerResponse): boolean {
    const { pathname } = new URL(request.url!, 'http://cloud')
    const [, id, isAction] = pattern.exec(pathname.slice(1)) ?? []
    if (id === undefined || request.headers['x-auth-token'] !== `token-${this.token}`) return false
    const server = this.servers.find((one) => one['id'] === id)
    if (server === undefined) return false
    if (request.method === 'GET') this.#look(server)
    if (isAction === undefined) return false
    void this.#act(request, response, server)
    return true
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

  async #act(request: IncomingMessage, response: ServerResponse, server: Item): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const say: Say = (status, body) =>
      void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(body === undefined ? undefined : JSON.stringify(body))
    const [[name, given]] = Object.entries(JSON.parse(text) as Item) as [[string, Item | null]]
    const what = `POST ${name}`
    this.changes.push(what)
    const fault: Fault | undefined = this.faults.get(what)
    if (fault?.endsWith('once')) this.faults.delete(what)
    if (fault?.startsWith('before')) return say(500, { computeFault: { message: 'it is ill' } })
    const refused = this.#begin(server, name, given)
    if (refused !== undefined) return say(409, { conflictingRequest: { code: 409, message: refused } })
    if (fault?.startsWith('after')) return void response.destroy()
    say(202)
  }

  /** Why not. */
  #begin(server: Item, name: string, given: Item | null): string | undefined {
    const action = actions[name]
    if (action === undefined) return `${name} is not known here`
    const { status } = server
    if (server[task] !== null)
      return `Cannot '${name}' instance ${server['id']} while it is in task_state ${server[task]}`
    if (!action.from.includes(status) && given?.['type'] !== 'HARD')
      return `Cannot '${name}' instance ${server['id']} while it is in vm_state ${status}`
    this.told.push(`${server['name']} ${name}${given?.['type'] ? ` ${given['type']}` : ''}`)
    Object.assign(server, action.during)
    this.#under.set(server, { left: this.looks, then: () => void Object.assign(server, action.then) })
    return undefined
  }
}
