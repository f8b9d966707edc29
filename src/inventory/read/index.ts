/** Reads an inventory as it arrives. */
import { setImmediate } from 'node:timers/promises'
import { invalidInput } from '../../errors.ts'
import type { InventoryItem } from '../../resource/verbs.ts'
import { readCsv } from './csv.ts'
import { Faults } from './fault.ts'
import { readJson, readNdjson } from './json.ts'
import { toItem, type RawRecord } from './record.ts'
import { decode } from './text.ts'
import { readYaml } from './yaml.ts'

export const inventoryFormats = ['yaml', 'csv', 'ndjson', 'json'] as const
export type InventoryFormat = (typeof inventoryFormats)[number]

export interface ReadOptions {
  /** What all rows of a CSV file are, when it has no column `kind`. */
  kind?: string
}

const batchSize = 100
/** How long one may read before others get their turn. */
const longestTurnMs = 15

/**
 * Items in batches, in the order of the file. Memory is bounded by one batch. INVALID_INPUT with the first 100 faults and their lines: at once when the
 * form is broken, otherwise at the end; after the first fault no more items are given, and what takes them must not keep the ones before.
 */
export async function* readInventory(
  format: InventoryFormat,
  body: AsyncIterable<Uint8Array | string>,
  signal: AbortSignal,
  options: ReadOptions = {},
): AsyncGenerator<InventoryItem[]> {
  const faults = new Faults()
  let batch: InventoryItem[] = []
  let turn = performance.now()
  try {
    for await (const raw of readRecords(format, decode(body, signal), faults, options)) {
      const item = toItem(raw, faults)
      if (faults.any) batch = []
      else if (item) batch.push(item)
      if (batch.length >= batchSize) {
        yield batch
        batch = []
      }
      if (performance.now() - turn < longestTurnMs) continue
      signal.throwIfAborted()
      await setImmediate()
      turn = performance.now()
    }
  } catch (error) {
    // What was found before goes first: it stands before the place where the form broke.
    faults.endWith(error)
  }
  faults.end()
  if (batch.length > 0) yield batch
}

function readRecords(
  format: InventoryFormat,
  texts: AsyncIterable<string>,
  faults: Faults,
  options: ReadOptions,
): AsyncIterable<RawRecord> {
  switch (format) {
    case 'yaml':
      return readYaml(texts, faults)
    case 'csv':
      return readCsv(texts, faults, options.kind)
    case 'ndjson':
      return readNdjson(texts, faults)
    case 'json':
      return readJson(texts, faults)
  }
}

/** The format that a file's name tells: `.yaml`, `.yml`, `.csv`, `.tsv`, `.ndjson`, `.jsonl`, `.json`. */
export function formatOfFile(name: string): InventoryFormat {
  const ending = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  const format = endings[ending]
  if (format === undefined)
    throw invalidInput(`${name}: the ending tells no format; known are ${Object.keys(endings).join(', ')}`)
  return format
}

const endings: Readonly<Record<string, InventoryFormat>> = {
  yaml: 'yaml',
  yml: 'yaml',
  csv: 'csv',
  tsv: 'csv',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  json: 'json',
}
