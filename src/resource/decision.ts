/** What people decide about identity: these are one thing, these are not. */
import { invalidInput } from '../errors.ts'
import { existing } from './edit.ts'
import { decide } from './identity/store.ts'
import { membersOfResources } from './observation/store.ts'
import { keyOf, memberKey } from './reconcile/member.ts'
import type { Actor, ResourceId } from './resource.ts'
import { transact, type Transacting } from './transact.ts'
import type { WriteResult } from './verbs.ts'
import { write } from './write/pipeline.ts'

/** People say that these are one thing; it keeps the id of `into`. */
export function mergeInto(
  transacting: Transacting,
  request: { ids: ResourceId[]; into: ResourceId; dryRun: boolean },
  by: Actor,
): Promise<WriteResult> {
  return transact(transacting, by, request.dryRun, async (trx, at) => {
    const rows = await existing(trx, [
      { id: request.into, path: 'input.into' },
      ...request.ids.map((id, index) => ({ id, path: `input.refs[${index}]` })),
    ])
    const ids = [...new Set(rows.map((row) => row.id))]
    if (ids.length < 2) throw invalidInput('two different resources are needed', 'input.refs')
    const members = await membersOfResources(trx, ids)
    const anchors = members.filter((member) => member.resourceId === ids[0])
    for (const member of members) {
      for (const anchor of anchors)
        if (member.resourceId !== ids[0]) await decide(trx, anchor, member, true, by.name, at)
    }
    return write(
      trx,
      { changed: [], removed: [], again: members, keep: new Set([ids[0]!]), strict: false, intent: true },
      by,
      at,
    )
  })
}

/** People say that these origins are another thing than the rest of the resource. */
export function split(
  transacting: Transacting,
  request: { id: ResourceId; origins: { sourceId: ResourceId; key: string }[]; dryRun: boolean },
  by: Actor,
): Promise<WriteResult> {
  return transact(transacting, by, request.dryRun, async (trx, at) => {
    const [row] = await existing(trx, [{ id: request.id, path: 'input.ref' }])
    const members = await membersOfResources(trx, [row!.id])
    const wanted = new Set(request.origins.map((origin) => memberKey(origin.sourceId, origin.key)))
    const leaving = members.filter((member) => wanted.has(keyOf(member)))
    const staying = members.filter((member) => !wanted.has(keyOf(member)))
    if (leaving.length < wanted.size)
      throw invalidInput(
        `${row!.kind} ${row!.name} does not have all of these origins: read its origins again`,
        'input.origins',
      )
    if (staying.length === 0)
      throw invalidInput('at least one origin must stay with the resource', 'input.origins')
    for (const member of leaving) {
      for (const other of staying) await decide(trx, member, other, false, by.name, at)
      if (member !== leaving[0]) await decide(trx, leaving[0]!, member, true, by.name, at)
    }
    for (const member of staying)
      if (member !== staying[0]) await decide(trx, staying[0]!, member, true, by.name, at)
    return write(
      trx,
      { changed: [], removed: [], again: members, leaving: wanted, strict: false, intent: true },
      by,
      at,
    )
  })
}
