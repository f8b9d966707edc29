/** What links point to: keys of observations where a source names its own, resources where people name them by ref or identity. */
import type { Knex } from 'knex'
import { PlenumError } from '../../errors.ts'
import type { Problems } from '../check.ts'
import { isOfType, type KindName } from '../kind/index.ts'
import { membersByKeys, sourceNames } from '../observation/store.ts'
import { findByIdentities, findByIds, findByNaturalKeys, type Found } from '../ref/store.ts'
import { parseRef, type Ref } from '../ref.ts'
import { keyOf, memberKey, type Member, type MemberKey } from '../reconcile/member.ts'
import type { LinkClaim, LinkTarget, ResourceId } from '../resource.ts'
import { each } from './breathe.ts'

/** Where a link leads: a member that is known or will be, a resource, or nothing that is known yet. */
export interface ResolvedLink {
  claim: LinkClaim
  sourceId: ResourceId | null
  key: string | null
  id: ResourceId | null
  /** Of what `id` is. */
  kind?: KindName
}

export interface TargetOptions {
  /** Intent must name what is there: anything else is a fault. Observed sources may name what comes later. */
  strict: boolean
  problems: Problems
  /** Where a member stands in the caller's input. */
  pathOf(member: Member): string
}

type IdentityTarget = Extract<LinkTarget, { identity: string }>

interface Asked {
  link: ResolvedLink
  target: LinkTarget
  path: string
  ref?: Ref
}

export async function resolveLinks(
  trx: Knex,
  members: readonly Member[],
  batch: ReadonlyMap<MemberKey, Member>,
  options: TargetOptions,
): Promise<Map<MemberKey, ResolvedLink[]>> {
  const sources = await sourceNames(trx)
  const resolved = new Map<MemberKey, ResolvedLink[]>()
  const asked: Asked[] = []
  const local = new LocalNames(batch)
  await each(members, (member) => {
    const links = (member.links ?? []).map((claim, index) => {
      const link: ResolvedLink = { claim, sourceId: null, key: null, id: null }
      asked.push({ link, target: claim.to, path: `${options.pathOf(member)}.links[${index}].to` })
      return link
    })
    resolved.set(keyOf(member), links)
    for (const one of asked.slice(asked.length - links.length)) settle(one, member, sources, local, options)
  })
  await checkKeys(trx, asked, batch, options)
  await lookUp(trx, asked, options)
  return resolved
}

function settle(
  one: Asked,
  member: Member,
  sources: ReadonlyMap<string, ResourceId>,
  local: LocalNames,
  options: TargetOptions,
): void {
  const { link, target, path } = one
  if ('key' in target) {
    const source = target.source === undefined ? member.sourceId : sources.get(target.source)
    if (source !== undefined) [link.sourceId, link.key] = [source, target.key]
    else if (options.strict) options.problems.add(path, `there is no source "${target.source}"`)
  } else if ('ref' in target) {
    settleRef(one, target.ref, member, sources, local, options)
  }
}

function settleRef(
  one: Asked,
  text: string,
  member: Member,
  sources: ReadonlyMap<string, ResourceId>,
  local: LocalNames,
  options: TargetOptions,
): void {
  try {
    const ref = parseRef(text, one.path)
    if (ref.by === 'source') {
      const source = ref.source === member.sourceName ? member.sourceId : sources.get(ref.source)
      if (source !== undefined) [one.link.sourceId, one.link.key] = [source, ref.key]
      else if (options.strict) options.problems.add(one.path, `there is no source "${ref.source}"`)
      return
    }
    const here = ref.by === 'natural' ? local.find(ref) : []
    if (here.length > 1)
      options.problems.add(
        one.path,
        `${text} names ${here.length} things of this input: say which by a further key`,
      )
    else if (here[0] !== undefined) [one.link.sourceId, one.link.key] = [here[0].sourceId, here[0].key]
    else one.ref = ref
  } catch (error) {
    if (!(error instanceof PlenumError)) throw error
    options.problems.add(one.path, error.message)
  }
}

