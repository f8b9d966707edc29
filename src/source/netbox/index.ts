/** NetBox: over REST as a source, and its dumps, in Django's fixture form. */
import type { InventoryItem } from '../../resource/verbs.ts'
import { readDump } from './client.ts'
import { mapDump, type MapOptions } from './map.ts'
import type { NetboxReport } from './report.ts'

export { netbox } from './driver.ts'
export { formatReport, type NetboxReport } from './report.ts'
export { parseKindRules, type KindRule } from './rule.ts'

export interface NetboxImport {
  /** For `importInventory`; the source must be the one that it was read with. */
  items: AsyncIterable<InventoryItem[]>
  count: number
  report: NetboxReport
}

const batchSize = 500

/** Reads a whole dump, maps it, and tells what became of it. Throws INVALID_INPUT, with every fault, before anything can be imported. */
export async function readNetbox(
  body: AsyncIterable<Uint8Array | string>,
  options: Partial<MapOptions>,
  signal: AbortSignal,
): Promise<NetboxImport> {
  const { observations, report } = mapDump(await readDump(body, signal), { source: 'netbox', ...options })
  async function* items(): AsyncGenerator<InventoryItem[]> {
    for (let start = 0; start < observations.length; start += batchSize) {
      signal.throwIfAborted()
      yield observations.slice(start, start + batchSize).map((item) => ({ ...item, path: item.key }))
    }
  }
  return { items: items(), count: observations.length, report }
}
