/** One controller's tree, from its root by its links. They answer one request after the other best; how many there are is bounded. */
import type { z } from 'zod'
import { failureOf, type Http } from '../http.ts'
import { SourceError } from '../source.ts'
import * as shape from './shape.ts'

const mostRequests = 600

export class Client {
  readonly #http: Http
  readonly #login: () => Promise<string>

  constructor(http: Http, login: () => Promise<string>) {
    this.#http = http
    this.#login = login
  }

  close(): void {
    this.#http.close()
  }

  async version(signal: AbortSignal): Promise<string> {
    const root = await new Walk(this.#http, await this.#login(), signal).get('/redfish/v1/', shape.root)
    return root.RedfishVersion ?? 'of unknown version'
  }

  /** One system as it is now, by its id. */
  async system(id: string, signal: AbortSignal): Promise<shape.System> {
    const walk = new Walk(this.#http, await this.#login(), signal)
    const root = await walk.get('/redfish/v1/', shape.root)
    const systems = await walk.members(root.Systems, shape.system, 'needed')
    const found = [...systems.values()].find(({ Id }) => Id === id)
    if (found === undefined) throw new SourceError('missing', 'the controller has no such system')
    return found
  }

  async reset(system: shape.System, how: string, signal: AbortSignal): Promise<void> {
    const target = system.Actions?.['#ComputerSystem.Reset']?.target
    if (target == null) throw new SourceError('bad', 'the controller does not let the machine be switched')
    const path = toPath(target)
    const headers = {
      authorization: authorizationOf(await this.#login()),
      'odata-version': '4.0',
    }
    const { status } = await this.#http.send(
      { method: 'POST', path, headers, body: { ResetType: how } },
      signal,
    )
    if (status >= 300) throw new SourceError(failureOf(status), `POST ${path.slice(0, 200)}: ${status}`)
  }

  /** Where it tells what happens, by events that are read as they come; undefined where it does not. */
  async eventPath(signal: AbortSignal): Promise<string | undefined> {
    const walk = new Walk(this.#http, await this.#login(), signal)
    const { EventService: service } = await walk.get('/redfish/v1/', shape.root)
    const [found] = await walk.each([service], shape.eventService)
    if (found?.ServiceEnabled === false || !found?.ServerSentEventUri) return undefined
    return toPath(found.ServerSentEventUri)
  }

  async *events(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const headers = { authorization: authorizationOf(await this.#login()), accept: 'text/event-stream' }
    yield* this.#http.lines({ path, headers }, signal)
  }

  /** Everything, or only what is measured. */
  async all(signal: AbortSignal, what: 'everything' | 'measured' = 'everything'): Promise<shape.Controller> {
    const walk = new Walk(this.#http, await this.#login(), signal)
    const root = await walk.get('/redfish/v1/', shape.root)
    if (root.Systems == null) throw new SourceError('bad', 'the controller has no systems')
    const systems = await walk.members(root.Systems, shape.system, 'needed')
    const chassis = await walk.members(root.Chassis, shape.chassis)
    const machines: shape.Machine[] = []
    for (const [path, system] of systems) {
      const its = [...chassis.values()].filter(
        ({ Links }) =>
          systems.size === 1 ||
          Links?.ComputerSystems?.some((one) => toPath(one['@odata.id']) === path) === true,
      )
      machines.push({
        system,
        ...(what === 'everything'
          ? await partsOf(walk, system)
          : { processors: [], memory: [], nics: [], drives: [] }),
        thermals: await walk.each(
          its.map(({ Thermal }) => Thermal),
          shape.thermal,
        ),
        powers: await walk.each(
          its.map(({ Power }) => Power),
          shape.power,
        ),
      })
    }
    const managers =
      what === 'everything' ? [...(await walk.members(root.Managers, shape.manager)).values()] : []
    return { machines, managers }
  }
}

const authorizationOf = (login: string): string => `Basic ${Buffer.from(login).toString('base64')}`

async function partsOf(walk: Walk, system: shape.System) {
  const storages = [...(await walk.members(system.Storage, shape.storage)).values()]
  const drives = storages.flatMap(({ Drives }) => Drives ?? [])
  return {
    processors: [...(await walk.members(system.Processors, shape.processor)).values()],
    memory: [...(await walk.members(system.Memory, shape.memory)).values()],
    nics: [...(await walk.members(system.EthernetInterfaces, shape.nic)).values()],
    drives: await walk.each(drives, shape.drive),
  }
}

type Link = { '@odata.id': string } | null | undefined

class Walk {
  readonly #http: Http
  readonly #headers: Record<string, string>
  readonly #signal: AbortSignal
  #sent = 0

  constructor(http: Http, login: string, signal: AbortSignal) {
    this.#http = http
    this.#headers = {
      authorization: authorizationOf(login),
      'odata-version': '4.0',
    }
    this.#signal = signal
  }

  async get<T>(id: string, as: z.ZodType<T>): Promise<T> {
    if (++this.#sent > mostRequests)
      throw new SourceError('bad', `the controller has more than ${mostRequests} things`)
    const path = toPath(id)
    const parsed = as.safeParse(await this.#http.json({ path, headers: this.#headers }, this.#signal))
    if (parsed.success) return parsed.data
    const at = parsed.error.issues[0]?.path.join('.') ?? ''
    throw new SourceError(
      'bad',
      `GET ${path.slice(0, 200)}: the answer is not of the shape that is known (${at})`,
    )
  }

  /** By path. What a controller links to and does not have, or fails to tell, is left out unless it is needed: firmware is never without that. */
  async members<T>(link: Link, as: z.ZodType<T>, how?: 'needed'): Promise<Map<string, T>> {
    const get = <U>(id: string, its: z.ZodType<U>): Promise<U | undefined> =>
      how === 'needed' ? this.get(id, its) : this.#orNothing(id, its)
    const found = new Map<string, T>()
    for (let id = link?.['@odata.id']; id;) {
      const page: z.infer<typeof shape.collection> | undefined = await get(id, shape.collection)
      for (const member of page?.Members ?? []) {
        const one = await get(member['@odata.id'], as)
        if (one !== undefined) found.set(toPath(member['@odata.id']), one)
      }
      id = page?.['Members@odata.nextLink'] ?? undefined
    }
    return found
  }

  async each<T>(links: readonly Link[], as: z.ZodType<T>): Promise<T[]> {
    const found: T[] = []
    for (const link of links) {
      const one = link ? await this.#orNothing(link['@odata.id'], as) : undefined
      if (one !== undefined) found.push(one)
    }
    return found
  }

  async #orNothing<T>(id: string, as: z.ZodType<T>): Promise<T | undefined> {
    try {
      return await this.get(id, as)
    } catch (error) {
      if (error instanceof SourceError && /^(?:missing|failed)$/.test(error.failure)) return undefined
      throw error
    }
  }
}

/** Relative to the controller's root, and only within its tree. */
function toPath(id: string): string {
  if (!/^\/redfish\/v1(?:\/|$)/.test(id) || id.includes('..'))
    throw new SourceError('bad', 'a link leads out of the Redfish tree')
  return id.slice(1).replace(/(?<=.)\/$/, '')
}
