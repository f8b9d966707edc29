/** Which fields of a kind state a link: walks of one step from the thing to others, and `tenant`, `site`, `location`, `rack`, `region` for all. */
import { kinds, isOfType, walksOf, type KindName } from '../resource/kind/index.ts'
import type { InterfaceName, KindDefinition } from '../resource/kind/kind.ts'
import type { LinkType } from '../resource/kind/link.ts'

export interface StatableLink {
  type: LinkType
  /** What a plain name names. */
  to: KindName | InterfaceName
  isMany: boolean
}

const forAll: readonly [string, StatableLink][] = [
  ['rack', { type: 'LOCATED_IN', to: 'Rack', isMany: false }],
  ['location', { type: 'LOCATED_IN', to: 'Location', isMany: false }],
  ['site', { type: 'LOCATED_IN', to: 'Site', isMany: false }],
  ['region', { type: 'LOCATED_IN', to: 'Region', isMany: false }],
  ['tenant', { type: 'OWNED_BY', to: 'Tenant', isMany: false }],
]

const byKind = new Map([...kinds.values()].map((kind) => [kind.name, linksOf(kind)]))

function linksOf(kind: KindDefinition): Map<string, StatableLink> {
  const own = walksOf(kind).flatMap(([name, walk]): [string, StatableLink][] => {
    const [step, ...more] = walk.steps
    if (step === undefined || more.length > 0 || step.direction === 'in') return []
    const [only, ...others] = step.kind ?? []
    const to = only !== undefined && others.length === 0 ? only : walk.to
    return [[name, { type: step.type, to, isMany: walk.shape !== 'one' }]]
  })
  const rest = forAll.filter(([name]) => !Object.hasOwn(kind.fields, name))
  return new Map([...own, ...rest])
}

/** By field name, the kind's own first. */
export const statableLinks = (kind: KindDefinition): ReadonlyMap<string, StatableLink> =>
  byKind.get(kind.name) as Map<string, StatableLink>

/** The field that states a link of this type to a thing of kind `to`: the one that says the kind most narrowly. */
export function fieldOfLink(kind: KindDefinition, type: LinkType, to: KindName): string | undefined {
  const fitting = [...statableLinks(kind)].filter(([, link]) => link.type === type && isOfType(to, link.to))
  const exact = fitting.find(([, link]) => link.to === to)
  return (exact ?? fitting[0])?.[0]
}
