import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config.ts'
import { PlenumError } from '../errors.ts'
import { formatOfFile, inventoryFormats, readInventory, type InventoryFormat } from '../inventory/index.ts'
import { startResources } from '../resource/index.ts'
import type { ImportRequest, WriteResult } from '../resource/verbs.ts'
import { formatReport, readNetbox } from '../source/netbox/index.ts'
import { audit, caller, Refusal, untilInterrupted, withDb, type Command } from './command.ts'

const formats = [...inventoryFormats, 'netbox'] as const

export const importFile: Command = {
  usage: `import FILE [--format ${formats.join('|')}] [--source NAME] [--mode merge|replace] [--kind KIND] [--dry-run] [--accept-vanished]
  Takes in an inventory as one transaction: all of it or nothing. The format follows the file's name unless it is given; a NetBox dump needs --format netbox.
  --mode replace ends this source's claim on what the file leaves out. --dry-run says what would change.`,
  async run(args) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        format: { type: 'string' },
        source: { type: 'string' },
        mode: { type: 'string', default: 'merge' },
        kind: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        'accept-vanished': { type: 'boolean', default: false },
      },
    })
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) throw new Refusal('Name one file: plenum import FILE')
    const { mode } = values
    if (mode !== 'merge' && mode !== 'replace') throw new Refusal(`--mode is merge or replace, not ${mode}`)
    await access(file).catch(() => {
      throw new Refusal(`${file} cannot be read`)
    })
    const format = formatOf(values.format, file)
    const source = values.source ?? (format === 'netbox' ? 'netbox' : 'inventory')
    const signal = untilInterrupted()
    const opened = await open(file, format, source, values.kind, signal)
    const request: ImportRequest = {
      source,
      mode,
      dryRun: values['dry-run'],
      acceptVanished: values['accept-vanished'],
      items: opened.items,
      signal,
    }
    const result = await withDb('plenum', async (db) => {
      const written = await startResources({ db }).importInventory(request, caller())
      if (!request.dryRun)
        await audit(db, { action: 'import', input: { file, source, mode }, cursorSeq: written.cursor.seq })
      return written
    }).catch(explain)
    process.stdout.write(`${summary(result, request.dryRun)}${opened.report()}`)
    return 0
  },
}

function formatOf(given: string | undefined, file: string): (typeof formats)[number] {
  const format = given ?? formatOfFile(file)
  const known = formats.find((one) => one === format)
  if (known === undefined)
    throw new Refusal(
      `${given === undefined ? `The name of ${file} tells no format` : `There is no format ${given}`}: give --format ${formats.join('|')}`,
    )
  return known
}

async function open(
  file: string,
  format: InventoryFormat | 'netbox',
  source: string,
  kind: string | undefined,
  signal: AbortSignal,
) {
  if (format !== 'netbox') {
    return {
      items: readInventory(format, createReadStream(file), signal, kind === undefined ? {} : { kind }),
      report: () => '',
    }
  }
  const { kindRules } = loadConfig(process.env).netbox
  const { items, report } = await readNetbox(createReadStream(file), { source, kindRules }, signal).catch(
    explain,
  )
  return { items, report: () => `\n${formatReport(report)}\n` }
}

/** Every fault with its place, not only the first. */
function explain(error: unknown): never {
  if (!(error instanceof PlenumError)) throw error
  const problems = error.details.problems ?? []
  throw new Refusal(
    [error.message, ...problems.slice(1, 20).map(({ path, message }) => `  ${path}: ${message}`)].join('\n'),
  )
}

function summary(result: WriteResult, dryRun: boolean): string {
  const would = dryRun ? 'Would change (nothing was written)' : 'Done'
  const lines = [
    `${would}: ${result.created} created, ${result.updated} updated, ${result.deleted} ended, ${result.unchanged} unchanged; ${result.linksAdded} links added, ${result.linksRemoved} removed.`,
  ]
  if (dryRun) {
    for (const one of result.planned.slice(0, 50)) {
      const changes = one.changes
        .slice(0, 5)
        .map(({ path, before, after }) => `${path}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`)
      lines.push(
        `  ${one.action.padEnd(6)} ${one.kind} ${one.name}${changes.length > 0 ? `  ${changes.join(', ')}` : ''}`,
      )
    }
    if (result.plannedTotal > 50) lines.push(`  … and ${result.plannedTotal - 50} more`)
  }
  return `${lines.join('\n')}\n`
}
