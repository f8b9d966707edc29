/** Resources that share an identity and are kept apart: for people to decide. */
import type { Knex } from 'knex'
import { areCompatible } from '../reconcile/partition.ts'
import type { ResourceId } from '../resource.ts'
import {
  changeConflicts,
  conflictsTouching,
  sharedIdentities,
  withConflict,
  type ConflictRow,
} from '../store.ts'
import { inSlices } from './breathe.ts'
import type { Rows } from './rows.ts'

const sliceSize = 2_000

export interface ConflictInput {
  affected: readonly ResourceId[]
  gone: readonly ResourceId[]
  rows: Rows
  at: Date
}

/** Writes what changed; gives, for the resources that it changed for, whether they have any conflict now. */
export async function findConflicts(
  trx: Knex.Transaction,
  { affected, gone, rows, at }: ConflictInput,
): Promise<Map<ResourceId, boolean>> {
  const shared: ConflictRow[] = []
  const before: ConflictRow[] = []
  await inSlices(affected, sliceSize, async (slice) => {
    shared.push(...(await sharedIdentities(trx, slice)))
  })
  await inSlices([...affected, ...gone], sliceSize, async (slice) => {
    before.push(...(await conflictsTouching(trx, slice)))
  })
  await rows.load(new Set(shared.flatMap((one) => [one.aId, one.bId])))
  const now = shared.filter(({ aId, bId }) => {
    const [a, b] = [rows.get(aId)?.kind, rows.get(bId)?.kind]
    return a !== undefined && b !== undefined && areCompatible(a, b)
  })
  const [known, wanted] = [new Set(before.map(nameOf)), new Set(now.map(nameOf))]
  const added = now.filter((one) => !known.has(nameOf(one)))
  const removed = before.filter((one) => !wanted.has(nameOf(one)))
  if (added.length + removed.length === 0) return new Map()
  await changeConflicts(trx, added, removed, at)
  const touched = [...new Set([...added, ...removed].flatMap((one) => [one.aId, one.bId]))]
  const conflicting = await withConflict(trx, touched)
  return new Map(touched.map((id) => [id, conflicting.has(id)]))
}

const nameOf = (one: ConflictRow) => `${one.aId} ${one.bId} ${one.type} ${one.scope} ${one.value}`
