/** The one place where operations are executed, for HTTP and WebSocket alike: compiled, and by graphql-js what is not. */
import { createSourceEventStream, execute as executeGraphql } from 'graphql'
import type { DocumentNode, ExecutionResult, GraphQLFormattedError, GraphQLSchema } from 'graphql'
import type { Logger } from 'pino'
import { cancellable } from '../cancel.ts'
import type { Context } from '../context.ts'
import { JsonText } from './answer.ts'
import { checkCost, type CostLimits } from './cost/index.ts'
import { createCompiler, type Compiled, type Written } from './compile/index.ts'
import { PlenumError } from '../errors.ts'
import { formatGraphqlError } from './format-error.ts'
import { codeOf, operationOf, meterOperation, meterRefusal } from './meter.ts'
import { inSpan } from '../telemetry/index.ts'
import { share, type Sharing } from './subscription/share.ts'
import { ReadingStream } from './subscription/reading.ts'
import { shareLatest } from './subscription/share-latest.ts'
import { LogStream } from './subscription/tail.ts'

export interface Operation {
  schema: GraphQLSchema
  document: DocumentNode
  operationName: string | undefined
  variables: Record<string, unknown> | undefined
  context: Context
  log: Logger
  limits: CostLimits
  /** What a subscription's event is read from. */
  root?: unknown
}

const compilers = new WeakMap<GraphQLSchema, Compiled>()

function compilerOf(schema: GraphQLSchema): Compiled {
  const known = compilers.get(schema)
  if (known !== undefined) return known
  const made = createCompiler(schema)
  compilers.set(schema, made)
  return made
}

/** The answer, its errors formatted, its data a JsonText where it was written as text. Never rejects. What would cost too much is not begun. */
export async function execute(operation: Operation): Promise<ExecutionResult> {
  try {
    operation.context.extensions['cost'] = checkCost(operation, operation.limits)
  } catch (error) {
    meterRefusal(error)
    return { errors: [formatGraphqlError(error, scopeOf(operation))] }
  }
  return run(operation)
}

async function run(operation: Operation): Promise<ExecutionResult> {
  const { kind, name } = operationOf(operation)
  const beganMs = performance.now()
  const attributes = { 'graphql.operation.type': kind, 'graphql.operation.name': name }
  const result = await inSpan('graphql.execute', 'internal', attributes, () => runOnce(operation, kind))
  meterOperation(kind, codeOf(result), beganMs)
  return result
}

/** Reads are given up with whoever asks. What a mutation writes is undone or done by the transaction that it is. */
function runOnce(operation: Operation, kind: string): Promise<ExecutionResult> {
  if (kind === 'mutation') return answerOf(operation)
  return cancellable(operation.context.signal, () => answerOf(operation))
}

async function answerOf(operation: Operation): Promise<ExecutionResult> {
  const { context, schema } = operation
  try {
    const running = compilerOf(schema)({ ...operation, root: operation.root })
    if (running !== undefined) return finish(toResult(await inTime(running, context.signal)), operation)
    return finish(await inTime(executeGraphql(argumentsOf(operation)), context.signal), operation)
  } catch (error) {
    return { errors: [formatGraphqlError(error, scopeOf(operation))] }
  }
}

/** One answer for each event of a subscription, or an answer that says why there is none. `end` aborts the operation's signal: it is called when it is over. */
export async function subscribe(
  operation: Operation,
  sharing: Sharing,
  end: () => void,
): Promise<AsyncGenerator<ExecutionResult> | ExecutionResult> {
  const args = argumentsOf(operation)
  try {
    operation.context.extensions['cost'] = checkCost(operation, operation.limits)
    const source = await createSourceEventStream({ ...args, subscribeFieldResolver: undefined })
    if (!(Symbol.asyncIterator in source)) return finish(source, operation)
    return endable(untilEnded(answered(source, operation, sharing), operation, end), end)
  } catch (error) {
    return { errors: [formatGraphqlError(error, scopeOf(operation))] }
  }
}

/** By itself, or with those who ask the same. */
function answered(
  source: AsyncIterable<unknown>,
  operation: Operation,
  sharing: Sharing,
): AsyncGenerator<ExecutionResult> {
  const answer = (root: object, signal: AbortSignal): Promise<ExecutionResult> =>
    run({ ...operation, context: { ...operation.context, signal, extensions: {} }, root })
  if (source instanceof LogStream) return share(source, operation, sharing, answer)
  if (source instanceof ReadingStream) return shareLatest(source, operation, sharing, answer)
  return answers(source, operation)
}

async function* answers(
  source: AsyncIterable<unknown>,
  operation: Operation,
): AsyncGenerator<ExecutionResult> {
  // The cost is told once, with the first message.
  let extensions = { ...operation.context.extensions }
  for await (const root of source) {
    const context = { ...operation.context, extensions }
    yield await run({ ...operation, context, root })
    extensions = {}
  }
}

async function* untilEnded(
  answered: AsyncGenerator<ExecutionResult>,
  operation: Operation,
  end: () => void,
): AsyncGenerator<ExecutionResult> {
  try {
    yield* answered
  } catch (error) {
    if (operation.context.signal.aborted && !(error instanceof PlenumError)) return
    yield { errors: [formatGraphqlError(error, scopeOf(operation))] }
  } finally {
    end()
  }
}

/** An async generator that waits for an event cannot be returned from; aborting what it waits for can. */
function endable<T>(inner: AsyncGenerator<T>, end: () => void): AsyncGenerator<T> {
  return Object.assign(Object.create(inner) as AsyncGenerator<T>, {
    next: () => inner.next(),
    throw: (error: unknown) => {
      end()
      return inner.throw(error)
    },
    return: (value: unknown) => {
      end()
      return inner.return(value)
    },
    [Symbol.asyncIterator](): AsyncGenerator<T> {
      return this as unknown as AsyncGenerator<T>
    },
  })
}

function argumentsOf(operation: Operation) {
  return {
    schema: operation.schema,
    document: operation.document,
    operationName: operation.operationName,
    variableValues: operation.variables,
    contextValue: operation.context,
    rootValue: operation.root,
  }
}

const scopeOf = (operation: Operation) => ({ requestId: operation.context.requestId, log: operation.log })

function finish(result: ExecutionResult, operation: Operation): ExecutionResult {
  const { extensions } = operation.context
  const errors = result.errors?.map((error) => formatGraphqlError(error, scopeOf(operation)))
  return {
    ...(errors === undefined ? {} : { errors }),
    ...(result.data === undefined ? {} : { data: result.data }),
    ...(Object.keys(extensions).length === 0 ? {} : { extensions }),
  }
}

const inTime = <T>(running: T | Promise<T>, signal: AbortSignal): T | Promise<T> =>
  running instanceof Promise ? orAbort(running, signal) : running

function toResult({ errors, data }: Written): ExecutionResult {
  return {
    ...(errors === undefined ? {} : { errors }),
    ...(data === undefined ? {} : { data: data && (new JsonText(data) as never) }),
  }
}

/** Gives up waiting when the signal aborts; what still runs sees the same signal. */
async function orAbort<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw signal.reason
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([running, aborted])
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort)
  }
}

/** A whole answer that is only an error, as JSON. */
export function errorAnswer(error: GraphQLFormattedError): string {
  return JSON.stringify({ errors: [error] })
}
