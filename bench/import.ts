/** How long an import of 100,000 resources with their links takes as one transaction, and for how long it holds the event loop. `node bench/import.ts [RESOURCES]` */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countStatements, migrate, openDb } from '../src/db.ts'
import { startPostgres } from '../src/postgres/index.ts'
import { startResources } from '../src/resource/index.ts'
import type { InventoryItem } from '../src/resource/verbs.ts'

const total = Number(process.argv[2] ?? 100_000)
const portsPerServer = 4

/** Racks of 40 servers of four ports each, every port with an address; so 1 + 40 × 9 things a rack. */
function* inventory(count: number): Generator<InventoryItem[]> {
  let made = 0
  let batch: InventoryItem[] = []
  const item = (rest: Omit<InventoryItem, 'path'>): void => {
    batch.push({ ...rest, path: `item ${made++}` })
  }
  item({ kind: 'Site', name: 'site', key: 'site' })
  for (let rack = 0; made < count; rack++) {
    const rackKey = `rack-${rack}`
    item({ kind: 'Rack', name: rackKey, key: rackKey, links: [{ type: 'LOCATED_IN', to: { key: 'site' } }] })
    for (let unit = 1; unit <= 40 && made < count; unit++) {
      const server = `${rackKey}-u${unit}`
      item({
        kind: 'Server',
        name: server,
        key: server,
        status: 'ACTIVE',
        labels: { env: unit % 2 ? 'prod' : 'test' },
        fields: {
          manufacturer: 'Dell',
          model: 'R740',
          serialNumber: `SN${server}`,
          position: unit,
          heightUnits: 1,
        },
        links: [{ type: 'LOCATED_IN', to: { key: rackKey } }],
      })
      for (let port = 0; port < portsPerServer; port++) addPort(item, server, rack, unit, port)
    }
    if (batch.length < 2_000) continue
    yield batch
    batch = []
  }
  yield batch
}

function addPort(
  item: (rest: Omit<InventoryItem, 'path'>) => void,
  server: string,
  rack: number,
  unit: number,
  port: number,
): void {
  const key = `${server}/eth${port}`
  const address = `10.${rack % 256}.${unit}.${port + 4 * Math.floor(rack / 256) + 1}`
  item({
    kind: 'NetworkInterface',
    name: `eth${port}`,
    key,
    fields: { mtu: 9_000, speedBps: 25_000_000_000 },
    links: [{ type: 'PART_OF', to: { key: server } }],
  })
  item({
    kind: 'IpAddress',
    name: address,
    key: `${key}/${address}`,
    fields: { address },
    links: [{ type: 'ASSIGNED_TO', to: { key } }],
  })
}

async function* arriving(): AsyncGenerator<InventoryItem[]> {
  yield* inventory(total)
}

const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-'))
const postgres = await startPostgres({ folder })
await postgres.ensureDatabase('bench')
const db = openDb({ url: postgres.url('bench') })
await migrate(db)
const resources = startResources({ db })

async function measure(name: string): Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  const counted = countStatements(db)
  delay.enable()
  const began = performance.now()
  const result = await resources.importInventory(
    {
      source: 'bench',
      mode: 'merge',
      dryRun: false,
      items: arriving(),
      signal: new AbortController().signal,
    },
    { name: 'bench' },
  )
  delay.disable()
  console.table({
    [name]: {
      seconds: Number(((performance.now() - began) / 1_000).toFixed(2)),
      created: result.created,
      unchanged: result.unchanged,
      links: result.linksAdded,
      statements: counted.stop(),
      heldMaxMilliseconds: Math.round(delay.max / 1e6),
      heldP99Milliseconds: Math.round(delay.percentile(99) / 1e6),
      rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
    },
  })
}

try {
  await measure('first import')
  await measure('the same again')
} finally {
  await db.destroy()
  await postgres.close()
  rmSync(postgres.folder, { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
}
