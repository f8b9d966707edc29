/** Machines that came as people's do, through the import: what the mutation changes has all that Plenum knows of a thing behind it. */
import type { Db } from '../../src/db.ts'
import { startResources } from '../../src/resource/index.ts'
import type { InventoryItem } from '../../src/resource/verbs.ts'

/** Tells them from the others, which the list asks for by theirs. */
export const mutableFlavor = 'bench.mutable'

export async function importMutable(db: Db, machines = 100): Promise<void> {
  const { rows } = await db.raw<{ rows: { id: string; tenant: string }[] }>(
    `select s.id, t.id as tenant from (select id, row_number() over (order by id) as n from resource where kind = 'Server') as s
     join (select id, row_number() over (order by id) as n from resource where kind = 'Tenant') as t using (n) order by n limit ?`,
    [machines],
  )
  const items = rows.map(({ id, tenant }, index): InventoryItem => ({
    path: `item ${index}`,
    kind: 'VirtualMachine',
    key: `mutable-${index}`,
    name: `mutable-${index}`,
    status: 'ACTIVE',
    labels: { env: 'test' },
    fields: { instanceId: `i-mutable-${index}`, cpuCores: 4, powerState: 'ON', flavor: mutableFlavor },
    links: [
      { type: 'RUNS_ON', to: { ref: id } },
      { type: 'OWNED_BY', to: { ref: tenant } },
    ],
  }))
  async function* batches() {
    yield items
  }
  const signal = AbortSignal.timeout(60_000)
  await startResources({ db }).importInventory(
    { source: 'bench', mode: 'merge', dryRun: false, items: batches(), signal },
    { name: 'bench' },
  )
}
