/**
 * Makes the whole schema of the shorthand in schema/*.graphql:
 * - a type gets its interfaces' fields and the interfaces' own interfaces;
 * - `extend type` is merged into its type;
 * - a field of a generated connection gets `filter`, `orderBy` and the page arguments, at the root `asOf` as well;
 * - Query gets one connection a kind.
 */
import {
  Kind,
  parse,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  type InterfaceTypeDefinitionNode,
  type NamedTypeNode,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  type TypeNode,
} from 'graphql'
import { kinds } from '../../resource/kind/index.ts'
import { generatedTypes } from './generate.ts'

type Holder = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode

export function expand(written: readonly DefinitionNode[]): DocumentNode {
  const merged = mergeExtensions(written)
  const holders = merged.filter(isHolder)
  const interfaces = new Map(
    holders.filter((one) => one.kind === Kind.INTERFACE_TYPE_DEFINITION).map((one) => [one.name.value, one]),
  )
  const inherited = new Map(holders.map((one) => [one.name.value, inherit(one, interfaces)]))
  const listed = connectionTypes([...inherited.values()])
  const shown = merged.map((one) => (isHolder(one) ? inherited.get(one.name.value)! : one))
  return {
    kind: Kind.DOCUMENT,
    definitions: [
      ...shown.map((one) => (isHolder(one) ? withArguments(one, listed) : one)),
      ...parse(generatedTypes(shown, [...listed])).definitions,
    ],
  }
}

const isHolder = (node: DefinitionNode): node is Holder =>
  node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION

const isExtension = (node: DefinitionNode): node is ObjectTypeExtensionNode =>
  node.kind === Kind.OBJECT_TYPE_EXTENSION

/** Query and Mutation are written as extensions only, each noun its part. */
function mergeExtensions(written: readonly DefinitionNode[]): DefinitionNode[] {
  const extensions = Map.groupBy(written.filter(isExtension), (node) => node.name.value)
  const merged = [...extensions].map(([name, parts]): ObjectTypeDefinitionNode => {
    const fields = parts.flatMap((part) => part.fields ?? [])
    return {
      kind: Kind.OBJECT_TYPE_DEFINITION,
      name: { kind: Kind.NAME, value: name },
      fields: name === 'Query' ? [...fields, ...kindConnections(fields)] : fields,
    }
  })
  return [...merged, ...written.filter((node) => !isExtension(node))]
}

/** A root connection for each kind whose plural is not written otherwise. */
function kindConnections(written: readonly FieldDefinitionNode[]): FieldDefinitionNode[] {
  const taken = new Set(written.map((field) => field.name.value))
  return [...kinds.values()]
    .filter((kind) => !taken.has(kind.plural))
    .map((kind) =>
      parseField(`"All of kind ${kind.name} that match; ascending by id unless ordered."
        ${kind.plural}: ${kind.name}Connection`),
    )
}

function parseField(text: string): FieldDefinitionNode {
  const [definition] = parse(`type T { ${text} }`, { noLocation: true }).definitions
  return (definition as ObjectTypeDefinitionNode).fields![0]!
}

/** The type with all that its interfaces declare; its own words go before theirs. */
function inherit(holder: Holder, interfaces: ReadonlyMap<string, InterfaceTypeDefinitionNode>): Holder {
  const above = ancestors(holder, interfaces)
  const own = new Map((holder.fields ?? []).map((field) => [field.name.value, field]))
  const fields = new Map<string, FieldDefinitionNode>()
  for (const name of above) {
    const parent = interfaces.get(name)
    if (parent === undefined) throw new Error(`${holder.name.value} implements ${name}, which is not written`)
    for (const field of parent.fields ?? []) {
      if (!fields.has(field.name.value)) fields.set(field.name.value, own.get(field.name.value) ?? field)
    }
  }
  for (const [name, field] of own) fields.set(name, field)
  return { ...holder, interfaces: above.map(namedType), fields: [...fields.values()] }
}

/** Names of all interfaces above a type, the highest first. */
function ancestors(
  holder: Holder,
  interfaces: ReadonlyMap<string, InterfaceTypeDefinitionNode>,
): readonly string[] {
  const found = new Set<string>()
  for (const { name } of holder.interfaces ?? []) {
    const parent = interfaces.get(name.value)
    if (parent) for (const above of ancestors(parent, interfaces)) found.add(above)
    found.add(name.value)
  }
  return [...found]
}

const namedType = (name: string): NamedTypeNode => ({
  kind: Kind.NAMED_TYPE,
  name: { kind: Kind.NAME, value: name },
})

const ownConnections = new Set([...kinds.keys(), 'Resource', 'Hardware', 'Machine'].map(String))

/** The types whose connection some field uses and nobody wrote. */
function connectionTypes(holders: readonly Holder[]): Set<string> {
  const written = new Set(holders.map((holder) => holder.name.value))
  const used = holders.flatMap((holder) => (holder.fields ?? []).map((field) => baseName(field.type)))
  const names = used.filter((name) => name.endsWith('Connection') && !written.has(name))
  return new Set(
    names.map((name) => name.slice(0, -'Connection'.length)).filter((name) => ownConnections.has(name)),
  )
}

export const baseName = (type: TypeNode): string =>
  type.kind === Kind.NAMED_TYPE ? type.name.value : baseName(type.type)

function withArguments(holder: Holder, listed: ReadonlySet<string>): Holder {
  const atRoot = holder.name.value === 'Query'
  const fields = (holder.fields ?? []).map((field) => {
    const of = baseName(field.type).replace(/Connection$/, '')
    const isShort = baseName(field.type).endsWith('Connection') && listed.has(of)
    return isShort ? { ...field, arguments: connectionArguments(of, atRoot) } : field
  })
  return { ...holder, fields }
}

function connectionArguments(of: string, atRoot: boolean): readonly InputValueDefinitionNode[] {
  const text = `filter: ${of}Filter, orderBy: [ResourceOrder!], first: Int, after: PageCursor, last: Int, before: PageCursor`
  return parseField(`f(${text}${atRoot ? ', asOf: DateTime' : ''}): Int`).arguments!
}
