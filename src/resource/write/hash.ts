/** A mark of what an observation says: the same content has the same mark, so that an unchanged one is not written again. */
import { hash } from 'node:crypto'
import type { Observation } from '../resource.ts'
import { canonical } from './canonical.ts'

export function hashOf({
  kind,
  name,
  status,
  labels,
  owner,
  contact,
  fields,
  attributes,
  links,
  hearsay,
}: Observation): Buffer {
  const content = [
    kind,
    name,
    status ?? (status === null ? 'none' : null),
    labels ?? {},
    owner ?? (owner === null ? [] : null),
    contact ?? (contact === null ? [] : null),
    fields ?? {},
    attributes ?? {},
    links ?? [],
    hearsay ?? false,
  ]
  return hash('sha256', canonical(content), 'buffer').subarray(0, 16)
}
