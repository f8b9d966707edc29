/**
 * Terminology
 * - view: a resource as this viewer sees it, in the graph of one instant. What resolvers of resource types get as their source.
 */
import type { Context } from '../../context.ts'
import type { Graph, GraphLink, Vertex } from '../../graph/graph.ts'
import { access, seesAll, type Access } from '../../graph/scope.ts'
import { formatVersionId } from '../../resource/ref.ts'

export class View {
  readonly graph: Graph
  readonly vertex: Vertex
  readonly access: Access

  constructor(graph: Graph, vertex: Vertex, seen: Access) {
    this.graph = graph
    this.vertex = vertex
    this.access = seen
  }

  get id(): string {
    return formatVersionId(this.vertex.id, this.graph.asOf)
  }
}

export class LinkView {
  readonly graph: Graph
  readonly link: GraphLink

  constructor(graph: Graph, link: GraphLink) {
    this.graph = graph
    this.link = link
  }

  get id(): string {
    const { type, from, to } = this.link
    const id = `${type}.${from.id}.${to.id}`
    return this.graph.asOf === null ? id : `${id}@${new Date(this.graph.asOf).toISOString()}`
  }
}

/** The vertex for this viewer; null when it is absent or invisible. */
export function see(context: Context, graph: Graph, vertex: Vertex | undefined | null): View | null {
  const seen = vertex ? access(context.viewer, vertex) : null
  return seen === null ? null : new View(graph, vertex!, seen)
}

export const seeId = (context: Context, graph: Graph, id: number | null): View | null =>
  id === null ? null : see(context, graph, graph.get(id))

export function seeAll(context: Context, graph: Graph, vertices: readonly Vertex[]): View[] {
  const views: View[] = []
  for (const vertex of vertices) {
    const view = see(context, graph, vertex)
    if (view !== null) views.push(view)
  }
  return views
}

/** The first of them that the viewer may see. */
export function seeFirst(context: Context, graph: Graph, vertices: readonly Vertex[]): View | null {
  for (const vertex of vertices) {
    const view = see(context, graph, vertex)
    if (view !== null) return view
  }
  return null
}

/** A link is visible when both of its ends are. */
export function canSeeLink(context: Context, link: GraphLink): boolean {
  return access(context.viewer, link.from) !== null && access(context.viewer, link.to) !== null
}

export const seeLinks = (context: Context, graph: Graph, links: readonly GraphLink[]): LinkView[] =>
  links.filter((link) => canSeeLink(context, link)).map((link) => new LinkView(graph, link))

/** Those of a list that the viewer may see at all. */
export const visibleOf = (context: Context, vertices: readonly Vertex[]): readonly Vertex[] =>
  seesAll(context.viewer) ? vertices : vertices.filter((vertex) => access(context.viewer, vertex) !== null)

/** The same as an option of walks; nothing when the viewer sees all. */
export const visibleTo = (context: Context): { visible?: (vertex: Vertex) => boolean } =>
  seesAll(context.viewer) ? {} : { visible: (vertex) => access(context.viewer, vertex) !== null }

/** The id of a resource as answers from this graph show it. */
export const viewId = (graph: Graph, id: number): string => formatVersionId(id, graph.asOf)
