/** What of an operation costs: its objects and lists, with what decides how many there are. Made once a document. */
import {
  Kind,
  getNamedType,
  isCompositeType,
  isAbstractType,
  typeFromAST,
  valueFromASTUntyped,
  visit,
} from 'graphql'
import type {
  DirectiveNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLCompositeType,
  GraphQLField,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql'
import type { TypeName } from './average.ts'
import { isResourceType, sizeOf, type Arguments, type Size } from './size.ts'

export type Variables = Readonly<Record<string, unknown>>

/** A field that costs. */
export interface Branch {
  /** Its keys in the answer, from the root on. */
  path: string
  size: Size
  argumentsOf: (variables: Variables) => Arguments
  /** Whether it is asked for at all: @skip and @include. */
  isAsked: (variables: Variables) => boolean
  /** Only of some of the objects around: those of a fragment's type. */
  share: { of: TypeName; among: TypeName } | undefined
  branches: readonly Branch[]
}

interface Scope {
  schema: GraphQLSchema
  fragments: ReadonlyMap<string, FragmentDefinitionNode>
  defaults: Variables
}

interface Found {
  nodes: FieldNode[]
  type: GraphQLCompositeType
  share: Branch['share']
  conditions: readonly DirectiveNode[]
}

export function branchesOf(
  schema: GraphQLSchema,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  operation: OperationDefinitionNode,
): readonly Branch[] {
  const type = schema.getRootType(operation.operation)
  if (type == null) return []
  const defaults = Object.fromEntries(
    (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
      defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)]],
    ),
  )
  return toBranches({ schema, fragments, defaults }, type, [operation.selectionSet], '')
}

function toBranches(
  scope: Scope,
  type: GraphQLCompositeType,
  sets: readonly SelectionSetNode[],
  path: string,
): Branch[] {
  const found = new Map<string, Found>()
  for (const set of sets)
    collect(scope, { nodes: [], type, share: undefined, conditions: [] }, set, found, [])
  return [...found.values()].flatMap((one) => toBranch(scope, one, path) ?? [])
}

/** Fields by their key and the type that they are asked of: what is written twice is read once. */
function collect(
  scope: Scope,
  at: Found,
  set: SelectionSetNode,
  found: Map<string, Found>,
  open: readonly string[],
): void {
  for (const selection of set.selections) {
    const conditions = [...at.conditions, ...(selection.directives ?? [])]
    if (selection.kind === Kind.FIELD) {
      const written = conditions.map(({ loc }) => loc?.start).join()
      const key = `${(selection.alias ?? selection.name).value} ${at.type.name} ${written}`
      const known = found.get(key)
      if (known) known.nodes.push(selection)
      else found.set(key, { ...at, nodes: [selection], conditions })
      continue
    }
    const name = selection.kind === Kind.FRAGMENT_SPREAD ? selection.name.value : undefined
    const fragment = name === undefined ? selection : scope.fragments.get(name)
    if (fragment === undefined || !('selectionSet' in fragment) || open.includes(name ?? '')) continue
    const inner = { ...narrowed(scope, at, fragment.typeCondition), conditions }
    collect(scope, inner, fragment.selectionSet, found, name === undefined ? open : [...open, name])
  }
}

function narrowed(
  scope: Scope,
  at: Found,
  condition: FragmentDefinitionNode['typeCondition'] | undefined,
): Found {
  const type = condition && typeFromAST(scope.schema, condition)
  if (!isCompositeType(type) || type === at.type) return at
  const among = at.type.name === 'Node' ? 'Resource' : at.type.name
  const isPart = isAbstractType(at.type) && isResourceType(type.name) && isResourceType(among)
  return { ...at, type, share: isPart ? { of: type.name as TypeName, among: among as TypeName } : at.share }
}

function toBranch(scope: Scope, { nodes, type, share, conditions }: Found, path: string): Branch | undefined {
  const [node] = nodes as [FieldNode]
  const field = definitionOf(type, node.name.value)
  const size = field && sizeOf(type, field)
  if (field === undefined || size === undefined) return undefined
  const key = (node.alias ?? node.name).value
  const own = path === '' ? key : `${path}.${key}`
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  return {
    path: own,
    size,
    share,
    argumentsOf: argumentsReader(scope, node),
    isAsked: conditionReader(scope, conditions),
    branches: toBranches(scope, getNamedType(field.type) as GraphQLCompositeType, sets, own),
  }
}

function definitionOf(type: GraphQLCompositeType, name: string): GraphQLField<unknown, unknown> | undefined {
  return 'getFields' in type ? type.getFields()[name] : undefined
}

/** As they are written: what is wrong with them is found when they are read for good. */
function argumentsReader({ defaults }: Scope, { arguments: written = [] }: FieldNode): Branch['argumentsOf'] {
  const read = (variables: Variables): Arguments =>
    Object.fromEntries(written.map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)]))
  let hasVariables = false
  for (const { value } of written) visit(value, { Variable: () => void (hasVariables = true) })
  if (hasVariables) return (variables) => read({ ...defaults, ...variables })
  const fixed = read({})
  return () => fixed
}

function conditionReader({ defaults }: Scope, directives: readonly DirectiveNode[]): Branch['isAsked'] {
  const conditions = directives.filter(({ name }) => name.value === 'skip' || name.value === 'include')
  if (conditions.length === 0) return () => true
  return (variables) =>
    conditions.every(({ name, arguments: [argument] = [] }) => {
      const value = argument && valueFromASTUntyped(argument.value, { ...defaults, ...variables })
      return (value === true) === (name.value === 'include')
    })
}
