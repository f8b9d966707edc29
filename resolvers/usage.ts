import { getRef, graphOf, see, toGrid, type TimeRangeInput } from '../src/api/schema/read.ts'
import type { UsageKey, UsageRecord, KindName } from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput } from '../src/errors.ts'

interface UsageArguments {
  tenant?: string | null
  kind?: KindName[] | null
  range: TimeRangeInput
  by: UsageKey[]
}

export const using = {
  Query: {
    async usage(_: unknown, { tenant, kind, range, by }: UsageArguments, context: Context) {
      if (new Set(by).size < by.length) throw invalidInput('by names the same twice', 'by')
      const graph = await graphOf(context, null)
      const { from, to } = toGrid(range, null, '')
      const tenants = await tenantsOf(context, tenant)
      const records = await context.usage.read({
        ...{ from, to, by },
        ...(tenants === undefined ? {} : { tenants }),
        ...(kind == null ? {} : { kinds: kind }),
        idOf: (id) => graph.get(id)?.id ?? id,
      })
      const names = await namesOf(context, records)
      return records.map((record) => ({
        ...record,
        tenant: see(context, graph, graph.get(record.tenantId ?? 0)),
        tenantName: names.get(record.tenantId ?? 0) ?? null,
        currency: record.cost === null ? null : context.usage.currency || null,
      }))
    },
  },
}

/** Those asked for, of those that the viewer may know of. */
async function tenantsOf(context: Context, ref: string | null | undefined): Promise<number[] | undefined> {
  const own = context.viewer.tenants
  if (ref == null) return own === undefined ? undefined : [...own]
  const { id } = await getRef(context, context.graph, ref, { path: 'tenant', type: 'Tenant' })
  return own === undefined || own.has(id) ? [id] : []
}

/** Also of those that are no longer: a bill has a name. */
async function namesOf(context: Context, records: readonly UsageRecord[]): Promise<Map<number, string>> {
  const ids = [...new Set(records.flatMap(({ tenantId }) => tenantId ?? []))]
  const known = new Map(
    ids.flatMap((id): [number, string][] => {
      const vertex = context.graph.get(id)
      return vertex === undefined ? [] : [[id, vertex.name]]
    }),
  )
  const gone = ids.filter((id) => !known.has(id))
  if (gone.length === 0) return known
  for (const [id, { name }] of await context.resources.goneOf(gone)) known.set(id, name)
  return known
}
