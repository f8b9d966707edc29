/** The fake cloud's bare metal: nodes that take a look to be deployed and two to be clean again, allocations that end with the deployment. With the faults of its tenant. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { TenantCloud, type Fault } from './tenant.ts'
import { uuid } from './fake.ts'

type Item = Record<string, any>
const pattern = /^\/baremetal\/v1\/(nodes|allocations)(?:\/([\w.-]+))?(\/states\/provision)?$/

export class MetalCloud extends TenantCloud {
  readonly allocations: Item[] = []
  /** How deployments end. */
  deployed = 'active'
  readonly #lateMetal: (() => void)[] = []
  #next = 1

  constructor() {
    super()
    const [first] = this.nodes
    Object.assign(first!, { resource_class: 'metal', instance_info: {}, instance_uuid: null, extra: {} })
    const before = this.intercept!
    this.intercept = (request, response) => this.#take(request, response) || before(request, response)
  }

  get nodes(): Item[] {
    return this.lists['baremetal/v1/nodes/detail']!
  }

  override deliver(): void {
    super.deliver()
    for (const serve of this.#lateMetal.splice(0)) serve()
  }

  #take(request: IncomingMessage, response: ServerResponse): boolean {
    const { pathname } = new URL(request.url!, 'http://cloud')
    const [, kind, id, provision] = pattern.exec(pathname) ?? []
    if (kind === undefined || request.headers['x-auth-token'] !== `token-${this.token}`) return false
    if (kind === 'nodes') this.#advance()
    if (id === 'detail') return false
    void this.#serve(request, response, kind, id, provision !== undefined)
    return true
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    kind: string,
    id: string | undefined,
    isProvision: boolean,
  ): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const body = text === '' ? undefined : JSON.parse(text)
    const say = (status: number, told?: unknown) =>
      void response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(told === undefined ? undefined : JSON.stringify(told))
    const all = kind === 'nodes' ? this.nodes : this.allocations
    const one = all.find((each) => each['name'] === id || each['uuid'] === id)
    if (id !== undefined && one === undefined) return say(404, { error_message: 'not found' })
    if (request.method === 'GET') return say(200, one)
    const what = `${request.method} ${isProvision ? body.target : kind}`
    this.changes.push(what)
    const fault: Fault | undefined = this.faults.get(what)
    if (fault?.endsWith('once')) this.faults.delete(what)
    const effect = (): [number, unknown?] =>
      isProvision ? this.#provision(one!, body.target) : this.#change(request.method!, one, body)
    if (fault === 'late') {
      this.#lateMetal.push(effect)
      return void response.destroy()
    }
    if (fault?.startsWith('before')) return say(500, {})
    const answer = effect()
    if (fault?.startsWith('after')) return void response.destroy()
    say(...answer)
  }

  #change(method: string, one: Item | undefined, body: any): [number, unknown?] {
    if (method === 'PATCH') {
      for (const { path, value } of body) {
        const [, field, key] = path.split('/')
        if (key === undefined) one![field] = value
        else one![field][key] = value
      }
      return [200, one]
    }
    if (method === 'DELETE') {
      const node = this.nodes.find((each) => each['instance_uuid'] === one!['uuid'])
      if (node && node['provision_state'] !== 'available')
        return [409, { error_message: 'the node is active' }]
      if (node) node['instance_uuid'] = null
      this.allocations.splice(this.allocations.indexOf(one!), 1)
      return [204]
    }
    if (this.allocations.some((each) => each['name'] === body.name)) return [409, { error_message: 'exists' }]
    const free = this.nodes.find(
      (each) =>
        body.candidate_nodes.includes(each['name']) &&
        each['resource_class'] === body.resource_class &&
        each['provision_state'] === 'available' &&
        each['instance_uuid'] === null,
    )
    const made: Item = { uuid: uuid(this.#next++, 'a10c0000'), name: body.name, extra: body.extra }
    if (free) free['instance_uuid'] = made['uuid']
    Object.assign(
      made,
      free
        ? { state: 'active', node_uuid: free['uuid'] }
        : { state: 'error', last_error: 'no available nodes match' },
    )
    this.allocations.push(made)
    return [201, made]
  }

  #provision(node: Item, target: string): [number, unknown?] {
    const state = node['provision_state']
    const may =
      target === 'active' ? state === 'available' : !['available', 'cleaning', 'deleting'].includes(state)
    if (!may) return [400, { error_message: `not from ${state}` }]
    node['provision_state'] = target === 'active' ? 'deploying' : 'deleting'
    return [202]
  }

  #advance(): void {
    for (const node of this.nodes)
      if (node['provision_state'] === 'deploying')
        Object.assign(node, {
          provision_state: this.deployed,
          last_error: this.deployed === 'active' ? null : 'no boot device',
        })
      else if (node['provision_state'] === 'cleaning') node['provision_state'] = 'available'
      else if (node['provision_state'] === 'deleting') {
        const at = this.allocations.findIndex(({ uuid: own }) => own === node['instance_uuid'])
        if (at >= 0) this.allocations.splice(at, 1)
        Object.assign(node, { provision_state: 'cleaning', instance_uuid: null, instance_info: {} })
      }
  }
}
