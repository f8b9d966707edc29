/** Any instant can be asked for again and answers what was true then. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { by, contentOf, openWorld, type Content, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.end())

test('rows as of any moment equal the rows that were read at that moment', async () => {
  const seen: { at: number; content: Content }[] = []
  const look = async () => {
    const content = await contentOf(await world.resources.rows())
    const { rows } = await world.database.db.raw<{ rows: { at: number }[] }>(
      'select (extract(epoch from max(at)) * 1000)::float8 as at from event',
    )
    seen.push({ at: rows[0]!.at, content })
  }
  const cloud = await world.source('cloud')
  const vm = (key: string, name: string) => ({
    key,
    kind: 'VirtualMachine' as const,
    name,
    fields: { instanceId: `i-${key}` },
  })
  await world.say([
    { kind: 'Rack', name: 'r1' },
    { kind: 'Rack', name: 'r2' },
    { kind: 'Server', name: 's', links: [{ type: 'LOCATED_IN', to: { ref: 'Rack:name=r1' } }] },
  ])
  await look()
  await world.sync(cloud, [vm('a', 'one'), vm('b', 'two')])
  await look()
  await world.say([
    { kind: 'Server', name: 's', links: [{ type: 'LOCATED_IN', to: { ref: 'Rack:name=r2' } }] },
  ])
  await look()
  const [one, two] = [await world.named('one'), await world.named('two')]
  await world.resources.push(cloud, [vm('a', 'renamed'), { key: 'b', gone: true }], by)
  await look()
  const server = await world.named('s')
  await world.resources.update(
    { items: [{ id: server.id, set: { labels: { env: 'prod' } }, path: 'items[0]' }], dryRun: false },
    by,
  )
  await look()
  for (const { at, content } of seen) {
    const then = await contentOf(await world.resources.rowsAt(at, 1_000))
    expect(then).toEqual(content)
  }
  const diff = await world.resources.diff({ from: seen[2]!.at, to: seen[3]!.at }, { first: 10 })
  expect(diff.items.map(({ item }) => [item.resourceId, item.action]).sort()).toEqual(
    [
      [one.id, 'UPDATED'],
      [two.id, 'DELETED'],
    ].sort(),
  )
})

test('before history begins there is nothing, and a graph that is too large names the limit', async () => {
  await world.say([
    { kind: 'Rack', name: 'r1' },
    { kind: 'Rack', name: 'r2' },
  ])
  await expect(world.resources.rowsAt(0, 1_000)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(world.resources.rowsAt(Date.now() + 60_000, 1)).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    details: { limit: { name: 'asOfResources', limit: 1 } },
  })
})

test('history is read in pages, newest first, and counts all', async () => {
  for (const owner of ['a', 'b', 'c', 'd']) await world.say([{ kind: 'Rack', name: 'r1', owner }])
  const { id } = await world.named('r1')
  const first = (await world.resources.historyOf([id], { first: 3 })).get(id)!
  expect([first.items.length, first.hasNextPage, first.totalCount]).toEqual([3, true, 4])
  const rest = (await world.resources.historyOf([id], { first: 3, after: first.items.at(-1)!.cursor })).get(
    id,
  )!
  expect([rest.items.length, rest.hasNextPage]).toEqual([1, false])
  const owners = [...first.items, ...rest.items].map(
    ({ item }) => item.changes.find((change) => change.path === 'owner')?.after ?? item.action,
  )
  expect(owners).toEqual(['d', 'c', 'b', 'CREATED'])
})
