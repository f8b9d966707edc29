/** A request as its blueprint means it: checked, with defaults, and parted into what one provider serves together. Pure. */
import { createHash } from 'node:crypto'
import { invalidInput, limitExceeded } from '../errors.ts'
import type { AllocationRequest } from './allocation.ts'
import { fill, toParameters, type Blueprint, type Values } from './blueprint/index.ts'
import { isClass, isNamedClass, isTrait } from './class.ts'

/** Claims of a member that one provider serves together. */
export interface Group {
  claims: { class: string; amount: number; name: string | undefined }[]
  require: readonly string[]
  forbid: readonly string[]
}

export interface Draft {
  blueprint: Blueprint
  request: AllocationRequest
  count: number
  parameters: Values
  groups: readonly Group[]
}

const mostMembers = 1_000
const mostAmount = 1_000_000_000_000

/** The request as its blueprint means it; INVALID_INPUT tells what does not fit. */
export function toDraft(blueprint: Blueprint, request: AllocationRequest): Draft {
  const count = request.count ?? blueprint.count.default
  if (!Number.isInteger(count) || count < 1)
    throw invalidInput('count is a whole number from 1 up', 'request.count')
  const most = Math.min(mostMembers, blueprint.count.most)
  if (count > most)
    throw limitExceeded('members', most, `${blueprint.blueprint} has at most ${most} members`, count)
  for (const list of ['require', 'forbid', 'prefer'] as const)
    for (const [index, trait] of (request[list] ?? []).entries())
      if (!isTrait(trait))
        throw invalidInput(
          `${trait.slice(0, 60)} is no trait: capitals, digits and _`,
          `request.${list}[${index}]`,
        )
  const both = request.require?.find((trait) => request.forbid?.includes(trait))
  if (both !== undefined) throw invalidInput(`${both} is required and forbidden`, 'request.forbid')
  const parameters = toParameters(blueprint, request.parameters, 'request.parameters')
  return { blueprint, request, count, parameters, groups: groupsOf(blueprint, request, parameters) }
}

function groupsOf(blueprint: Blueprint, request: AllocationRequest, parameters: Values): Group[] {
  const amounts = new Map(
    blueprint.claims.map((claim) => [
      claim.class,
      {
        ...claim,
        amount:
          typeof claim.amount === 'number' ? claim.amount : Number(fill(claim.amount, prefixed(parameters))),
      },
    ]),
  )
  for (const [index, { class: name, amount }] of (request.size ?? []).entries()) {
    const path = `request.size[${index}]`
    if (!isClass(name)) throw invalidInput(`${name.slice(0, 60)} is no resource class`, `${path}.class`)
    if (!Number.isSafeInteger(amount) || amount < 1 || amount > mostAmount)
      throw invalidInput(`An amount is a whole number from 1 to ${mostAmount}`, `${path}.amount`)
    const known = amounts.get(name)
    amounts.set(
      name,
      known === undefined ? { class: name, amount, require: [], forbid: [] } : { ...known, amount },
    )
  }
  const all = [...amounts.values()]
  for (const { class: name, amount } of all)
    if (isNamedClass(name) && amount > mostMembers)
      throw limitExceeded('units', mostMembers, `At most ${mostMembers} ${name} a member`, amount)
  const compute = all.filter(({ class: name }) => !isNamedClass(name))
  const parts = [
    ...(compute.length === 0 ? [] : [compute]),
    ...all.filter(({ class: name }) => isNamedClass(name)).map((one) => [one]),
  ]
  return parts.map((claims, index) => ({
    claims: claims.map(({ class: name, amount, name: text }) => ({ class: name, amount, name: text })),
    // What the request demands is meant of what carries it, else of all that is asked for.
    require: [
      ...claims.flatMap((one) => one.require),
      ...(index === 0 || compute.length === 0 ? (request.require ?? []) : []),
    ],
    forbid: [
      ...claims.flatMap((one) => one.forbid),
      ...(index === 0 || compute.length === 0 ? (request.forbid ?? []) : []),
    ],
  }))
}

export const prefixed = (parameters: Values): Values =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`parameters.${name}`, value]))

/** What makes two requests the same. */
export function hashOf({ request, parameters, count }: Draft): Buffer {
  const { tenantId, name, blueprint, size, require, forbid, prefer, near, spread, pool } = request
  const said = JSON.stringify([
    tenantId,
    name,
    blueprint,
    count,
    size ?? [],
    require ?? [],
    forbid ?? [],
    prefer ?? [],
    near ?? [],
    spread ?? null,
    pool ?? null,
    parameters,
  ])
  return createHash('sha256').update(said).digest()
}
