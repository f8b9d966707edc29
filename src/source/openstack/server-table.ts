/**
 * All servers of a region, kept between listings: after the first only what changed since is asked for. What a whole listing leaves out is asked for by itself before
 * it is believed to be gone: a cell that is down leaves its servers out of a 200, or tells them by their ids alone.
 */
import { z } from 'zod'
import { SourceError } from '../source.ts'
import type { Service } from './service.ts'
import { server, type Server } from './shape.ts'

/** So many listings in a row may be of changes only. */
const mostIncremental = 20
/** Clocks differ, and what is written late is dated early. */
const overlapMs = 300_000
/** So many are asked for by themselves; when all of them are gone the rest is believed to be. */
const mostAsked = 20

const oneServer = z.object({ server })
const isGone = ({ status }: Server): boolean => status === 'DELETED' || status === 'SOFT_DELETED'
const isPartial = ({ name, status }: Server): boolean => name == null && (status ?? 'UNKNOWN') === 'UNKNOWN'

export class ServerTable {
  readonly #pageSize: number
  readonly #allTenants: boolean
  #known: Map<string, Server> | undefined
  #since = 0
  #listings = 0

  constructor(options: { pageSize: number; allTenants: boolean }) {
    this.#pageSize = options.pageSize
    this.#allTenants = options.allTenants
  }

  /** When the last listing began, milliseconds; undefined before the first. */
  get since(): number | undefined {
    return this.#known === undefined ? undefined : this.#since
  }

  /** As they are known now. */
  get all(): Iterable<Server> {
    return this.#known?.values() ?? []
  }

  async read(compute: Service, signal: AbortSignal): Promise<Server[]> {
    const began = Date.now()
    const isWhole = this.#known === undefined || this.#listings % mostIncremental === 0
    const servers = isWhole ? await this.#readAll(compute, signal) : await this.#readChanges(compute, signal)
    this.#known = servers
    this.#since = began
    this.#listings += 1
    return [...servers.values()]
  }

  /** What changed since the last listing; those gone by their ids. Nothing before the first. */
  async changes(compute: Service, signal: AbortSignal): Promise<{ servers: Server[]; gone: string[] }> {
    if (this.#known === undefined) return { servers: [], gone: [] }
    const changed = await this.#list(compute, { 'changes-since': instantOf(this.#since - overlapMs) }, signal)
    const servers = changed.filter((one) => !isGone(one) && !isPartial(one))
    return { servers, gone: changed.filter(isGone).map(({ id }) => id) }
  }

  /** As it is now; undefined when there is none. */
  async find(compute: Service, id: string, signal: AbortSignal): Promise<Server | undefined> {
    try {
      const found = (await compute.get(oneServer, `servers/${encodeURIComponent(id)}`, {}, signal)).server
      return isGone(found) ? undefined : found
    } catch (error) {
      if (error instanceof SourceError && error.failure === 'missing') return undefined
      throw error
    }
  }

  /** What was heard of one. */
  take(id: string, found: Server | undefined): void {
    if (found === undefined) this.#known?.delete(id)
    else if (!isPartial(found)) this.#known?.set(id, found)
  }

  #list(compute: Service, query: Record<string, string>, signal: AbortSignal): Promise<Server[]> {
    const all = this.#allTenants ? { all_tenants: 'True' } : {}
    const options = {
      path: 'servers/detail',
      list: 'servers',
      shape: server,
      markerOf: ({ id }: Server) => id,
    }
    return compute.list({ ...options, query: { ...all, ...query }, limit: this.#pageSize }, signal)
  }

  async #readChanges(compute: Service, signal: AbortSignal): Promise<Map<string, Server>> {
    const known = new Map(this.#known)
    for (const one of await this.#list(
      compute,
      { 'changes-since': instantOf(this.#since - overlapMs) },
      signal,
    )) {
      if (isGone(one)) known.delete(one.id)
      else if (!isPartial(one)) known.set(one.id, one)
    }
    return known
  }

  async #readAll(compute: Service, signal: AbortSignal): Promise<Map<string, Server>> {
    const listed = new Map((await this.#list(compute, {}, signal)).map((one) => [one.id, one]))
    const former = this.#known ?? new Map<string, Server>()
    for (const [id, one] of listed) {
      if (!isPartial(one)) continue
      const before = former.get(id)
      if (before === undefined)
        throw new SourceError('failed', 'a cell is down: of some servers only the ids are told')
      listed.set(id, before)
    }
    await this.#keepUnproven(compute, listed, former, signal)
    return listed
  }

  async #keepUnproven(
    compute: Service,
    listed: Map<string, Server>,
    former: ReadonlyMap<string, Server>,
    signal: AbortSignal,
  ): Promise<void> {
    const missing = [...former.values()].filter(({ id }) => !listed.has(id))
    const asked = missing.slice(0, mostAsked)
    const kept: Server[] = []
    for (const one of asked) {
      // A cell that is down answers for its servers with a failure, in some releases with a part of them.
      const found = await this.find(compute, one.id, signal).catch((error: unknown) => {
        if (signal.aborted || !(error instanceof SourceError) || error.failure !== 'failed') throw error
        return one
      })
      if (found !== undefined) kept.push(isPartial(found) ? one : found)
    }
    for (const one of [...kept, ...(kept.length > 0 ? missing.slice(mostAsked) : [])]) listed.set(one.id, one)
  }
}

const instantOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
