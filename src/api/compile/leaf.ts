/** Scalars and enums as JSON text: what `serialize` and `JSON.stringify` give, without either where the value is plain. */
import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString, isEnumType } from 'graphql'
import type { GraphQLEnumType, GraphQLLeafType } from 'graphql'
import { inspect } from 'graphql/jsutils/inspect.js'
import { quote } from './quote.ts'

/** Of a value that is neither null nor undefined. Throws what graphql-js throws. */
export type LeafWriter = (value: unknown) => string

export function leafWriter(type: GraphQLLeafType): LeafWriter {
  const slow = (value: unknown): string => serialized(type, value)
  if (isEnumType(type)) return enumWriter(type, slow)
  return plain[type.name]?.(type, slow) ?? slow
}

type Maker = (type: GraphQLLeafType, slow: LeafWriter) => LeafWriter | undefined

const isInt = (value: unknown): value is number => typeof value === 'number' && (value | 0) === value

/** Only for GraphQL's own: a scalar of the same name may be somebody else's. */
const plain: Readonly<Record<string, Maker>> = {
  String: own(GraphQLString, (slow) => (value) => (typeof value === 'string' ? quote(value) : slow(value))),
  ID: own(GraphQLID, (slow) => (value) => (typeof value === 'string' ? quote(value) : slow(value))),
  Int: own(GraphQLInt, (slow) => (value) => (isInt(value) ? String(value) : slow(value))),
  Float: own(
    GraphQLFloat,
    (slow) => (value) => (typeof value === 'number' && Number.isFinite(value) ? String(value) : slow(value)),
  ),
  Boolean: own(
    GraphQLBoolean,
    (slow) => (value) => (value === true ? 'true' : value === false ? 'false' : slow(value)),
  ),
}

function own(scalar: GraphQLLeafType, make: (slow: LeafWriter) => LeafWriter): Maker {
  return (type, slow) => (type === scalar ? make(slow) : undefined)
}

function enumWriter(type: GraphQLEnumType, slow: LeafWriter): LeafWriter {
  const texts = new Map<unknown, string>(type.getValues().map(({ name, value }) => [value, `"${name}"`]))
  return (value) => texts.get(value) ?? slow(value)
}

function serialized(type: GraphQLLeafType, value: unknown): string {
  if (value instanceof Error) throw value
  const result = type.serialize(value)
  if (result === null || result === undefined) {
    throw new Error(
      `Expected \`${inspect(type)}.serialize(${inspect(value)})\` to ` +
        `return non-nullable value, returned: ${inspect(result)}`,
    )
  }
  return typeof result === 'string' ? quote(result) : JSON.stringify(result)
}
