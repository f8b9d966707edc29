/**
 * Compiled answers against graphql-js' own: the same data to the byte, the same errors, for operations by chance over the real schema. Failing, slow and senseless
 * sources are part of it. PLENUM_SEED repeats a run, PLENUM_OPERATIONS makes it longer.
 */
import { execute, GraphQLError, parse, validate } from 'graphql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compileCounts, createCompiler, type Written } from '../../../src/api/compile/index.ts'
import { buildSchema } from '../../../src/api/schema/index.ts'
import { createRandom, Generator, type Operation, type Samples } from './operation.ts'
import { makeContext, makeFaults, makeFaulty, makeGraph, type Faults } from './world.ts'

const seed = Number(process.env['PLENUM_SEED'] ?? Date.now() % 1_000_000)
const operations = Number(process.env['PLENUM_OPERATIONS'] ?? 1_500)

const samples: Samples = {
  ID: ['1', '2', '9', 'x', 'LOCATED_IN.1.2', '3@2026-01-01T00:00:00.000Z'],
  Ref: ['1', '2', '3', '4', '5', '11', '23', 'Server:name=x', 'source:key', 'Nope:a=b', ''],
  DateTime: ['2026-01-01T00:00:00Z', '2026-02-03T04:05:06.789Z', '9999-01-01T00:00:00Z'],
  Duration: ['PT30S', 'PT0S', 'P1W'],
  BigInt: ['1', 68_719_476_736],
  PageCursor: ['WyJhIiwxXQ', 'x'],
  EventCursor: ['1f0c22aa-1', '1f0c22aa-0000-4000-8000-000000000000-0', 'x'],
  GroupKey: ['kind', 'site', 'label.env', 'x'],
  JSON: [{ a: 1 }, 'x', [1, { b: null }], 3],
}

const schema = buildSchema()
const faulty = makeFaulty(buildSchema())
const graphs = (() => {
  const random = createRandom(seed)
  return { now: makeGraph(random, null), past: makeGraph(random, Date.parse('2026-01-01T00:00:00Z')) }
})()

beforeAll(() => console.log(`${operations} operations, PLENUM_SEED=${seed}`))

/** graphql-js leaves what is on its way in a list that failed to nobody: its rejections are not handled. Ours are. */
const listeners = process.listeners('unhandledRejection')
const notOurs = (error: unknown): void => {
  if (!(error instanceof GraphQLError) || error.stack?.includes('src/api/compile')) throw error
}
beforeAll(() => {
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', notOurs)
})
afterAll(async () => {
  // What is still on its way comes to an end first.
  for (let turns = 0; turns < 100; turns++) await new Promise(setImmediate)
  process.removeAllListeners('unhandledRejection')
  for (const listener of listeners) process.on('unhandledRejection', listener)
})
const toText = ({ message, path, locations, originalError }: GraphQLError): string =>
  JSON.stringify({ message, path, locations, name: originalError?.constructor.name })

const textOf = ({ data }: Written): string | undefined => (data === null ? 'null' : data?.toString())

interface Outcome {
  data: string | undefined
  errors: string[]
  extensions: string
}

/**
 * Without waiting the errors are the same and in the same order. With waiting their order is that of arrival; and of several errors beneath one field that is
 * null because of them, the first one to arrive decides in both which others are still told: there only the field is compared.
 */
function shown(
  data: string | undefined,
  errors: readonly GraphQLError[] = [],
  extensions: object,
  waited: boolean,
): Outcome {
  const whole: unknown = data === undefined ? undefined : JSON.parse(data)
  const texts = waited
    ? errors.map((error) => beneathNull(whole, error.path ?? []) ?? toText(error))
    : errors.map(toText)
  return {
    data,
    errors: waited ? [...new Set(texts)].sort() : texts,
    extensions: waited ? seen(extensions, whole) : JSON.stringify(extensions),
  }
}

/** Pages that were cut, without those in what is null now. */
function seen(extensions: { truncated?: readonly string[] }, whole: unknown): string {
  const paths = (extensions.truncated ?? []).filter((path) => {
    const keys = path.split(/[.[\]]+/).filter((key) => key !== '')
    return beneathNull(whole, [...keys, '']) === undefined
  })
  return JSON.stringify(paths.sort())
}

/** Where the answer is null above the place of an error; undefined when it is null right there. */
function beneathNull(whole: unknown, path: readonly (string | number)[]): string | undefined {
  let at = whole
  for (const [index, key] of path.entries()) {
    if (at === null) return `beneath ${path.slice(0, index).join('.')}`
    at = (at as Record<string, unknown>)?.[key]
  }
  return undefined
}

function rootOf(root: string, by: number): unknown {
  if (root !== 'subscription') return undefined
  const told = {
    __typename: by % 2 ? 'Updated' : 'Left',
    id: '1',
    cursor: 'c',
    at: 1,
    actor: null,
    changes: [],
    kind: 'Rack',
  }
  return { resourceChanged: { cursor: 'c', events: [told] }, topologyChanged: null, events: told }
}

async function compare(
  which: typeof schema,
  { source, variables }: Operation,
  faults: Faults,
  root: unknown,
): Promise<void> {
  const document = parse(source)
  const own = makeContext(graphs.now, graphs.past, faults)
  const running = createCompiler(which)({
    document,
    operationName: 'Q',
    variables,
    context: own,
    root,
  })
  const written = (await running) as Written
  const theirs = makeContext(graphs.now, graphs.past, faults)
  const answering = execute({
    schema: which,
    document,
    variableValues: variables,
    contextValue: theirs,
    rootValue: root,
    operationName: 'Q',
  })
  const result = await answering
  const waited = answering instanceof Promise
  if (!source.startsWith('mutation')) expect(running instanceof Promise).toBe(waited)
  const data = result.data === undefined ? undefined : JSON.stringify(result.data)
  const expected = shown(data, result.errors, theirs.extensions, waited)
  expect({ source, variables, ...shown(textOf(written), written.errors, own.extensions, waited) }).toEqual({
    source,
    variables,
    ...expected,
  })
}

/** Validation itself throws for a subscription whose root is skipped by a variable. */
function isValid(source: string): boolean {
  try {
    return validate(schema, parse(source)).length === 0
  } catch {
    return false
  }
}

test('answers are those of graphql-js, to the byte', async () => {
  const random = createRandom(seed)
  const counts = { valid: 0, invalid: 0 }
  const before = { ...compileCounts }
  for (let index = 0; index < operations; index++) {
    const generator = new Generator(schema, random, samples)
    const root = random.pick([
      'query',
      'query',
      'query',
      'query',
      'query',
      'query',
      'mutation',
      'subscription',
    ] as const)
    const made = generator.make(root)
    const faults = makeFaults(random)
    if (!isValid(made.source)) {
      counts.invalid++
      continue
    }
    counts.valid++
    await compare(faults.fields ? faulty : schema, made, faults, rootOf(root, index))
  }
  console.log(JSON.stringify(counts))
  expect(counts.valid).toBeGreaterThan(operations / 3)
  expect(compileCounts.compiled - before.compiled).toBe(counts.valid)
}, 3_600_000)
