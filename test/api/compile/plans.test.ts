/** Plans are bounded, and what they make of a document is used again. */
import { parse } from 'graphql'
import { expect, test } from 'vitest'
import { compileCounts, createCompiler, type Written } from '../../../src/api/compile/index.ts'
import { createPrepare } from '../../../src/api/document.ts'
import { buildSchema } from '../../../src/api/schema/index.ts'
import type { Context } from '../../../src/context.ts'
import { sketchDatacenter } from '../schema/datacenter.ts'

const schema = buildSchema()
const { graph } = sketchDatacenter()
const context = (): Context =>
  ({
    viewer: { name: 'tester', role: 'admin', tokenId: 1 },
    signal: new AbortController().signal,
    extensions: {},
    graph,
  }) as unknown as Context
const limits = { tokens: 10_000, depth: 20, aliases: 100, directives: 100, rootFields: 20, fields: 10_000 }

const textOf = (written: unknown): string | undefined => (written as Written).data?.toString()

test('ten thousand documents leave a thousand plans', () => {
  const compiled = createCompiler(schema)
  const prepare = createPrepare(schema, limits as never)
  const ask = (index: number): void => {
    const document = prepare(
      `query Q${index} { a${index}: servers(first: 2) { nodes { name rack { name } } } }`,
    )
    if (!('kind' in document)) throw new Error(document[0]!.message)
    const written = compiled({
      document,
      operationName: undefined,
      variables: undefined,
      context: context(),
      root: undefined,
    })
    expect(textOf(written)).toContain(`"a${index}":{"nodes":[{"name":"srv-0","rack":{"name":"r07"}}`)
  }
  const before = { ...compileCounts }
  for (let index = 0; index < 10_000; index++) ask(index)
  expect(compileCounts.compiled - before.compiled).toBe(10_000)
  expect(compileCounts.plans).toBe(1_000)
  expect(compileCounts.evicted - before.evicted).toBe(9_000)
  expect(compileCounts.fallback).toBe(before.fallback)
  for (let index = 9_000; index < 10_000; index++) ask(index)
  expect(compileCounts.reused - before.reused).toBe(1_000)
  ask(0)
  expect(compileCounts.compiled - before.compiled).toBe(10_001)
})

test('a document that is too long is not kept', () => {
  const compiled = createCompiler(schema)
  const document = parse(`{ ${'cursor '.repeat(3_000)} }`)
  const before = { ...compileCounts }
  for (let turn = 0; turn < 3; turn++) {
    compiled({
      document,
      operationName: undefined,
      variables: undefined,
      context: context(),
      root: undefined,
    })
  }
  expect(compileCounts.compiled - before.compiled).toBe(3)
  expect(compileCounts.plans).toBe(before.plans)
})

test('conditions by variables each have their fields', () => {
  const compiled = createCompiler(schema)
  const document = parse(
    'query ($deep: Boolean!, $short: Boolean = false) { tenants(first: 1) { nodes { name @skip(if: $short) ... @include(if: $deep) { kind } } } }',
  )
  const ask = (variables: Record<string, unknown>): unknown =>
    textOf(compiled({ document, operationName: undefined, variables, context: context(), root: undefined }))
  expect(ask({ deep: true })).toBe('{"tenants":{"nodes":[{"name":"blue","kind":"Tenant"}]}}')
  expect(ask({ deep: false })).toBe('{"tenants":{"nodes":[{"name":"blue"}]}}')
  expect(ask({ deep: false, short: true })).toBe('{"tenants":{"nodes":[{}]}}')
  expect(ask({ deep: true, short: true })).toBe('{"tenants":{"nodes":[{"kind":"Tenant"}]}}')
})

test('what no single operation is meant by is left to graphql-js, and counted', () => {
  const compiled = createCompiler(schema)
  const document = parse('query A { cursor } query B { cursor }')
  const before = compileCounts.fallback
  const ask = (operationName: string | undefined): unknown =>
    compiled({ document, operationName, variables: undefined, context: context(), root: undefined })
  expect(ask(undefined)).toBeUndefined()
  expect(ask('C')).toBeUndefined()
  expect(compileCounts.fallback - before).toBe(2)
  expect(ask('B')).toBeDefined()
})
