/**
 * Two hundred bots ask four processes at once until all is given, while processes are killed and stopped and Postgres restarts. Nothing is given twice, each answer is
 * one that a bot can act on, and when all is released nothing is left. PLENUM_RIVAL_ROUNDS: how often it goes from empty to full (`npm run lab allocate`).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asking, type Ask } from '../support/asking.ts'
import { openDb, type Db } from '../../src/db.ts'
import { startOwnPostgres, type OwnPostgres } from '../support/own-postgres.ts'
import { startProgram, type Program } from '../support/program.ts'
import { fillEstate } from './estate.ts'

const rounds = Number(process.env['PLENUM_RIVAL_ROUNDS'] ?? 1)
const bots = 200
const processes = 4
const patienceMs = 5_000
const token = 'plenum_token_for_tests_only'
/** Of what the estate has, how much there is to give. */
const capacity = {
  IPV4_ADDRESS: 12,
  IPV6_ADDRESS: 40,
  CUSTOM_VLAN: 60,
  CUSTOM_RACK_UNIT: 26,
  CUSTOM_SERVER: 4,
}
const quotas = [{ tenant: 'red', class: 'CUSTOM_VLAN', limit: 25 }]
const blueprints = ['address', 'address-v6', 'vlan', 'rack-space', 'server']

const config = {
  sample: false,
  allocation: {
    pools: {
      servers: { kind: 'Server', where: { labels: { pool: 'general' } } },
      addresses: { kind: 'Prefix', where: { name: ['10.20.0.0/28'] } },
      'addresses-v6': { kind: 'Prefix', where: { name: ['2001:db8::/64'] } },
      vlans: { kind: 'Vlan', vlans: { group: 'fabric', from: 100, to: 159 } },
      racks: { kind: 'Rack', where: {} },
    },
    quotas: [...quotas, { class: 'IPV6_ADDRESS', limit: 20 }],
  },
}

let postgres: OwnPostgres
let db: Db
let folder: string
const running: (Program & { ask: Ask })[] = []

async function start(): Promise<Program & { ask: Ask }> {
  const data = mkdtempSync(join(folder, 'data-'))
  const program = startProgram(['serve'], {
    ...{ PORT: '0', PLENUM_DATA_DIR: data, PLENUM_ADMIN_TOKEN: token, DATABASE_URL: postgres.url },
    PLENUM_CONFIG: join(folder, 'plenum.yaml'),
  })
  const [, url] = await program.saw(/answers at (http:\/\/[^\s/]+)/)
  return { ...program, ask: asking(url!, token) }
}

