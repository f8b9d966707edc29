/** A server of Nova as it is now, in whichever region it is, and what it is told to do. */
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { SourceError } from '../../source.ts'
import { findRegions, findServices, type Service } from '../service.ts'
import type { Session } from '../session.ts'

const text = z.string().nullish()
const machine = z.looseObject({
  id: z.string().min(1),
  name: text,
  status: text,
  'OS-EXT-STS:task_state': text,
  'OS-EXT-SRV-ATTR:hypervisor_hostname': text,
  fault: z.looseObject({ message: text }).nullish(),
  flavor: z.looseObject({ id: text, original_name: text }).nullish(),
})
const one = z.looseObject({ server: machine })

export interface Machine {
  id: string
  name: string
  /** ACTIVE, SHUTOFF, VERIFY_RESIZE … */
  status: string
  /** What Nova is doing to it. */
  task: string | undefined
  hypervisor: string | undefined
  /** Its name from microversion 2.47 on, its id before. */
  flavor: string | undefined
  fault: string | undefined
}

const prefix = 'server/'
export const isMachine = (key: string): boolean => key.startsWith(prefix)

export const toMachine = (server: z.infer<typeof machine>): Machine => ({
  id: server.id,
  name: server.name ?? server.id,
  status: server.status ?? '',
  task: server['OS-EXT-STS:task_state'] ?? undefined,
  hypervisor: server['OS-EXT-SRV-ATTR:hypervisor_hostname'] ?? undefined,
  flavor: server.flavor?.original_name ?? server.flavor?.id ?? undefined,
  fault: server.fault?.message?.slice(0, 200),
})

/** The one with this key; throws `missing` when no region has it. */
export async function findMachine(
  session: Session,
  key: string,
  signal: AbortSignal,
): Promise<{ compute: Service; machine: Machine; region: string }> {
  if (!isMachine(key)) throw new SourceError('bad', 'only servers can be told that')
  const id = key.slice(prefix.length)
  for (const region of await findRegions(session, signal)) {
    const compute = (await findServices(session, region, signal)).get('compute')
    if (compute === undefined) continue
    const found = await lookAt(compute, id, signal).catch((error: unknown) => {
      if ((error as SourceError).failure !== 'missing') throw error
    })
    if (found !== undefined) return { compute, machine: found, region }
  }
  throw new SourceError('missing', `there is no server ${id}`)
}

export const lookAt = async (compute: Service, id: string, signal: AbortSignal): Promise<Machine> =>
  toMachine((await compute.get(one, `servers/${encodeURIComponent(id)}`, {}, signal)).server)

export async function tell(
  compute: Service,
  { id }: Machine,
  action: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<void> {
  await compute.send('POST', `servers/${encodeURIComponent(id)}/action`, action, signal)
}

const wait = { firstMs: 25, mostMs: 2_000 }

/** Looks until Nova does nothing to it any more. */
export async function awaitRest(
  compute: Service,
  { id }: Pick<Machine, 'id'>,
  signal: AbortSignal,
): Promise<Machine> {
  for (let waitMs = wait.firstMs; ; waitMs = Math.min(2 * waitMs, wait.mostMs)) {
    const now = await lookAt(compute, id, signal)
    if (now.task === undefined && !passing.has(now.status)) return now
    await delay(waitMs, undefined, { signal }).catch((cause: unknown) => {
      throw new SourceError('aborted', `${now.name} is still ${now.status}`, { cause })
    })
  }
}

const passing: ReadonlySet<string> = new Set([
  'BUILD',
  'REBOOT',
  'HARD_REBOOT',
  'RESIZE',
  'MIGRATING',
  'REVERT_RESIZE',
  'PASSWORD',
  'REBUILD',
])

export const isBusy = ({ task, status }: Machine): boolean => task !== undefined || passing.has(status)
