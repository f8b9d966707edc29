/** GraphQL over a graph in memory, without a server and without tables: what is asked of the tables is counted, and refused unless a test gives it. */
import { graphql, type ExecutionResult, type GraphQLSchema } from 'graphql'
import { buildSchema } from '../../src/api/schema/index.ts'
import type { Context, Viewer } from '../../src/context.ts'
import type { Graph, LiveGraph, Vertex } from '../../src/graph/graph.ts'
import { scopeGraph } from '../../src/graph/scope.ts'
import { MemoryGraph } from '../../src/graph/memory.ts'
import type { KindName } from '../../src/resource/kind/index.ts'
import type { LinkType } from '../../src/resource/kind/link.ts'
import type { ResourceImage } from '../../src/resource/resource.ts'
import type { Resources } from '../../src/resource/verbs.ts'

export const epoch = '1f0c22aa-0000-4000-8000-000000000000'
export const schema = buildSchema()

/** A graph that a test builds by hand; ids count from 1. */
export class Sketch {
  readonly graph: MemoryGraph
  #next = 1

  constructor(asOf: number | null = null) {
    this.graph = new MemoryGraph({ cursor: { epoch, seq: 7 }, asOf, visited: 10_000 })
  }

  add(kind: KindName, name: string, rest: Partial<ResourceImage> = {}): Vertex {
    const id = rest.id ?? this.#next
    this.#next = id + 1
    this.graph.add({
      id,
      kind,
      name,
      status: 'ACTIVE',
      labels: {},
      owner: null,
      contact: null,
      siteId: null,
      tenantId: null,
      fields: {},
      sources: [],
      generation: 1,
      revision: 1,
      createdAt: 1_700_000_000_000,
      updatedAt: 1_700_000_000_000,
      hasDrift: false,
      hasConflict: false,
      ...rest,
    })
    return this.graph.get(id)!
  }

  link(type: LinkType, from: Vertex, to: Vertex): void {
    this.graph.connect({ type, from: from.id, to: to.id, since: 1_700_000_000_000 })
  }
}

export interface AskOptions {
  variables?: Record<string, unknown>
  resources?: Partial<Resources>
  context?: Partial<Context>
  graphAt?: (instant: number) => Promise<Graph>
  schema?: GraphQLSchema
}

export interface Answer {
  data: any
  errors: { message: string; code: string | undefined; path: string; details: Record<string, unknown> }[]
  extensions: Record<string, unknown>
  /** Verbs of Resources that were called: each is one statement. */
  statements: string[]
}

export async function ask(graph: LiveGraph, source: string, options: AskOptions = {}): Promise<Answer> {
  const statements: string[] = []
  const contextValue = createContext(graph, options, statements)
  const variableValues = options.variables ?? {}
  const result = await graphql({ schema: options.schema ?? schema, source, contextValue, variableValues })
  return { ...shown(result), extensions: contextValue.extensions, statements }
}

function shown({ data, errors = [] }: ExecutionResult): Pick<Answer, 'data' | 'errors'> {
  return {
    data,
    errors: errors.map(({ message, path, originalError }) => {
      const { code, details } = (originalError ?? {}) as { code?: string; details?: Record<string, unknown> }
      if (originalError && code === undefined && path) throw originalError
      return { message, code, path: path?.join('.') ?? '', details: details ?? {} }
    }),
  }
}

function createContext(graph: LiveGraph, options: AskOptions, statements: string[]): Context {
  const resources = new Proxy((options.resources ?? {}) as Resources, {
    get: (given, verb: string) => {
      statements.push(verb)
      const found = given[verb as keyof Resources]
      if (found === undefined) throw new Error(`asked the tables: ${verb}`)
      return found
    },
  })
  const viewer: Viewer = options.context?.viewer ?? { name: 'tester', role: 'admin', tokenId: 1 }
  const scoped = scopeGraph(viewer, graph)
  return {
    viewer,
    actor: { name: 'tester' },
    requestId: 'test',
    remoteAddress: '127.0.0.1',
    idempotencyKey: undefined,
    signal: new AbortController().signal,
    extensions: {},
    graph: scoped,
    graphAt: options.graphAt ?? (() => Promise.reject(new Error('no history in this test'))),
    resources,
    sources: {} as Context['sources'],
    events: { cursor: () => graph.cursor } as Context['events'],
    metrics: {} as Context['metrics'],
    alerts: {} as Context['alerts'],
    allocations: {} as Context['allocations'],
    tokens: {} as Context['tokens'],
    usage: {} as Context['usage'],
    logs: {} as Context['logs'],
    ...options.context,
  }
}
