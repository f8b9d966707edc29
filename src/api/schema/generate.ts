/** The types that nobody writes: connections, edges and filters of kinds, and the enums that code defines. */
import { Kind, print, type DefinitionNode, type InputObjectTypeDefinitionNode } from 'graphql'
import { enums } from '../../resource/kind/enum.ts'
import { getKind, isKindName, kinds, propertiesOf, walksOf } from '../../resource/kind/index.ts'
import { hardwareFields, machineFields } from '../../resource/kind/hardware.ts'
import type { Field, Property, PropertyType } from '../../resource/kind/kind.ts'
import { links } from '../../resource/kind/link.ts'

/** SDL of what `expand` adds; `listed` are the types that have a connection. */
export function generatedTypes(written: readonly DefinitionNode[], listed: readonly string[]): string {
  const filter = written.find(isResourceFilter)
  if (filter === undefined) throw new Error('schema/ has no input ResourceFilter')
  return [
    kindEnum(),
    linkTypeEnum(),
    ...Object.entries(enums).map(([name, values]) => `enum ${name} { ${values.join(' ')} }`),
    ...listed.map(connectionOf),
    ...listed.filter((name) => name !== 'Resource').map((name) => filterOf(name, filter)),
  ].join('\n\n')
}

const isResourceFilter = (node: DefinitionNode): node is InputObjectTypeDefinitionNode =>
  node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION && node.name.value === 'ResourceFilter'

const text = (description: string): string => JSON.stringify(description)

function kindEnum(): string {
  const values = [...kinds.values()].map((kind) => `${text(kind.description)} ${kind.name}`)
  return `"What a resource is." enum Kind { ${values.join('\n')} }`
}

function linkTypeEnum(): string {
  const values = Object.entries(links).map(
    ([name, link]) => `${text(`${link.description}. Read backwards: ${link.inverse}.`)} ${name}`,
  )
  return `"What a link means, read from its \`from\` end." enum LinkType { ${values.join('\n')} }`
}

const connectionOf = (name: string): string => `
type ${name}Connection {
  edges: [${name}Edge!]!
  nodes: [${name}!]!
  pageInfo: PageInfo!
  totalCount: Int!
  "Of the latest values of a metric, over all that the connection has, not its page only. What is older than 15 minutes does not count; null when there is nothing."
  stat(metric: String!, aggregate: Aggregate!): Float
}

type ${name}Edge {
  node: ${name}!
  cursor: PageCursor!
}`

/** ResourceFilter's conditions with its own and/or/not, and one condition a property and to-one field. */
function filterOf(name: string, base: InputObjectTypeDefinitionNode): string {
  const common = (base.fields ?? []).map((field) =>
    print(field).replace(/\b(and|or|not): (\[?)ResourceFilter/, `$1: $2${name}Filter`),
  )
  const own = Object.entries(ownConditions(name)).map(([field, type]) => `${field}: ${type}`)
  return `${print({ ...base, fields: [] }).replace('ResourceFilter', `${name}Filter`)} {\n${[...common, ...own].join('\n')}\n}`
}

/** Filter type by the name of a property or to-one field. */
export function ownConditions(name: string): Record<string, string> {
  const conditions = Object.entries(fieldsOfType(name)).flatMap(([field, definition]) => {
    if (definition.from === 'property') return [[field, propertyCondition(definition)]]
    return definition.from === 'walk' && definition.shape === 'one' ? [[field, '[Ref!]']] : []
  })
  return Object.fromEntries(conditions) as Record<string, string>
}

/** The kind's fields, or those that all kinds of an interface share. */
export function fieldsOfType(name: string): Readonly<Record<string, Field>> {
  if (isKindName(name)) return getKind(name).fields
  return name === 'Hardware' ? hardwareFields : name === 'Machine' ? machineFields : {}
}

const conditionTypes: Partial<Record<PropertyType, string>> = {
  String: 'StringFilter',
  Int: 'IntFilter',
  Float: 'FloatFilter',
  BigInt: 'BigIntFilter',
  DateTime: 'DateTimeFilter',
  Boolean: 'Boolean',
}

const propertyCondition = (property: Property): string =>
  conditionTypes[property.type] ?? `[${property.type}!]`

/** What a field's type is in SDL by its definition; for the check that schema/ and code agree. */
export function typeOfField(field: Field): string {
  if (field.from === 'derived') return field.type
  if (field.from === 'property') {
    return `${field.list ? `[${field.type}!]` : field.type}${field.nonNull ? '!' : ''}`
  }
  return field.shape === 'one'
    ? field.to
    : field.shape === 'list'
      ? `[${field.to}!]`
      : `${field.to}Connection`
}

export { propertiesOf, walksOf }
