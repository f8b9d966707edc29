/** Query text that selects everything, and what of a schema was executed. */
import {
  getNamedType,
  isAbstractType,
  isObjectType,
  isLeafType,
  isNonNullType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql'

/** Arguments for fields that need some, by `Type.field` or field name. */
export type Given = Readonly<Record<string, string>>

/** All fields of a type, nested until a resource is met: that has its own root. */
export function selectAll(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  given: Given,
  above: readonly string[] = [],
): string {
  const fields = Object.values(type.getFields()).map((field) =>
    selectField(schema, type, field, given, above),
  )
  return `{ __typename ${fields.join(' ')} }`
}

function selectField(
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
  given: Given,
  above: readonly string[],
): string {
  const args = given[`${type.name}.${field.name}`] ?? given[field.name]
  if (args === undefined && field.args.some((one) => isNonNullType(one.type))) {
    throw new Error(`say which arguments ${type.name}.${field.name} is to be tested with`)
  }
  // Fragments on several types may meet in one selection: each field has its own alias.
  const head = `${type.name}_${field.name}: ${field.name}${args ?? ''}`
  const result = getNamedType(field.type)
  if (isLeafType(result)) return head
  if (isAbstractType(result)) return `${head} { __typename }`
  if (!isObjectType(result)) throw new Error(`${type.name}.${field.name}`)
  const isEnd = isResource(result) || above.includes(result.name)
  return `${head} ${isEnd ? '{ __typename }' : selectAll(schema, result, given, [...above, type.name])}`
}

export const isResource = (type: GraphQLObjectType): boolean =>
  type.getInterfaces().some((one) => one.name === 'Resource' || one.name === 'Node')

/** Notes `Type.field` of every field that is executed from now on. */
export function recordFields(schema: GraphQLSchema): Set<string> {
  const executed = new Set<string>()
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue
    for (const field of Object.values(type.getFields())) {
      const resolve = field.resolve
      field.resolve = (source, args, context, info) => {
        executed.add(`${type.name}.${field.name}`)
        if (resolve) return resolve(source, args, context, info) as unknown
        const value = (source as Record<string, unknown> | null)?.[field.name]
        return typeof value === 'function' ? (value.call(source, args, context, info) as unknown) : value
      }
    }
  }
  return executed
}

/** `Type.field` of everything that a schema has, introspection aside. */
export function allFields(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type))
    .filter((type) => !type.name.startsWith('__'))
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`))
}
