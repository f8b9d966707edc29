/** The same observations give the same resources, in whatever order, by whatever detours they came: through the tables, with parts that follow their wholes. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Gone, LinkClaim, Observation } from '../../src/resource/resource.ts'
import { contentOf, openWorld, type World } from './world.ts'

let world: World
const sources: number[] = []
beforeAll(async () => {
  world = await openWorld()
  for (const [index, name] of ['a', 'b', 'c'].entries()) {
    sources.push(
      await world.source(name, { precedence: 100 + index, role: index === 2 ? 'intent' : 'observed' }),
    )
  }
})
afterAll(() => world.close())

interface Said {
  source: number
  observation: Observation
}

const device = fc.record({
  source: fc.integer({ min: 0, max: 2 }),
  key: fc.constantFrom('d1', 'd2'),
  kind: fc.constantFrom('Server' as const, 'Switch' as const, 'Device' as const),
  serialNumber: fc.constantFrom(undefined, 'SN1', 'SN2', '0000'),
  assetTag: fc.constantFrom(undefined, undefined, 'TAG1', 'TAG2'),
  model: fc.constantFrom('m1', 'm2'),
  hearsay: fc.integer({ min: 0, max: 6 }).map((dice) => dice === 0),
  ports: fc.uniqueArray(
    fc.record({ name: fc.constantFrom('eth0', 'eth1'), mtu: fc.constantFrom(1_500, 9_000) }),
    { maxLength: 2, selector: ({ name }) => name },
  ),
  rack: fc.boolean(),
})
type Device = typeof device extends fc.Arbitrary<infer T> ? T : never

function saidBy(one: Device): Said[] {
  const { source, key, kind, serialNumber, assetTag, model, hearsay, ports, rack } = one
  const located: LinkClaim[] = [{ type: 'LOCATED_IN', to: { source: 'a', key: 'rack' } }]
  const whole: Observation = {
    key,
    kind,
    name: hearsay ? `${source}-heard` : `${source}-${key}`,
    fields: {
      manufacturer: 'Dell',
      model,
      ...(serialNumber === undefined ? {} : { serialNumber }),
      ...(assetTag === undefined ? {} : { assetTag }),
    },
    hearsay,
    ...(rack ? { links: located } : {}),
  }
  const parts = ports.map(({ name, mtu }): Observation => ({
    key: `${key}.${name}`,
    kind: 'NetworkInterface',
    name,
    fields: { mtu },
    links: [{ type: 'PART_OF', to: { key } }],
  }))
  return [whole, ...parts].map((observation) => ({ source, observation }))
}

/** Of two things that one source has only heard of, what it told last counts, and that is an order: here it tells the same of both. */
function heardAlike(devices: readonly Device[]): Device[] {
  const heard = new Map<number, Device>()
  return devices.map((one) => {
    if (!one.hearsay) return one
    const first = heard.get(one.source) ?? one
    heard.set(one.source, first)
    return { ...first, key: one.key, ports: one.ports }
  })
}

const rack: Said = { source: 0, observation: { key: 'rack', kind: 'Rack', name: 'r07' } }
const scenes = fc
  .uniqueArray(device, { minLength: 2, maxLength: 6, selector: ({ source, key }) => `${source} ${key}` })
  .chain((devices) => {
    const said = [rack, ...heardAlike(devices).flatMap(saidBy)]
    return fc.record({
      said: fc.constant(said),
      order: fc.shuffledSubarray(said, { minLength: said.length }),
      /** What some said before they said what they say now. */
      detours: fc.array(device, { maxLength: 3 }).map((list) => list.flatMap(saidBy)),
    })
  })

const push = (source: number, changes: readonly (Observation | Gone)[]) =>
  world.resources.push(sources[source]!, changes, { name: 'tester' })

async function clear(): Promise<void> {
  for (const index of sources.keys()) {
    const keys = (await world.database
      .db('observation')
      .where('source_id', sources[index]!)
      .select('key')) as {
      key: string
    }[]
    await push(
      index,
      keys.map(({ key }): Gone => ({ key, gone: true })),
    )
  }
  const left = (await world.images()).filter((image) => image.kind !== 'Source')
  expect(left).toEqual([])
}

/** What there is, told by who says it, without ids and times. */
async function shown(): Promise<unknown> {
  const { rows } = await world.database.db.raw<{ rows: { id: string; members: string[] }[] }>(
    `select o.resource_id as id, array_agg(s.name || '/' || o.key order by s.name, o.key) as members
     from observation o join source s on s.id = o.source_id where s.driver <> 'plenum' group by o.resource_id`,
  )
  const names = new Map(rows.map(({ id, members }) => [Number(id), members.join(' ')]))
  const nameOf = (id: number | null) => (id === null ? null : (names.get(id) ?? `#${id}`))
  const { resources, links } = await contentOf(await world.resources.rows())
  const drift = await world.resources.driftOf(resources.map((image) => image.id))
  return {
    resources: resources
      .filter((image) => image.kind !== 'Source')
      .map((image) => ({
        members: nameOf(image.id),
        kind: image.kind,
        name: image.name,
        fields: image.fields,
        hasConflict: image.hasConflict,
        drift: (drift.get(image.id) ?? []).map(({ path, intended, observed }) => [path, intended, observed]),
      }))
      .sort((a, b) => (a.members! < b.members! ? -1 : 1)),
    links: links.map((link) => `${nameOf(link.from)} ${link.type} ${nameOf(link.to)}`).sort(),
  }
}

test(
  'any order and any detour gives the same resources, values, links and conflicts',
  { timeout: 300_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async ({ said, order, detours }) => {
        await clear()
        for (const index of sources.keys()) {
          await push(
            index,
            said.filter(({ source }) => source === index).map(({ observation }) => observation),
          )
        }
        const atOnce = await shown()
        await clear()
        for (const { source, observation } of detours) await push(source, [observation])
        for (const { source, observation } of order) await push(source, [observation])
        const meant = new Set(said.map(({ source, observation }) => `${source} ${observation.key}`))
        for (const { source, observation } of detours) {
          if (!meant.has(`${source} ${observation.key}`))
            await push(source, [{ key: observation.key, gone: true }])
        }
        expect(await shown()).toEqual(atOnce)
      }),
      { numRuns: Number(process.env['PLENUM_ORDER_RUNS'] ?? 25), endOnFailure: false },
    )
    await world.expectReplayed()
  },
)
