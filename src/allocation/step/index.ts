/** What a blueprint's steps do outside, and how that is ended: by a source's actor, which makes each name once and ends it wholly. */
import { setTimeout as delay } from 'node:timers/promises'
import { PlenumError } from '../../errors.ts'
import type { Step, StepKind } from '../../operation/operation.ts'
import type { Actor } from '../../source/source.ts'
import { fill } from '../blueprint/index.ts'
import { prefixed, type Draft } from '../draft.ts'
import { ansibleKinds } from './ansible/index.ts'
import { checkKind } from './check.ts'
import { sessionKind, type Sight } from './session.ts'
import { webhookKinds } from './webhook.ts'

export { checkPlaybooks } from './ansible/index.ts'
export { stepsOf } from './begin.ts'
export type { Sight } from './session.ts'

/** Of a source by its name; throws what is to be told to who asks when there is none, or it may not be changed. */
export type ActorOf = (source: string) => Actor

const timeoutMs = 120_000
const lookAgain = { firstMs: 25, mostMs: 5_000 }
/** A machine boots, and has its disks written. */
const timeoutOf = (kind: string): number => (kind === 'node' ? 3_600_000 : timeoutMs)
/** What an actor makes. */
export const madeKinds: readonly string[] = [
  'container',
  'serverGroup',
  'port',
  'volume',
  'server',
  'floatingIp',
  'neighbor',
  'node',
]

/** Whether something stands that is to be ended when what it was done for is released. */
export const isMade = ({ kind, parameters }: Pick<Step, 'kind' | 'parameters'>): boolean =>
  kind === 'webhook' || (kind === 'ansible' && parameters['undo'] !== undefined) || madeKinds.includes(kind)

/** What a service may run on, as its source knows it. */
const carriers: readonly string[] = ['container', 'server']

export const carriersOf = (steps: readonly Step[]): string[] =>
  steps
    .filter(({ kind, result }) => carriers.includes(kind) && typeof result?.['key'] === 'string')
    .map(({ parameters, result }) => `${String(parameters['source'])}:${String(result!['key'])}`)

export const stepKinds = (actorOf: ActorOf, sight: Sight, playbooks?: string): StepKind[] => [
  ...madeKinds.flatMap((kind) => [making(kind, actorOf), ending(kind, actorOf)]),
  ...webhookKinds,
  ...ansibleKinds(playbooks),
  checkKind,
  sessionKind(sight),
]

const making = (kind: string, actorOf: ActorOf): StepKind => ({
  kind,
  timeoutMs: timeoutOf(kind),
  async run({ source, ...spec }, { name, signal }) {
    for (let waitMs = lookAgain.firstMs; ; waitMs = Math.min(2 * waitMs, lookAgain.mostMs)) {
      const { key, isUnderWay } = await actorOf(String(source)).create({ ...spec, kind }, name, signal)
      if (isUnderWay !== true) return { key }
      await delay(waitMs, undefined, { signal })
    }
  },
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
export function checkSteps({ blueprint, parameters }: Draft, actorOf: ActorOf): void {
  const values = prefixed(parameters)
  for (const { container, server, neighbor, node } of blueprint.steps)
    try {
      for (const one of [container, server, neighbor, node])
        if (one !== undefined) actorOf(fill(one.source, values))
    } catch (error) {
      if (!(error instanceof PlenumError)) throw error
      throw new PlenumError(
        error.code,
        `${blueprint.blueprint} cannot be done: ${error.message}`,
        { path: 'request.blueprint' },
        { cause: error },
      )
    }
}
