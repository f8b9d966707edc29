/** Writes of values take a short way: what follows from them must be what follows from saying the same at once. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countStatements } from '../../src/db.ts'
import type { InventoryItem, UpdateRequest } from '../../src/resource/verbs.ts'
import { by, openWorld, type World } from './world.ts'

type Item = Omit<InventoryItem, 'path'>
type Set = UpdateRequest['items'][number]['set']

const names = ['s1', 's2'] as const
const item = fc.record({
  name: fc.constantFrom(...names),
  source: fc.constantFrom('a', 'b'),
  hasSerial: fc.boolean(),
  model: fc.constantFrom('m1', 'm2', 'm3'),
  env: fc.constantFrom('x', 'y', undefined),
  rack: fc.constantFrom(undefined, undefined, undefined, undefined, 'r1', 'r2'),
})
const edit = fc.record({
  name: fc.constantFrom(...names),
  set: fc.oneof<fc.Arbitrary<Set>[]>(
    fc.record({ labels: fc.record({ team: fc.constantFrom('p', 'q', null) }) }),
    fc.record({ owner: fc.constantFrom('ann', null) }),
    fc.record({ fields: fc.record({ model: fc.constantFrom('m8', 'm9', null) }) }),
    fc.record({ fields: fc.record({ assetTag: fc.constantFrom('TAG1', 'TAG2') }) }),
    fc.record({ status: fc.constantFrom('ACTIVE' as const, 'STAGED' as const) }),
  ),
})
const steps = fc.array(
  fc.oneof(
    item.map((one) => ({ item: one })),
    edit.map((one) => ({ edit: one })),
  ),
  { minLength: 8, maxLength: 16 },
)

const racks: Item[] = ['r1', 'r2'].map((name) => ({ kind: 'Rack', name, key: name }))
const toItem = ({
  name,
  hasSerial,
  model,
  env,
  rack,
}: typeof item extends fc.Arbitrary<infer T> ? T : never): Item => ({
  kind: 'Server',
  name,
  key: name,
  fields: { manufacturer: 'Dell', model, ...(hasSerial ? { serialNumber: `SN-${name}` } : {}) },
  ...(env === undefined ? {} : { labels: { env } }),
  ...(rack === undefined ? {} : { links: [{ type: 'LOCATED_IN', to: { ref: `Rack:name=${rack}` } }] }),
})

const plain: Item[] = names.map((name) => ({ kind: 'Server', name, key: name }))

/** Which resource source a's item of this name is. */
async function idOf(world: World, name: string): Promise<number | undefined> {
  return world.resources.findByKey('a', name)
}

async function shown(world: World): Promise<unknown> {
  const images = await world.images()
  const nameOf = new Map(images.map(({ id, name }) => [id, name]))
  return images
    .filter(({ kind }) => kind === 'Server')
    .map(({ name, status, labels, owner, fields, hasDrift, hasConflict, sources }) => ({
      ...{ name, status, labels, owner, fields, hasDrift, hasConflict },
      sources: sources.map((id) => nameOf.get(id)).sort(),
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

test(
  'values written one after the other give what they give when written at once',
  { timeout: 300_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const [slow, fast] = [await openWorld(), await openWorld()]
        try {
          for (const world of [slow, fast]) {
            await world.say(racks, { source: 'racks' })
            await world.say(plain, { source: 'a' })
          }
          const items = new Map<string, { item: Item; source: string }>()
          const sets = new Map<string, Set>()
          for (const step of list) {
            if ('item' in step) {
              const said = { item: toItem(step.item), source: step.item.source }
              await fast.say([said.item], { source: said.source })
              // Among equals the one that changed last is believed.
              items.delete(`${said.source} ${said.item.key}`)
              items.set(`${said.source} ${said.item.key}`, said)
              continue
            }
            const { name, set } = step.edit
            const id = await idOf(fast, name)
            if (id === undefined) continue
            await fast.resources.update({ items: [{ id, set, path: 'x' }], dryRun: false }, by)
            const known = sets.get(name) ?? {}
            sets.set(name, {
              ...known,
              ...set,
              labels: { ...known.labels, ...set.labels },
              fields: { ...known.fields, ...set.fields },
            })
          }
          // Everything is new there: the short way is for what is known.
          await slow.say(
            plain.filter(({ key }) => !items.has(`a ${key}`)),
            { source: 'a' },
          )
          for (const { item: one, source } of items.values()) await slow.say([one], { source })
          for (const [name, set] of sets) {
            const id = (await idOf(slow, name))!
            await slow.resources.update({ items: [{ id, set, path: 'x' }], dryRun: false }, by)
          }
          expect(await shown(fast)).toEqual(await shown(slow))
          await fast.expectReplayed()
        } finally {
          await slow.close()
          await fast.close()
        }
      }),
      { numRuns: Number(process.env['PLENUM_RUNS'] ?? 5) },
    )
  },
)

test('a value that identifies joins, and one that others claim is a conflict, also where it is all that changes', async () => {
  const world = await openWorld()
  try {
    const server = (serialNumber?: string) => ({
      kind: 'Server' as const,
      name: 's1',
      key: 's1',
      fields: { manufacturer: 'Dell', ...(serialNumber === undefined ? {} : { serialNumber }) },
    })
    await world.say([server()], { source: 'a' })
    await world.say([server('SN1')], { source: 'a' })
    await world.say([server('SN1')], { source: 'b' })
    const joined = await world.named('s1')
    expect(joined.sources).toHaveLength(2)
    await world.say([server()], { source: 'b' })
    expect((await world.images()).filter(({ name }) => name === 's1')).toHaveLength(2)
    const other = (await world.say([{ kind: 'Server', name: 's2', fields: { assetTag: 'T1' } }]))
      .resourceIds[0]!
    await world.resources.update(
      { items: [{ id: joined.id, set: { fields: { assetTag: 'T1' } }, path: 'x' }], dryRun: false },
      by,
    )
    const conflicts = await world.resources.conflictsOf([other])
    expect(conflicts.get(other)?.map(({ otherId, value }) => [otherId, value])).toEqual([[joined.id, 'T1']])
  } finally {
    await world.end()
  }
})

test('a value that identifies nothing is written by a dozen statements', async () => {
  const world = await openWorld()
  try {
    const { resourceIds } = await world.say([{ kind: 'Server', name: 's1' }])
    const counted = countStatements(world.database.db)
    await world.resources.update(
      { items: [{ id: resourceIds[0]!, set: { labels: { env: 'x' } }, path: 'x' }], dryRun: false },
      by,
    )
    expect(counted.stop()).toBeLessThanOrEqual(20)
    expect((await world.named('s1')).labels).toEqual({ env: 'x' })
  } finally {
    await world.end()
  }
})
