/** A process that imports servers of one source and says when it has begun to write and when it is done. Run by crash.test. */
import { openDb } from '../../src/db.ts'
import { startResources } from '../../src/resource/index.ts'
import type { InventoryItem } from '../../src/resource/verbs.ts'

const [url, count, key] = process.argv.slice(2) as [string, string, string]
const db = openDb({ url })
const resources = startResources({ db })

async function* items(): AsyncGenerator<InventoryItem[]> {
  yield Array.from({ length: Number(count) }, (_, index) => ({
    kind: 'Server' as const,
    name: `s${index}`,
    fields: { manufacturer: 'Dell', serialNumber: `SN-${index}-x` },
    path: `items[${index}]`,
  }))
}

db.on('query', ({ sql }: { sql: string }) => {
  if (sql.startsWith('insert into observation')) process.stdout.write('writing\n')
})
const input = { count }
const result = await resources.importInventory(
  {
    source: 'inventory',
    mode: 'merge',
    dryRun: false,
    items: items(),
    signal: new AbortController().signal,
  },
  { name: 'importer', idempotency: { actor: 'importer', key, action: 'import', input } },
)
process.stdout.write(`done ${JSON.stringify(result)}\n`)
await db.destroy()
