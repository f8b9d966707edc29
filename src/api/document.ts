/** Source text to a document that is good for the schema, or the reasons why it is not. Good ones are remembered. */
import { GraphQLError, NoSchemaIntrospectionCustomRule, parse, specifiedRules, validate } from 'graphql'
import type { DocumentNode, GraphQLSchema } from 'graphql'
import { limitExceeded } from '../errors.ts'
import { checkDocument, tooRepetitive } from './limits.ts'
import type { DocumentLimits } from './limits.ts'

const rememberedDocuments = 1_000
const longestRemembered = 20_000
/** Characters of all remembered ones: a document needs a hundred times that. */
const mostText = 1_000_000

/** Throws LIMIT_EXCEEDED before anything dear is done. */
export type Prepare = (source: string) => DocumentNode | readonly GraphQLError[]

const tooManyTokens = (limit: number) =>
  limitExceeded('tokens', limit, `The document has more than ${limit} tokens: ask in several requests`)

export function createPrepare(schema: GraphQLSchema, limits: DocumentLimits, introspection = true): Prepare {
  const rules = introspection ? specifiedRules : [...specifiedRules, NoSchemaIntrospectionCustomRule]
  const known = new Map<string, DocumentNode>()
  let text = 0

  /** The one that was asked for last is the last to go. */
  function remember(source: string, document: DocumentNode): void {
    if (!known.delete(source)) text += source.length
    known.set(source, document)
    while (known.size > rememberedDocuments || text > mostText) {
      const oldest = known.keys().next().value as string
      known.delete(oldest)
      text -= oldest.length
    }
  }

  return (source) => {
    const remembered = known.get(source)
    const result = remembered ?? prepare(source)
    if ('kind' in result && source.length <= longestRemembered) remember(source, result)
    return result
  }

  function prepare(source: string): DocumentNode | readonly GraphQLError[] {
    try {
      const document = parse(source, { maxTokens: limits.tokens })
      checkDocument(document, limits)
      const errors = validate(schema, document, rules)
      // Validation itself gives up on fields that would have to be compared with each other too often.
      if (errors.some(({ message }) => message === 'Validation aborted.')) throw tooRepetitive(limits.fields)
      if (errors.length === 0) return document
      return introspection ? errors : errors.map(withoutSuggestion)
    } catch (error) {
      if (error instanceof GraphQLError) {
        if (/more tha[nt] \d+ tokens/.test(error.message)) throw tooManyTokens(limits.tokens)
        return [error]
      }
      // Nested so deeply that reading it overflows the stack.
      if (error instanceof RangeError)
        throw limitExceeded('depth', limits.depth, 'The document nests far too deeply')
      throw error
    }
  }
}

/** What the schema has instead is told by introspection, or not at all. */
const withoutSuggestion = ({ message, nodes }: GraphQLError): GraphQLError =>
  new GraphQLError(message.replace(/ ?Did you mean .*\?$/s, ''), { nodes: nodes ?? null })
