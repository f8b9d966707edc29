/** Which fields a selection asks of a type, in which order: graphql-js' collectFields, whose conditions are known when a plan is made. */
import {
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  Kind,
  getDirectiveValues,
  isAbstractType,
  typeFromAST,
} from 'graphql'
import type {
  FieldNode,
  FragmentDefinitionNode,
  FragmentSpreadNode,
  GraphQLObjectType,
  GraphQLSchema,
  InlineFragmentNode,
  SelectionNode,
  SelectionSetNode,
} from 'graphql'

export interface Scope {
  schema: GraphQLSchema
  fragments: Record<string, FragmentDefinitionNode>
  /** Values of the variables that @skip and @include ask for. */
  conditions: Record<string, unknown>
}

/** Nodes by the key in the answer. */
export function collectFields(
  scope: Scope,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>()
  const visited = new Set<string>()
  for (const set of sets) collect(scope, type, set, fields, visited)
  return fields
}

function collect(
  scope: Scope,
  type: GraphQLObjectType,
  set: SelectionSetNode,
  fields: Map<string, FieldNode[]>,
  visited: Set<string>,
): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.FRAGMENT_SPREAD && visited.has(selection.name.value)) continue
    if (!isIncluded(scope, selection)) continue
    if (selection.kind === Kind.FIELD) {
      const key = (selection.alias ?? selection.name).value
      const known = fields.get(key)
      if (known) known.push(selection)
      else fields.set(key, [selection])
      continue
    }
    const fragment = fragmentOf(scope, selection, visited)
    if (fragment && fits(scope, fragment, type)) collect(scope, type, fragment.selectionSet, fields, visited)
  }
}

type Fragment = InlineFragmentNode | FragmentDefinitionNode

function fragmentOf(
  { fragments }: Scope,
  node: InlineFragmentNode | FragmentSpreadNode,
  visited: Set<string>,
): Fragment | undefined {
  if (node.kind === Kind.INLINE_FRAGMENT) return node
  visited.add(node.name.value)
  return fragments[node.name.value]
}

function isIncluded({ conditions }: Scope, node: SelectionNode): boolean {
  if (node.directives === undefined || node.directives.length === 0) return true
  if (getDirectiveValues(GraphQLSkipDirective, node, conditions)?.['if'] === true) return false
  return getDirectiveValues(GraphQLIncludeDirective, node, conditions)?.['if'] !== false
}

function fits({ schema }: Scope, fragment: Fragment, type: GraphQLObjectType): boolean {
  if (!fragment.typeCondition) return true
  const asked = typeFromAST(schema, fragment.typeCondition)
  return asked === type || (isAbstractType(asked) && schema.isSubType(asked, type))
}
