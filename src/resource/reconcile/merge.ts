/**
 * What a resource is, given all that is said about it. For each value: intent before observation, except for what only the thing itself can know
 * (`authority: 'observed'`), where it is the other way round; among equals the source of higher precedence, then the one that changed last, then the smaller source id.
 */
import { getKind, type KindName } from '../kind/index.ts'
import type { ResourceStatus } from '../resource.ts'
import { keyOf, type Member } from './member.ts'

export interface Candidate {
  value: unknown
  member: Member
}

export interface Merged {
  kind: KindName
  name: string
  status: ResourceStatus | null
  labels: Record<string, string>
  owner: string | null
  contact: string | null
  fields: Record<string, unknown>
  /** By source name. */
  attributes: Record<string, unknown>
  sources: number[]
  /** Where an observation differs from what people say should be. */
  drift: { path: string; intended: unknown; observed: unknown }[]
}

/** Every value that is stated, by path; the best first. */
export function candidatesOf(members: readonly Member[]): Map<string, Candidate[]> {
  const found = new Map<string, Candidate[]>()
  const say = (path: string, value: unknown, member: Member) => {
    if (value === undefined) return
    const known = found.get(path)
    if (known) known.push({ value, member })
    else found.set(path, [{ value, member }])
  }
  for (const member of members) {
    // An edit that says nothing about the name has an empty one.
    say('name', member.name === '' ? undefined : member.name, member)
    say('status', member.status, member)
    say('owner', member.owner, member)
    say('contact', member.contact, member)
    for (const [key, value] of Object.entries(member.labels ?? {})) say(`labels.${key}`, value, member)
    for (const [key, value] of Object.entries(member.fields ?? {})) say(`fields.${key}`, value, member)
  }
  const kind = kindOf(members)
  for (const [path, list] of found)
    list.sort((a, b) => compare(a.member, b.member, isObservedFirst(kind, path)))
  return found
}

export function isObservedFirst(kind: KindName, path: string): boolean {
  if (!path.startsWith('fields.')) return false
  const field = getKind(kind).fields[path.slice(7)]
  return field?.from === 'property' && field.authority === 'observed'
}

function compare(a: Member, b: Member, observedFirst: boolean): number {
  const [rankA, rankB] = [rank(a, observedFirst), rank(b, observedFirst)]
  return (
    rankA - rankB ||
    b.precedence - a.precedence ||
    b.changedAt - a.changedAt ||
    a.sourceId - b.sourceId ||
    (keyOf(a) < keyOf(b) ? -1 : 1)
  )
}

/** Hearsay comes last whatever it says. */
const rank = (member: Member, observedFirst: boolean): number =>
  (member.hearsay ? 2 : 0) + ((member.role === 'observed') === observedFirst ? 0 : 1)

/** The kind by the best member: intent first. */
export function kindOf(members: readonly Member[]): KindName {
  return [...members].sort((a, b) => compare(a, b, false))[0]!.kind
}

export function merge(members: readonly Member[]): Merged {
  const kind = kindOf(members)
  const candidates = candidatesOf(members)
  const best = (path: string): unknown => candidates.get(path)?.[0]?.value ?? null
  const known = getKind(kind).fields
  const merged: Merged = {
    kind,
    name: (best('name') as string | null) ?? '',
    status: best('status') as ResourceStatus | null,
    labels: {},
    owner: best('owner') as string | null,
    contact: best('contact') as string | null,
    fields: {},
    attributes: attributesOf(members),
    sources: [...new Set(members.map((member) => member.sourceId))].sort((a, b) => a - b),
    drift: driftOf(candidates, kind),
  }
  for (const path of [...candidates.keys()].sort()) {
    const value = best(path)
    if (value === null) continue
    if (path.startsWith('labels.')) merged.labels[path.slice(7)] = value as string
    else if (path.startsWith('fields.') && known[path.slice(7)]?.from === 'property')
      merged.fields[path.slice(7)] = value
  }
  return merged
}

function attributesOf(members: readonly Member[]): Record<string, unknown> {
  const attributes: Record<string, unknown> = {}
  for (const member of [...members].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))) {
    if (member.attributes === undefined || Object.keys(member.attributes).length === 0) continue
    attributes[member.sourceName] = {
      ...(attributes[member.sourceName] as object | undefined),
      ...member.attributes,
    }
  }
  return attributes
}

/** Values that both people and the thing itself state, and that differ. */
export function driftOf(
  candidates: ReadonlyMap<string, readonly Candidate[]>,
  kind: KindName,
): Merged['drift'] {
  const { fields } = getKind(kind)
  const drift: Merged['drift'] = []
  for (const [path, list] of candidates) {
    if (path.startsWith('labels.') || path === 'owner' || path === 'contact') continue
    const field = fields[path.slice('fields.'.length)]
    if (path.startsWith('fields.') && field?.from === 'property' && field.loose) continue
    const intended = list.find(({ member, value }) => member.role === 'intent' && value !== null)
    const observed = list.find(
      ({ member, value }) => member.role === 'observed' && !member.hearsay && value !== null,
    )
    if (intended && observed && !isSame(intended.value, observed.value)) {
      drift.push({ path, intended: intended.value, observed: observed.value })
    }
  }
  return drift.sort((a, b) => (a.path < b.path ? -1 : 1))
}

const isSame = (a: unknown, b: unknown): boolean =>
  typeof a === 'string' && typeof b === 'string'
    ? a.trim().toLowerCase() === b.trim().toLowerCase()
    : JSON.stringify(a) === JSON.stringify(b)
