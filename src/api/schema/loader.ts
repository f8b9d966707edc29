/** What is not in memory, read in batches: one SQL statement for all rows of a level. Made per request. */
import DataLoader from 'dataloader'
import type { Context } from '../../context.ts'
import type { LinkImage, ResourceId } from '../../resource/resource.ts'
import type { HistoryEntry, Page, PageOf } from '../../resource/verbs.ts'

type Batch<T> = DataLoader<ResourceId, T>

const loaders = new WeakMap<Context, ReturnType<typeof startLoaders>>()

export function loadersOf(context: Context): ReturnType<typeof startLoaders> {
  const known = loaders.get(context)
  if (known) return known
  const made = startLoaders(context)
  loaders.set(context, made)
  return made
}

function startLoaders(context: Context) {
  const { resources } = context
  const histories = new Map<string, Batch<PageOf<HistoryEntry>>>()
  return {
    attributes: byId(
      (ids) => resources.attributesOf(ids),
      () => ({}),
    ),
    origins: byId(
      (ids) => resources.originsOf(ids),
      () => [],
    ),
    provenance: byId(
      (ids) => resources.provenanceOf(ids),
      () => [],
    ),
    drift: byId(
      (ids) => resources.driftOf(ids),
      () => [],
    ),
    conflicts: byId(
      (ids) => resources.conflictsOf(ids),
      () => [],
    ),
    link: new DataLoader(
      (links: readonly Pick<LinkImage, 'type' | 'from' | 'to'>[]) => resources.linkDetailsOf(links),
      { cacheKeyFn: ({ type, from, to }) => `${type}.${from}.${to}` },
    ),
    sourceState: byId(
      () => resources.sourceStates(),
      () => null,
    ),
    key: new DataLoader((keys: readonly { source: string; key: string }[]) => resources.findByKeys(keys), {
      cacheKeyFn: ({ source, key }) => `${source}\0${key}`,
    }),
    /** One loader a page: rows of a level share their arguments. */
    history(page: Page): Batch<PageOf<HistoryEntry>> {
      const name = `${page.first} ${page.after ?? ''}`
      const known = histories.get(name)
      if (known) return known
      const made = byId(
        (ids) => resources.historyOf(ids, page),
        () => ({
          items: [],
          hasNextPage: false,
          totalCount: 0,
        }),
      )
      histories.set(name, made)
      return made
    },
  }
}

function byId<T, E>(
  read: (ids: readonly ResourceId[]) => Promise<Map<ResourceId, T>>,
  empty: () => E,
): Batch<T | E> {
  return new DataLoader<ResourceId, T | E>(async (ids) => {
    const found = await read(ids)
    return ids.map((id) => found.get(id) ?? empty())
  })
}
