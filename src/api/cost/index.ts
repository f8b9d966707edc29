/**
 * Terminology
 * - cost: what an operation will need, foretold from how many resources and links there are: rows (objects of the answer), resources that are looked
 *   through for a filter or an order, and calls of sources. Told in `extensions.cost`.
 * What an operation costs is worked out each time from a tree that is made once a document: a few multiplications.
 */
import { Kind } from 'graphql'
import type { DocumentNode, GraphQLSchema } from 'graphql'
import type { Context } from '../../context.ts'
import { PlenumError } from '../../errors.ts'
import { branchesOf, type Branch, type Variables } from './tree.ts'

export interface CostLimits {
  /** Objects of one answer, or of one message of a subscription. */
  rows: number
  /** Resources that one request's filters, orders and counts look through. */
  scanned: number
  /** Calls of sources by one request. */
  sourceCalls: number
}

export type Cost = CostLimits

interface Asked {
  schema: GraphQLSchema
  document: DocumentNode
  operationName: string | undefined
  variables: Record<string, unknown> | undefined
  context: Context
}

const names = ['rows', 'scanned', 'sourceCalls'] as const

/** The most of each that one field has, and where. */
type Peaks = Record<keyof Cost, { path: string; asked: number }>

interface Sum {
  context: Context
  variables: Variables
  cost: Cost
  peaks: Peaks
}

const trees = new WeakMap<DocumentNode, Map<string | undefined, readonly Branch[]>>()

export function predictCost(asked: Asked): { cost: Cost; peaks: Peaks } {
  const none = () => ({ path: '', asked: 0 })
  const sum: Sum = {
    context: asked.context,
    variables: asked.variables ?? {},
    cost: { rows: 0, scanned: 0, sourceCalls: 0 },
    peaks: { rows: none(), scanned: none(), sourceCalls: none() },
  }
  for (const branch of treeOf(asked)) add(sum, branch, 1, undefined)
  for (const name of names) sum.cost[name] = Math.ceil(sum.cost[name])
  return sum
}

/** The cost; LIMIT_EXCEEDED with the number and what makes the most of it. */
export function checkCost(asked: Asked, limits: CostLimits): Cost {
  const { cost, peaks } = predictCost(asked)
  for (const name of names)
    if (cost[name] > limits[name]) throw tooDear(name, limits[name], cost[name], peaks[name])
  return cost
}

const words: Record<keyof Cost, string> = {
  rows: 'would answer with about',
  scanned: 'would look through about',
  sourceCalls: 'would call sources about',
}
const units: Record<keyof Cost, string> = { rows: ' rows', scanned: ' resources', sourceCalls: ' times' }

function tooDear(name: keyof Cost, limit: number, asked: number, peak: Peaks['rows']): PlenumError {
  const most = Math.ceil(peak.asked)
  return new PlenumError(
    'LIMIT_EXCEEDED',
    `The request ${words[name]} ${asked}${units[name]}, more than ${limit}; most at ${peak.path} (${most}): ask for smaller pages, or less at once`,
    { path: peak.path, limit: { name, limit, asked, most } },
  )
}

function treeOf({ schema, document, operationName }: Asked): readonly Branch[] {
  let operations = trees.get(document)
  if (operations === undefined) trees.set(document, (operations = new Map()))
  const known = operations.get(operationName)
  if (known !== undefined) return known
  const made = makeTree(schema, document, operationName)
  // No tree where there is no such operation: whoever executes says so.
  if (made !== undefined) operations.set(operationName, made)
  return made ?? []
}

function makeTree(
  schema: GraphQLSchema,
  { definitions }: DocumentNode,
  name: string | undefined,
): readonly Branch[] | undefined {
  const operation = definitions.find(
    (one) => one.kind === Kind.OPERATION_DEFINITION && (name === undefined || one.name?.value === name),
  )
  if (operation?.kind !== Kind.OPERATION_DEFINITION) return undefined
  const fragments = definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION)
  return branchesOf(schema, new Map(fragments.map((one) => [one.name.value, one])), operation)
}

function add(sum: Sum, branch: Branch, around: number, page: number | undefined): void {
  const { size, share, path } = branch
  const { context, variables } = sum
  if (!branch.isAsked(variables)) return
  const args = branch.argumentsOf(variables)
  const asked = { context, args, page }
  const parents = share === undefined ? around : around * partOf(context, share)
  const items = parents * (size.items?.(asked) ?? 1)
  if (size.items) note(sum, 'rows', items, path)
  if (size.scanned) note(sum, 'scanned', parents * size.scanned(asked), path)
  if (size.isLive?.(args)) note(sum, 'sourceCalls', parents, path)
  const inner = size.page ? size.page(asked) : undefined
  for (const one of branch.branches) add(sum, one, items, inner)
}

function partOf({ graph }: Context, { of, among }: NonNullable<Branch['share']>): number {
  const all = graph.ofType(among).length
  return all === 0 ? 0 : Math.min(1, graph.ofType(of).length / all)
}

function note({ cost, peaks }: Sum, name: keyof Cost, asked: number, path: string): void {
  cost[name] += asked
  if (asked > peaks[name].asked) peaks[name] = { path, asked }
}
