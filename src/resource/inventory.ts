/** Taking in what people write: the whole input is read and checked before anything is touched, then written in one transaction. */
import { invalidInput, PlenumError } from '../errors.ts'
import { checkKey, checkObservation, Problems } from './check.ts'
import { defaultKeyOf } from './key.ts'
import { membersByKey, membersOfSource, type SourceRow, type StoredMember } from './observation/store.ts'
import { ensureSource, inventorySource, ownSource, toMember } from './origin.ts'
import { keyOf, type Member, type MemberKey } from './reconcile/member.ts'
import type { Actor, Observation } from './resource.ts'
import { transact, type Transacting } from './transact.ts'
import type { ImportRequest, InventoryItem, WriteResult } from './verbs.ts'
import { each } from './write/breathe.ts'
import { hashOf } from './write/hash.ts'
import { write } from './write/pipeline.ts'

/** More than this share and this many gone at once is not believed without `acceptVanished`. */
export const vanishingShare = 0.05
export const vanishingCount = 20

interface Item {
  observation: Observation
  path: string
}

export async function importInventory(
  transacting: Transacting,
  request: ImportRequest,
  by: Actor,
): Promise<WriteResult> {
  const items = await readItems(request)
  return transact(transacting, by, request.dryRun, async (trx, at) => {
    const source = await ensureSource(trx, inventorySource(request.source), by, at)
    if (source.role !== 'intent' || source.driver === ownSource.driver)
      throw invalidInput(`"${request.source}" is no inventory: take another name`, 'input.source')
    const known =
      request.mode === 'replace'
        ? await membersOfSource(trx, source.id)
        : await membersByKey(trx, source.id, [...items.keys()])
    const { changed, stored, paths, unchanged } = await changedOf(items, known, source, at)
    const removed = request.mode === 'replace' ? known.filter((member) => !items.has(member.key)) : []
    if (!request.acceptVanished) refuseVanishing(removed, known.length)
    return write(
      trx,
      {
        changed,
        stored,
        removed,
        unchanged,
        strict: true,
        intent: true,
        pathOf: (member) => paths.get(keyOf(member)) ?? member.key,
      },
      by,
      at,
    )
  })
}

function refuseVanishing(removed: readonly StoredMember[], known: number): void {
  if (removed.length <= vanishingCount || removed.length <= known * vanishingShare) return
  throw new PlenumError(
    'CONFLICT',
    `${removed.length} of ${known} things would end: when that is meant, send acceptVanished`,
    { reason: 'STATE', path: 'input.acceptVanished' },
  )
}

async function readItems({ items, signal }: ImportRequest): Promise<Map<string, Item>> {
  const problems = new Problems()
  const read = new Map<string, Item>()
  for await (const batch of items) {
    signal.throwIfAborted()
    await each(batch, (item) => readItem(item, read, problems))
    if (problems.isFull) break
  }
  problems.end()
  return read
}

function readItem({ path, key, ...item }: InventoryItem, read: Map<string, Item>, problems: Problems): void {
  const checked = checkObservation(item, path, problems)
  const own = key ?? defaultKeyOf(checked)
  const known = read.get(own)
  if (known !== undefined) {
    return problems.add(
      path,
      `the key "${own.slice(0, 80)}" is that of ${known.path} already${key === undefined ? ': give them keys of their own' : ''}`,
    )
  }
  read.set(checkKey(own, `${path}.key`), { observation: { ...checked, key: own }, path })
}

async function changedOf(
  items: ReadonlyMap<string, Item>,
  known: readonly StoredMember[],
  source: SourceRow,
  at: Date,
): Promise<{
  changed: Member[]
  /** Those that were there before, as they were. */
  stored: Map<MemberKey, StoredMember>
  paths: Map<MemberKey, string>
  unchanged: number
}> {
  const before = new Map<string, StoredMember>()
  await each(known, (member) => before.set(member.key, member))
  const changed: Member[] = []
  const stored = new Map<MemberKey, StoredMember>()
  const paths = new Map<MemberKey, string>()
  let unchanged = 0
  await each(items.values(), ({ observation, path }) => {
    const old = before.get(observation.key)
    if (old !== undefined && old.hash.equals(hashOf(observation))) {
      unchanged++
      return
    }
    const member = {
      ...toMember(observation, source, at),
      resourceId: old?.resourceId ?? null,
      firstSeenAt: old?.firstSeenAt ?? at.getTime(),
    }
    changed.push(member)
    if (old !== undefined) stored.set(keyOf(member), old)
    paths.set(keyOf(member), path)
  })
  return { changed, stored, paths, unchanged }
}
