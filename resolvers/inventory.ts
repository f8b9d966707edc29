import type { GraphQLResolveInfo } from 'graphql'
import {
  getForWrite,
  mapAll,
  writeOnce,
  type Actor,
  type InventoryItem,
  type KindName,
  type LinkClaim,
  type LinkType,
  type ResourceStatus,
  type UpdateRequest,
  type WriteResult,
} from '../src/api/schema/read.ts'
import type { Context } from '../src/context.ts'
import { invalidInput, limitExceeded } from '../src/errors.ts'

interface Write {
  idempotencyKey?: string | null
  dryRun?: boolean | null
}
interface LinkInput {
  type: LinkType
  direction?: 'OUT' | 'IN' | 'BOTH' | null
  to: string
  attributes?: unknown
}
interface Said {
  name?: string | null
  status?: ResourceStatus | null
  owner?: string | null
  contact?: string | null
  labels?: { key: string; value?: string | null }[] | null
  fields?: unknown
  attributes?: unknown
  links?: LinkInput[] | null
}
interface ItemInput extends Said {
  key?: string | null
  kind: KindName
  name: string
}
interface ImportInput extends Write {
  source?: string | null
  mode?: 'MERGE' | 'REPLACE' | null
  acceptVanished?: boolean | null
  items: ItemInput[]
}
interface UpdateInput extends Write {
  items: { ref: string; ifGeneration?: number | null; changes: Said }[]
}
interface DeleteInput extends Write {
  items: { ref: string; ifGeneration?: number | null }[]
  cascade?: boolean | null
}

const mostItems = 1_000

function bounded<T>(items: T[], path: string): T[] {
  if (items.length === 0) throw invalidInput('Give at least one', path)
  if (items.length <= mostItems) return items
  throw limitExceeded(
    'importItems',
    mostItems,
    `${path} may hold at most ${mostItems}; send more to PUT /import`,
    items.length,
  )
}

/** Null in these means: says that it has none. Absent means: says nothing. */
const nullable = ['status', 'owner', 'contact'] as const

/** What an input says, without what it leaves out. */
function saidOf(said: Said, path: string) {
  const plain = Object.fromEntries(
    nullable.flatMap((name) => (said[name] === undefined ? [] : [[name, said[name]]])),
  )
  return {
    ...plain,
    ...(said.name == null ? {} : { name: said.name }),
    ...(said.fields == null ? {} : { fields: recordOf(said.fields, `${path}.fields`) }),
    ...(said.attributes == null ? {} : { attributes: recordOf(said.attributes, `${path}.attributes`) }),
    ...(said.links == null
      ? {}
      : { links: said.links.map((link, index) => toClaim(link, `${path}.links[${index}]`)) }),
  }
}

function recordOf(value: unknown, path: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw invalidInput('Must be an object', path)
}

function toClaim({ type, direction, to, attributes }: LinkInput, path: string): LinkClaim {
  if (direction === 'BOTH') throw invalidInput('A link has one direction: OUT or IN', `${path}.direction`)
  return {
    type,
    direction: direction === 'IN' ? 'in' : 'out',
    to: { ref: to },
    ...(attributes == null ? {} : { attributes: recordOf(attributes, `${path}.attributes`) }),
  }
}

function labelsOf<V>(
  labels: { key: string; value?: V }[] | null | undefined,
  path: string,
): Record<string, V | null> | undefined {
  if (labels == null) return undefined
  const found: Record<string, V | null> = {}
  for (const [index, { key, value }] of labels.entries()) {
    if (Object.hasOwn(found, key))
      throw invalidInput(`The label ${key} is given twice`, `${path}.labels[${index}].key`)
    found[key] = value ?? null
  }
  return found
}

