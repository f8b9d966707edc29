import { readFileSync } from 'node:fs'
import {
  buildASTSchema,
  getNamedType,
  isAbstractType,
  isNonNullType,
  isObjectType,
  validateSchema,
  type GraphQLArgument,
  type GraphQLObjectType,
  type GraphQLType,
} from 'graphql'
import { describe, expect, test } from 'vitest'
import { readDefinitions } from '../../../src/api/schema/document.ts'
import { expand } from '../../../src/api/schema/expand.ts'
import { typeOfField } from '../../../src/api/schema/generate.ts'
import { printedSchema } from '../../../src/api/schema/print.ts'
import { kinds } from '../../../src/resource/kind/index.ts'

const schema = buildASTSchema(expand(readDefinitions()))
const resource = schema.getType('Resource')!
const resourceTypes = schema.getPossibleTypes(resource as never)

describe('the schema', () => {
  test('is valid', () => {
    expect(validateSchema(schema)).toEqual([])
  })

  test('every kind in code is a type in the SDL and the other way round', () => {
    expect(resourceTypes.map((type) => type.name).sort()).toEqual([...kinds.keys()].sort())
    for (const kind of kinds.values()) {
      const fields = (schema.getType(kind.name) as GraphQLObjectType).getFields()
      for (const [name, field] of Object.entries(kind.fields)) {
        expect(`${kind.name}.${name}: ${String(fields[name]?.type)}`).toBe(
          `${kind.name}.${name}: ${typeOfField(field)}`,
        )
      }
    }
  })

  test('every kind has a root field', () => {
    for (const kind of kinds.values()) expect(schema.getQueryType()?.getFields()).toHaveProperty(kind.plural)
  })

  /** It takes no part in an answer's data when it fails: it cannot fail. */
  const neverNull = ['cursor']

  test('every root field is nullable', () => {
    for (const root of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
      const strict = Object.values(root?.getFields() ?? {}).filter((field) => isNonNullType(field.type))
      expect(strict.map((field) => field.name).filter((name) => !neverNull.includes(name))).toEqual([])
    }
  })

  /** Names that acceptance settles with two types: two fragments on these kinds need an alias. */
  const settledTwice: Record<string, string> = {
    address: 'always there on IpAddress, not on Endpoint',
    host: 'a Server carries a VirtualMachine, a Server or VirtualMachine a Container',
    ipAddresses: 'a few of a machine or interface, many of a prefix or routing table',
    state: "a runtime's word on Container, how the last sync went on Source",
    type: 'what a link means on Link, free words on Cluster and NetworkInterface',
    kind: 'what a resource is; on Operation what it does',
    parent: 'regions nest in regions, locations in locations',
  }

  test('a field name has one type everywhere that one selection can meet', () => {
    const abstract = Object.values(schema.getTypeMap()).filter(isAbstractType)
    const found = new Set<string>()
    for (const type of abstract.filter((one) => !one.name.startsWith('__'))) {
      const seen = new Map<string, string>()
      for (const field of schema.getPossibleTypes(type).flatMap((one) => Object.values(one.getFields()))) {
        const known = seen.get(field.name) ?? String(field.type)
        if (known !== String(field.type)) found.add(field.name)
        seen.set(field.name, known)
      }
    }
    expect([...found].sort()).toEqual(Object.keys(settledTwice).sort())
  })

  test('every type, field, argument and value that people meet has words, or a name that says it all', () => {
    const silent = Object.values(schema.getTypeMap())
      .filter((type) => isObjectType(type) && resourceTypes.includes(type))
      .filter((type) => !type.description)
    expect(silent).toEqual([])
  })

  test('nothing is declared that no root leads to', () => {
    const reached = new Set<string>()
    const nameOf = (type: GraphQLType): string => String(getNamedType(type))
    const visit = (name: string): void => {
      const type = schema.getType(name)
      if (!type || reached.has(name)) return
      reached.add(name)
      if (isAbstractType(type)) schema.getPossibleTypes(type).forEach((one) => visit(one.name))
      if (!('getFields' in type)) return
      for (const field of Object.values(type.getFields())) {
        visit(nameOf(field.type))
        if ('args' in field) field.args.forEach((argument: GraphQLArgument) => visit(nameOf(argument.type)))
      }
    }
    for (const root of ['Query', 'Mutation', 'Subscription']) visit(root)
    const idle = Object.keys(schema.getTypeMap()).filter(
      (name) => !reached.has(name) && !name.startsWith('__'),
    )
    expect(idle.filter((name) => !['Boolean', 'WritePayload', 'Hardware', 'Machine'].includes(name))).toEqual(
      [],
    )
  })

  test('docs/schema.graphql is what `node src/api/schema/print.ts` prints', () => {
    const committed = readFileSync(new URL('../../../docs/schema.graphql', import.meta.url), 'utf8')
    expect(committed === printedSchema(), 'print it again').toBe(true)
  })
})
