/** What a person calls by a name, or by its id. */
import { z } from 'zod'
import { SourceError } from '../../source.ts'
import type { Service } from '../service.ts'

const named = z.looseObject({ id: z.string().min(1), name: z.string().nullish() })
const byId = (one: { id: string }): string => one.id

/** The id of the only one that is called so. */
export async function findNamed(
  service: Service,
  path: string,
  list: string,
  name: string,
  signal: AbortSignal,
): Promise<string> {
  if (/^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(name)) return name
  const found = await service.list({ path, list, shape: named, markerOf: byId, query: { name } }, signal)
  return only(
    found.filter((one) => one.name === name),
    list,
    name,
  )
}

/** Flavors cannot be asked for by their name. */
export async function findFlavor(service: Service, name: string, signal: AbortSignal): Promise<string> {
  const all = await service.list(
    { path: 'flavors/detail', list: 'flavors', shape: named, markerOf: byId },
    signal,
  )
  return only(
    all.filter((one) => one.name === name || one.id === name),
    'flavors',
    name,
  )
}

function only(found: readonly { id: string }[], list: string, name: string): string {
  const what = list.replace(/s$/, '').replace('_', ' ')
  if (found.length === 0) throw new SourceError('bad', `there is no ${what} ${name}`)
  if (found.length > 1)
    throw new SourceError('bad', `there are ${found.length} of ${what} ${name}: say its id`)
  return found[0]!.id
}
