/** What a login may see, by the smallest question to each service: for `plenum doctor`. */
import { z } from 'zod'
import { SourceError } from '../source.ts'
import { findRegions, findServices, type Service, type ServiceName } from './service.ts'
import type { Session } from './session.ts'

interface Question {
  what: string
  path: string
  /** For all projects' things. */
  all?: Record<string, string | number>
  limit?: true
  /** Without it there is nothing to show. */
  isNeeded?: true
}

const questions: Readonly<Record<ServiceName, readonly Question[]>> = {
  compute: [
    { what: 'servers', path: 'servers/detail', all: { all_tenants: 1 }, limit: true, isNeeded: true },
    { what: 'hypervisors', path: 'os-hypervisors/detail' },
    { what: 'compute services', path: 'os-services' },
    { what: 'aggregates', path: 'os-aggregates' },
  ],
  network: [{ what: 'networks', path: 'networks', limit: true, isNeeded: true }],
  image: [{ what: 'images', path: 'images', limit: true }],
  volume: [{ what: 'volumes', path: 'volumes/detail', all: { all_tenants: 1 }, limit: true }],
  placement: [{ what: 'resource providers', path: 'resource_providers' }],
  baremetal: [{ what: 'nodes', path: 'nodes/detail', limit: true }],
}

const policy = 'role reader with the scope of the system or of an administrator’s project, admin before Yoga'

export async function probe(session: Session, allProjects: boolean, signal: AbortSignal): Promise<string> {
  const told: string[] = []
  for (const region of await findRegions(session, signal)) {
    const services = await findServices(session, region, signal)
    const unseen: string[] = []
    for (const [name, service] of services)
      for (const question of questions[name])
        if (!(await maySee(service, question, allProjects, signal))) {
          if (question.isNeeded)
            throw new SourceError('denied', `${region}: the login may not see ${question.what} (${policy})`)
          unseen.push(question.what)
        }
    const less = unseen.length === 0 ? '' : `; it may not see ${unseen.join(', ')} (${policy})`
    told.push(`${region}: ${[...services.keys()].join(', ')} answer${less}`)
  }
  return told.join('; ')
}

async function maySee(
  service: Service,
  { path, all, limit }: Question,
  allProjects: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const query = { ...(allProjects ? all : {}), ...(limit ? { limit: 1 } : {}) }
  try {
    await service.get(z.looseObject({}), path, query, signal)
    return true
  } catch (error) {
    if (error instanceof SourceError && error.failure === 'denied') return false
    throw error
  }
}
