/** Hypervisors of Nova and the compute services that decide whether anything new comes to them. */
import { z } from 'zod'
import { SourceError } from '../../source.ts'
import { findServices, type Service } from '../service.ts'
import type { Session } from '../session.ts'

const text = z.string().nullish()
const hypervisor = z.looseObject({
  id: z.union([z.string(), z.number()]),
  hypervisor_hostname: z.string(),
  status: text,
  service: z.looseObject({
    id: z.union([z.string(), z.number()]),
    host: z.string(),
    disabled_reason: text,
  }),
})
const server = z.looseObject({ id: z.string().min(1), name: text })

export interface Host {
  compute: Service
  /** As Nova calls it where machines are sent to. */
  host: string
  name: string
  serviceId: string
  isDisabled: boolean
  reason: string | undefined
}

const prefix = 'hypervisor/'
export const isHost = (key: string): boolean => key.startsWith(prefix)

export async function findHost(session: Session, key: string, signal: AbortSignal): Promise<Host> {
  const [, region = '', ...rest] = key.split('/')
  const name = rest.join('/')
  if (!isHost(key)) throw new SourceError('bad', 'only hypervisors are hosts')
  const compute = (await findServices(session, region, signal)).get('compute')
  if (compute === undefined) throw new SourceError('missing', `there is no Nova in ${region}`)
  // Before that services have no ids that are whole.
  if (!(await compute.has(2, 53, signal)))
    throw new SourceError('bad', 'this Nova cannot be told so: it is older than Pike')
  const options = { path: 'os-hypervisors/detail', list: 'hypervisors', shape: hypervisor }
  const all = await compute.list({ ...options, markerOf: ({ id }) => String(id) }, signal)
  const one = all.find((each) => each.hypervisor_hostname === name)
  if (one === undefined) throw new SourceError('missing', `there is no hypervisor ${name}`)
  const { service, status } = one
  if (all.some((other) => other !== one && other.service.host === service.host))
    throw new SourceError('bad', `the compute service of ${name} has other hypervisors too`)
  return {
    ...{ compute, name },
    host: service.host,
    serviceId: String(service.id),
    isDisabled: status === 'disabled',
    reason: service.disabled_reason ?? undefined,
  }
}

export async function closeHost(session: Session, key: string, name: string, signal: AbortSignal) {
  const host = await findHost(session, key, signal)
  if (!host.isDisabled) await change(host, { status: 'disabled', disabled_reason: name }, signal)
}

export async function openHost(
  session: Session,
  key: string,
  name: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const host = await findHost(session, key, signal)
  if (host.isDisabled && (name === undefined || host.reason === name))
    await change(host, { status: 'enabled' }, signal)
}

async function change({ compute, serviceId }: Host, body: object, signal: AbortSignal): Promise<void> {
  await compute.send('PUT', `os-services/${encodeURIComponent(serviceId)}`, body, signal)
}

export async function machinesOn(session: Session, key: string, signal: AbortSignal) {
  const { compute, host } = await findHost(session, key, signal)
  const options = { path: 'servers/detail', list: 'servers', shape: server }
  const query = { all_tenants: 1, host }
  const all = await compute.list({ ...options, query, markerOf: ({ id }) => id }, signal)
  return all.map(({ id, name }) => ({ key: `server/${id}`, name: name ?? id }))
}