beforeAll(async () => {
  postgres = await startOwnPostgres('rivals')
  db = openDb({ url: postgres.url })
  folder = mkdtempSync(join(tmpdir(), 'plenum-rivals-'))
  writeFileSync(join(folder, 'plenum.yaml'), JSON.stringify(config))
  running.push(await start())
  running.push(...(await Promise.all(Array.from({ length: processes - 1 }, start))))
  await fillEstate({ query: running[0]!.ask })
}, 300_000)
afterAll(async () => {
  for (const program of running) program.kill('SIGKILL')
  await Promise.all(running.map(({ ended }) => ended))
  await db?.destroy()
  await postgres?.close()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

/** What was asked and given up too, until its process has answered or ended: it may be done late. */
const asked = new Set<Promise<unknown>>()

/** Asks one process after the other until one answers something that asking again would not change. */
async function ask(bot: number, document: string, input: object, field: string): Promise<any> {
  for (let turn = bot; ; turn++) {
    const process = running[turn % running.length]!
    const asking = process.ask<any>(document, { input }).catch(() => undefined)
    asked.add(asking)
    void asking.finally(() => asked.delete(asking))
    const answer = await Promise.race([
      asking,
      new Promise<undefined>((resolve) => setTimeout(resolve, patienceMs, undefined).unref()),
    ])
    if (answer === undefined) continue
    const error = answer.errors?.[0]
    if (error === undefined) return answer.data![field]
    const { code, retryable, retryAfterSeconds } = error.extensions
    // Also when Postgres is away: whether it was done is not known then, and the same key makes it known.
    if (retryable !== true) return { error: code, message: error.message }
    const pauseMs = Math.min(Number(retryAfterSeconds ?? 0.2), 2) * 1_000
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

const allocate = `mutation ($input: AllocateInput!) { allocate(input: $input) { allocation { id state claims { class unit } } } }`
const release = `mutation ($input: ReleaseInput!) { release(input: $input) { allocation { state } } }`

/** What goes wrong, by how much has been given. */
class Trouble {
  given = 0
  readonly #at: Map<number, () => Promise<void>>
  readonly under: Promise<void>[] = []

  constructor(at: Record<number, () => Promise<void>>) {
    this.#at = new Map(Object.entries(at).map(([count, make]) => [Number(count), make]))
  }

  note(): void {
    const make = this.#at.get(++this.given)
    if (make !== undefined) this.under.push(make())
  }
}

async function killOne(index: number): Promise<void> {
  const one = running[index]!
  one.kill('SIGKILL')
  await one.ended
  running[index] = await start()
}
async function stopOne(index: number): Promise<void> {
  running[index]!.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, rounds > 1 ? 20_000 : 2_000))
  running[index]!.kill('SIGCONT')
}

/** Each bot takes what it can get until there is nothing of any kind. */
async function take(
  bot: number,
  round: number,
  trouble: Trouble,
  codes: Map<string, number>,
): Promise<string[]> {
  const ids: string[] = []
  const open = [...blueprints.slice(bot % 5), ...blueprints.slice(0, bot % 5)].slice(0, rounds > 1 ? 5 : 2)
  for (let count = 0; open.length > 0; count++) {
    const request = {
      tenant: `Tenant:name=${bot % 2 === 0 ? 'blue' : 'red'}`,
      name: `b${round}-${bot}-${count}`,
      blueprint: open[0],
    }
    const answer = await ask(bot + count, allocate, { idempotencyKey: request.name, request }, 'allocate')
    if (answer.error === undefined) {
      ids.push(answer.allocation.id)
      trouble.note()
      continue
    }
    codes.set(answer.error, (codes.get(answer.error) ?? 0) + 1)
    if (!['INSUFFICIENT_CAPACITY', 'QUOTA_EXCEEDED'].includes(answer.error))
      throw new Error(JSON.stringify(answer))
    open.shift()
  }
  return ids
}

const rows = async (sql: string): Promise<any[]> => (await db.raw<{ rows: any[] }>(sql)).rows

test(
  'nothing is given twice, and nothing is left',
  async () => {
    for (let round = 0; round < rounds; round++) {
      const codes = new Map<string, number>()
      const trouble = new Trouble({
        20: () => killOne(1),
        50: () => stopOne(2),
        80: () => postgres.restart('immediate'),
        100: () => killOne(3),
      })
      const taken = await Promise.all(
        Array.from({ length: bots }, (_, bot) => take(bot, round, trouble, codes)),
      )
      await Promise.all(trouble.under)
      await Promise.all(asked)
      const ids = taken.flat()
      // Each as the tables have it, and as it was told.
      const live = await rows(`select id from allocation where state = 'ACTIVE'`)
      expect(live.map(({ id }) => `allocation.${id}`).sort()).toEqual(ids.sort())
      const twice = await rows(
        'select provider, class, unit from claim where unit is not null group by 1, 2, 3 having count(*) > 1',
      )
      expect(twice).toEqual([])
      const full = Object.fromEntries(
        (await rows('select class, sum(amount)::int as amount from claim group by 1')).map((row) => [
          row.class,
          row.amount,
        ]),
      )
      expect(full).toEqual(capacity)
      const red = await rows(
        `select used::int from quota join resource on resource.id = quota.tenant_id where resource.name = 'red' and class = 'CUSTOM_VLAN'`,
      )
      expect(red[0].used).toBeLessThanOrEqual(25)
      const doubled = await rows(
        `select fields ->> 'address' as it from resource where kind = 'IpAddress' group by 1 having count(*) > 1
         union all select fields ->> 'vid' from resource where kind = 'Vlan' group by 1 having count(*) > 1`,
      )
      expect(doubled).toEqual([])
      expect([...codes.keys()].sort()).toEqual(['INSUFFICIENT_CAPACITY', 'QUOTA_EXCEEDED'])

      const again = new Trouble({ 30: () => killOne(0), 70: () => stopOne(1) })
      await Promise.all(
        ids.map(async (allocation, index) => {
          const input = { allocation, idempotencyKey: `r-${allocation}` }
          const answer = await ask(index, release, input, 'release')
          expect(answer).toEqual({ allocation: { state: 'RELEASED' } })
          again.note()
        }),
      )
      await Promise.all(again.under)
      await Promise.all(asked)
      expect(await rows('select * from claim')).toEqual([])
      expect(await rows('select * from quota where used <> 0')).toEqual([])
      expect(await rows('select * from provider_usage where used <> 0')).toEqual([])
      const kept = `select name from resource where kind in ('IpAddress', 'Vlan', 'Device')`
      expect((await rows(kept)).map(({ name }) => name)).toEqual(['10.20.0.3'])
    }
  },
  300_000 * rounds,
)
