/** Stating things together with what else must become true: one transaction, one decision, under the write lock. */
import type { Knex } from 'knex'
import { checkObservation, Problems } from './check.ts'
import { membersByKey, membersByKeys, type StoredMember } from './observation/store.ts'
import { ensureSource, ownSource, toMember, type SourceDefinition } from './origin.ts'
import { editKey, keyOf, type Member, type MemberKey } from './reconcile/member.ts'
import type { Actor, LinkClaim, Observation, ResourceId } from './resource.ts'
import { transact, type Transacting } from './transact.ts'
import type { Stated, StateRequest, WriteResult } from './verbs.ts'
import { write } from './write/pipeline.ts'

const definitionOf = (name: string): SourceDefinition => ({
  name,
  driver: 'plenum',
  role: 'intent',
  precedence: 100,
  authoritative: true,
  control: false,
})

export function state<T extends object>(
  transacting: Transacting,
  request: StateRequest<T>,
  by: Actor,
): Promise<WriteResult & T> {
  return transact(transacting, by, request.dryRun, async (trx, at) => {
    // First: what is decided on must not have events of this transaction in it.
    const stated = await request.decide(trx, at)
    const source = await ensureSource(trx, definitionOf(request.source), by, at)
    const problems = new Problems()
    const checked = stated.items.map((item) => ({
      ...checkObservation(item, item.key, problems),
      key: item.key,
    }))
    problems.end()
    const known = await membersByKey(trx, source.id, [...checked.map(({ key }) => key), ...stated.gone])
    const before = new Map(known.map((member) => [member.key, member]))
    const changed = checked.map((observation): Member => ({
      ...toMember(observation, source, at),
      resourceId: before.get(observation.key)?.resourceId ?? null,
      firstSeenAt: before.get(observation.key)?.firstSeenAt ?? at.getTime(),
    }))
    const gone = new Set(stated.gone)
    const held = await editsOf(trx, stated, by, at)
    const result = await write(
      trx,
      {
        changed: [...changed, ...held.changed],
        removed: [...known.filter(({ key }) => gone.has(key)), ...held.removed],
        stored: new Map(
          [...known, ...held.stored].map((member): [MemberKey, StoredMember] => [keyOf(member), member]),
        ),
        strict: request.mayWait !== true,
        intent: true,
      },
      // Who may do what was decided before: what follows from it is not for the viewer's own scope.
      { name: by.name },
      at,
    )
    const keys = checked.map(({ key }) => key)
    const ids = new Map(
      (await membersByKey(trx, source.id, keys)).map((member) => [member.key, member.resourceId]),
    )
    return { ...result, ...(await request.after(trx, ids, at)) }
  })
}

/** Whom a resource belongs to, said and unsaid as an edit of it. */
async function editsOf(
  trx: Knex.Transaction,
  { hold = [], letGo = [] }: Stated,
  by: Actor,
  at: Date,
): Promise<{ changed: Member[]; removed: StoredMember[]; stored: StoredMember[] }> {
  if (hold.length + letGo.length === 0) return { changed: [], removed: [], stored: [] }
  const own = await ensureSource(trx, ownSource, by, at)
  const asked = [...hold.map(({ id }) => id), ...letGo.map(({ id }) => id)]
  const stored = await membersByKeys(
    trx,
    asked.map((id) => ({ sourceId: own.id, key: editKey(id) })),
  )
  const known = new Map(stored.map((member) => [member.key, member]))
  const toEdit = (id: ResourceId, kind: Observation['kind'], links: LinkClaim[]): Member => {
    const before = known.get(editKey(id))
    const rest = before ?? { kind, name: '', fields: {}, attributes: {}, labels: {} }
    const member = toMember({ ...rest, key: editKey(id), links } as Observation, own, at)
    return { ...member, resourceId: id, firstSeenAt: before?.firstSeenAt ?? at.getTime() }
  }
  const linksOf = (id: ResourceId) =>
    (known.get(editKey(id))?.links ?? []).filter(({ type }) => type !== 'OWNED_BY')
  const changed = hold.map(({ id, kind, tenantId }) =>
    toEdit(id, kind, [...linksOf(id), { type: 'OWNED_BY', to: { id: tenantId } }]),
  )
  const removed: StoredMember[] = []
  for (const { id, kind } of letGo) {
    const before = known.get(editKey(id))
    if (before === undefined) continue
    if (isEmpty(before) && linksOf(id).length === 0) removed.push(before)
    else changed.push(toEdit(id, kind, linksOf(id)))
  }
  return { changed, removed, stored }
}

/** Whether an edit says nothing but links. */
const isEmpty = (member: StoredMember): boolean =>
  member.name === '' &&
  member.status === undefined &&
  member.owner === undefined &&
  member.contact === undefined &&
  [member.fields, member.labels, member.attributes].every((part) => Object.keys(part ?? {}).length === 0)
