/** What a blueprint's steps do outside, and how that is ended: by a source's actor, which makes each name once and ends it wholly. */
import { PlenumError } from '../../errors.ts'
import type { Step, StepKind } from '../../operation/operation.ts'
import type { Actor } from '../../source/source.ts'
import type { Blueprint } from '../blueprint/index.ts'
import { checkKind } from './check.ts'
import { sessionKind, type Sight } from './session.ts'

export { stepsOf } from './begin.ts'
export type { Sight } from './session.ts'

/** Of a source by its name; throws what is to be told to who asks when there is none, or it may not be changed. */
export type ActorOf = (source: string) => Actor

const timeoutMs = 120_000
/** What an actor makes. */
const made: readonly string[] = [
  'container',
  'serverGroup',
  'port',
  'volume',
  'server',
  'floatingIp',
  'neighbor',
]

/** Whether something stands that is to be ended when what it was done for is released. */
export const isMade = ({ kind }: { kind: string }): boolean => made.includes(kind)

/** What a service may run on, as its source knows it. */
const carriers: readonly string[] = ['container', 'server']

export const carriersOf = (steps: readonly Step[]): string[] =>
  steps
    .filter(({ kind, result }) => carriers.includes(kind) && typeof result?.['key'] === 'string')
    .map(({ parameters, result }) => `${String(parameters['source'])}:${String(result!['key'])}`)

export const stepKinds = (actorOf: ActorOf, sight: Sight): StepKind[] => [
  ...made.flatMap((kind) => [making(kind, actorOf), ending(kind, actorOf)]),
  checkKind,
  sessionKind(sight),
]

const making = (kind: string, actorOf: ActorOf): StepKind => ({
  kind,
  timeoutMs,
  run: async ({ source, ...spec }, { name, signal }) =>
    actorOf(String(source)).create({ ...spec, kind }, name, signal),
  undo: async ({ source, ...spec }, { name, signal }) =>
    actorOf(String(source)).destroy(name, signal, { ...spec, kind }),
})

/** When what it was made for is released. */
const ending = (kind: string, actorOf: ActorOf): StepKind => ({
  kind: `${kind}.end`,
  timeoutMs,
  async run({ source, ...spec }, { name, signal }) {
    await actorOf(String(source)).destroy(name, signal, { ...spec, kind })
    return {}
  },
  undo: async () => {},
})

/** Before anything is given: whether all that the blueprint does outside may be done. */
export function checkSteps({ blueprint, steps }: Blueprint, actorOf: ActorOf): void {
  for (const { container, server, neighbor } of steps)
    try {
      for (const one of [container, server, neighbor]) if (one !== undefined) actorOf(one.source)
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
