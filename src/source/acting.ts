/** What may be changed in a source: only with control, and within the same bounds as all that is asked of it. */
import { notFound, PlenumError } from '../errors.ts'
import type { Running } from './running.ts'
import { SourceError, type Actor } from './source.ts'

const deadlineMs = 120_000

export function actorOf(running: ReadonlyMap<number, Running>, name: string, readOnly: boolean): Actor {
  const one = [...running.values()].find((source) => source.name === name)
  if (one === undefined) throw notFound(`There is no source ${name.slice(0, 80)} in the configuration`)
  if (readOnly) throw new PlenumError('FORBIDDEN', 'Plenum is read-only: nothing outside is changed')
  if (!one.config.control)
    throw new PlenumError('FORBIDDEN', `The source ${name} is not to be changed: it has no \`control: true\``)
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
