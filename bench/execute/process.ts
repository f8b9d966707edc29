/** The process of `bench execute` that executes: its processor time is what is told. */
import pino from 'pino'
import { execute, parse, type DocumentNode } from 'graphql'
import { createCompiler } from '../../src/api/compile/index.ts'
import { buildSchema } from '../../src/api/schema/index.ts'
import type { Context } from '../../src/context.ts'
import { openDb } from '../../src/db.ts'
import { startEvents } from '../../src/event/index.ts'
import type { LiveGraph } from '../../src/graph/graph.ts'
import { startGraph } from '../../src/graph/index.ts'
import { startResources } from '../../src/resource/index.ts'
import type { Resources } from '../../src/resource/verbs.ts'
import type { Figures } from '../figure.ts'

interface Question {
  document: DocumentNode
  variables: (graph: LiveGraph, turn: number) => Record<string, unknown>
  times: number
}

const question = (text: string, times: number, variables: Question['variables']): Question => ({
  document: parse(text),
  times,
  variables,
})

const idAt =
  (kind: 'Server' | 'Region') =>
  (graph: LiveGraph, turn: number): Record<string, unknown> => {
    const all = graph.ofType(kind)
    return { id: String(all[(turn * 7) % all.length]!.id) }
  }

/** The same as those of `bench peers`. */
const questions: Record<string, Question> = {
  q1: question(
    `query Point($id: ID!) { node(id: $id) { ... on Server { id name serialNumber powerState rack { name heightUnits site { name } }
      uplinks { id name } virtualMachines { nodes { id name powerState tenant { name } } } } } }`,
    2_000,
    idAt('Server'),
  ),
  q2: question(
    `query List($flavor: String!) { virtualMachines(filter: { flavor: { eq: $flavor } }, first: 100) { nodes {
      id name powerState host { name rack { name } } tenant { name } ipAddresses { address } } } }`,
    300,
    (_, turn) => ({ flavor: `m1.${turn % 8}` }),
  ),
  q2Attributes: question(
    `query List($flavor: String!) { virtualMachines(filter: { flavor: { eq: $flavor } }, first: 100) { nodes {
      id name powerState host { name rack { name } } tenant { name } load: attribute(path: "bench.load") } } }`,
    200,
    (_, turn) => ({ flavor: `m1.${turn % 8}` }),
  ),
  q3: question(
    `query Deep($id: ID!) { node(id: $id) { ... on Region { name racks(first: 20) { nodes { name servers { nodes { id name
      virtualMachines { nodes { id name tenant { name } } } } } } } } } }`,
    40,
    idAt('Region'),
  ),
}

const schema = buildSchema()
const compiled = createCompiler(schema)
type Run = (question: Question, variables: Record<string, unknown>, context: Context) => Promise<string>

const runs: Record<string, Run> = {
  graphqlJs: async ({ document }, variableValues, contextValue) =>
    JSON.stringify((await execute({ schema, document, variableValues, contextValue })).data),
  compiled: async ({ document }, variables, context) =>
    (await compiled({
      document,
      variables,
      context,
      operationName: undefined,
      root: undefined,
    }))!.data!.toString(),
}

function contextOf(graph: LiveGraph, resources: Resources): Context {
  return {
    viewer: { name: 'bench', role: 'admin', tokenId: 1 },
    signal: new AbortController().signal,
    extensions: {},
    graph,
    resources: {
      ...resources,
      attributesOf: async (ids: readonly number[]) =>
        new Map(ids.map((id) => [id, { bench: { load: id % 100 } }])),
    },
  } as unknown as Context
}

const rounds = 5

async function measure(graph: LiveGraph, resources: Resources): Promise<Figures> {
  const figures: Figures = {}
  for (const [name, asked] of Object.entries(questions)) {
    const best: Record<string, number> = {}
    await checkEqual(name, asked, graph, resources)
    for (let round = 0; round < rounds; round++) {
      for (const [way, run] of Object.entries(runs)) {
        const before = process.cpuUsage()
        for (let turn = 0; turn < asked.times; turn++) {
          await run(asked, asked.variables(graph, turn), contextOf(graph, resources))
        }
        const { user, system } = process.cpuUsage(before)
        const each = (user + system) / 1_000 / asked.times
        best[way] = Math.min(best[way] ?? Infinity, each)
      }
    }
    for (const [way, milliseconds] of Object.entries(best))
      figures[`${name}${way[0]!.toUpperCase()}${way.slice(1)}Milliseconds`] = milliseconds
    figures[`${name}Ratio`] = best['graphqlJs']! / best['compiled']!
  }
  return figures
}

async function checkEqual(
  name: string,
  asked: Question,
  graph: LiveGraph,
  resources: Resources,
): Promise<void> {
  const answers = await Promise.all(
    Object.values(runs).map((run) => run(asked, asked.variables(graph, 3), contextOf(graph, resources))),
  )
  if (new Set(answers).size !== 1 || answers[0]!.length < 200)
    throw new Error(`${name}: ${answers.join('\n')}`)
}

async function main(url: string): Promise<void> {
  const log = pino({ level: 'warn' })
  const db = openDb({ url })
  const events = startEvents({ db, url, log })
  const resources = startResources({ db, wake: () => events.feed.wake() })
  const limits = { visited: 1_000_000, asOfResources: 200_000 }
  const holder = await startGraph({ resources, events, limits, log })
  process.send!(await measure(holder.graph, resources))
  await events.close()
  await holder.close()
  await db.destroy()
  process.disconnect()
}

await main(process.argv[2]!)
