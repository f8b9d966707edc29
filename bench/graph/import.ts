/** A datacenter of the given size as an inventory that people would import, each thing under a key of its own. */
import type { Db } from '../../src/db.ts'
import { startResources } from '../../src/resource/index.ts'
import type { InventoryItem } from '../../src/resource/verbs.ts'
import type { LinkClaim } from '../../src/resource/resource.ts'
import type { Size } from '../datacenter.ts'

const batchSize = 2_000

type Item = Omit<InventoryItem, 'path'>
const to = (type: LinkClaim['type'], key: string): LinkClaim => ({ type, to: { key } })

function* things(size: Size): Generator<Item> {
  for (let n = 0; n < size.regions; n++) {
    yield { kind: 'Region', name: `region-${n}`, key: `region-${n}` }
    yield { kind: 'Site', name: `site-${n}`, key: `site-${n}`, links: [to('LOCATED_IN', `region-${n}`)] }
  }
  for (let n = 0; n < size.tenants; n++) yield { kind: 'Tenant', name: `tenant-${n}`, key: `tenant-${n}` }
  for (let n = 0; n < size.racks; n++) {
    const links = [to('LOCATED_IN', `site-${n % size.regions}`)]
    yield { kind: 'Rack', name: `r${n}`, key: `rack-${n}`, fields: { heightUnits: 42 }, links }
  }
  yield* devices(size)
  yield* carried(size)
}

function* devices(size: Size): Generator<Item> {
  const total = size.servers + size.switches
  const keyOf = (n: number) => (n < size.servers ? `server-${n}` : `switch-${n - size.servers}`)
  for (let n = 0; n < total; n++) {
    const kind = n < size.servers ? ('Server' as const) : ('Switch' as const)
    const fields = { serialNumber: `SN${n}`, manufacturer: 'Dell Inc.', heightUnits: 1 }
    const labels = { env: ['prod', 'stage', 'dev'][n % 3]! }
    yield {
      kind,
      name: keyOf(n),
      key: keyOf(n),
      status: 'ACTIVE',
      labels,
      fields,
      links: [to('LOCATED_IN', `rack-${n % size.racks}`)],
    }
  }
  for (let n = 0; n < size.interfaces; n++) {
    const hex = n.toString(16).padStart(8, '0')
    const macAddress = `02:00:${hex.match(/../g)!.join(':')}`
    const fields = { macAddress, speedBps: 25_000_000_000, mtu: 9_000 }
    yield {
      kind: 'NetworkInterface',
      name: `eth${Math.floor(n / total)}`,
      key: `port-${n}`,
      fields,
      links: [to('PART_OF', keyOf(n % total))],
    }
  }
  for (let n = 0; n < size.addresses; n++) {
    const address = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`
    yield {
      kind: 'IpAddress',
      name: address,
      key: address,
      fields: { address },
      links: [to('ASSIGNED_TO', `port-${n % size.interfaces}`)],
    }
  }
}

function* carried(size: Size): Generator<Item> {
  for (let n = 0; n < size.machines; n++) {
    const links = [to('RUNS_ON', `server-${n % size.servers}`), to('OWNED_BY', `tenant-${n % size.tenants}`)]
    yield {
      kind: 'VirtualMachine',
      name: `vm-${n}`,
      key: `vm-${n}`,
      fields: { instanceId: `i-${n}`, cpuCores: 4 },
      links,
    }
  }
  for (let n = 0; n < size.containers; n++) {
    const fields = { containerId: `c${n}`, imageName: `app-${n % 600}` }
    yield {
      kind: 'Container',
      name: `app-${n}`,
      key: `container-${n}`,
      fields,
      links: [to('RUNS_ON', `vm-${n % size.machines}`)],
    }
  }
  for (let n = 0; n < size.services; n++) {
    const links = [0, 1, 2].map((copy) =>
      to('RUNS_ON', `container-${(n + copy * size.services) % size.containers}`),
    )
    yield { kind: 'Service', name: `service-${n}`, key: `service-${n}`, links }
  }
}

async function* inBatches(size: Size): AsyncGenerator<InventoryItem[]> {
  let batch: InventoryItem[] = []
  let count = 0
  for (const item of things(size)) {
    batch.push({ ...item, path: `item ${count++}` })
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  yield batch
}

/** Seconds that the import took, and what it made. */
export async function importDatacenter(
  db: Db,
  size: Size,
): Promise<{ seconds: number; created: number; links: number }> {
  const resources = startResources({ db })
  const began = performance.now()
  const signal = AbortSignal.timeout(1_800_000)
  const result = await resources.importInventory(
    { source: 'bench', mode: 'merge', dryRun: false, items: inBatches(size), signal },
    { name: 'bench' },
  )
  return { seconds: (performance.now() - began) / 1_000, created: result.created, links: result.linksAdded }
}
