/** What people change by hand: values, links, which origins are one thing. It is intent of the built-in source `plenum`. */
import type { Knex } from 'knex'
import { invalidInput, notFound, PlenumError } from '../errors.ts'
import { checkObservation, Problems } from './check.ts'
import { linkDefinition, type LinkType } from './kind/link.ts'
import { linksAlong } from './link/store.ts'
import { membersByKeys, membersOfResources, type StoredMember } from './observation/store.ts'
import { ensureSource, ownSource, toMember } from './origin.ts'
import { editKey, keyOf, memberKey, type Member } from './reconcile/member.ts'
import { findByIds } from './ref/store.ts'
import type { Actor, LinkClaim, Observation, ResourceId } from './resource.ts'
import { loadRows, type ResourceRow } from './store.ts'
import { transact, type Transacting } from './transact.ts'
import type { UpdateRequest, WriteResult } from './verbs.ts'
import { write } from './write/pipeline.ts'
import { resolveLinks } from './write/target.ts'

type Set = UpdateRequest['items'][number]['set']

export function update(transacting: Transacting, request: UpdateRequest, by: Actor): Promise<WriteResult> {
  return transact(transacting, by, request.dryRun, async (trx, at) => {
    const own = await ensureSource(trx, ownSource, by, at)
    const rows = await existing(
      trx,
      request.items.map(({ id, path }) => ({ id, path })),
    )
    const problems = new Problems()
    const before = new Map(
      (
        await membersByKeys(
          trx,
          rows.map((row) => ({ sourceId: own.id, key: editKey(row.id) })),
        )
      ).map((member) => [member.key, member]),
    )
    const changed = request.items.map((item, index): Member => {
      const row = rows[index]!
      guardGeneration(row, item.ifGeneration)
      const known = before.get(editKey(row.id))
      const observation = applySet(row, known, item.set, item.path, problems)
      return {
        ...toMember(observation, own, at),
        resourceId: row.id,
        firstSeenAt: known?.firstSeenAt ?? at.getTime(),
      }
    })
    problems.end()
    refuseDoubles(changed)
    const stored = new Map([...before.values()].map((member) => [keyOf(member), member]))
    return write(
      trx,
      { changed, removed: [], stored, rows, strict: true, intent: true, pathOf: () => 'input' },
      by,
      at,
    )
  })
}

/** Rows by the ids that were asked, merged-away ids followed. NOT_FOUND names the first that is not there. */
export async function existing(
  trx: Knex,
  asked: readonly { id: ResourceId; path: string }[],
): Promise<ResourceRow[]> {
  const rows = await loadRows(
    trx,
    asked.map(({ id }) => id),
  )
  const merged = asked.flatMap(({ id }) => (rows.has(id) ? [] : [id]))
  const found = merged.length === 0 ? undefined : await findByIds(trx, merged)
  if (found !== undefined)
    for (const [id, row] of await loadRows(
      trx,
      [...found.values()].map(({ id }) => id),
    ))
      rows.set(id, row)
  return asked.map(({ id, path }) => {
    const row = rows.get(found?.get(id)?.id ?? id)
    if (row === undefined) throw notFound(`There is no resource ${id}`, path)
    return row
  })
}

function guardGeneration(row: ResourceRow, ifGeneration: number | undefined): void {
  if (ifGeneration === undefined || ifGeneration === row.generation) return
  throw new PlenumError(
    'CONFLICT',
    `${row.kind} ${row.name} is at generation ${row.generation}, not ${ifGeneration}: read it again and decide anew`,
    {
      reason: 'REVISION',
      current: { id: String(row.id), revision: row.revision, generation: row.generation },
    },
  )
}

function refuseDoubles(members: readonly Member[]): void {
  const seen = new Map<string, number>()
  members.forEach((member, index) => {
    const known = seen.get(member.key)
    if (known !== undefined)
      throw invalidInput(
        `items ${known} and ${index} are the same resource: state it once`,
        `input.items[${index}]`,
      )
    seen.set(member.key, index)
  })
}

/** The edit of a resource with what is set now; what earlier edits set stays. An empty name says nothing about the name. */
function applySet(
  row: ResourceRow,
  known: Member | undefined,
  set: Set,
  path: string,
  problems: Problems,
): Observation {
  const checked = checkObservation(
    { kind: row.kind, ...set, name: set.name ?? row.name } as Observation,
    path,
    problems,
    'part',
  )
  const labels = Object.fromEntries(Object.entries({ ...known?.labels, ...set.labels }))
  return {
    key: editKey(row.id),
    kind: row.kind,
    name: set.name ?? known?.name ?? '',
    ...pick('status', set, known),
    ...pick('owner', set, known),
    ...pick('contact', set, known),
    labels: labels as Record<string, string>,
    fields: { ...known?.fields, ...checked.fields },
    attributes: { ...known?.attributes, ...set.attributes },
    links: addLinks(known?.links ?? [], set.links ?? []),
  }
}

function pick<K extends 'status' | 'owner' | 'contact'>(
  name: K,
  set: Set,
  known: Member | undefined,
): Partial<Pick<Observation, K>> {
  const value = set[name] === undefined ? known?.[name] : set[name]
  return value === undefined ? {} : ({ [name]: value } as Partial<Pick<Observation, K>>)
}

/** A later link of a single type takes the place of an earlier one; the same link is kept once. */
function addLinks(known: readonly LinkClaim[], added: readonly LinkClaim[]): LinkClaim[] {
  const replaced = new Set(
    added
      .filter((link) => linkDefinition(link.type)?.single && link.direction !== 'in')
      .map((link) => link.type),
  )
  const same = new Set(added.map((link) => JSON.stringify([link.type, link.direction ?? 'out', link.to])))
  const kept = known.filter(
    (link) =>
      !(replaced.has(link.type) && link.direction !== 'in') &&
      !same.has(JSON.stringify([link.type, link.direction ?? 'out', link.to])),
  )
  return [...kept, ...added]
}

