/** What may be changed in a source: only with control, and within the same bounds as all that is asked of it. */
import { notFound, PlenumError } from '../errors.ts'
import type { Running } from './running.ts'
import { SourceError, type Actor, type PowerSwitch } from './source.ts'

const deadlineMs = 120_000

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
  }
}

/** Of a source by its id. */
export function switchOf(
  running: ReadonlyMap<number, Running>,
  sourceId: number,
  readOnly: boolean,
): PowerSwitch {
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

function checkControl({ name, config }: Running, readOnly: boolean): void {
  if (readOnly) throw new PlenumError('FORBIDDEN', 'Plenum is read-only: nothing outside is changed')
  if (!config.control)
    throw new PlenumError('FORBIDDEN', `The source ${name} is not to be changed: it has no \`control: true\``)
}
