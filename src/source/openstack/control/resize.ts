/** Gives servers of Nova another flavor: it is tried first, and then confirmed or taken back. */
import { SourceError, type MachineSize, type Progress, type Resizer } from '../../source.ts'
import { findFlavor } from '../actor/named.ts'
import type { Service } from '../service.ts'
import type { Session } from '../session.ts'
import { findMachine, isBusy, isMachine, tell, type Machine } from './machine.ts'
import { decide } from './move.ts'

export const createResizer = (session: Session): Resizer => ({
  knows: isMachine,
  async weigh(key, wish, signal) {
    const { compute, machine } = await findMachine(session, key, signal)
    if (wish.flavor === undefined || wish.cpuCores !== undefined || wish.memoryBytes !== undefined)
      throw new SourceError('bad', 'a server of Nova has the size of a flavor: say which, and nothing else')
    // Before that a server does not tell the name of its flavor.
    if (!(await compute.has(2, 47, signal)))
      throw new SourceError('bad', 'this Nova cannot be told so: it is older than Pike')
    await findFlavor(compute, wish.flavor, signal)
    if (machine.flavor === undefined) throw new SourceError('bad', `${machine.name} has no flavor`)
    return { from: { flavor: machine.flavor }, to: { flavor: wish.flavor } }
  },
  async resize(key, { from, to }, mayAsk, signal) {
    const { compute, machine } = await findMachine(session, key, signal)
    if (isBusy(machine)) return 'underWay'
    if (machine.flavor === to.flavor) return checkWell(machine)
    return ask(compute, machine, { from, to }, mayAsk, signal)
  },
  async confirm(key, { to }, signal) {
    const { compute, machine } = await findMachine(session, key, signal)
    if (isBusy(machine)) return 'underWay'
    if (machine.flavor !== to.flavor) throw refusal(machine)
    if (machine.status === 'VERIFY_RESIZE') return decide(compute, machine, 'confirmResize', signal)
    return checkWell(machine)
  },
  async revert(key, { from, to }, mayAsk, signal) {
    const found = await findMachine(session, key, signal).catch((error: unknown) => {
      if ((error as SourceError).failure !== 'missing') throw error
    })
    if (found === undefined) return 'done'
    const { compute, machine } = found
    if (isBusy(machine)) return 'underWay'
    const waits = machine.status === 'VERIFY_RESIZE'
    if (waits && machine.flavor === to.flavor) return decide(compute, machine, 'revertResize', signal)
    if (waits && machine.flavor === from.flavor) return decide(compute, machine, 'confirmResize', signal)
    if (machine.flavor !== to.flavor) return 'done'
    return ask(compute, machine, { from: to, to: from }, mayAsk, signal)
  },
})

async function ask(
  compute: Service,
  machine: Machine,
  { from, to }: { from: MachineSize; to: MachineSize },
  mayAsk: boolean,
  signal: AbortSignal,
): Promise<Progress> {
  const rests = machine.status === 'ACTIVE' || machine.status === 'SHUTOFF'
  if (!mayAsk || !rests || machine.flavor !== from.flavor) throw refusal(machine)
  const flavorRef = await findFlavor(compute, to.flavor!, signal)
  await tell(compute, machine, { resize: { flavorRef } }, signal)
  return 'asked'
}

function checkWell(machine: Machine): 'done' {
  if (machine.status === 'ERROR') throw refusal(machine)
  return 'done'
}

const refusal = ({ name, status, flavor, fault }: Machine): SourceError =>
  new SourceError(
    'bad',
    `${name} is ${status} and has the flavor ${flavor ?? 'unknown'}${fault ? `: ${fault}` : ''}`,
  )