export interface DeleteRequest {
  ids: { id: ResourceId; ifGeneration?: number }[]
  cascade: boolean
  dryRun: boolean
}

/** Ends all that people said of the resources. */
export function remove(transacting: Transacting, request: DeleteRequest, by: Actor): Promise<WriteResult> {
  return transact(transacting, by, request.dryRun, async (trx, at) => {
    const rows = await existing(
      trx,
      request.ids.map(({ id }, index) => ({ id, path: `input.items[${index}].ref` })),
    )
    rows.forEach((row, index) => guardGeneration(row, request.ids[index]!.ifGeneration))
    const ids = await withParts(
      trx,
      rows.map((row) => row.id),
      request.cascade,
    )
    const members = await membersOfResources(trx, ids)
    const removed = members.filter((member) => member.role === 'intent')
    for (const row of rows) {
      if (removed.some((member) => member.resourceId === row.id)) continue
      const observers = members
        .filter((member) => member.resourceId === row.id)
        .map((member) => member.sourceName)
      throw new PlenumError(
        'CONFLICT',
        `${row.kind} ${row.name} was not stated by anyone: it ends when ${observers.join(', ')} no longer lists it`,
        { reason: 'STATE' },
      )
    }
    return write(trx, { changed: [], removed, strict: true, intent: true }, by, at)
  })
}

/** The resources and, with `cascade`, all that stands in them or is a part of them; else that must not be there. */
async function withParts(
  trx: Knex.Transaction,
  ids: readonly ResourceId[],
  cascade: boolean,
): Promise<ResourceId[]> {
  const all = new Set(ids)
  let border = [...ids]
  while (border.length > 0) {
    const below = (await linksAlong(trx, border, ['LOCATED_IN', 'PART_OF'], 'down')).filter(
      (link) => !all.has(link.from),
    )
    if (below.length > 0 && !cascade) throw await stillHolds(trx, below)
    border = [...new Set(below.map((link) => link.from))]
    for (const id of border) all.add(id)
  }
  return [...all]
}

async function stillHolds(
  trx: Knex.Transaction,
  below: readonly { type: LinkType; from: ResourceId; to: ResourceId }[],
): Promise<PlenumError> {
  const [first] = below
  const rows = await loadRows(trx, [first!.from, first!.to])
  const [part, whole] = [rows.get(first!.from)!, rows.get(first!.to)!]
  return new PlenumError(
    'CONFLICT',
    `${whole.kind} ${whole.name} still holds ${part.kind} ${part.name}${below.length > 1 ? ` and ${below.length - 1} more` : ''}: move them, or send cascade to delete them with it`,
    { reason: 'STATE' },
  )
}

/** Takes a link out of all that people said. What a source observes cannot be taken away. */
export function removeLink(
  transacting: Transacting,
  request: { type: LinkType; from: ResourceId; to: ResourceId; dryRun: boolean },
  by: Actor,
): Promise<WriteResult> {
  return transact(transacting, by, request.dryRun, async (trx, at) => {
    const [from, to] = (await existing(trx, [
      { id: request.from, path: 'input.from' },
      { id: request.to, path: 'input.to' },
    ])) as [ResourceRow, ResourceRow]
    const members = await membersOfResources(trx, [from.id, to.id])
    const claimed = await claimantsOfLink(trx, members, request.type, from.id, to.id)
    if (claimed.length === 0)
      throw notFound(`There is no link ${request.type} from ${from.name} to ${to.name}`)
    const observer = claimed.find(({ member }) => member.role === 'observed')
    if (observer)
      throw new PlenumError(
        'CONFLICT',
        `The source ${observer.member.sourceName} observes this link: it ends when the source no longer sees it`,
        { reason: 'STATE' },
      )
    const byMember = Map.groupBy(claimed, ({ member }) => member)
    const changed = [...byMember].map(([member, claims]) => ({
      ...member,
      links: (member.links ?? []).filter((link) => !claims.some(({ claim }) => claim === link)),
      changedAt: at.getTime(),
    }))
    return write(trx, { changed, removed: [], strict: true, intent: true }, by, at)
  })
}

async function claimantsOfLink(
  trx: Knex.Transaction,
  members: readonly StoredMember[],
  type: LinkType,
  from: ResourceId,
  to: ResourceId,
): Promise<{ member: StoredMember; claim: LinkClaim }[]> {
  const resolved = await resolveLinks(trx, members, new Map(), {
    strict: false,
    problems: new Problems(),
    pathOf: (member) => member.key,
  })
  const targets = [...resolved.values()]
    .flat()
    .flatMap(({ sourceId, key }) => (sourceId === null || key === null ? [] : [{ sourceId, key }]))
  const byKey = new Map(
    (await membersByKeys(trx, targets)).map((member) => [keyOf(member), member.resourceId]),
  )
  const symmetric = linkDefinition(type).symmetric === true
  return members.flatMap((member) =>
    (resolved.get(keyOf(member)) ?? []).flatMap(({ claim, sourceId, key, id }) => {
      const other =
        id ?? (sourceId === null || key === null ? undefined : byKey.get(memberKey(sourceId, key)))
      if (claim.type !== type || other === undefined) return []
      const [start, end] = claim.direction === 'in' ? [other, member.resourceId] : [member.resourceId, other]
      return (start === from && end === to) || (symmetric && start === to && end === from)
        ? [{ member, claim }]
        : []
    }),
  )
}
