/**
 * Terminology
 * - operation: a durable run of steps. Whoever has its turn works on it; whoever takes the turn over goes on where the log of its steps ends.
 * - step: one effect outside, with its undo. Both may happen twice: what is made is made by name, and once.
 * - unwinding: undoing what was done, the latest first, the failed step included: its effect may have come all the same.
 */
import type { Fence } from '../resource/verbs.ts'

export const operationStates = [
  'AWAITING_APPROVAL',
  'PENDING',
  'RUNNING',
  'UNWINDING',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
  'STUCK',
] as const
export type OperationState = (typeof operationStates)[number]

export const stepStates = ['PENDING', 'RUNNING', 'DONE', 'FAILED', 'UNDOING', 'UNDONE', 'STUCK'] as const
export type StepState = (typeof stepStates)[number]

export interface OperationFault {
  code: string
  message: string
  retryable: boolean
}

export interface Operation {
  id: number
  kind: string
  state: OperationState
  allocationId: number | null
  tenantId: number | null
  input: Record<string, unknown>
  startedBy: string
  approvedBy: string | null
  cancelAskedBy: string | null
  startedAt: number
  endedAt: number | null
  error: OperationFault | null
}

export interface Step {
  ordinal: number
  kind: string
  /** What its effect is called in the backend; never used again. */
  name: string
  parameters: Record<string, unknown>
  state: StepState
  attempts: number
  result: Record<string, unknown> | null
  error: OperationFault | null
  /** While it goes on, of steps that tell: the share of it that is over, 0..1, and what it is at. */
  progress: number | null
  message: string | null
  startedAt: number | null
  endedAt: number | null
}

export interface StepContext {
  /** What the effect is called: made once, ended wholly, by this name. */
  name: string
  signal: AbortSignal
  /** How far it is, and what it is at. May be called often: the last is kept, once a second at most. */
  tell?(progress: number | null, message: string): void
}

/** What a step does and how it is undone. `undo` gets what `run` got and nothing that it gave: it must do without. */
export interface StepKind<P = Record<string, unknown>> {
  kind: string
  run(parameters: P, context: StepContext): Promise<Record<string, unknown>>
  undo(parameters: P, context: StepContext): Promise<void>
  timeoutMs: number
  /** False: when it has ended, so has its effect, and the undo needs not be repeated: by then the place may be another's. */
  sweeps?: false
  /** So many neighbouring steps of the kind go at once, and one that fails keeps no other of them from going. Default 1: one after the other. */
  atOnce?: number
}

/** What an operation is for: what becomes true when all its steps are done, and when none is any more. Each is one transaction that ends the operation too. */
export interface OperationKind {
  kind: string
  /** False: it cannot be taken back; a step that fails for good leaves it STUCK. */
  unwinds: boolean
  finish(operation: Operation, steps: readonly Step[], fence: Fence): Promise<void>
  fail(operation: Operation, ended: EndState, fence: Fence): Promise<void>
}
export type EndState = 'FAILED' | 'CANCELLED'

export const isOpen = (state: OperationState): boolean =>
  state === 'PENDING' || state === 'RUNNING' || state === 'UNWINDING' || state === 'AWAITING_APPROVAL'

/** Share of the steps that are done, 0..1; of one that unwinds, the share that is not undone yet. */
export function progressOf(
  state: OperationState,
  steps: readonly Pick<Step, 'state' | 'progress'>[],
): number {
  if (state === 'SUCCEEDED') return 1
  if (steps.length === 0) return 0
  const share = ({ state: own, progress }: (typeof steps)[number]): number =>
    own === 'DONE' ? 1 : own === 'RUNNING' ? (progress ?? 0) : 0
  return steps.reduce((sum, step) => sum + share(step), 0) / steps.length
}
