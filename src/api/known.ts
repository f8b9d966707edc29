/**
 * The short way of a request: one that says nothing but a good document, a name and variables, as nearly all do, is executed at once. Whatever else there is to
 * know of GraphQL over HTTP, Apollo Server knows; what it answered to an Accept header is remembered.
 */
import { OperationTypeNode, getOperationAST } from 'graphql'
import type { DocumentNode } from 'graphql'
import { bytesOfAnswer } from './answer.ts'
import { answerTooLarge } from './apollo.ts'
import { errorAnswer, execute, type Operation } from './execute.ts'
import { formatError } from './format-error.ts'
import type { RequestScope } from './scope.ts'

export interface KnownRequest {
  document: DocumentNode
  operationName: string | undefined
  variables: Record<string, unknown> | undefined
}

/** What is asked for, when that is all that is asked. */
export function toKnownRequest(
  body: Record<string, unknown>,
  document: DocumentNode | undefined,
): KnownRequest | undefined {
  const { operationName, variables, extensions } = body
  if (document === undefined || (extensions !== undefined && extensions !== null)) return undefined
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string')
    return undefined
  if (variables !== undefined && (typeof variables !== 'object' || Array.isArray(variables))) return undefined
  const operation = getOperationAST(document, operationName as string | null | undefined)
  if (!operation || operation.operation === OperationTypeNode.SUBSCRIPTION) return undefined
  return {
    document,
    operationName: (operationName as string | null | undefined) ?? undefined,
    variables: (variables as Record<string, unknown> | null | undefined) ?? undefined,
  }
}

/** The answer's bytes and its status, as Apollo Server would have it; the scope tells when the answer is refused as a whole. */
export async function answerKnown(
  operation: Operation,
  scope: RequestScope,
  mostBytes: number,
): Promise<{ status: number | undefined; bytes: Buffer }> {
  const result = await execute(operation)
  const bytes = bytesOfAnswer(result)
  const status = result.data === undefined ? 400 : undefined
  if (bytes.length <= mostBytes) return { status, bytes }
  scope.failure = answerTooLarge(bytes.length, mostBytes)
  return { status, bytes: Buffer.from(errorAnswer(formatError(scope.failure, scope))) }
}

const mostRemembered = 100

/** The media types that were answered to Accept headers. */
export class AnswerTypes {
  readonly #types = new Map<string | undefined, string>()

  get(accept: string | undefined): string | undefined {
    return this.#types.get(accept)
  }

  learn(accept: string | undefined, type: string): void {
    if (this.#types.size < mostRemembered && (accept ?? '').length < 200) this.#types.set(accept, type)
  }
}
