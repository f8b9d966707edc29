/** A container engine that answers as Docker does (20.10). What it holds is the user's. */
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface EngineContainer {
  Id: string
  Names: string[]
  [property: string]: unknown
}

export interface EngineHolding {
  containers: EngineContainer[]
  info: Record<string, unknown>
  images: readonly unknown[]
  networks: readonly unknown[]
  volumes: readonly unknown[]
  /** What a container of this id uses now. */
  stats(id: string): unknown
}

export class EngineServer {
  containers: EngineContainer[]
  info: Record<string, unknown>
  version = { ApiVersion: '1.41', MinAPIVersion: '1.12' }
  stats: (id: string) => unknown
  readonly #lists: Readonly<Record<string, unknown>>
  readonly #watching = new Set<ServerResponse>()

  constructor({ containers, info, images, networks, volumes, stats }: EngineHolding) {
    this.containers = containers
    this.info = info
    this.stats = stats
    this.#lists = {
      '/images/json': images,
      '/networks': networks,
      '/volumes': { Volumes: volumes, Warnings: null },
    }
  }

  say(event: unknown): void {
    for (const response of this.#watching) response.write(`${JSON.stringify(event)}\n`)
  }

  get watchers(): number {
    return this.#watching.size
  }

  answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url!, 'http://engine')
    const path = url.pathname.replace(/^\/v1\.\d+/, '')
    if (path === '/events') return this.#watch(response)
    const found = this.#find(path, url)
    response
      .writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(found ?? { message: 'page not found' }))
  }

  #find(path: string, url: URL): unknown {
    if (path === '/version') return this.version
    if (path === '/info') return this.info
    if (path === '/containers/json') {
      const ids = (JSON.parse(url.searchParams.get('filters') ?? '{}') as { id?: string[] }).id
      return this.containers.filter(({ Id }) => ids === undefined || ids.includes(Id))
    }
    const id = /^\/containers\/(\w+)\/stats$/.exec(path)?.[1]
    if (id !== undefined && this.containers.some(({ Id }) => Id === id)) return this.stats(id)
    return this.#lists[path]
  }

  #watch(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    this.#watching.add(response)
    response.on('close', () => this.#watching.delete(response))
  }
}
