/** What may be changed in a source: only with control, and within the same bounds as all that is asked of it. */
import { notFound, PlenumError } from '../errors.ts'
import type { Running } from './running.ts'
import { SourceError, type Actor, type Mover, type PowerSwitch, type Resizer } from './source.ts'

const deadlineMs = 120_000

/** Of a source by its id. */
export interface Steering {
  powerOf(sourceId: number): PowerSwitch
  moverOf(sourceId: number): Mover
  resizerOf(sourceId: number): Resizer
}

export const steeringOf = (running: ReadonlyMap<number, Running>, readOnly: boolean): Steering => ({
  powerOf: (sourceId) => switchOf(running, sourceId, readOnly),
  moverOf: (sourceId) => moverOf(running, sourceId, readOnly),
  resizerOf: (sourceId) => resizerOf(running, sourceId, readOnly),
})

export function actorOf(running: ReadonlyMap<number, Running>, name: string, readOnly: boolean): Actor {
  const one = [...running.values()].find((source) => source.name === name)
  if (one === undefined) throw notFound(`There is no source ${name.slice(0, 80)} in the configuration`)
  checkControl(one, readOnly)
  if (one.source !== undefined && one.source.actor === undefined)
    throw new PlenumError('FORBIDDEN', `Nothing can be made in the source ${name}: its driver only reads`)
  const run = <T>(
    work: (actor: Actor, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> => {
    const actor = one.source?.actor
    if (actor === undefined) throw new SourceError('unreachable', `the source ${name} is not open yet`)
    return one.guard.run((both) => work(actor, both), signal, deadlineMs)
  }
  return {
    create: async (spec, called, signal) => run((actor, both) => actor.create(spec, called, both), signal),
    destroy: async (called, signal, made) => run((actor, both) => actor.destroy(called, both, made), signal),
    made: async (signal) => run((actor, both) => actor.made(both), signal),
  }
}

function switchOf(running: ReadonlyMap<number, Running>, sourceId: number, readOnly: boolean): PowerSwitch {
  const one = running.get(sourceId)
  if (one === undefined) throw notFound('Its source is not in the configuration')
  checkControl(one, readOnly)
  if (one.source !== undefined && one.source.power === undefined)
    throw new PlenumError('FORBIDDEN', `Nothing can be switched in the source ${one.name}: its driver cannot`)
  return {
    knows: (key) => one.source?.power?.knows(key) ?? true,
    async set(key, to, how, signal) {
      const power = one.source?.power
      if (power === undefined) throw new SourceError('unreachable', `the source ${one.name} is not open yet`)
      return one.guard.run((both) => power.set(key, to, how, both), signal, deadlineMs)
    },
  }
}

function moverOf(running: ReadonlyMap<number, Running>, sourceId: number, readOnly: boolean): Mover {
  const one = running.get(sourceId)
  if (one === undefined) throw notFound('Its source is not in the configuration')
  checkControl(one, readOnly)
  if (one.source !== undefined && one.source.mover === undefined)
    throw new PlenumError('FORBIDDEN', `Nothing can be moved in the source ${one.name}: its driver cannot`)
  const run = <T>(
    work: (mover: Mover, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> => {
    const mover = one.source?.mover
    if (mover === undefined) throw new SourceError('unreachable', `the source ${one.name} is not open yet`)
    return guarded(one, (both) => work(mover, both), signal)
  }
  return {
    knows: (key) => one.source?.mover?.knows(key) ?? true,
    knowsHost: (key) => one.source?.mover?.knowsHost(key) ?? true,
    hostOf: async (key, signal) => run((mover, both) => mover.hostOf(key, both), signal),
    move: async (key, where, mayAsk, signal) =>
      run((mover, both) => mover.move(key, where, mayAsk, both), signal),
    stay: async (key, from, signal) => run((mover, both) => mover.stay(key, from, both), signal),
    closeHost: async (host, name, signal) => run((mover, both) => mover.closeHost(host, name, both), signal),
    openHost: async (host, name, signal) => run((mover, both) => mover.openHost(host, name, both), signal),
    machinesOn: async (host, signal) => run((mover, both) => mover.machinesOn(host, both), signal),
  }
}

function resizerOf(running: ReadonlyMap<number, Running>, sourceId: number, readOnly: boolean): Resizer {
  const one = running.get(sourceId)
  if (one === undefined) throw notFound('Its source is not in the configuration')
  checkControl(one, readOnly)
  if (one.source !== undefined && one.source.resizer === undefined)
    throw new PlenumError('FORBIDDEN', `Nothing can be resized in the source ${one.name}: its driver cannot`)
  const run = <T>(
    work: (resizer: Resizer, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> => {
    const resizer = one.source?.resizer
    if (resizer === undefined) throw new SourceError('unreachable', `the source ${one.name} is not open yet`)
    return guarded(one, (both) => work(resizer, both), signal)
  }
  return {
    knows: (key) => one.source?.resizer?.knows(key) ?? true,
    weigh: async (key, wish, signal) => run((own, both) => own.weigh(key, wish, both), signal),
    resize: async (key, sizes, mayAsk, signal) =>
      run((own, both) => own.resize(key, sizes, mayAsk, both), signal),
    confirm: async (key, sizes, signal) => run((own, both) => own.confirm(key, sizes, both), signal),
    revert: async (key, sizes, mayAsk, signal) =>
      run((own, both) => own.revert(key, sizes, mayAsk, both), signal),
  }
}

/** What it will not do says that it is well: of many machines that cannot be moved each is asked for. */
async function guarded<T>(
  { guard }: Running,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const told = await guard.run(
    (both) =>
      work(both).then(
        (value) => ({ value }),
        (error: unknown) => {
          if (!(error instanceof SourceError) || error.failure !== 'bad') throw error
          return { refusal: error }
        },
      ),
    signal,
    deadlineMs,
  )
  if ('refusal' in told) throw told.refusal
  return told.value
}

function checkControl({ name, config }: Running, readOnly: boolean): void {
  if (readOnly) throw new PlenumError('FORBIDDEN', 'Plenum is read-only: nothing outside is changed')
  if (!config.control)
    throw new PlenumError('FORBIDDEN', `The source ${name} is not to be changed: it has no \`control: true\``)
}
