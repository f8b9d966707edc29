/** Scalars and enums as JSON: what `serialize` and `JSON.stringify` give, without either where the value is plain. */
import { GraphQLBoolean, GraphQLFloat, GraphQLID, GraphQLInt, GraphQLString, isEnumType } from 'graphql'
import type { GraphQLEnumType, GraphQLLeafType } from 'graphql'
import { inspect } from 'graphql/jsutils/inspect.js'
import { ascii, type Out } from './out.ts'

/** Of a value that is neither null nor undefined. Throws what graphql-js throws. */
export type LeafWriter = (out: Out, value: unknown) => void

export function leafWriter(type: GraphQLLeafType): LeafWriter {
  if (isEnumType(type)) return enumWriter(type)
  return plain.get(type)?.(type) ?? ((out, value) => writeSerialized(out, type, value))
}

type Maker = (type: GraphQLLeafType) => LeafWriter

const textWriter: Maker = (type) => (out, value) => {
  if (typeof value === 'string') out.text(value)
  else writeSerialized(out, type, value)
}

const intWriter: Maker = (type) => (out, value) => {
  if (typeof value === 'number' && (value | 0) === value) out.int(value)
  else writeSerialized(out, type, value)
}

const floatWriter: Maker = (type) => (out, value) => {
  if (typeof value === 'number' && Number.isFinite(value)) out.json(String(value))
  else writeSerialized(out, type, value)
}

const yes = ascii('true')
const no = ascii('false')

const booleanWriter: Maker = (type) => (out, value) => {
  if (typeof value === 'boolean') out.raw(value ? yes : no)
  else writeSerialized(out, type, value)
}

const plain = new Map<GraphQLLeafType, Maker>([
  [GraphQLString, textWriter],
  [GraphQLID, textWriter],
  [GraphQLInt, intWriter],
  [GraphQLFloat, floatWriter],
  [GraphQLBoolean, booleanWriter],
])

function enumWriter(type: GraphQLEnumType): LeafWriter {
  const texts = new Map<unknown, Uint8Array>(
    type.getValues().map(({ name, value }) => [value, ascii(`"${name}"`)]),
  )
  return (out, value) => {
    const text = texts.get(value)
    if (text === undefined) writeSerialized(out, type, value)
    else out.raw(text)
  }
}

function writeSerialized(out: Out, type: GraphQLLeafType, value: unknown): void {
  if (value instanceof Error) throw value
  const result = type.serialize(value)
  if (result === null || result === undefined) {
    throw new Error(
      `Expected \`${inspect(type)}.serialize(${inspect(value)})\` to ` +
        `return non-nullable value, returned: ${inspect(result)}`,
    )
  }
  if (typeof result === 'string') out.text(result)
  else out.json(JSON.stringify(result))
}
