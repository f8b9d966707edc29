/** What tenants held, against a naive replay of former graphs. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ResourceImage } from '../../src/resource/resource.ts'
import { account } from '../../src/usage/account.ts'
import { startUsage, usageKeys, type UsageKey, type UsageRecord } from '../../src/usage/index.ts'
import type { Price, Span } from '../../src/usage/usage.ts'
import { by as actor, contentOf, openWorld, type World } from '../resource/world.ts'
import { Chance } from '../support/chance.ts'

const seed = Number(process.env['PLENUM_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const hour = 3_600_000

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

const tenants = ['red', 'green', 'blue']
const flavors = { small: [2, 4], large: [8, 32] } as const

function machine(chance: Chance, number: number) {
  const flavor = chance.pick(['small', 'large', undefined] as const)
  const [cores, gibibytes] = flavors[flavor ?? 'small']
  return {
    kind: 'VirtualMachine' as const,
    name: `vm-${number}`,
    status: chance.pick(['ACTIVE', 'ACTIVE', 'ACTIVE', 'PLANNED', 'MAINTENANCE', null] as const),
    fields: {
      ...(flavor === undefined ? {} : { flavor }),
      cpuCores: chance.pick([cores, cores + 1]),
      memoryBytes: gibibytes * 2 ** 30 + 1,
      ...(chance.pick([true, false]) ? { diskBytes: 10 * 2 ** 30 } : {}),
    },
    links: chance
      .some(tenants, 1)
      .map((tenant) => ({ type: 'OWNED_BY' as const, to: { ref: `Tenant:name=${tenant}` } })),
  }
}

/** Machines that come, change their size and holder, and go. */
async function live(chance: Chance): Promise<void> {
  await world.say(tenants.map((name) => ({ kind: 'Tenant' as const, name })))
  for (let step = 0; step < 25; step++) {
    const numbers = [...new Set(chance.some([...Array(6).keys()], 3))]
    if (step > 5 && chance.pick([false, false, true])) {
      const names = new Set(numbers.map((number) => `vm-${number}`))
      const ids = (await world.images()).filter(({ name }) => names.has(name)).map(({ id }) => ({ id }))
      await world.resources.delete({ ids, cascade: true, dryRun: false }, actor)
    } else {
      await world.say(numbers.map((number) => machine(chance, number)))
      const owner = { ref: `Tenant:name=${chance.pick(tenants)}` }
      const links = [{ type: 'OWNED_BY' as const, to: owner }]
      await world.say([
        { kind: 'Volume', name: 'v', fields: { sizeBytes: chance.pick([1, 5]) * 2 ** 30 }, links },
      ])
    }
  }
}

/** From the moments that a test takes to days: everything keeps its order. */
async function stretch(): Promise<number[]> {
  const { db } = world.database
  const at = (column: string) => `now() - (now() - ${column}) * 20000`
  await db.raw(`alter table resource_history disable trigger all`)
  await db.raw(
    `update resource_history set valid_from = date_trunc('milliseconds', ${at('valid_from')}), valid_to = date_trunc('milliseconds', ${at('valid_to')})`,
  )
  const { rows } = await db.raw<{ rows: { at: number }[] }>(
    `select distinct (extract(epoch from at) * 1000)::float8 as at from (select valid_from as at from resource_history union select valid_to from resource_history) t where at is not null order by 1`,
  )
  return rows.map((row) => row.at)
}

const prices: Price[] = [
  { kind: 'VirtualMachine', flavor: 'large', perHour: 3 },
  { kind: 'VirtualMachine', class: 'VCPU', perHour: 0.5 },
  { class: 'DISK_GB', perHour: 0.25 },
]

function priceOf(image: ResourceImage): number | undefined {
  if (image.fields['flavor'] === 'large') return 3
  const cores = image.kind === 'VirtualMachine' ? Number(image.fields['cpuCores']) * 0.5 : undefined
  const disk = Number(image.fields['diskBytes'] ?? image.fields['sizeBytes'] ?? 0) / 2 ** 30 / 4
  return cores === undefined && disk === 0 ? undefined : (cores ?? 0) + disk
}

const isHeld = (image: ResourceImage): boolean =>
  image.tenantId !== null && image.status !== 'PLANNED' && image.status !== 'RETIRED'

