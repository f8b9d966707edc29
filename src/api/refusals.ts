/**
 * Refused logins and reads in the audit trail. The first of an address are told one by one; of a flood there is one row a minute that counts them, so that
 * nobody can fill the trail by being refused.
 */
import type { Logger } from 'pino'
import type { AuditEntry, WriteAudit } from './guard.ts'

export interface Refusal {
  /** The viewer's name; of who is not known, `unknown`. */
  actor: string
  remoteAddress: string
  requestId: string
  action: string
  errorCode: string
  /** What was said to whom was refused. */
  reason: string
}

export interface Refusals {
  note(refusal: Refusal): void
  /** Writes what was only counted. */
  close(): Promise<void>
}

interface Count {
  first: Refusal
  /** Beyond those that have rows of their own. */
  more: number
  told: number
  since: string
}

const windowMs = 60_000
/** Rows of one address and action a minute. */
const mostRows = 5
/** Addresses and actions that are counted apart; the others are counted together. */
const mostCounts = 500

export function createRefusals(audit: WriteAudit, log: Logger): Refusals {
  const counts = new Map<string, Count>()
  let writing = Promise.resolve()
  const timer = setInterval(flush, windowMs)
  timer.unref()

  /** One after the other: rows of a flood do not take all connections. */
  function write(entry: AuditEntry): void {
    writing = writing.then(() =>
      audit(entry).catch((error: unknown) => log.error({ err: error, entry }, 'an audit row was lost')),
    )
  }

  function flush(): void {
    for (const { first, more, since } of counts.values()) {
      if (more > 0) write(toEntry(first, { refused: more, since, until: new Date().toISOString() }))
    }
    counts.clear()
  }

  return {
    note(refusal) {
      const count = countOf(counts, refusal)
      if (count.told >= mostRows) {
        count.more++
        return
      }
      count.told++
      write(toEntry(refusal, {}))
    },
    async close() {
      clearInterval(timer)
      flush()
      await writing
    },
  }
}

function countOf(counts: Map<string, Count>, refusal: Refusal): Count {
  const own = `${refusal.action} ${refusal.remoteAddress}`
  const key = counts.has(own) || counts.size < mostCounts ? own : 'others'
  const known = counts.get(key)
  if (known !== undefined) return known
  const first = key === 'others' ? { ...refusal, remoteAddress: 'others', actor: 'unknown' } : refusal
  const made = { first, more: 0, told: key === 'others' ? mostRows : 0, since: new Date().toISOString() }
  counts.set(key, made)
  return made
}

function toEntry({ reason, ...refusal }: Refusal, more: object): AuditEntry {
  return { ...refusal, outcome: 'REFUSED', input: { reason, ...more } }
}
