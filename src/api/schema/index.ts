/** The executable schema: SDL of schema/, expanded; resolvers of kinds made from their definitions; root verbs of resolvers/. */
import {
  buildASTSchema,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isScalarType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql'
import { roots } from '../../../resolvers/index.ts'
import type { Context } from '../../context.ts'
import { getKind, isKindName, kinds } from '../../resource/kind/index.ts'
import type { KindDefinition } from '../../resource/kind/kind.ts'
import { connectAll, type RootArguments } from './connection.ts'
import { readDefinitions } from './document.ts'
import { expand } from './expand.ts'
import { resolverOfField } from './field.ts'
import { typeOfField } from './generate.ts'
import { isPlain, plain, plainFields } from './plain.ts'
import { nameOnlyFields, resourceFields, type FieldResolver } from './resource.ts'
import { scalars } from './scalar.ts'
import { typeNameOf, typeResolvers, type AnyResolver } from './type.ts'
import type { View } from './view.ts'

/** A new schema each time: guards are put around its root fields. Throws when schema/, kinds and resolvers do not agree. */
export function buildSchema(): GraphQLSchema {
  const schema = buildASTSchema(expand(readDefinitions()))
  for (const type of Object.values(schema.getTypeMap())) {
    if (isScalarType(type) && type.name in scalars) Object.assign(type, scalars[type.name])
    if (isInterfaceType(type)) type.resolveType = typeNameOf
    if (isObjectType(type) && isKindName(type.name)) bindKind(type, getKind(type.name))
    else if (isObjectType(type) && type.name in typeResolvers) bind(type, typeResolvers[type.name]!)
  }
  const lists = kindLists(schema.getQueryType()!)
  for (const [name, fields] of Object.entries(roots)) {
    bindRoot(schema.getType(name), name, name === 'Query' ? { ...lists, ...fields } : fields)
  }
  return schema
}

/** A root connection for each kind, except where schema/ says something else of the plural. */
function kindLists(query: GraphQLObjectType): Record<string, AnyResolver> {
  const written = [...kinds.values()].filter(
    ({ name, plural }) => String(query.getFields()[plural]?.type) === `${name}Connection`,
  )
  return Object.fromEntries(
    written.map(({ name, plural }) => [
      plural,
      (_: unknown, args: RootArguments, context: Context, info: GraphQLResolveInfo) =>
        connectAll(context, name, args, info),
    ]),
  )
}

function bindKind(type: GraphQLObjectType, kind: KindDefinition): void {
  const fields = type.getFields()
  for (const [name, field] of Object.entries(kind.fields)) {
    const written = fields[name]
    if (written === undefined) throw new Error(`schema/ lacks ${kind.name}.${name}`)
    if (String(written.type) !== typeOfField(field)) {
      throw new Error(
        `schema/ says ${kind.name}.${name}: ${String(written.type)}, the kind ${typeOfField(field)}`,
      )
    }
    const resolver = resolverOfField(kind, name, field)
    // What a kind is never without is as good as its name: the CIDR of a prefix, the number of a VLAN.
    written.resolve = (
      isNonNullType(written.type) ? resolver : gated(name, resolver, isPlain(resolver))
    ) as never
  }
  for (const [name, field] of Object.entries(fields)) {
    if (field.resolve) continue
    const resolver = resourceFields[name]
    if (!resolver) throw new Error(`The kind ${kind.name} has no field ${name}, but schema/ has`)
    field.resolve = gated(name, resolver, plainFields.has(name)) as never
  }
}

/** Only the name of what a viewer may see by name only. */
function gated(name: string, resolve: FieldResolver, isPlainOne: boolean): FieldResolver {
  const shown: FieldResolver = nameOnlyFields.has(name)
    ? resolve
    : (view: View, args, context, info) =>
        view.access === 'FULL' ? resolve(view, args, context, info) : null
  return isPlainOne ? plain(shown) : shown
}

function bind(type: GraphQLObjectType, resolvers: Readonly<Record<string, AnyResolver>>): void {
  const fields = type.getFields()
  for (const [name, resolve] of Object.entries(resolvers))
    fieldOf(fields, type.name, name).resolve = resolve as never
}

function bindRoot(type: unknown, name: string, resolvers: Readonly<Record<string, object>>): void {
  if (!isObjectType(type as never)) throw new Error(`schema/ has no type ${name}`)
  const root = type as GraphQLObjectType
  const fields = root.getFields()
  for (const [field, resolver] of Object.entries(resolvers)) {
    const written = fieldOf(fields, name, field)
    if (typeof resolver === 'function') written.resolve = resolver as never
    else Object.assign(written, resolver)
  }
  const missing = Object.keys(fields).filter((field) => !(field in resolvers))
  if (missing.length > 0) throw new Error(`resolvers/ lacks ${name}: ${missing.join(', ')}`)
}

function fieldOf(fields: Record<string, GraphQLField<unknown, unknown>>, type: string, name: string) {
  const field = fields[name]
  if (field === undefined) throw new Error(`schema/ lacks ${type}.${name}`)
  return field
}
