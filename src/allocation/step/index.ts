/** What a blueprint's steps do outside, and how that is ended: by a source's actor, which makes each name once and ends it wholly. */
import { PlenumError } from '../../errors.ts'
import type { StepKind } from '../../operation/operation.ts'
import type { Actor } from '../../source/source.ts'
import type { Blueprint } from '../blueprint/index.ts'

/** Of a source by its name; throws what is to be told to who asks when there is none, or it may not be changed. */
export type ActorOf = (source: string) => Actor

const timeoutMs = 120_000

/** Of each: making it, and ending it when what it was made for is released. */
export const stepKinds = (actorOf: ActorOf): StepKind[] => [
  {
    kind: 'container',
    timeoutMs,
    run: async ({ source, ...spec }, { name, signal }) =>
      actorOf(String(source)).create({ kind: 'container', ...spec }, name, signal),
    undo: async ({ source }, { name, signal }) => actorOf(String(source)).destroy(name, signal),
  },
  {
    kind: 'container.end',
    timeoutMs,
    async run({ source }, { name, signal }) {
      await actorOf(String(source)).destroy(name, signal)
      return {}
    },
    undo: async () => {},
  },
]

/** Before anything is given: whether all that the blueprint does outside may be done. */
export function checkSteps({ blueprint, steps }: Blueprint, actorOf: ActorOf): void {
  for (const { container } of steps)
    try {
      actorOf(container.source)
    } catch (error) {
      if (!(error instanceof PlenumError)) throw error
      throw new PlenumError(
        error.code,
        `${blueprint} cannot be done: ${error.message}`,
        { path: 'request.blueprint' },
        { cause: error },
      )
    }
}
