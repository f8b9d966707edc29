/** How many addresses a second sixteen bots are given: each asks over HTTP, plans, and is answered when the address, its allocation, events and audit stand in Postgres. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { allocationShape } from '../../src/allocation/index.ts'
import { startApp, type App } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { startPostgres } from '../../src/postgres/index.ts'

const bots = 16
const token = 'plenum_token_of_the_plan_benchmark'
const pools = { addresses: { kind: 'Prefix', where: { name: ['10.64.0.0/16'] } } }

export interface Given {
  allocationsPerSecond: number
  releasesPerSecond: number
}

/** Every address given once, or it throws. */
export async function measureBots(count: number): Promise<Given> {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-bench-'))
  const postgres = await startPostgres({ folder })
  try {
    await postgres.ensureDatabase('bench')
    const config = loadConfig({ PORT: '0', PLENUM_ADMIN_TOKEN: token, PLENUM_DATA_DIR: folder })
    const app = await startApp(
      { ...config, allocation: allocationShape.parse({ pools }) },
      postgres.url('bench'),
      pino({ level: 'silent' }),
    )
    try {
      return await measure(app, count)
    } finally {
      await app.close()
    }
  } finally {
    await postgres.close()
    rmSync(postgres.folder, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure({ url }: App, count: number): Promise<Given> {
  const ask = async <T>(query: string, variables = {}): Promise<T> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    const body = JSON.stringify({ query, variables })
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body })
    const { data, errors } = (await response.json()) as { data: T; errors?: unknown }
    if (errors !== undefined) throw new Error(JSON.stringify(errors))
    return data
  }
  await ask(
    'mutation { importInventory(input: { source: "bench", items: [{ kind: Tenant, name: "blue", status: ACTIVE }, { kind: Prefix, name: "10.64.0.0/16", status: ACTIVE, fields: { cidr: "10.64.0.0/16" } }] }) { cursor } }',
  )
  const given: string[] = []
  const addresses: string[] = []
  let number = 0
  const allocating = await perSecond(count, async () => {
    const { allocate } = await ask<{
      allocate: { allocation: { id: string; resources: { name: string }[] } }
    }>(
      'mutation ($key: String!, $name: String!) { allocate(input: { idempotencyKey: $key, request: { tenant: "Tenant:name=blue", name: $name, blueprint: "address" } }) { allocation { id state resources { name } } } }',
      { key: `k${++number}`, name: `a${number}` },
    )
    given.push(allocate.allocation.id)
    addresses.push(...allocate.allocation.resources.map(({ name }) => name))
  })
  if (new Set(addresses).size !== count) throw new Error(`${count} addresses were asked for`)
  const releasing = await perSecond(count, async () => {
    await ask(
      'mutation ($id: ID!) { release(input: { allocation: $id, wait: "PT30S" }) { operation { state } } }',
      {
        id: given.pop(),
      },
    )
  })
  return { allocationsPerSecond: allocating, releasesPerSecond: releasing }
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  let left = count
  const began = performance.now()
  const bot = async (): Promise<void> => {
    while (left-- > 0) await work()
  }
  await Promise.all(Array.from({ length: bots }, bot))
  return (count * 1_000) / (performance.now() - began)
}
