/** What a newcomer may allocate in the sample: as docs/allocating.md says. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleInventory, samplePools, sampleQuotas } from '../../src/demo/index.ts'
import { formatCursor } from '../../src/event/event.ts'
import { startResources } from '../../src/resource/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ allocation: { pools: samplePools, quotas: sampleQuotas } })
  const { signal } = new AbortController()
  const items = sampleInventory()
  const resources = startResources({ db: app.database.db })
  const sample = { source: 'sample', mode: 'merge' as const, dryRun: false, items, signal }
  const { cursor } = await resources.importInventory(sample, { name: 'sample' })
  const { errors } = await app.query('{ cursor }', {}, { 'plenum-after': formatCursor(cursor) })
  expect(errors).toBeUndefined()
}, 120_000)
afterAll(() => app.close())

const documented = [
  ...readFileSync(new URL('../../docs/allocating.md', import.meta.url), 'utf8').matchAll(
    /^bin\/plenum query '(.*)'$/gm,
  ),
].map(([, query]) => query!)

test('every pool has something, all but whole servers to give', async () => {
  const { data, errors } = await app.query<any>('{ pools { name providers capacity { class total free } } }')
  expect(errors).toBeUndefined()
  expect(data.pools.map(({ name }: any) => name).sort()).toEqual(Object.keys(samplePools).sort())
  for (const { name, capacity } of data.pools)
    for (const { class: one, total, free } of capacity)
      expect([name, one, Number(one === 'CUSTOM_SERVER' ? total : free) > 0]).toEqual([name, one, true])
})

test('the queries of the documentation do what they say', async () => {
  expect(documented).toHaveLength(3)
  const [plan, ...gifts] = documented
  const planned = await app.query<any>(plan!)
  expect(planned.errors).toBeUndefined()
  expect(planned.data.plan).toMatchObject({
    feasible: false,
    short: [{ class: 'CUSTOM_SERVER', free: '0' }],
  })
  for (const gift of gifts) {
    const given = await app.query<any>(gift)
    expect(given.errors).toBeUndefined()
    expect(given.data.allocate.allocation.resources.length).toBeGreaterThan(0)
    // The same name again is the same thing.
    expect((await app.query<any>(gift)).data).toEqual(given.data)
  }
})
