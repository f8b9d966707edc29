/** Which resources somebody means: a rule, a policy. Names that nothing has select nothing. */
import { z } from 'zod'
import { isKindName, type KindName } from '../resource/kind/index.ts'
import { linkTypes, type LinkType } from '../resource/kind/link.ts'
import { statuses, type ResourceId, type ResourceStatus } from '../resource/resource.ts'
import { select, type Filter } from './filter.ts'
import type { Graph, Vertex } from './graph.ts'

export interface LabelSelector {
  key: string
  value?: string | undefined
  in?: string[] | undefined
  exists?: boolean | undefined
}

/** Which resources: all given conditions hold. Names of tenants, sites and sources, or their ids. */
export interface Selector {
  and?: Selector[] | undefined
  or?: Selector[] | undefined
  not?: Selector | undefined
  kind?: string[] | undefined
  /** A glob: `icn1-*`. */
  name?: string | undefined
  status?: string[] | undefined
  label?: LabelSelector[] | undefined
  tenant?: string[] | undefined
  site?: string[] | undefined
  source?: string[] | undefined
  /** Values that fields have: `{ adminStatus: [UP] }`. */
  fields?: Record<string, (string | number | boolean)[]> | undefined
  linked?:
    | {
        type?: string | undefined
        direction?: 'IN' | 'OUT' | 'BOTH' | undefined
        depth?: number | undefined
        to?: Selector | undefined
      }
    | undefined
}

const names = z.array(z.string().min(1)).min(1)
const scalar = z.union([z.string(), z.number(), z.boolean()])

/** As people write it, strict. */
export const selectorShape: z.ZodType<Selector> = z.lazy(() =>
  z.strictObject({
    and: z.array(selectorShape).optional(),
    or: z.array(selectorShape).min(1).optional(),
    not: selectorShape.optional(),
    kind: names.refine((kinds) => kinds.every(isKindName), 'not a kind').optional(),
    name: z.string().min(1).max(300).optional(),
    status: z.array(z.enum(statuses)).min(1).optional(),
    label: z
      .array(
        z.strictObject({
          key: z.string().min(1),
          value: z.string().optional(),
          in: z.array(z.string()).optional(),
          exists: z.boolean().optional(),
        }),
      )
      .min(1)
      .optional(),
    tenant: names.optional(),
    site: names.optional(),
    source: names.optional(),
    fields: z.record(z.string(), z.array(scalar).min(1)).optional(),
    linked: z
      .strictObject({
        type: z.enum(linkTypes as [string, ...string[]]).optional(),
        direction: z.enum(['IN', 'OUT', 'BOTH']).optional(),
        depth: z.number().int().min(1).max(8).optional(),
        to: selectorShape.optional(),
      })
      .optional(),
  }),
)

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
