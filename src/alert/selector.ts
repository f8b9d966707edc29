/** Which resources a rule is about. Names that nothing has select nothing. */
import { select, type Filter } from '../graph/filter.ts'
import type { Graph, Vertex } from '../graph/graph.ts'
import type { KindName } from '../resource/kind/index.ts'
import type { LinkType } from '../resource/kind/link.ts'
import type { ResourceId, ResourceStatus } from '../resource/resource.ts'
import type { Selector } from './rule/rule.ts'

/** Ascending by id. */
export const selected = (graph: Graph, selector: Selector): readonly Vertex[] =>
  select(graph, 'Resource', toFilter(graph, selector))

export function toFilter(graph: Graph, selector: Selector): Filter {
  const { and, or, not, kind, name, status, label, tenant, site, source, fields, linked } = selector
  const deeper = (one: Selector): Filter => toFilter(graph, one)
  return {
    ...(and === undefined ? {} : { and: and.map(deeper) }),
    ...(or === undefined ? {} : { or: or.map(deeper) }),
    ...(not === undefined ? {} : { not: deeper(not) }),
    ...(kind === undefined ? {} : { kind: new Set(kind as KindName[]) }),
    ...(name === undefined ? {} : { name: { glob: name } }),
    ...(status === undefined ? {} : { status: new Set(status as ResourceStatus[]) }),
    ...(label === undefined
      ? {}
      : {
          labels: label.map(({ value = null, in: any = null, exists = null, key }) => ({
            key,
            value,
            in: any,
            exists,
          })),
        }),
    ...(tenant === undefined ? {} : { tenant: named(graph, 'Tenant', tenant) }),
    ...(site === undefined ? {} : { site: named(graph, 'Site', site) }),
    ...(source === undefined ? {} : { source: named(graph, 'Source', source) }),
    ...(fields === undefined
      ? {}
      : {
          fields: Object.fromEntries(
            Object.entries(fields).map(([field, values]) => [field, { oneOf: new Set(values) }]),
          ),
        }),
    ...(linked === undefined
      ? {}
      : {
          linked: {
            to: deeper(linked.to ?? {}),
            direction: (linked.direction ?? 'BOTH').toLowerCase() as 'in' | 'out' | 'both',
            depth: linked.depth ?? 1,
            ...(linked.type === undefined ? {} : { type: linked.type as LinkType }),
          },
        }),
  }
}

/** By name or id. */
const named = (graph: Graph, kind: KindName, names: readonly string[]): Set<ResourceId> =>
  new Set(
    names.flatMap((name) => [
      ...(/^\d+$/.test(name) ? [Number(name)] : []),
      ...graph
        .ofType(kind)
        .filter((vertex) => vertex.name === name)
        .map(({ id }) => id),
    ]),
  )