function toItem(item: ItemInput, index: number): InventoryItem {
  const path = `input.items[${index}]`
  const labels = labelsOf(item.labels, path) as Record<string, string> | undefined
  return {
    ...saidOf(item, path),
    kind: item.kind,
    name: item.name,
    path,
    ...(item.key == null ? {} : { key: item.key }),
    ...(labels === undefined ? {} : { labels }),
  }
}

async function* once<T>(items: T[]): AsyncGenerator<T[]> {
  yield items
}

type Resolver<I> = (
  _: unknown,
  args: { input: I },
  context: Context,
  info: GraphQLResolveInfo,
) => Promise<object>

/** A mutation; `by` is who does it, with the key that makes it repeatable. */
function mutation<I extends Write>(
  run: (input: I, context: Context, dryRun: boolean, by: Actor) => Promise<WriteResult>,
): Resolver<I> {
  return async (_, { input }, context, info) =>
    writeOnce(context, input, info.fieldName, (by) => run(input, context, input.dryRun === true, by))
}

const Mutation = {
  importInventory: mutation<ImportInput>((input, { resources, signal }, dryRun, by) =>
    resources.importInventory(
      {
        source: input.source ?? 'inventory',
        mode: input.mode === 'REPLACE' ? 'replace' : 'merge',
        dryRun,
        acceptVanished: input.acceptVanished === true,
        items: once(bounded(input.items, 'input.items').map(toItem)),
        signal,
      },
      by,
    ),
  ),
  updateResources: mutation<UpdateInput>(async (input, context, dryRun, by) => {
    const items = bounded(input.items, 'input.items').map(async (item, index) =>
      toUpdate(context, item, index),
    )
    return context.resources.update({ items: await Promise.all(items), dryRun }, by)
  }),
  deleteResources: mutation<DeleteInput>(async (input, context, dryRun, by) => {
    const items = bounded(input.items, 'input.items').map(async ({ ref, ifGeneration }, index) => {
      const { id } = await getForWrite(context, ref, { path: `input.items[${index}].ref` })
      return ifGeneration == null ? { id } : { id, ifGeneration }
    })
    const request = { ids: await Promise.all(items), cascade: input.cascade === true, dryRun }
    return context.resources.delete(request, by)
  }),
  mergeResources: mutation<Write & { refs: string[]; into: string }>(async (input, context, dryRun, by) => {
    const into = await getForWrite(context, input.into, { path: 'input.into' })
    const refs = await mapAll(bounded(input.refs, 'input.refs'), (ref, index) =>
      getForWrite(context, ref, { path: `input.refs[${index}]` }),
    )
    const ids = [...new Set(refs.map((vertex) => vertex.id))].filter((id) => id !== into.id)
    if (ids.length === 0) throw invalidInput('Name at least one resource beside the survivor', 'input.refs')
    return context.resources.merge({ ids, into: into.id, dryRun }, by)
  }),
  splitResource: mutation<Write & { ref: string; origins: { source: string; key: string }[] }>(
    async (input, context, dryRun, by) => {
      const { id } = await getForWrite(context, input.ref, { path: 'input.ref' })
      const origins = bounded(input.origins, 'input.origins').map(async ({ source, key }, index) => {
        const path = `input.origins[${index}].source`
        return { sourceId: (await getForWrite(context, source, { path, type: 'Source' })).id, key }
      })
      return context.resources.split({ id, origins: await Promise.all(origins), dryRun }, by)
    },
  ),
}

async function toUpdate(
  context: Context,
  { ref, ifGeneration, changes }: UpdateInput['items'][number],
  index: number,
): Promise<UpdateRequest['items'][number]> {
  const path = `input.items[${index}]`
  const { id } = await getForWrite(context, ref, { path: `${path}.ref` })
  const labels = labelsOf(changes.labels, `${path}.changes`)
  const set = { ...saidOf(changes, `${path}.changes`), ...(labels === undefined ? {} : { labels }) }
  return { id, path, set, ...(ifGeneration == null ? {} : { ifGeneration }) }
}

export const inventory = { Mutation }
