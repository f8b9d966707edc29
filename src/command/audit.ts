import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { readAudit, toLine, verifyAudit, verifyLines, type AuditVerdict } from '../event/index.ts'
import { print, Refusal, untilInterrupted, withDb, type Command } from './command.ts'

const dayMs = 86_400_000

export const audit: Command = {
  usage: `audit export [--since TIME | --days N]
  Writes the audit trail to standard output: one JSON line a record, each with the hash that chains it to the one before.
audit verify [--file FILE] [--head PLACE:HASH]
  Reads the whole trail, or an exported file, and says which records were changed, taken out or put in. Prints the last
  record's place and hash: keep them elsewhere and give them back with --head, and a trail that was made anew shows too.`,
  async run([verb, ...args]) {
    if (verb === 'export') return exportTrail(args)
    if (verb === 'verify') return verify(args)
    throw new Refusal('Say what to do with the audit trail: plenum audit export or plenum audit verify')
  },
}

async function exportTrail(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { since: { type: 'string' }, days: { type: 'string' } } })
  const since = sinceOf(values)
  const signal = untilInterrupted()
  return withDb('shown', async (db) => {
    for await (const links of readAudit(db, since === undefined ? {} : { since })) {
      signal.throwIfAborted()
      await print(links.map(toLine).join(''))
    }
    return 0
  })
}

function sinceOf({
  since,
  days,
}: {
  since?: string | undefined
  days?: string | undefined
}): Date | undefined {
  if (days !== undefined) {
    if (!/^\d{1,5}$/.test(days)) throw new Refusal('--days takes a number')
    return new Date(Date.now() - Number(days) * dayMs)
  }
  if (since === undefined) return undefined
  const instant = new Date(since)
  if (Number.isNaN(instant.getTime())) throw new Refusal('--since takes a time such as 2026-01-31T12:00:00Z')
  return instant
}

async function verify(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { file: { type: 'string' }, head: { type: 'string' } } })
  const known = headOf(values.head)
  const verdict =
    values.file === undefined
      ? await withDb('shown', (db) => verifyAudit(db, known, untilInterrupted()))
      : await verifyLines(
          createInterface({ input: createReadStream(values.file), crlfDelay: Number.POSITIVE_INFINITY }),
        )
  return tell(verdict)
}

function headOf(text: string | undefined): { place: number; hash: string } | undefined {
  if (text === undefined) return undefined
  const [, place, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (place === undefined || hash === undefined)
    throw new Refusal('--head takes what verify printed: PLACE:HASH')
  return { place: Number(place), hash }
}

async function tell({ records, place, hash, faults }: AuditVerdict): Promise<number> {
  for (const fault of faults) await print(`record ${fault.place} ${fault.message}\n`)
  const outcome = faults.length === 0 ? 'unbroken' : 'BROKEN'
  await print(`${records} records, ${outcome}; head ${place}:${hash}\n`)
  return faults.length === 0 ? 0 : 1
}
