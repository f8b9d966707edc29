/** Starts, stops and restarts servers of Nova; done when it says that they are so. */
import { SourceError, type PowerSwitch } from '../../source.ts'
import type { Service } from '../service.ts'
import type { Session } from '../session.ts'
import { awaitRest, findMachine, isMachine, tell, type Machine } from './machine.ts'

/** How what does not run comes to run. */
const starts: Readonly<Record<string, string>> = {
  SHUTOFF: 'os-start',
  PAUSED: 'unpause',
  SUSPENDED: 'resume',
}

export const createSwitch = (session: Session): PowerSwitch => ({
  knows: isMachine,
  async set(key, to, { force }, signal) {
    const { compute, machine } = await findMachine(session, key, signal)
    // Somebody may have told it something just now.
    const now = await awaitRest(compute, machine, signal)
    if (to === 'OFF') await stop(compute, now, signal)
    else if (now.status in starts) await start(compute, now, signal)
    else if (to === 'RESTART') await reach(compute, now, rebootOf(force), 'ACTIVE', signal)
    else if (now.status !== 'ACTIVE') throw refusal(now, 'ACTIVE')
  },
})

const rebootOf = (force: boolean) => ({ reboot: { type: force ? 'HARD' : 'SOFT' } })

/** Nova asks its system to end, and ends it itself after the time that it gives. */
async function stop(compute: Service, machine: Machine, signal: AbortSignal): Promise<void> {
  if (machine.status !== 'SHUTOFF') await reach(compute, machine, { 'os-stop': null }, 'SHUTOFF', signal)
}

const start = (compute: Service, machine: Machine, signal: AbortSignal): Promise<void> =>
  reach(compute, machine, { [starts[machine.status]!]: null }, 'ACTIVE', signal)

/** Nova notes what it is about to do before it answers: once it is at rest again, that was done or has failed. */
async function reach(
  compute: Service,
  machine: Machine,
  action: Readonly<Record<string, unknown>>,
  status: string,
  signal: AbortSignal,
): Promise<void> {
  await tell(compute, machine, action, signal)
  const now = await awaitRest(compute, machine, signal)
  if (now.status !== status) throw refusal(now, status)
}

const refusal = ({ name, status, fault }: Machine, what: string): SourceError =>
  new SourceError('bad', `${name} is ${status} and not ${what}${fault ? `: ${fault}` : ''}`)
