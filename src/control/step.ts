/** What the steps of control do outside, and how each is undone. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Knex } from 'knex'
import { PlenumError } from '../errors.ts'
import type { StepKind } from '../operation/operation.ts'
import type { Resources } from '../resource/verbs.ts'
import type { ResourceStatus } from '../resource/resource.ts'
import type { Mover, Power, Progress } from '../source/source.ts'
import type { Steers } from './index.ts'
import { resizeKinds } from './resize.ts'
import { isSuperseded, stateOf } from './store.ts'

export interface Means extends Steers {
  db: Knex
  resources: Pick<Resources, 'update'>
}

/** Memory of many gigabytes goes over the wire. */
const moveMs = 4 * 3_600_000
const emptyMs = 24 * 3_600_000
const shortMs = 120_000
const look = { firstMs: 25, mostMs: 5_000 }
const movesAtOnce = 4

export const controlSteps = (means: Means): StepKind[] => [
  powerStep(means),
  markStep(means),
  closeStep(means),
  openStep(means),
  moveStep(means),
  emptyStep(means),
  ...resizeKinds(means, until),
]

/**
 * Its undo does nothing, and for a reason: what lost its power has lost what it did, and switching it back, perhaps minutes later, could only surprise whoever acted
 * meanwhile. What failed is told; the opposite is another operation.
 */
const powerStep = ({ powerOf }: Means): StepKind => ({
  kind: 'power',
  timeoutMs: shortMs,
  async run({ source, key, power, force }, { signal }) {
    await powerOf(Number(source)).set(String(key), power as Power, { force: force === true }, signal)
    return {}
  },
  undo: async () => {},
})

/** Looks until it is done; asks once. */
async function until(work: (mayAsk: boolean) => Promise<Progress>, signal: AbortSignal): Promise<void> {
  let mayAsk = true
  for (let waitMs = look.firstMs; ; waitMs = Math.min(2 * waitMs, look.mostMs)) {
    const progress = await work(mayAsk)
    if (progress === 'done') return
    if (progress === 'asked') mayAsk = false
    await delay(waitMs, undefined, { signal })
  }
}

async function move(
  mover: Mover,
  key: string,
  { from, to, isLive, isDrain }: Record<string, unknown>,
  signal: AbortSignal,
): Promise<void> {
  const order = {
    from: String(from),
    ...(typeof to === 'string' ? { to } : {}),
    ...(typeof isLive === 'boolean' ? { isLive } : {}),
  }
  try {
    await until((mayAsk) => mover.move(key, order, mayAsk, signal), signal)
  } catch (error) {
    // What is gone is not there any more either.
    if (isDrain !== true || (error as { failure?: string }).failure !== 'missing') throw error
  }
}

/** What has come to another host stays there: only what is under way is given up. */
const moveStep = ({ db, moverOf }: Means): StepKind => ({
  kind: 'move',
  timeoutMs: moveMs,
  atOnce: movesAtOnce,
  async run({ source, key, ...order }, { signal }) {
    await move(moverOf(Number(source)), String(key), order, signal)
    return {}
  },
  async undo({ operation, source, key, from }, { signal }) {
    if (await isSuperseded(db, Number(operation), Number(source), String(key))) return
    const mover = moverOf(Number(source))
    await until(() => mover.stay(String(key), String(from), signal), signal)
  },
})

/** What came before the host was closed and was not known of. */
const emptyStep = ({ moverOf }: Means): StepKind => ({
  kind: 'host.empty',
  timeoutMs: emptyMs,
  async run({ source, key: host }, { signal }) {
    const mover = moverOf(Number(source))
    const stragglers = await mover.machinesOn(String(host), signal)
    for (const { key } of stragglers) await move(mover, key, { from: host, isDrain: true }, signal)
    const left = await mover.machinesOn(String(host), signal)
    if (left.length > 0)
      throw new PlenumError('CONFLICT', `Still there: ${left.map(({ name }) => name).join(', ')}`, {
        reason: 'STATE',
      })
    return { stragglers: stragglers.length }
  },
  undo: async () => {},
})

/** The reason that its system is told is the step's name: so its undo knows what is its own. */
const closeStep = ({ moverOf }: Means): StepKind => ({
  kind: 'host.close',
  timeoutMs: shortMs,
  async run({ source, key }, { name, signal }) {
    await moverOf(Number(source)).closeHost(String(key), name, signal)
    return {}
  },
  undo: ({ source, key }, { name, signal }) => moverOf(Number(source)).openHost(String(key), name, signal),
})

const openStep = ({ moverOf }: Means): StepKind => ({
  kind: 'host.open',
  timeoutMs: shortMs,
  async run({ source, key }, { signal }) {
    await moverOf(Number(source)).openHost(String(key), undefined, signal)
    return {}
  },
  undo: async () => {},
})

/** Pools give nothing of what is in MAINTENANCE. It is done in our own tables: nothing of it comes late. */
const markStep = ({ db, resources }: Means): StepKind => {
  const set = (id: unknown, status: unknown, by: string) =>
    resources.update(
      {
        items: [{ id: Number(id), set: { status: status as ResourceStatus | null }, path: 'resource' }],
        dryRun: false,
      },
      { name: by },
    )
  return {
    kind: 'mark',
    timeoutMs: shortMs,
    async run({ operation, resource, to }) {
      await set(resource, to, `operation ${String(operation)}`)
      return {}
    },
    async undo({ operation, resource, was }) {
      if ((await stateOf(db, Number(operation))) !== 'UNWINDING') return
      await set(resource, was, `operation ${String(operation)}`)
    },
  }
}
