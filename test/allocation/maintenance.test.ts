/** What is in maintenance gives nothing, and what depends on it neither. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { asker, fillEstate, pools } from './estate.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ allocation: { pools } })
  await fillEstate(app)
}, 120_000)
afterAll(() => app.close())

const maintain = async (field: string, input: string): Promise<any> => {
  const { data, errors } = await app.query<any>(
    `mutation { ${field}(input: { resource: "Rack:name=r1"${input} }) { cursor silence { id } resource { name } impact { kind: __typename name } } }`,
  )
  return errors ? errors[0]!.extensions : data[field]
}
const planned = async (): Promise<{ names: string[]; maintained: string[] }> => {
  const plan = await asker(app).plan({ blueprint: 'server', count: 4, name: 'p' })
  const reasons = plan.rejected.filter(({ reason }: any) => reason === 'is in maintenance')
  return {
    names: plan.placements.map(({ provider }: any) => provider.name).sort(),
    maintained: reasons.flatMap(({ resources }: any) => resources.map(({ name }: any) => name)).sort(),
  }
}

test('servers of a rack in maintenance are not given; a dry run tells what would be in it', async () => {
  const all = ['srv-1', 'srv-2', 'srv-3', 'srv-4']
  expect(await planned()).toEqual({ names: all, maintained: [] })

  const foreseen = await maintain('startMaintenance', ', dryRun: true')
  expect(foreseen).toMatchObject({ silence: null, resource: { name: 'r1' } })
  expect(foreseen.impact.map(({ name }: any) => name)).toEqual(expect.arrayContaining(['srv-1', 'srv-2']))
  expect(foreseen.impact.map(({ name }: any) => name)).not.toContain('srv-3')
  expect(await planned()).toEqual({ names: all, maintained: [] })
  expect(await maintain('endMaintenance', ', dryRun: true')).toMatchObject({ code: 'NOT_FOUND' })

  const begun = await maintain('startMaintenance', '')
  expect(begun.silence.id).toMatch(/^silence/)
  expect(begun.impact).toEqual(foreseen.impact)
  expect(await planned()).toEqual({ names: [], maintained: ['srv-1', 'srv-2'] })
  const { error } = await asker(app).allocate({ blueprint: 'server', count: 3, name: 'three' })
  expect(error).toMatchObject({ code: 'INSUFFICIENT_CAPACITY' })

  expect((await maintain('endMaintenance', ', dryRun: true')).silence).toBeNull()
  expect(await planned()).toMatchObject({ maintained: ['srv-1', 'srv-2'] })
  await maintain('endMaintenance', '')
  expect(await planned()).toEqual({ names: all, maintained: [] })
})
