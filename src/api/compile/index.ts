/**
 * Operations compiled once and run many times: the graph is read synchronously and the answer's JSON written directly. What is awaited
 * leaves a hole in it that is filled when it comes. One semantics, two speeds: what is not covered here graphql-js does.
 * Plans know nothing of who asks: fields ask that of the context, as they do under graphql-js.
 */
import type { DocumentNode, GraphQLError, GraphQLSchema } from 'graphql'
import type { Context } from '../../context.ts'
import type { Part } from './hole.ts'
import { closeOut } from './out.ts'
import { asksTypes, prepareOperation, type Plan, type PreparedOperation } from './plan.ts'
import { Run } from './run.ts'
import { writeObject } from './selection.ts'

export interface Request {
  document: DocumentNode
  operationName: string | undefined
  variables: Record<string, unknown> | undefined
  context: Context
  root: unknown
}

export interface Written {
  errors?: readonly GraphQLError[]
  /** JSON in UTF-8; absent when nothing was executed. */
  data?: Buffer | null
}

/** How often what happened since the process started, and how many plans there are. */
export interface CompileCounts {
  compiled: number
  reused: number
  /** Operations that plans did. */
  executed: number
  /** Operations that graphql-js did. */
  fallback: number
  evicted: number
  plans: number
}

export const compileCounts: CompileCounts = {
  ...{ compiled: 0, reused: 0, executed: 0, fallback: 0, evicted: 0, plans: 0 },
}

/** The answer; undefined when graphql-js must give it. Nothing is run before that is known. */
export type Compiled = (request: Request) => Written | Promise<Written> | undefined

const mostPlans = 1_000
/** Characters of source text that may have plans: a plan needs about a hundred bytes for each. */
const mostText = 1_000_000
const longestPlanned = 20_000

interface Entry {
  operations: Map<string | undefined, PreparedOperation>
  length: number
}

export function createCompiler(schema: GraphQLSchema): Compiled {
  const isCovered = !asksTypes(schema)
  const plans = createPlans(schema)
  return (request) => {
    const prepared = isCovered ? plans(request) : undefined
    if (prepared === undefined) return fallback()
    const { context, root } = request
    const variables = prepared.readVariables(request.variables)
    if ('errors' in variables) return { errors: variables.errors }
    const plan = prepared.plan(variables.values)
    if (plan === undefined) return fallback()
    compileCounts.executed++
    const { definition: operation, fragments } = prepared
    return execute(
      plan,
      new Run({ schema, fragments, operation, root, variables: variables.values }, context),
    )
  }
}

function fallback(): undefined {
  compileCounts.fallback++
}

/** The prepared operations of the documents that were asked last. */
function createPlans(schema: GraphQLSchema): (request: Request) => PreparedOperation | undefined {
  const entries = new Map<DocumentNode, Entry>()
  let text = 0

  function entryOf(document: DocumentNode): Entry {
    const known = entries.get(document)
    if (known !== undefined) {
      entries.delete(document)
      entries.set(document, known)
      return known
    }
    const made: Entry = { operations: new Map(), length: document.loc?.source.body.length ?? longestPlanned }
    if (made.length > longestPlanned) return made
    entries.set(document, made)
    text += made.length
    while (entries.size > mostPlans || text > mostText) evict()
    compileCounts.plans = entries.size
    return made
  }

  function evict(): void {
    const [document, { length }] = entries.entries().next().value!
    entries.delete(document)
    text -= length
    compileCounts.evicted++
  }

  return ({ document, operationName }) => {
    const { operations } = entryOf(document)
    const known = operations.get(operationName)
    if (known !== undefined) {
      compileCounts.reused++
      return known
    }
    const prepared = prepareOperation(schema, document, operationName)
    if (prepared === undefined) return undefined
    compileCounts.compiled++
    operations.set(operationName, prepared)
    return prepared
  }
}

function execute(plan: Plan, run: Run): Written | Promise<Written> {
  if (plan.serial) return executeSerially(plan, run)
  try {
    writeObject(run, plan.root, undefined, run.facts.root)
  } catch (error) {
    return nothing(run, error)
  }
  const parts = [run.holes.part(0)]
  const settled = run.holes.settled()
  return settled ? settled.then(() => answer(run, parts)) : answer(run, parts)
}

async function executeSerially(plan: Plan, run: Run): Promise<Written> {
  const { out, holes, facts } = run
  const parts: Part[] = []
  for (const field of plan.root.fields) {
    const start = out.at
    try {
      out.raw(field.head)
      field.write(run, field, undefined, facts.root)
    } catch (error) {
      return nothing(run, error)
    }
    parts.push(holes.part(start))
    await holes.settled()
    if (holes.isNull) break
  }
  const start = out.at
  out.json(parts.length === 0 ? '{}' : '}')
  return answer(run, [...parts, holes.part(start)])
}

function nothing(run: Run, error: unknown): Written {
  run.errors.push(error as GraphQLError)
  return close(run, null)
}

function answer(run: Run, parts: readonly Part[]): Written {
  return close(run, run.holes.isNull ? null : run.holes.copy(parts))
}

function close({ holes, out, errors }: Run, data: Buffer | null): Written {
  holes.end()
  closeOut(out)
  return errors.length === 0 ? { data } : { errors, data }
}
