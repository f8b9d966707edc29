/** Operations that are prepared: chosen from their document, with the fields that their conditions leave. */
import { GraphQLError, Kind, OperationTypeNode, getVariableValues, isObjectType, visit } from 'graphql'
import type { DocumentNode, FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode } from 'graphql'
import { Selection } from './selection.ts'

export interface Plan {
  root: Selection
  /** Fields one after the other, each when the one before it is done. */
  serial: boolean
}

/** An operation of a document; `plan` for the values of its conditions. */
export interface PreparedOperation {
  readonly definition: OperationDefinitionNode
  readonly fragments: Record<string, FragmentDefinitionNode>
  readVariables(
    given: Record<string, unknown> | undefined,
  ): { values: Record<string, unknown> } | { errors: readonly GraphQLError[] }
  /** Undefined: graphql-js must do it. */
  plan(variables: Record<string, unknown>): Plan | undefined
}

const mostVariants = 8

/** The operation of that name; undefined when there is no single one: graphql-js says why. */
export function prepareOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  name: string | undefined,
): PreparedOperation | undefined {
  const operations = document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION)
  const named = name === undefined ? operations : operations.filter((one) => one.name?.value === name)
  const definition = named.at(-1)
  if (definition === undefined || (name === undefined && named.length > 1)) return undefined
  const type = schema.getRootType(definition.operation)
  if (type == null) return undefined
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null) as never
  for (const one of document.definitions)
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments[one.name.value] = one
  const conditional = conditionsOf(document)
  const variants = new Map<string, Plan>()
  return {
    definition,
    fragments,
    readVariables: variableReader(schema, definition),
    plan(variables) {
      const values = conditional.map((variable) => variables[variable])
      if (!values.every((value) => typeof value === 'boolean')) return undefined
      const key = values.join()
      const known = variants.get(key)
      if (known) return known
      const conditions = Object.fromEntries(conditional.map((variable) => [variable, variables[variable]]))
      const made: Plan = {
        root: new Selection({ schema, fragments, conditions }, type, [definition.selectionSet]),
        serial: definition.operation === OperationTypeNode.MUTATION,
      }
      if (variants.size >= mostVariants) variants.delete(variants.keys().next().value!)
      variants.set(key, made)
      return made
    },
  }
}

/** Variables that decide which fields there are. */
function conditionsOf(document: DocumentNode): string[] {
  const names = new Set<string>()
  visit(document, {
    Directive(node) {
      if (node.name.value !== 'skip' && node.name.value !== 'include') return
      for (const { value } of node.arguments ?? [])
        if (value.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names]
}

function variableReader(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
): PreparedOperation['readVariables'] {
  if (variableDefinitions.length === 0) {
    const none = { values: Object.freeze({}) }
    return () => none
  }
  return (given) => {
    const read = getVariableValues(schema, variableDefinitions, given ?? {}, { maxErrors: 50 })
    return read.errors ? { errors: read.errors } : { values: read.coerced }
  }
}

/** Types that must be asked whether a value is theirs are left to graphql-js. */
export const asksTypes = (schema: GraphQLSchema): boolean =>
  Object.values(schema.getTypeMap()).some((type) => isObjectType(type) && Boolean(type.isTypeOf))
