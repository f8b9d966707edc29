/** Leases end: it is told before, once; an extension never shortens; one that cannot be released keeps no other waiting. */
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allocationShape } from '../../src/allocation/index.ts'
import { Leases } from '../../src/allocation/lease/index.ts'
import { startTurns } from '../../src/turn.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createDatabase } from '../support/postgres.ts'
import { asker, fillEstate, pools } from './estate.ts'

let app: TestApp
let bot: ReturnType<typeof asker>
beforeAll(async () => {
  app = await startTestApp({ allocation: { pools } })
  bot = asker(app)
  await fillEstate(app)
})
afterAll(async () => app?.close())

const numberOf = (id: string): string => id.replace(/\D+/g, '')
/** What time does to a lease. */
async function pass(id: string, interval: string): Promise<void> {
  const { rows } = await app.database.db.raw(
    `update allocation set lease_ends_at = lease_ends_at - interval '${interval}', lease_set_at = lease_set_at - interval '${interval}' where id = ? returning id`,
    [numberOf(id)],
  )
  expect(rows).toHaveLength(1)
}
async function warnings(name: string): Promise<number[]> {
  const { events } = await bot.query(
    '{ events(type: ["LeaseEnding"], first: 100) { nodes { actor resource { name } detail } } }',
  )
  const own = events.nodes.filter(({ detail }: any) => detail.name === name)
  for (const one of own) expect(one).toMatchObject({ actor: 'lease', resource: { name: 'blue' } })
  return own.map(({ detail }: any) => detail.warningSeconds as number)
}
const give = async (name: string, lease?: string): Promise<string> =>
  (await bot.allocate({ name, blueprint: 'address', ...(lease === undefined ? {} : { lease }) })).allocation
    .id

test('the end of a lease is told a day and an hour before, once each; of several that passed the nearest; of short ones none', async () => {
  const [long, missed, short, other] = await Promise.all([
    give('long', 'P3D'),
    give('missed', 'P3D'),
    give('short', 'PT1H'),
    give('other', 'P30D'),
  ])
  await pass(long, '49 hours')
  await pass(missed, '71 hours 30 minutes')
  await pass(short, '30 minutes')
  await expect.poll(() => warnings('long'), { timeout: 60_000 }).toEqual([86_400])
  await expect.poll(() => warnings('missed'), { timeout: 60_000 }).toEqual([3_600])
  await pass(long, '22 hours 30 minutes')
  await expect.poll(() => warnings('long'), { timeout: 60_000 }).toEqual([86_400, 3_600])

  // Extended it is a lease like another.
  await bot.extendLease(missed, 'P10D')
  await pass(missed, '233 hours')
  await expect.poll(() => warnings('missed'), { timeout: 60_000 }).toEqual([3_600, 86_400])
  expect(await warnings('short')).toEqual([])
  expect(await warnings('other')).toEqual([])

  const { tenants } = await bot.query('{ tenants(filter: { name: { eq: "blue" } }) { nodes { id } } }')
  const ending = async () =>
    (
      await bot.query(
        `{ node(id: "${tenants.nodes[0].id}") { ... on Tenant { readings(metric: ["tenant.leases.ending"]) { value } alerts { nodes { ruleName summary } } } } }`,
      )
    ).node
  await expect.poll(async () => (await ending()).readings, { timeout: 60_000 }).toEqual([{ value: 2 }])
  await expect
    .poll(async () => (await ending()).alerts.nodes, { timeout: 60_000 })
    .toContainEqual({
      ruleName: 'LeaseEnding',
      summary: '2 leases of blue end soon: extendLease, or they are released',
    })
  for (const id of [long, missed, short, other]) await bot.release(id)
  await expect.poll(async () => (await ending()).readings, { timeout: 60_000 }).toEqual([{ value: 0 }])
}, 240_000)

test('an extension never shortens, and gives no end to what has none', async () => {
  const [leased, endless] = [await give('leased', 'P3D'), await give('endless')]
  const endsAt = async () =>
    (await bot.query(`{ node(id: "${leased}") { ... on Allocation { leaseEndsAt } } }`)).node.leaseEndsAt
  const before = await endsAt()
  expect((await bot.extendLease(leased, 'PT1H')).allocation.leaseEndsAt).toBe(before)
  const after = (await bot.extendLease(leased, 'P5D')).allocation.leaseEndsAt
  expect(Date.parse(after) - Date.parse(before)).toBeGreaterThan(86_400_000)
  const { error } = await bot.extendLease(endless, 'PT1H')
  expect(error).toMatchObject({ code: 'CONFLICT', reason: 'STATE' })
  expect(error.message).toContain('endless has no lease that ends')
  for (const id of [leased, endless]) await bot.release(id)
})

test('warnings that are none are refused by name', () => {
  const faults = (leaseWarnings: unknown) =>
    allocationShape.safeParse({ leaseWarnings }).error?.issues.map(({ path, message }) => [path, message])
  expect(faults(['1d', 'soon'])).toEqual([
    [['leaseWarnings', 1], 'a time such as 1h, 1d or P7D is needed, from a second on'],
  ])
  expect(faults([0])).toHaveLength(1)
  expect(allocationShape.parse({}).leaseWarnings).toEqual([86_400, 3_600])
  expect(allocationShape.parse({ leaseWarnings: ['P7D', 30] }).leaseWarnings).toEqual([604_800, 30])
})

test('a hundred and more that cannot be released keep the others waiting in no round', async () => {
  const database = await createDatabase()
  const log = pino({ level: 'silent' })
  const turns = startTurns({ db: database.db, log })
  await database.db.raw(
    `insert into allocation (tenant_id, name, state, blueprint, request, request_hash, created_by, created_at, lease_ends_at, lease_set_at)
     select 1, 'a' || n, 'ACTIVE', 'address', '{}', '', 'bot', now(), now() - (1000 - n / 3) * interval '1 second', now() from generate_series(1, 250) n`,
  )
  const asked: number[] = []
  const over = Promise.withResolvers<void>()
  const leases = new Leases({
    ...{ db: database.db, log, turns, everyMs: 50, warnings: [60] },
    async release(id) {
      asked.push(id)
      if (asked.length === 250) over.resolve()
      throw new Error('its backend is away')
    },
    wake: () => {},
  })
  await over.promise
  await leases.close()
  await turns.close()
  expect(new Set(asked.slice(0, 250)).size).toBe(250)
  await database.close()
})
