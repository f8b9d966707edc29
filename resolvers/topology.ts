import {
  connectMembers,
  getRef,
  graphOf,
  mapAll,
  see,
  toTopology,
  viewId,
  visibleTo,
  type KindName,
  type LinkType,
  type TopologyOptions,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput, limitExceeded } from '../src/errors.ts'

interface TopologyArguments {
  root: string[]
  depth?: number | null
  type?: LinkType[] | null
  kind?: KindName[] | null
  collapse?: KindName[] | null
  groupBy?: KindName | null
  maxDegree?: number | null
  limit?: number | null
  asOf?: number | null
}

const bounds = { depth: 20, maxDegree: 10_000, limit: 10_000 } as const
const mostRoots = 100

function checkBounds(args: TopologyArguments): void {
  for (const [name, most] of Object.entries(bounds) as [keyof typeof bounds, number][]) {
    const value = args[name]
    if (value == null) continue
    if (value < 0) throw invalidInput(`${name} must be 0 or more; it is ${value}`, name)
    if (value > most)
      throw limitExceeded(`topology.${name}`, most, `${name} may be at most ${most}; it is ${value}`, value)
  }
  const { length } = args.root
  if (length === 0) throw invalidInput('Name at least one root', 'root')
  if (length > mostRoots)
    throw limitExceeded('topology.root', mostRoots, `At most ${mostRoots} roots; these are ${length}`, length)
}

async function topology(_: unknown, args: TopologyArguments, context: Context) {
  checkBounds(args)
  const graph = await graphOf(context, args.asOf)
  const root = await mapAll(args.root, (ref, index) =>
    getRef(context, graph, ref, { path: `root[${index}]` }),
  )
  const { nodes, links, truncated } = toTopology(graph, {
    ...optionsOf(args),
    root,
    ...visibleTo(context),
    signal: context.signal,
  })
  return {
    nodes: nodes.map((node) => ({
      ...node,
      node: see(context, graph, node.vertex),
      group: node.group === null ? null : viewId(graph, node.group),
    })),
    links: links.map((link) => ({
      ...link,
      from: viewId(graph, link.from.id),
      to: viewId(graph, link.to.id),
      members: connectMembers(context, graph, link.id, link.members),
    })),
    truncated,
    cursor: graph.cursor,
  }
}

/** The arguments that are given; null is as good as absent. */
function optionsOf({
  depth,
  type,
  kind,
  collapse,
  groupBy,
  maxDegree,
  limit,
}: TopologyArguments): Omit<TopologyOptions, 'root'> {
  const options = { depth, type, kind, collapse, groupBy, maxDegree, limit }
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value != null))
}

export const picture = { Query: { topology } }
