/** Where in the answer something is written, and what resolvers are told of it. */
import type {
  FieldNode,
  FragmentDefinitionNode,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLResolveInfo,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql'

/** An object or a list of the answer: its key in what holds it. The same as a Path of graphql-js. */
export class Place {
  readonly prev: Place | undefined
  readonly key: string | number
  readonly typename: string | undefined

  constructor(prev: Place | undefined, key: string | number, typename: string | undefined) {
    this.prev = prev
    this.key = key
    this.typename = typename
  }
}

export function pathOf(place: Place | undefined, key: string | number): (string | number)[] {
  const keys = [key]
  for (let at = place; at !== undefined; at = at.prev) keys.push(at.key)
  return keys.reverse()
}

/** What of a field does not change from request to request. */
export interface FieldFacts {
  /** Its key in the answer. */
  key: string
  name: string
  parentType: GraphQLObjectType
  returnType: GraphQLOutputType
  nodes: readonly FieldNode[]
}

/** What of a request its fields have in common. */
export interface RunFacts {
  schema: GraphQLSchema
  fragments: Record<string, FragmentDefinitionNode>
  operation: OperationDefinitionNode
  root: unknown
  variables: Record<string, unknown>
}

/** The fourth argument of a resolver, worked out where it is read: most read nothing of it. */
export class Info implements GraphQLResolveInfo {
  readonly #run: RunFacts
  readonly #field: FieldFacts
  readonly #place: Place | undefined
  #path: Place | undefined

  constructor(run: RunFacts, field: FieldFacts, place: Place | undefined) {
    this.#run = run
    this.#field = field
    this.#place = place
  }

  get fieldName(): string {
    return this.#field.name
  }
  get fieldNodes(): readonly FieldNode[] {
    return this.#field.nodes
  }
  get returnType(): GraphQLOutputType {
    return this.#field.returnType
  }
  get parentType(): GraphQLObjectType {
    return this.#field.parentType
  }
  get path(): Place {
    return (this.#path ??= new Place(this.#place, this.#field.key, this.#field.parentType.name))
  }
  get schema(): GraphQLSchema {
    return this.#run.schema
  }
  get fragments(): Record<string, FragmentDefinitionNode> {
    return this.#run.fragments
  }
  get rootValue(): unknown {
    return this.#run.root
  }
  get operation(): OperationDefinitionNode {
    return this.#run.operation
  }
  get variableValues(): Record<string, unknown> {
    return this.#run.variables
  }
}
