/** What all maps of a cloud have in common. */
import type { LinkClaim } from '../../../resource/resource.ts'

/** Without what is null, undefined or ''. */
export function present(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  )
}

export function link(type: LinkClaim['type'], key: string | undefined): LinkClaim[] {
  return key === undefined ? [] : [{ type, to: { key } }]
}

export const ownedBy = (project: string | null | undefined): LinkClaim[] =>
  link('OWNED_BY', project ? `project/${project}` : undefined)

/** A name, or what it is and the beginning of its id. */
export const nameOr = (name: string | null | undefined, what: string, id: string): string =>
  name?.trim() ? name : `${what} ${id.slice(0, 8)}`

/** Labels whose keys are none of ours are left out. */
export function toLabels(record: Record<string, unknown> | null | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record ?? {}).flatMap(([key, value]) =>
      /^[\w./-]{1,200}$/.test(key) && typeof value === 'string' && value.length < 65_536
        ? [[key, value]]
        : [],
    ),
  )
}
