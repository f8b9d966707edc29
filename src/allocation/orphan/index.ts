/** Orphans: what backends have of ours that no allocation holds, and what allocations hold that backends have no more. */
import type { Knex } from 'knex'
import type { ResourceId } from '../../resource/resource.ts'
import type { MadeAnswer } from '../../source/index.ts'
import { madeKinds } from '../step/index.ts'
import { operationOf } from '../step/name.ts'
import { makingsOf, standing, type Making } from './store.ts'

/**
 * UNKNOWN: no step of this database has the name: it is another database's, or younger than the backup that was restored. LEFT_BEHIND: what it was made for is over, or has
 * another in its place. MISSING: an active allocation has it, and the backend has not.
 */
export type OrphanReason = 'UNKNOWN' | 'LEFT_BEHIND' | 'MISSING'

export interface Orphan {
  sourceId: ResourceId
  kind: string
  name: string
  key: string
  reason: OrphanReason
  allocationId: number | null
  tenantId: ResourceId | null
}

export interface Compared {
  sourceId: ResourceId
  name: string
  things: readonly { kind: string; name: string; key: string }[]
}

/** Pure. `makings`: the steps of the things' names, and all that stand in these sources. */
export function findOrphans(sources: readonly Compared[], makings: readonly Making[]): Orphan[] {
  return sources.flatMap(({ sourceId, name: source, things }) => {
    const own = new Map(
      makings.filter((one) => one.source === source).map((one) => [`${one.kind} ${one.name}`, one]),
    )
    const seen = new Set(things.map(({ kind, key }) => `${kind} ${key}`))
    const left = things.flatMap(({ kind, name, key }): Orphan[] => {
      const making = own.get(`${kind} ${name}`)
      const reason = making === undefined ? 'UNKNOWN' : isLeft(making, key) ? 'LEFT_BEHIND' : undefined
      const { allocationId = null, tenantId = null } = making ?? {}
      return reason === undefined ? [] : [{ sourceId, kind, name, key, reason, allocationId, tenantId }]
    })
    const missing = [...own.values()].flatMap((making): Orphan[] => {
      const { kind, name, key, allocationId, tenantId } = making
      const isLost = isStanding(making) && key !== null && !seen.has(`${kind} ${key}`)
      return isLost ? [{ sourceId, kind, name, key, reason: 'MISSING', allocationId, tenantId }] : []
    })
    return [...left, ...missing]
  })
}

const isStanding = ({ state, allocationState }: Making): boolean =>
  state === 'DONE' && allocationState === 'ACTIVE'

const isOver = ({ operationState, allocationState }: Making): boolean =>
  allocationState === 'RELEASED' ||
  allocationState === 'FAILED' ||
  operationState === 'FAILED' ||
  operationState === 'CANCELLED'

/** What is under way, or stuck, is told of by its operation. */
const isLeft = (making: Making, key: string): boolean =>
  isOver(making) || (isStanding(making) && making.key !== null && making.key !== key)

/** Of the sources that could say what they have. What is made or ended between the two looks is not told: the tables are read before and after. */
export async function readOrphans(
  db: Knex,
  ask: () => Promise<MadeAnswer[]>,
): Promise<{ orphans: Orphan[]; answers: MadeAnswer[] }> {
  const answers = await ask()
  const told = answers.flatMap(({ sourceId, name, things }) =>
    things === undefined ? [] : [{ sourceId, name, things }],
  )
  const known = await makingsFor(db, told)
  const found = findOrphans(told, known)
  if (found.every(({ reason }) => reason !== 'MISSING')) return { orphans: found, answers }
  // What was made after the backend was asked stands in the tables, and was not told: it is there when it is asked again.
  const again = (await ask()).filter(({ things }) => things !== undefined)
  const there = new Set(
    again.flatMap((one) => one.things!.map(({ kind, key }) => keyOf(one.sourceId, kind, key))),
  )
  const asked = new Set(again.map(({ sourceId }) => sourceId))
  const still = new Set(
    (await makingsFor(db, told)).filter(isStanding).map(({ kind, name }) => `${kind} ${name}`),
  )
  const orphans = found.filter(
    ({ reason, sourceId, kind, name, key }) =>
      reason !== 'MISSING' ||
      (asked.has(sourceId) && !there.has(keyOf(sourceId, kind, key)) && still.has(`${kind} ${name}`)),
  )
  return { orphans, answers }
}

const keyOf = (sourceId: ResourceId, kind: string, key: string): string => `${sourceId} ${kind} ${key}`

async function makingsFor(db: Knex, told: readonly Compared[]): Promise<Making[]> {
  const names = [...new Set(told.flatMap(({ things }) => things.map(({ name }) => name)))]
  const ids = [...new Set(names.flatMap((name) => operationOf(name) ?? []))]
  const sources = told.map(({ name }) => name)
  return [...(await makingsOf(db, names, ids, madeKinds)), ...(await standing(db, sources, madeKinds))]
}
