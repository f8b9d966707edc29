/** Moves servers of Nova from one hypervisor to another: while they run, or turned off meanwhile, which Nova wants confirmed. */
import { z } from 'zod'
import { SourceError, type MoveOrder, type Mover, type Progress } from '../../source.ts'
import type { Service } from '../service.ts'
import type { Session } from '../session.ts'
import { closeHost, findHost, isHost, machinesOn, openHost } from './host.ts'
import { findMachine, isBusy, isMachine, tell, type Machine } from './machine.ts'

const migrations = z.looseObject({
  migrations: z.array(z.looseObject({ id: z.union([z.string(), z.number()]) })),
})

export const createMover = (session: Session): Mover => ({
  knows: isMachine,
  knowsHost: isHost,
  async hostOf(key, signal) {
    const { machine, region } = await findMachine(session, key, signal)
    return machine.hypervisor && `hypervisor/${region}/${machine.hypervisor}`
  },
  move: (key, order, mayAsk, signal) => move(session, key, order, mayAsk, signal),
  stay: (key, from, signal) => stay(session, key, from, signal),
  closeHost: (host, name, signal) => closeHost(session, host, name, signal),
  openHost: (host, name, signal) => openHost(session, host, name, signal),
  machinesOn: (host, signal) => machinesOn(session, host, signal),
})

const nameOf = (host: string): string => host.split('/').slice(2).join('/')

async function move(
  session: Session,
  key: string,
  { from, to, isLive }: MoveOrder,
  mayAsk: boolean,
  signal: AbortSignal,
): Promise<Progress> {
  const { compute, machine } = await findMachine(session, key, signal)
  const { name, status, hypervisor, fault } = machine
  if (isBusy(machine)) return 'underWay'
  const hasMoved = hypervisor !== nameOf(from)
  if (status === 'VERIFY_RESIZE' && hasMoved) return decide(compute, machine, 'confirmResize', signal)
  if (hasMoved && (to === undefined || hypervisor === nameOf(to))) {
    if (status === 'ERROR') throw new SourceError('bad', `${name} is ERROR on ${hypervisor}${reason(fault)}`)
    return 'done'
  }
  if (hasMoved) throw new SourceError('bad', `${name} is on ${hypervisor} by now`)
  if (!mayAsk || status === 'ERROR')
    throw new SourceError('bad', `${name} stays on ${hypervisor}: it is ${status}${reason(fault)}`)
  const target = to === undefined ? undefined : (await findHost(session, to, signal)).host
  await tell(compute, machine, await orderOf(compute, machine, target, isLive, signal), signal)
  return 'asked'
}

const reason = (fault: string | undefined): string => (fault === undefined ? '' : `: ${fault}`)

async function orderOf(
  compute: Service,
  { name, status }: Machine,
  host: string | undefined,
  isLive: boolean | undefined,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const runs = status === 'ACTIVE' || status === 'PAUSED'
  if (isLive === true && !runs)
    throw new SourceError('bad', `${name} is ${status}: only what runs is moved live`)
  if (isLive ?? runs) {
    if (!(await compute.has(2, 25, signal)))
      throw new SourceError('bad', 'this Nova cannot be told so: it is older than Newton')
    return { 'os-migrateLive': { host: host ?? null, block_migration: 'auto' } }
  }
  if (host !== undefined && !(await compute.has(2, 56, signal)))
    throw new SourceError('bad', 'this Nova cannot be told a host: it is older than Queens')
  return { migrate: host === undefined ? null : { host } }
}

async function stay(session: Session, key: string, from: string, signal: AbortSignal): Promise<Progress> {
  const found = await findMachine(session, key, signal).catch((error: unknown) => {
    if ((error as SourceError).failure !== 'missing') throw error
  })
  if (found === undefined) return 'done'
  const { compute, machine } = found
  const { status, hypervisor } = machine
  if (status === 'MIGRATING' && hypervisor === nameOf(from)) await abort(compute, machine, signal)
  if (isBusy(machine)) return 'underWay'
  if (status !== 'VERIFY_RESIZE' || hypervisor === nameOf(from)) return 'done'
  return decide(compute, machine, 'revertResize', signal)
}

/** Until it is done Nova shows no sign of it, and refuses to be told again. */
export async function decide(
  compute: Service,
  machine: Machine,
  what: 'confirmResize' | 'revertResize',
  signal: AbortSignal,
): Promise<Progress> {
  await tell(compute, machine, { [what]: null }, signal).catch((error: unknown) => {
    if ((error as SourceError).failure !== 'bad') throw error
  })
  return 'underWay'
}

/** What is too far, or not begun yet, is not given up: then it comes to its end. */
async function abort(compute: Service, { id }: Machine, signal: AbortSignal): Promise<void> {
  if (!(await compute.has(2, 24, signal))) return
  const path = `servers/${encodeURIComponent(id)}/migrations`
  const { migrations: all } = await compute.get(migrations, path, {}, signal)
  for (const one of all)
    await compute.send('DELETE', `${path}/${one.id}`, undefined, signal).catch((error: unknown) => {
      if (!['bad', 'missing'].includes((error as SourceError).failure)) throw error
    })
}
