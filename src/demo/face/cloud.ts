/** A cloud that answers as OpenStack does (Zed), all services behind one address, with pages, microversions, `changes-since` and tokens. What it holds is the user's. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export type Item = Record<string, unknown>
type Say = (status: number, body: unknown, headers?: Record<string, string>) => void

export interface CloudHolding {
  servers: Item[]
  ports: Item[]
  /** Whole lists by their paths, such as `image/v2/images`. */
  lists: Record<string, Item[]>
}

export interface CloudOptions {
  password: string
  region: string
  /** The id of the project that a login is for. */
  project: string
}

export class CloudServer {
  url = ''
  /** Of the last login; an older one is refused. */
  token = 1
  microversion = '2.93'
  /** Services that the catalog has. */
  services = new Set(['compute', 'network', 'image', 'volumev3', 'placement', 'baremetal'])
  readonly password: string
  readonly servers: Item[]
  readonly ports: Item[]
  deleted: Item[] = []
  readonly lists: Record<string, Item[]>
  readonly #region: string
  readonly #project: string

  constructor({ password, region, project }: CloudOptions, { servers, ports, lists }: CloudHolding) {
    this.password = password
    this.#region = region
    this.#project = project
    this.servers = servers
    this.ports = ports
    this.lists = { 'network/v2.0/ports': ports, ...lists }
  }

  /** Called with each login. */
  onLogin(_login: unknown): void {}

  handle(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url!, 'http://cloud')
    const path = url.pathname.slice(1).replace(/\/$/, '')
    const say: Say = (status, body, headers = {}) =>
      void response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(body))
    if (request.method === 'POST' && path === 'identity/v3/auth/tokens') void this.#logIn(request, say)
    else if (request.headers['x-auth-token'] !== `token-${this.token}`) say(401, { error: { code: 401 } })
    else this.#answer(url, path, say)
  }

  #answer(url: URL, path: string, say: Say): void {
    const version = this.#versionOf(path)
    if (version !== undefined) return say(200, version)
    if (path === 'compute/v2.1/servers/detail') return page(url, this.#servers(url), 'servers', say)
    const server = /^compute\/v2\.1\/servers\/([\w-]+)$/.exec(path)?.[1]
    if (server !== undefined) return sayOne('server', this.servers, server, say)
    const port = /^network\/v2\.0\/ports\/([\w-]+)$/.exec(path)?.[1]
    if (port !== undefined) return sayOne('port', this.ports, port, say)
    const provided = /^placement\/resource_providers\/[\w-]+\/(inventories|traits)$/.exec(path)?.[1]
    if (provided !== undefined) return say(200, provided === 'traits' ? traits : inventories)
    if (/\/os-quota-sets\/\w+$/.test(path))
      return say(200, { quota_set: { id: this.#project, cores: 20, instances: 10 } })
    const list = this.lists[path]
    const name = path.replace('/detail', '').split('/').at(-1)!.replace(/^os-/, '').replace('-', '_')
    return list ? page(url, list, name, say) : say(404, { itemNotFound: {} })
  }

  async #logIn(request: IncomingMessage, say: Say): Promise<void> {
    try {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      const login = JSON.parse(text) as Login
      this.onLogin(login)
      const { password, application_credential: application } = login.auth.identity
      if ((password?.user.password ?? application?.secret) !== this.password)
        say(401, { error: { message: `no ${text}` } })
      else say(201, { token: this.#grant() }, { 'x-subject-token': `token-${this.token}` })
    } catch {
      say(400, { error: { code: 400 } })
    }
  }

  #grant(): Item {
    const paths: Record<string, string> = { compute: 'compute/v2.1', volumev3: `volume/v3/${this.#project}` }
    const catalog = [...this.services].map((type) => ({
      type,
      endpoints: ['public', 'internal'].map((name) => ({
        interface: name,
        region_id: this.#region,
        url: `${this.url}/${paths[type] ?? type}`,
      })),
    }))
    return {
      expires_at: '2099-11-24T08:41:04.000000Z',
      roles: [{ name: 'admin' }],
      project: { id: this.#project, name: 'admin' },
      catalog,
    }
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
    return [...this.servers, ...this.deleted].filter(({ updated }) => String(updated) >= since)
  }
}

interface Login {
  auth: {
    identity: { password?: { user: { password: string } }; application_credential?: { secret: string } }
  }
}

const traits = { traits: ['COMPUTE_NODE'] }
const inventories = {
  inventories: {
    VCPU: { total: 64, reserved: 0, allocation_ratio: 4 },
    MEMORY_MB: { total: 262_144, reserved: 512, allocation_ratio: 1 },
  },
}

function sayOne(name: string, all: readonly Item[], id: string, say: Say): void {
  const one = all.find((each) => each['id'] === id)
  if (one === undefined) say(404, { itemNotFound: {} })
  else say(200, { [name]: one })
}

function page(url: URL, all: Item[], name: string, say: Say): void {
  const [limit, marker] = [Number(url.searchParams.get('limit') ?? 1e9), url.searchParams.get('marker')]
  const at = marker === null ? 0 : all.findIndex((one) => (one['uuid'] ?? String(one['id'])) === marker) + 1
  if (marker !== null && at === 0) return say(400, { badRequest: { message: 'marker not found' } })
  const found = all.slice(at, at + limit)
  // A page of exactly as many as were asked for has a next one, even when that is empty.
  const next =
    found.length === limit ? { [`${name}_links`]: [{ rel: 'next', href: 'http://elsewhere/' }] } : {}
  say(200, { [name]: found, ...next })
}
