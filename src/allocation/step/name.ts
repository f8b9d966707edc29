/** What the steps of an operation are called: no other operation has such names, of whatever database. Pure. */
import type { NewStep } from '../../operation/index.ts'
import type { Values } from '../blueprint/index.ts'

/** Whose a step is. */
export interface Place {
  member: number
  index: number
  isFirst: boolean
  labels: Record<string, string>
}

/** What is told of whom a step is about, to whoever configures it. */
export interface About {
  allocation: string
  name: string
  tenant: string
  member: number
  address: string
  host: string
}

export const aboutOf = ({ operation, name, tenant, member, address, host }: Values): About => ({
  allocation: `allocation.${operation}`,
  ...{ name: String(name), tenant: String(tenant), member: Number(member) },
  ...{ address: String(address), host: String(host) },
})

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
