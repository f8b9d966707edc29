/* eslint-disable @typescript-eslint/no-explicit-any -- answers of many shapes; what is not as it is used fails the lab */
/** A Plenum in this process with a database of its own, asked through GraphQL. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { allocationShape } from '../../src/allocation/index.ts'
import { startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { migrate, openDb } from '../../src/db.ts'
import { startPostgres } from '../../src/postgres/index.ts'
import { drivers, parseSources } from '../../src/source/index.ts'

const token = 'plenum_token_for_the_lab_only'

export interface LabPlenum {
  /** The answer's data; throws its first error. */
  ask(query: string): Promise<any>
  counts(): Promise<Record<string, number>>
  has(name: string): Promise<boolean>
  stateOf(source: string): Promise<any>
  /** Why it failed. */
  sync(source: string): Promise<string | undefined>
  /** Virtual machines that the source knows. */
  originsOf(source: string): Promise<number>
  close(): Promise<void>
}

export async function startPlenum(
  sources: Record<string, unknown>,
  allocation: unknown = {},
): Promise<LabPlenum> {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-lab-'))
  const postgres = await startPostgres({ folder })
  await postgres.ensureDatabase('lab')
  const db = openDb({ url: postgres.url('lab') })
  await migrate(db)
  await db.destroy()
  const parsed = parseSources(sources, drivers)
  if (parsed.faults.length > 0) throw new Error(JSON.stringify(parsed.faults))
  const config = {
    ...loadConfig({ PORT: '0', PLENUM_ADMIN_TOKEN: token }),
    sources: parsed.sources,
    allocation: allocationShape.parse(allocation),
  }
  const app = await startApp(config, postgres.url('lab'), pino({ level: 'warn' }))
  const ask = async (query: string): Promise<any> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    return (
      await fetch(`${app.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    ).json()
  }
  return {
    async ask(query) {
      const { data, errors } = await ask(query)
      if (errors?.length) throw new Error(JSON.stringify(errors[0]))
      return data
    },
    async counts() {
      const names = ['virtualMachines', 'networks', 'prefixes', 'images', 'volumes', 'tenants']
      const counted =
        (await ask(`{ ${names.map((name) => `${name}(filter: { source: ["Source:name=cloud"] }) { totalCount }`).join(' ')}
        hypervisors: servers(filter: { source: ["Source:name=cloud"], role: { eq: "hypervisor" } }) { totalCount }
        ports: networkInterfaces(filter: { source: ["Source:name=cloud"], type: { eq: "virtual" } }) { totalCount }
        routers: devices(filter: { source: ["Source:name=cloud"], role: { eq: "virtual router" } }) { totalCount } }`)) as any
      const order = [
        'virtualMachines',
        'hypervisors',
        'networks',
        'prefixes',
        'ports',
        'routers',
        'images',
        'volumes',
        'tenants',
      ]
      return Object.fromEntries(order.map((name) => [name, counted.data[name].totalCount]))
    },
    has: async (name) =>
      (await ask(`{ virtualMachines(filter: { name: { eq: "${name}" } }) { totalCount } }`)).data
        .virtualMachines.totalCount === 1,
    async stateOf(source) {
      const { data } = await ask(
        '{ sources { name state { failure held lastSyncAt tookSeconds seen pushLagSeconds } } }',
      )
      return data.sources.find((one: any) => one.name === source)?.state
    },
    sync: async (source) =>
      (await ask(`mutation { syncSource(input: { source: "Source:name=${source}" }) { seen } }`)).errors?.[0]
        ?.message,
    originsOf: async (source) =>
      (await ask(`{ virtualMachines(filter: { source: ["Source:name=${source}"] }) { totalCount } }`)).data
        .virtualMachines.totalCount,
    async close() {
      await app.close()
      await postgres.close()
      rmSync(postgres.folder, { recursive: true, force: true })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
