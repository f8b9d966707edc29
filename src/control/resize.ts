/** Machines that become larger or smaller: tried, then confirmed; what was tried can be taken back. */
import type { NewStep } from '../operation/index.ts'
import type { StepKind } from '../operation/operation.ts'
import type { Progress, Resizing } from '../source/source.ts'
import type { Found } from './find.ts'
import type { Means } from './step.ts'
import { isSuperseded } from './store.ts'

export const resizeSteps = (
  { sourceId, key }: Pick<Found<unknown>, 'sourceId' | 'key'>,
  { from, to }: Resizing,
): NewStep[] =>
  ['resize', 'resize.confirm'].map((kind) => ({
    kind,
    name: (operation, epoch) => `plenum-${epoch}-${operation}-${kind}`,
    parameters: (operation) => ({ operation, source: sourceId, key, from, to }),
  }))

/** A disk may go over the wire. */
const resizeMs = 4 * 3_600_000

export const resizeKinds = (
  { db, resizerOf }: Means,
  until: (work: (mayAsk: boolean) => Promise<Progress>, signal: AbortSignal) => Promise<void>,
): StepKind[] => [
  {
    kind: 'resize',
    timeoutMs: resizeMs,
    async run({ source, key, from, to }, { signal }) {
      const [resizer, sizes] = [resizerOf(Number(source)), { from, to } as Resizing]
      await until((mayAsk) => resizer.resize(String(key), sizes, mayAsk, signal), signal)
      return {}
    },
    async undo({ operation, source, key, from, to }, { signal }) {
      if (await isSuperseded(db, Number(operation), Number(source), String(key))) return
      const [resizer, sizes] = [resizerOf(Number(source)), { from, to } as Resizing]
      await until((mayAsk) => resizer.revert(String(key), sizes, mayAsk, signal), signal)
    },
  },
  {
    kind: 'resize.confirm',
    timeoutMs: resizeMs,
    async run({ source, key, from, to }, { signal }) {
      const [resizer, sizes] = [resizerOf(Number(source)), { from, to } as Resizing]
      await until(() => resizer.confirm(String(key), sizes, signal), signal)
      return {}
    },
    // The step before it knows the way back, confirmed or not.
    undo: async () => {},
  },
]
