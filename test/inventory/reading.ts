/** Reads texts as the API and the command line do. */
import { Readable } from 'node:stream'
import { readInventory, type InventoryFormat, type ReadOptions } from '../../src/inventory/index.ts'
import { PlenumError } from '../../src/errors.ts'
import type { InventoryItem } from '../../src/resource/verbs.ts'

export async function readAll(
  format: InventoryFormat,
  text: string | Buffer,
  options: ReadOptions & { pieceBytes?: number } = {},
): Promise<InventoryItem[]> {
  const bytes = Buffer.from(text as string)
  const size = options.pieceBytes ?? Math.max(1, bytes.length)
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
  const items: InventoryItem[] = []
  const batches = readInventory(format, Readable.from(pieces), new AbortController().signal, options)
  for await (const batch of batches) items.push(...batch)
  return items
}

/** What reading says is wrong: `path: message`, one a fault. */
export async function faultsOf(
  format: InventoryFormat,
  text: string | Buffer,
  options?: ReadOptions,
): Promise<string[]> {
  try {
    await readAll(format, text, options)
  } catch (error) {
    if (!(error instanceof PlenumError)) throw error
    const { problems } = error.details
    return problems ? problems.map(({ path, message }) => `${path}: ${message}`) : [error.message]
  }
  return []
}
