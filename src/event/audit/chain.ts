/**
 * Terminology
 * - chain: each record's hash is SHA-256 of the former record's hash and its own text. What is changed, taken out or put in breaks it.
 * - head: the last record's place and hash. Somebody who keeps one elsewhere also sees when the whole chain was made anew.
 */
import { createHash } from 'node:crypto'
import type { Knex } from 'knex'
import { countUnchained, readAudit, readAuditHead, type AuditLink } from './store.ts'

export interface AuditFault {
  place: number
  message: string
}

export interface AuditVerdict {
  records: number
  /** Place and hash of the last record. */
  place: number
  hash: string
  /** At most 100. */
  faults: AuditFault[]
}

const mostFaults = 100

export const hashOf = ({ previous, text }: Pick<AuditLink, 'previous' | 'text'>): string =>
  createHash('sha256').update(Buffer.from(previous, 'hex')).update(text).digest('hex')

/** Takes links in order and says what is wrong with each. */
class Chain {
  readonly verdict: AuditVerdict

  constructor(place: number, hash: string) {
    this.verdict = { records: 0, place, hash, faults: [] }
  }

  take(link: AuditLink): void {
    const { verdict } = this
    if (link.place !== verdict.place + 1)
      this.fault(verdict.place + 1, `missing up to ${link.place - 1}: taken out`)
    else if (link.previous !== verdict.hash)
      this.fault(link.place, 'does not follow the record before it: one of them was replaced')
    if (hashOf(link) !== link.hash) this.fault(link.place, 'was changed: its text has another hash')
    verdict.records++
    verdict.place = link.place
    verdict.hash = link.hash
  }

  fault(place: number, message: string): void {
    if (this.verdict.faults.length < mostFaults) this.verdict.faults.push({ place, message })
  }
}

/** Reads the whole trail. `known`: a head that was noted elsewhere, to be found again. */
export async function verifyAudit(
  db: Knex,
  known?: { place: number; hash: string },
  signal?: AbortSignal,
): Promise<AuditVerdict> {
  const head = await readAuditHead(db)
  const chain = new Chain(head.prunedPlace, head.prunedHash)
  for await (const links of readAudit(db, { after: 0 })) {
    signal?.throwIfAborted()
    for (const link of links) {
      chain.take(link)
      if (link.place === known?.place && link.hash !== known.hash)
        chain.fault(link.place, 'is not the record that was noted: the chain was made anew')
    }
  }
  const { verdict } = chain
  if (known !== undefined && known.place > verdict.place)
    chain.fault(known.place, 'was noted and is not there: the end was taken off')
  // What was written meanwhile is beyond the head that was read.
  if (verdict.place < head.place) chain.fault(head.place, 'is the last by the head and is not there')
  const unchained = await countUnchained(db)
  if (unchained > 0) chain.fault(0, `${unchained} records stand outside the chain: put in by hand`)
  return verdict
}

/** One line of an export: the text stands as it was hashed. */
export const toLine = ({ previous, hash, text }: AuditLink): string =>
  `{"previous":"${previous}","hash":"${hash}","record":${text}}\n`

const lineShape = /^\{"previous":"([0-9a-f]*)","hash":"([0-9a-f]{64})","record":(\{.*\})\}$/s

/** An exported file; begins wherever its first line does. */
export async function verifyLines(lines: AsyncIterable<string>): Promise<AuditVerdict> {
  let chain: Chain | undefined
  for await (const line of lines) {
    const [, previous, hash, text] = lineShape.exec(line) ?? []
    if (previous === undefined || hash === undefined || text === undefined) {
      chain ??= new Chain(0, '')
      chain.fault(chain.verdict.place + 1, 'is no line of an export')
      continue
    }
    const place = placeOf(text)
    chain ??= new Chain(place - 1, previous)
    chain.take({ place, previous, hash, text })
  }
  return (chain ?? new Chain(0, '')).verdict
}

function placeOf(text: string): number {
  try {
    return Number((JSON.parse(text) as { place?: unknown }).place)
  } catch {
    return Number.NaN
  }
}
