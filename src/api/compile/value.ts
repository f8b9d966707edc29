/** Writers of values by their type: graphql-js' completeValue, prepared. */
import {
  GraphQLError,
  defaultTypeResolver,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import type { GraphQLAbstractType, GraphQLNullableType, GraphQLObjectType, GraphQLOutputType } from 'graphql'
import { inspect } from 'graphql/jsutils/inspect.js'
import { leafWriter } from './leaf.ts'
import { Info, Place } from './place.ts'
import type { Run } from './run.ts'
import { writeObject, type FieldPlan, type Selection } from './selection.ts'

/** Writes a value at `key` in `place`. Throws where null may not stand. */
export type ValueWriter = (
  run: Run,
  field: FieldPlan,
  place: Place | undefined,
  key: string | number,
  value: unknown,
) => void

/** What a field of these nodes asks of an object of the type. */
export type SelectionOf = (type: GraphQLObjectType) => Selection

export const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

export function valueWriter(type: GraphQLOutputType, selectionOf: SelectionOf): ValueWriter {
  if (!isNonNullType(type)) return nullable(innerWriter(type, selectionOf))
  const write = innerWriter(type.ofType, selectionOf)
  return (run, field, place, key, value) => {
    if (value === null || value === undefined) throw noNull(field)
    if (value instanceof Error) throw value
    write(run, field, place, key, value)
  }
}

const noNull = (field: FieldPlan): Error =>
  new Error(`Cannot return null for non-nullable field ${field.parentType.name}.${field.name}.`)

const nullable =
  (write: ValueWriter): ValueWriter =>
  (run, field, place, key, value) => {
    if (value === null || value === undefined) return run.out.null()
    if (value instanceof Error) throw value
    write(run, field, place, key, value)
  }

function innerWriter(type: GraphQLNullableType & GraphQLOutputType, selectionOf: SelectionOf): ValueWriter {
  if (isLeafType(type)) {
    const write = leafWriter(type)
    return (run, _field, _place, _key, value) => write(run.out, value)
  }
  if (isListType(type)) return listWriter(type.ofType as GraphQLOutputType, selectionOf)
  return isAbstractType(type)
    ? abstractWriter(type, selectionOf)
    : objectWriter(selectionOf(type as GraphQLObjectType))
}

const objectWriter =
  (selection: Selection): ValueWriter =>
  (run, field, place, key, value) =>
    writeObject(
      run,
      selection,
      new Place(place, key, typeof key === 'string' ? field.parentType.name : undefined),
      value,
    )

function listWriter(itemType: GraphQLOutputType, selectionOf: SelectionOf): ValueWriter {
  const mayBeNull = !isNonNullType(itemType)
  const write = valueWriter(itemType, selectionOf)
  return (run, field, place, key, value) => {
    if (!isIterable(value)) {
      throw new GraphQLError(
        `Expected Iterable, but did not find one for field "${field.parentType.name}.${field.name}".`,
      )
    }
    const at = new Place(place, key, typeof key === 'string' ? field.parentType.name : undefined)
    const { out } = run
    out.byte(opening)
    let index = 0
    for (const item of value) {
      if (index > 0) out.byte(comma)
      run.step()
      writeItem(run, field, at, index++, item, write, mayBeNull)
    }
    out.byte(closing)
  }
}

const opening = 0x5b
const comma = 0x2c
const closing = 0x5d

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function'

function writeItem(
  run: Run,
  field: FieldPlan,
  at: Place,
  index: number,
  item: unknown,
  write: ValueWriter,
  nullable: boolean,
): void {
  const from = run.holes.count
  const start = run.out.at
  try {
    if (isPromise(item)) return run.later(item, { field, place: at, key: index, nullable }, write)
    write(run, field, at, index, item)
    if (nullable && run.holes.count !== from) run.holes.enclose(start, from)
  } catch (error) {
    run.fault(error, { field, place: at, key: index, nullable }, start, from)
  }
}

/** The type is asked of each value; what is selected of it is prepared when it is first met. */
function abstractWriter(type: GraphQLAbstractType, selectionOf: SelectionOf): ValueWriter {
  const resolveType = type.resolveType ?? defaultTypeResolver
  const writers = new Map<unknown, ValueWriter>()
  const writerOf = (run: Run, field: FieldPlan, name: unknown, value: unknown): ValueWriter => {
    const known = writers.get(name)
    if (known !== undefined) return known
    const made = objectWriter(selectionOf(checkedType(run, field, type, name, value)))
    writers.set(name, made)
    return made
  }
  return (run, field, place, key, value) => {
    const name: unknown = resolveType(
      value,
      run.context,
      new Info(run.facts, field, aroundField(place, key)),
      type,
    )
    if (!isPromise(name)) return writerOf(run, field, name, value)(run, field, place, key, value)
    const spot = { field, place, key, nullable: false }
    run.later(name, spot, (_run, _field, _place, _key, resolved) =>
      writerOf(run, field, resolved, value)(run, field, place, key, value),
    )
  }
}

/** Where the field of a list's item stands. */
function aroundField(place: Place | undefined, key: string | number): Place | undefined {
  if (typeof key === 'string') return place
  let at = place
  while (typeof at?.key === 'number') at = at.prev
  return at?.prev
}

function checkedType(
  { facts: { schema } }: Run,
  field: FieldPlan,
  type: GraphQLAbstractType,
  name: unknown,
  value: unknown,
): GraphQLObjectType {
  const { nodes, parentType } = field
  const where = `${parentType.name}.${field.name}`
  if (name === null || name === undefined) {
    throw new GraphQLError(
      `Abstract type "${type.name}" must resolve to an Object type at runtime for field "${where}". Either the "${type.name}" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.`,
      { nodes },
    )
  }
  if (typeof name !== 'string') {
    throw new GraphQLError(
      `Abstract type "${type.name}" must resolve to an Object type at runtime for field "${where}" with value ${inspect(value)}, received "${inspect(name)}".`,
    )
  }
  const found = schema.getType(name)
  if (found === undefined) {
    throw new GraphQLError(
      `Abstract type "${type.name}" was resolved to a type "${name}" that does not exist inside the schema.`,
      { nodes },
    )
  }
  if (!isObjectType(found)) {
    throw new GraphQLError(`Abstract type "${type.name}" was resolved to a non-object type "${name}".`, {
      nodes,
    })
  }
  if (!schema.isSubType(type, found)) {
    throw new GraphQLError(`Runtime Object type "${name}" is not a possible type for "${type.name}".`, {
      nodes,
    })
  }
  return found
}
