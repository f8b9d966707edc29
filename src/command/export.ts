import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { parseArgs } from 'node:util'
import { loadGraph } from '../graph/load.ts'
import { exportInventory, inventoryFormats } from '../inventory/index.ts'
import { isKindName } from '../resource/kind/index.ts'
import { startResources } from '../resource/index.ts'
import { Refusal, untilInterrupted, withDb, type Command } from './command.ts'

export const exportFile: Command = {
  usage: `export [--format ${inventoryFormats.join('|')}] [--kind KIND]… [--source NAME] [--output FILE]
  Writes the inventory in a stable order, so that two exports can be compared. An import of it gives the same resources.`,
  async run(args) {
    const { values } = parseArgs({
      args,
      options: {
        format: { type: 'string', default: 'yaml' },
        kind: { type: 'string', multiple: true },
        source: { type: 'string' },
        output: { type: 'string' },
      },
    })
    const format = inventoryFormats.find((one) => one === values.format)
    if (format === undefined)
      throw new Refusal(`There is no format ${values.format}: one of ${inventoryFormats.join(', ')}`)
    const kinds = values.kind?.map((kind) => {
      if (!isKindName(kind)) throw new Refusal(`There is no kind ${kind}`)
      return kind
    })
    const signal = untilInterrupted()
    await withDb('plenum', async (db, site) => {
      const resources = startResources({ db })
      const rows = await resources.rows()
      const graph = await loadGraph(rows, site.config.limits.visited, signal).finally(() => rows.close())
      const out = values.output === undefined ? process.stdout : createWriteStream(values.output)
      const pieces = exportInventory({
        graph,
        resources,
        format,
        signal,
        ...(kinds ? { kinds } : {}),
        ...(values.source ? { source: values.source } : {}),
      })
      for await (const piece of pieces) if (!out.write(piece)) await once(out, 'drain')
      if (out !== process.stdout) {
        out.end()
        await once(out, 'finish')
      }
    })
    return 0
  },
}
