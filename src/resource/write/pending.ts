/** Links whose targets nobody knew when they were said. */
import type { Knex } from 'knex'
import { Problems } from '../check.ts'
import { pendingClaims, settleClaims } from '../link/store.ts'
import { keyOf, type Member } from '../reconcile/member.ts'
import { resolveLinks } from './target.ts'

/** Targets that were unknown may have come with this write. */
export async function settlePending(trx: Knex.Transaction): Promise<void> {
  const pending = await pendingClaims(trx)
  if (pending.length === 0) return
  const asking = pending.map((one, index): Member => ({
    sourceId: one.sourceId,
    key: `${one.key} ${index}`,
    sourceName: '',
    kind: 'Service',
    name: '',
    role: 'observed',
    precedence: 0,
    resourceId: null,
    firstSeenAt: 0,
    changedAt: 0,
    links: [{ type: 'DEPENDS_ON', to: one.target }],
  }))
  const found = await resolveLinks(trx, asking, new Map(), {
    strict: false,
    problems: new Problems(),
    pathOf: (member) => member.key,
  })
  await settleClaims(
    trx,
    pending.flatMap((one, index) => {
      const id = found.get(keyOf(asking[index]!))?.[0]?.id ?? null
      return id === null ? [] : [{ ...one, targetId: id }]
    }),
  )
}
