/** What the steps of an operation are called: no other operation has such names, of whatever database. Pure. */
import type { NewStep } from '../../operation/index.ts'

/** Whose a step is. */
export interface Place {
  member: number
  index: number
  isFirst: boolean
  labels: Record<string, string>
}

export const nameOf = (place: Pick<Place, 'member' | 'index'>, part?: string): NewStep['name'] =>
  named(`${place.member}-${place.index}`, part)

/** Of what all members have together. */
export const commonNameOf = ({ index }: Pick<Place, 'index'>, part: string): NewStep['name'] =>
  named(`all-${index}`, part)

const named =
  (place: string, part?: string): NewStep['name'] =>
  (operationId, epoch) =>
    ['plenum', epoch, operationId, place, ...(part === undefined ? [] : [part])].join('-')

/** Whose step has the name; undefined for what is no such name. */
export function operationOf(name: string): number | undefined {
  const id = /^plenum-[0-9a-f]{8}-(\d{1,15})-/.exec(name)?.[1]
  return id === undefined ? undefined : Number(id)
}
