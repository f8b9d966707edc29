/** What happens in a past world beside changes of its things: lines of logs, alerts with their incidents, and what tenants are given. */
import pino from 'pino'
import { startLogLines } from '../../src/log-line/index.ts'
import { startMetrics } from '../../src/metric/index.ts'
import type { PastApp } from './leak-past.ts'
import type { PastWorld } from './past-world.ts'

/** What a tenant is told of at the very end. */
export const lastOf = (index: number): string => `the-end-${index}`

export class Happenings {
  /** Numbers of allocations, and who holds them. */
  readonly given = new Map<string, string>()
  readonly #app: PastApp
  readonly #world: PastWorld
  /** By keys of things. */
  readonly #ids: Map<string, string>

  constructor(app: PastApp, world: PastWorld, ids: Map<string, string>) {
    this.#app = app
    this.#world = world
    this.#ids = ids
  }

  async #admin(query: string, variables = {}): Promise<any> {
    const { data, errors } = await this.#app.query<any>(query, variables)
    if (errors) throw new Error(JSON.stringify(errors))
    return data
  }

  /** An alert on each machine, and later on each server: what was held to be the cause is another thing then. */
  async alarm(): Promise<void> {
    const rule = {
      name: 'High',
      metric: 'load',
      selector: { kind: ['Server', 'VirtualMachine'] },
      condition: { type: 'threshold', above: 10 },
      severity: 'WARNING',
      failure: 'DOWN',
      summary: '{{resource.name}} is busy',
    }
    await this.#admin('mutation ($input: RuleInput!) { saveRule(input: $input) { cursor } }', { input: rule })
    const [machines, servers] = (['VirtualMachine', 'Server'] as const).map((kind) =>
      this.#world.of(kind).map(({ key }) => this.#ids.get(key)!),
    )
    await this.#measure(machines!)
    await this.#until(
      async () => (await this.#admin('{ incidents { totalCount } }')).incidents.totalCount > 0,
    )
    await this.#measure(servers!)
    // Each server is a cause of its own: nothing of what it stands in failed.
    await this.#until(
      async () => (await this.#admin('{ incidents { totalCount } }')).incidents.totalCount >= servers!.length,
    )
  }

  async #measure(ids: readonly string[]): Promise<void> {
    const metrics = await startMetrics({
      db: this.#app.database.db,
      log: pino({ level: 'silent' }),
      limits: { series: 1_000, seriesValues: 100_000 },
      keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
    })
    try {
      await metrics.define([{ name: 'load', unit: '1', type: 'gauge', help: 'Load' }])
      const at = Date.now()
      metrics.record(
        0,
        ids.map((id) => ({ resourceId: Number(id), metric: 'load', value: 90, at })),
      )
      await metrics.flush()
    } finally {
      await metrics.close()
    }
    const isFiring = async (): Promise<boolean> => {
      const { alerts } = await this.#admin('{ alerts(first: 500) { nodes { resource { id } } } }')
      const firing = new Set(alerts.nodes.map(({ resource }: any) => resource.id))
      return ids.every((id) => firing.has(id))
    }
    await this.#until(isFiring)
  }

  async #until(isSo: () => Promise<boolean>): Promise<void> {
    for (let left = 400; left > 0; left--) {
      if (await isSo()) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('it never came about')
  }

  /** Each thing writes a line to its log, which is for who holds it now; gives the lines of each. */
  async write(): Promise<Map<string, string[]>> {
    const log = pino({ level: 'silent' })
    const lines = startLogLines({ db: this.#app.database.db, log, waitingLines: 1_000 })
    const told = new Map<string, string[]>(this.#world.tenants.map((tenant) => [tenant, []]))
    for (const { key, kind, tenant } of this.#world.things.values()) {
      if (kind === 'Tenant') continue
      const text = this.#world.text('line')
      if (tenant !== undefined) told.get(tenant)!.push(text)
      const tenantId = tenant === undefined ? null : Number(this.#ids.get(tenant))
      const about = { resourceId: Number(this.#ids.get(key)), interfaceId: null, tenantId }
      lines.add({ ...about, at: Date.now(), toldAt: null, level: 3, program: 'app', text })
    }
    await lines.close()
    return told
  }

  /** Room in a rack, which the tenant knows by its name then. */
  async give(tenant: string, name = this.#world.text('allocation')): Promise<void> {
    const { allocate } = await this.#admin(
      'mutation ($request: AllocationRequest!) { allocate(input: { request: $request }) { allocation { id resources { id name } claims { provider { id } } } } }',
      { request: { tenant: `past:${tenant}`, name, blueprint: 'rack-space' } },
    )
    const { id, resources, claims } = allocate.allocation
    this.given.set(id.replace('allocation.', ''), tenant)
    const [rack] = [...this.#ids].find(([, one]) => one === claims[0].provider.id)!
    for (const made of resources) {
      this.#world.addFor(tenant, { kind: 'Device', key: name, name: made.name, on: rack })
      this.#ids.set(name, made.id)
    }
  }

  /** Each tenant is told of something last, by every subscription. */
  async end(): Promise<void> {
    for (const [index, tenant] of this.#world.tenants.entries()) await this.give(tenant, lastOf(index))
    const items = this.#world.tenants.map((tenant, index) => ({
      kind: 'Server',
      name: lastOf(index),
      links: [{ type: 'OWNED_BY', to: `past:${tenant}` }],
    }))
    const { importInventory } = await this.#admin(
      'mutation ($input: ImportInput!) { importInventory(input: $input) { resources { id name } } }',
      { input: { source: 'end', items } },
    )
    const made = importInventory.resources.filter(({ name }: any) => /^the-end-\d$/.test(name))
    await this.#measure(made.map(({ id }: any) => id))
  }
}