/** The members of the same write by kind and name or natural key, indexed when first asked. */
class LocalNames {
  readonly #batch: ReadonlyMap<MemberKey, Member>
  readonly #byKey = new Map<string, Map<string, Member[]>>()

  constructor(batch: ReadonlyMap<MemberKey, Member>) {
    this.#batch = batch
  }

  find(ref: Ref & { by: 'natural' }): Member[] {
    const keys = Object.entries(ref.keys)
    const [name, value] = keys[0] ?? ['', '']
    const found = this.#indexOf(name).get(value) ?? []
    return found.filter(
      (member) =>
        isOfType(member.kind, ref.type) && keys.every(([key, wanted]) => valueOf(member, key) === wanted),
    )
  }

  #indexOf(name: string): Map<string, Member[]> {
    const known = this.#byKey.get(name)
    if (known) return known
    const index = new Map<string, Member[]>()
    for (const member of this.#batch.values()) {
      const value = valueOf(member, name)
      if (value === undefined) continue
      const list = index.get(value)
      if (list) list.push(member)
      else index.set(value, [member])
    }
    this.#byKey.set(name, index)
    return index
  }
}

const valueOf = (member: Member, key: string): string | undefined => {
  const value = key === 'name' ? member.name : member.fields?.[key]
  return value === null || value === undefined ? undefined : String(value)
}

/** Keys must be known for intent; for others they may become known later. */
async function checkKeys(
  trx: Knex,
  asked: readonly Asked[],
  batch: ReadonlyMap<MemberKey, Member>,
  options: TargetOptions,
): Promise<void> {
  if (!options.strict) return
  const outside: Asked[] = []
  await each(asked, (one) => {
    const { sourceId, key } = one.link
    if (sourceId !== null && !batch.has(memberKey(sourceId, key!))) outside.push(one)
  })
  if (outside.length === 0) return
  const known = new Set(
    (
      await membersByKeys(
        trx,
        outside.map(({ link }) => ({ sourceId: link.sourceId!, key: link.key! })),
      )
    ).map(keyOf),
  )
  for (const { link, path } of outside) {
    if (!known.has(memberKey(link.sourceId!, link.key!)))
      options.problems.add(path, `nothing has the key "${link.key}"`)
  }
}

/** Refs, ids and identities by a few statements for all of them. */
async function lookUp(trx: Knex, asked: readonly Asked[], options: TargetOptions): Promise<void> {
  const open = asked.filter(({ link }) => link.sourceId === null && link.id === null)
  const idOf = (one: Asked) =>
    'id' in one.target ? one.target.id : one.ref?.by === 'id' ? one.ref.id : undefined
  const byId = open.filter((one) => idOf(one) !== undefined)
  const ids = await findByIds(
    trx,
    byId.map((one) => idOf(one)!),
  )
  for (const one of byId) take(one, ids.has(idOf(one)!) ? [ids.get(idOf(one)!)!] : [], options)

  const byKeys = open.filter((one) => one.ref?.by === 'natural')
  const natural = await findByNaturalKeys(
    trx,
    byKeys.map((one) => one.ref as Ref & { by: 'natural' }),
  )
  byKeys.forEach((one, index) => take(one, natural[index]!, options))

  const byIdentity = open.filter((one) => 'identity' in one.target)
  const identified = await findByIdentities(
    trx,
    byIdentity.map((one) => one.target as IdentityTarget),
  )
  byIdentity.forEach((one, index) => take(one, identified[index]!, options))
}

function take(one: Asked, found: readonly Found[], options: TargetOptions): void {
  if (found.length === 1) [one.link.id, one.link.kind] = [found[0]!.id, found[0]!.kind]
  else if (found.length > 1 && options.strict) {
    options.problems.add(
      one.path,
      `"${shown(one.target)}" means more than one: ${found
        .slice(0, 5)
        .map((each) => `${each.kind} ${each.name} (${each.id})`)
        .join(', ')}`,
    )
  } else if (found.length === 0 && options.strict)
    options.problems.add(one.path, `there is no "${shown(one.target)}"`)
}

const shown = (target: LinkTarget): string =>
  'ref' in target ? target.ref : 'id' in target ? String(target.id) : JSON.stringify(target)
