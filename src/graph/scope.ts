/**
 * Who may see what. The one place that decides it. A viewer without tenants sees everything, of the graph itself. One with tenants is given a graph in
 * which the rest is not there, and `access` says how much of what is in it is shown. docs/access.md says what that is and why.
 */
import type { Viewer } from '../context.ts'
import type { Graph, Vertex } from './graph.ts'
import { MemoryGraph } from './memory.ts'
import { NamedVertex } from './named.ts'
import { ScopedGraph } from './scoped.ts'
import { Tenancies, type Tenancy } from './tenancy.ts'

export { carries } from './tenancy.ts'

/** FULL: everything. NAME_ONLY: id, kind, name, status, health. */
export type Access = 'FULL' | 'NAME_ONLY'

/** How much of a resource the viewer may see; null: nothing, not even that it is there. What is not from the viewer's own graph is at most FULL when a tenant of theirs holds it. */
export function access({ tenants }: Pick<Viewer, 'tenants'>, vertex: Vertex): Access | null {
  if (vertex instanceof NamedVertex) return 'NAME_ONLY'
  if (tenants === undefined) return 'FULL'
  const { tenantId } = vertex
  if (tenantId !== null && tenants.has(tenantId)) return 'FULL'
  return vertex.kind.name === 'Tenant' && tenants.has(vertex.id) ? 'FULL' : null
}

/** Whether nothing at all is hidden from the viewer, so that lists need not be looked through. */
export const seesAll = ({ tenants }: Pick<Viewer, 'tenants'>): boolean => tenants === undefined

const scopes = new WeakMap<Tenancy, ScopedGraph>()

/** The graph as the viewer may know it; the graph itself when that is all of it. The same object each time, as long as it is in use. */
export function scopeGraph<G extends Graph>({ tenants }: Pick<Viewer, 'tenants'>, graph: G): G | ScopedGraph {
  if (tenants === undefined || graph instanceof ScopedGraph) return graph
  if (!(graph instanceof MemoryGraph)) throw new Error('only a graph in memory can be scoped')
  graph.tenancies ??= new Tenancies(graph)
  const tenancy = graph.tenancies.of(tenants)
  let scoped = scopes.get(tenancy)
  if (scoped === undefined) scopes.set(tenancy, (scoped = new ScopedGraph(graph, tenancy)))
  return scoped
}
