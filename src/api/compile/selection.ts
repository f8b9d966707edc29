/** What is asked of an object of one type: its fields, each with what need not be found out again for every row. */
import {
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  getArgumentValues,
  getNullableType,
  isLeafType,
  isNonNullType,
  visit,
} from 'graphql'
import type { FieldNode, GraphQLError, GraphQLField, GraphQLObjectType, SelectionSetNode } from 'graphql'
import type { Context } from '../../context.ts'
import { isPlain } from '../schema/plain.ts'
import { collectFields, type Scope } from './collect.ts'
import { leafWriter, type LeafWriter } from './leaf.ts'
import { Info, type FieldFacts, type Place } from './place.ts'
import { ascii } from './out.ts'
import type { Run, Spot } from './run.ts'
import { isPromise, valueWriter, type ValueWriter } from './value.ts'

type Resolve = (source: unknown, args: unknown, context: Context, info: Info) => unknown
/** Writes a field of `source`, which stands at `place`. Throws where null may not stand. */
type FieldWriter = (run: Run, field: FieldPlan, place: Place | undefined, source: unknown) => void

export interface FieldPlan extends FieldFacts {
  /** Its key as it stands in the answer, with the comma or the bracket before it. */
  head: Uint8Array
  definition: GraphQLField<unknown, unknown>
  nullable: boolean
  resolve: Resolve
  /** Undefined when they hold variables or are at fault: they are then read at run time. */
  args: Readonly<Record<string, unknown>> | undefined
  writeValue: ValueWriter
  write: FieldWriter
}

export class Selection {
  readonly #scope: Scope
  readonly #type: GraphQLObjectType
  readonly #sets: readonly SelectionSetNode[]
  #fields: readonly FieldPlan[] | undefined

  constructor(scope: Scope, type: GraphQLObjectType, sets: readonly SelectionSetNode[]) {
    this.#scope = scope
    this.#type = type
    this.#sets = sets
  }

  /** Made when the first object of the type is met. */
  get fields(): readonly FieldPlan[] {
    return (this.#fields ??= this.#make())
  }

  #make(): FieldPlan[] {
    const fields: FieldPlan[] = []
    for (const [key, nodes] of collectFields(this.#scope, this.#type, this.#sets)) {
      const definition = definitionOf(this.#scope, this.#type, nodes[0]!)
      if (definition)
        fields.push(toField(this.#scope, this.#type, key, nodes, definition, fields.length === 0))
    }
    return fields
  }
}

const closing = 0x7d
const empty = ascii('{}')

export function writeObject(run: Run, selection: Selection, place: Place | undefined, source: unknown): void {
  const { fields } = selection
  const { out, holes } = run
  const from = holes.count
  const start = out.at
  try {
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index]!
      out.raw(field.head)
      field.write(run, field, place, source)
    }
  } catch (error) {
    // What the other fields wait for is waited for, as their errors may be told too.
    if (holes.count !== from) return holes.doom(error as GraphQLError, start, from)
    throw error
  }
  if (fields.length === 0) out.raw(empty)
  else out.byte(closing)
}

function definitionOf(
  { schema }: Scope,
  type: GraphQLObjectType,
  node: FieldNode,
): GraphQLField<unknown, unknown> | undefined {
  const name = node.name.value
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef
  if (schema.getQueryType() === type) {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef
  }
  return type.getFields()[name]
}

function toField(
  scope: Scope,
  parentType: GraphQLObjectType,
  key: string,
  nodes: readonly FieldNode[],
  definition: GraphQLField<unknown, unknown>,
  isFirst: boolean,
): FieldPlan {
  const { name, type: returnType } = definition
  const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  const selections = new Map<GraphQLObjectType, Selection>()
  const selectionOf = (type: GraphQLObjectType): Selection => {
    const made = selections.get(type) ?? new Selection(scope, type, sets)
    selections.set(type, made)
    return made
  }
  return {
    key,
    head: ascii(`${isFirst ? '{' : ','}"${key}":`),
    name,
    parentType,
    returnType,
    nodes,
    definition,
    nullable: !isNonNullType(returnType),
    resolve: (definition.resolve ?? readProperty(name)) as Resolve,
    args: fixedArguments(definition, nodes[0]!),
    writeValue: valueWriter(returnType, selectionOf),
    write: writerOf(parentType, definition),
  }
}

function writerOf(parentType: GraphQLObjectType, definition: GraphQLField<unknown, unknown>): FieldWriter {
  if (definition === TypeNameMetaFieldDef) return typename(parentType)
  const { resolve } = definition
  if (resolve === undefined || !isPlain(resolve)) return writeResolved
  const named = getNullableType(definition.type)
  return isLeafType(named) ? writePlainLeaf(resolve as never, leafWriter(named)) : writePlain
}

/** Most fields of most answers. */
const writePlainLeaf =
  (resolve: Resolve, write: LeafWriter): FieldWriter =>
  (run, field, place, source) => {
    const start = run.out.at
    try {
      const value = resolve(source, noArguments, run.context, undefined as never)
      if (value !== null && value !== undefined) write(run.out, value)
      else field.writeValue(run, field, place, field.key, value)
    } catch (error) {
      run.fault(error, spotOf(field, place), start, run.holes.count)
    }
  }

const typename = (type: GraphQLObjectType): FieldWriter => {
  const text = ascii(`"${type.name}"`)
  return (run) => run.out.raw(text)
}

/** graphql-js' resolver of fields that have none. */
const readProperty =
  (name: string): Resolve =>
  (source, args, context, info) => {
    if ((typeof source !== 'object' && typeof source !== 'function') || source === null) return undefined
    const property = (source as Record<string, unknown>)[name]
    return typeof property === 'function'
      ? ((source as Record<string, Resolve>)[name] as unknown as (...rest: unknown[]) => unknown)(
          args,
          context,
          info,
        )
      : property
  }

function fixedArguments(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): Readonly<Record<string, unknown>> | undefined {
  let hasVariable = false
  for (const argument of node.arguments ?? []) {
    visit(argument, { Variable: () => void (hasVariable = true) })
  }
  if (hasVariable) return undefined
  try {
    return freeze(getArgumentValues(definition, node))
  } catch {
    return undefined
  }
}

/** They are given to one request after the other: nobody may change them. */
function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) freeze(inner)
  return value
}

const noArguments = Object.freeze({})

const spotOf = (field: FieldPlan, place: Place | undefined): Spot => ({
  field,
  place,
  key: field.key,
  nullable: field.nullable,
})

function writePlain(run: Run, field: FieldPlan, place: Place | undefined, source: unknown): void {
  const from = run.holes.count
  const start = run.out.at
  try {
    const value = field.resolve(source, noArguments, run.context, undefined as never)
    field.writeValue(run, field, place, field.key, value)
    if (run.holes.count !== from && field.nullable) run.holes.enclose(start, from)
  } catch (error) {
    run.fault(error, spotOf(field, place), start, from)
  }
}

function writeResolved(run: Run, field: FieldPlan, place: Place | undefined, source: unknown): void {
  const from = run.holes.count
  const start = run.out.at
  try {
    const args = field.args ?? run.argumentsOf(field)
    const value = field.resolve(source, args, run.context, new Info(run.facts, field, place))
    if (isPromise(value)) return run.later(value, spotOf(field, place), field.writeValue)
    field.writeValue(run, field, place, field.key, value)
    if (run.holes.count !== from && field.nullable) run.holes.enclose(start, from)
  } catch (error) {
    run.fault(error, spotOf(field, place), start, from)
  }
}
