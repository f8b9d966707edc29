/** Projects, domains and quotas of a cloud. */
import { z } from 'zod'
import { SourceError, type SourceEnvironment } from '../source.ts'
import type { Service, ServiceName } from './service.ts'
import { parseJson, withVersion, type Session } from './session.ts'
import { domain, project, quotaSet, type Domain, type Project } from './shape.ts'

const projects = z.object({ projects: z.array(project), truncated: z.boolean().nullish() })
const domains = z.object({ domains: z.array(domain) })

/** Quotas are a request a project and service: kept for an hour, and of so many projects at most. */
const quotaAgeMs = 3_600_000
const mostQuotas = 500

export class Identity {
  readonly #session: Session
  readonly #log: SourceEnvironment['log']
  #quotas: { at: number; known: Map<string, Record<string, unknown>> } | undefined
  #all: boolean | undefined

  constructor(session: Session, log: SourceEnvironment['log']) {
    this.#session = session
    this.#log = log
  }

  /** All projects, or only the own ones when the login may not see more. */
  async read(signal: AbortSignal): Promise<{ projects: Project[]; domains: Domain[] }> {
    const [all, named] = await Promise.all([
      this.#get(projects, 'projects', signal),
      this.#get(domains, 'domains', signal),
    ])
    if (all === undefined && this.#all === true)
      throw new SourceError('denied', 'projects: the login may not see all of them any more')
    if (all === undefined && this.#all === undefined)
      this.#log.warn({ what: 'projects' }, 'something of a cloud is left out')
    this.#all = all !== undefined
    const own = all ?? (await this.#get(projects, 'auth/projects', signal)) ?? { projects: [] }
    if (own.truncated) throw new SourceError('bad', 'projects: it lists only a part and has no pages')
    return { projects: own.projects, domains: named?.domains ?? [] }
  }

  async quotas(
    of: readonly Project[],
    services: ReadonlyMap<ServiceName, Service>,
    signal: AbortSignal,
  ): Promise<Map<string, Record<string, unknown>>> {
    if (this.#quotas !== undefined && Date.now() - this.#quotas.at < quotaAgeMs) return this.#quotas.known
    const known = new Map<string, Record<string, unknown>>()
    for (const name of ['compute', 'volume'] as const) {
      const service = services.get(name)
      if (service === undefined) continue
      await Promise.all(
        of.slice(0, mostQuotas).map(async ({ id }) => {
          const quota = await findQuota(service, id, signal)
          if (quota !== undefined) known.set(id, { ...known.get(id), [name]: quota })
        }),
      )
    }
    this.#quotas = { at: Date.now(), known }
    return known
  }

  /** Undefined when it may not be seen. */
  async #get<T>(shape: z.ZodType<T>, path: string, signal: AbortSignal): Promise<T | undefined> {
    try {
      const url = withVersion(this.#session.account.authUrl, 'v3')
      return parseJson(shape, path, (await this.#session.send(url, { path }, signal)).text)
    } catch (error) {
      if (isUnseen(error)) return undefined
      throw error
    }
  }
}

const isUnseen = (error: unknown): boolean =>
  error instanceof SourceError && (error.failure === 'denied' || error.failure === 'missing')

async function findQuota(
  service: Service,
  id: string,
  signal: AbortSignal,
): Promise<Record<string, number> | undefined> {
  try {
    const { quota_set: told } = await service.get(quotaSet, `os-quota-sets/${id}`, {}, signal)
    const numbers = Object.entries(told).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number',
    )
    return Object.fromEntries(numbers)
  } catch (error) {
    if (isUnseen(error)) return undefined
    throw error
  }
}
