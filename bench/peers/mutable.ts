/** Machines that came as people's do, through the import: what is changed has all that Plenum knows of a thing behind it. */
import type { Db } from '../../src/db.ts'
import { startResources } from '../../src/resource/index.ts'
import type { InventoryItem } from '../../src/resource/verbs.ts'

/** Tells them from the others, which the list asks for by theirs. */
export const mutableFlavor = 'bench.mutable'

/** Where one of them runs and whose it is. */
export interface Place {
  server: string
  tenant: string
}

export async function readPlaces(db: Db, machines: number): Promise<Place[]> {
  const ids = async (kind: string): Promise<string[]> => {
    const { rows } = await db.raw<{ rows: { id: string }[] }>(
      'select id from resource where kind = ? order by id limit ?',
      [kind, machines],
    )
    return rows.map(({ id }) => id)
  }
  const [servers, tenants] = [await ids('Server'), await ids('Tenant')]
  return Array.from({ length: machines }, (_, n) => ({
    server: servers[n % servers.length]!,
    tenant: tenants[n % tenants.length]!,
  }))
}

/** All that is said of one; with a version, more than one of its values names it. */
export function toItem({ server, tenant }: Place, n: number, version?: string): InventoryItem {
  const fields = {
    instanceId: `i-mutable-${n}`,
    cpuCores: 4,
    powerState: 'ON',
    flavor: mutableFlavor,
    ...(version === undefined ? {} : { role: version, osName: version }),
  }
  return {
    path: `item ${n}`,
    kind: 'VirtualMachine',
    key: `mutable-${n}`,
    name: `mutable-${n}`,
    status: 'ACTIVE',
    labels: { env: 'test', ...(version === undefined ? {} : { version }) },
    fields,
    links: [
      { type: 'RUNS_ON', to: { ref: server } },
      { type: 'OWNED_BY', to: { ref: tenant } },
    ],
  }
}

export async function importMutable(db: Db, machines: number): Promise<void> {
  const items = (await readPlaces(db, machines)).map((place, n) => toItem(place, n))
  async function* batches() {
    yield items
  }
  const signal = AbortSignal.timeout(60_000)
  await startResources({ db }).importInventory(
    { source: 'bench', mode: 'merge', dryRun: false, items: batches(), signal },
    { name: 'bench' },
  )
}