/** Graph by graph, between any two instants at which anything changed. */
async function replay(instants: readonly number[], keys: readonly UsageKey[]) {
  const sums = new Map<string, { hours: number; cost: number | null }>()
  for (const [index, since] of instants.slice(0, -1).entries()) {
    const { resources } = await contentOf(await world.resources.rowsAt(since, 1_000))
    const hours = (instants[index + 1]! - since) / hour
    for (const image of resources.filter(isHeld)) {
      const flavor = image.fields['flavor'] ?? null
      const of = { tenant: image.tenantId, kind: image.kind, flavor, class: null }
      const name = JSON.stringify(usageKeys.map((key) => (keys.includes(key) ? of[key] : null)))
      const sum = sums.get(name) ?? { hours: 0, cost: null }
      const price = priceOf(image)
      sums.set(name, {
        hours: sum.hours + hours,
        cost: price === undefined ? sum.cost : (sum.cost ?? 0) + price * hours,
      })
    }
  }
  return sums
}

const nameOf = ({ tenantId, kind, flavor, class: own }: UsageRecord): string =>
  JSON.stringify([tenantId, kind, flavor, own])

test(`is what a replay of former graphs counts (PLENUM_SEED=${seed})`, async () => {
  const chance = new Chance(seed)
  await live(chance)
  const changes = await stretch()
  const usage = startUsage({ db: world.database.db, config: { currency: '', prices }, historyDays: 400 })
  const all: UsageKey[][] = [['tenant'], ['kind'], ['tenant', 'kind', 'flavor'], []]
  for (const by of all) {
    const from = changes[0]! + Math.floor((changes.at(-1)! - changes[0]!) * chance.pick([0, 0.3, 0.6]))
    const to = changes.at(-1)! - chance.pick([0, 100_001])
    const inside = changes.filter((at) => at > from && at < to)
    const expected = await replay([from, ...inside, to], by)
    const records = await usage.read({ from, to, by })
    expect(records.map(nameOf).sort()).toEqual([...expected.keys()].sort())
    for (const record of records) {
      const { hours, cost } = expected.get(nameOf(record))!
      expect(record.hours).toBeCloseTo(hours, 6)
      if (cost === null) expect(record.cost).toBeNull()
      else expect(record.cost).toBeCloseTo(cost, 6)
    }
    const byClass = await usage.read({ from, to, by: [...by, 'class'] })
    const total = (some: UsageRecord[]) => some.reduce((sum, { cost }) => sum + (cost ?? 0), 0)
    expect(total(byClass)).toBeCloseTo(total(records), 6)
    expect(byClass.filter((one) => one.class === null).map(({ hours }) => hours)).toEqual(
      records.map(({ hours }) => hours),
    )
  }
}, 120_000)

const span = (rest: Partial<Span>): Span => ({
  ...{ at: 0, tenantId: 1, kind: 'VirtualMachine', flavor: null, cores: '2', memoryBytes: null },
  ...{ diskBytes: null, milliseconds: hour },
  ...rest,
})

test('a price holds from its instant on, and the first that fits decides', () => {
  const rising: Price[] = [
    { kind: 'VirtualMachine', flavor: 'gold', perHour: 100 },
    { kind: 'VirtualMachine', class: 'VCPU', perHour: 2, from: 1_000 },
    { kind: 'VirtualMachine', class: 'VCPU', perHour: 1 },
  ]
  const cost = (...spans: Span[]) => account(spans, rising, [])[0]!.cost
  expect(cost(span({ at: 0 }))).toBe(2)
  expect(cost(span({ at: 1_000 }))).toBe(4)
  expect(cost(span({ at: 0 }), span({ at: 1_000 }))).toBe(6)
  expect(cost(span({ flavor: 'gold' }))).toBe(100)
  expect(cost(span({ kind: 'Volume' }))).toBeNull()
})

test('nothing is lost by adding: very often a third of a core-hour', () => {
  const many = Array.from({ length: 100_000 }, () => span({ milliseconds: 1_200_000, cores: '1' }))
  const [, cores] = account(many, [], ['class'])
  expect(cores).toMatchObject({ class: 'VCPU', amountHours: 100_000 / 3, hours: 100_000 / 3 })
})

test('amounts of classes, and tenants that were merged into others', () => {
  const spans = [
    span({ memoryBytes: String(3 * 2 ** 20), diskBytes: String(2 ** 30) }),
    span({ tenantId: 2, cores: '4', milliseconds: hour / 2 }),
  ]
  const records = account(spans, [], ['tenant', 'class'], () => 7)
  expect(
    records.map(({ tenantId, class: own, hours, amountHours }) => [tenantId, own, hours, amountHours]),
  ).toEqual([
    [7, null, 1.5, null],
    [7, 'DISK_GB', 1, 1],
    [7, 'MEMORY_MB', 1, 3],
    [7, 'VCPU', 1.5, 4],
  ])
})
