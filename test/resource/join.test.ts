/** What sources and people say becomes resources: who is one with whom, whose value wins, what is told when they differ. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readHead } from '../../src/event/store.ts'
import type { Observation } from '../../src/resource/resource.ts'
import { openWorld, partitionOf, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(async () => {
  await world.end()
})

const server = (
  key: string,
  fields: Record<string, unknown>,
  rest: Partial<Observation> = {},
): Observation => ({
  key,
  kind: 'Server',
  name: key,
  fields: { manufacturer: 'Dell', ...fields },
  ...rest,
})
const port = (key: string, device: string, name: string, rest: Partial<Observation> = {}): Observation => ({
  key,
  kind: 'NetworkInterface',
  name,
  links: [{ type: 'PART_OF', to: { key: device } }],
  ...rest,
})

describe('one thing', () => {
  test('a rename is an update: same id, the old name in history', async () => {
    const snmp = await world.source('snmp')
    await world.sync(snmp, [server('a', { serialNumber: 'S1' }, { name: 'old' })])
    const before = await world.named('old')
    await world.sync(snmp, [server('a', { serialNumber: 'S1' }, { name: 'new' })])
    const after = await world.named('new')
    expect(after.id).toBe(before.id)
    expect(after.revision).toBeGreaterThan(before.revision)
    expect(after.generation).toBe(before.generation)
    const history = await world.resources.historyOf([after.id], { first: 10 })
    expect(history.get(after.id)!.items.map(({ item }) => [item.action, item.name])).toEqual([
      ['UPDATED', 'new'],
      ['CREATED', 'old'],
    ])
  })

  test('a strong identity joins what two sources say, whoever comes first; the id stays with intent', async () => {
    const snmp = await world.source('snmp')
    await world.sync(snmp, [server('dev-7', { serialNumber: 'S1' }, { name: 'sysname' })])
    const observed = await world.named('sysname')
    await world.say([
      { kind: 'Server', name: 'srv-1', fields: { serialNumber: 's1', manufacturer: 'Dell Inc.' } },
    ])
    const joined = await world.named('srv-1')
    expect(joined.id).toBe(observed.id)
    expect(joined.sources).toHaveLength(2)
    expect(await partitionOf(world)).toEqual([['inventory/Server:srv-1', 'snmp/dev-7']])
  })

  test('a name or a MAC alone joins nothing and is a conflict on both', async () => {
    const [a, b] = [await world.source('a'), await world.source('b')]
    await world.sync(a, [server('one', { serialNumber: 'S1' }, { name: 'web' })])
    await world.sync(b, [server('two', { serialNumber: 'S2' }, { name: 'web' })])
    const found = (await world.images()).filter((image) => image.name === 'web')
    expect(found.map((image) => image.hasConflict)).toEqual([true, true])
    const conflicts = await world.resources.conflictsOf(found.map((image) => image.id))
    expect(conflicts.get(found[0]!.id)).toMatchObject([{ otherId: found[1]!.id, type: 'name' }])
    expect(conflicts.get(found[1]!.id)).toMatchObject([{ otherId: found[0]!.id, type: 'name' }])
    await world.sync(b, [server('two', { serialNumber: 'S2' }, { name: 'mail' })])
    expect((await world.images()).filter((image) => image.hasConflict)).toEqual([])
  })

  test('placeholder serials join nothing, and are no conflict', async () => {
    const [a, b] = [await world.source('a'), await world.source('b')]
    const values = ['0000', 'To be filled by O.E.M.', 'Not Specified', 'Default string', 'N/A']
    const listing = (of: string) =>
      values.map((serialNumber, index) =>
        server(`${of}${index}`, { serialNumber, systemUuid: '00000000-0000-0000-0000-000000000000' }),
      )
    await world.sync(a, listing('a'))
    await world.sync(b, listing('b'))
    const servers = (await world.images()).filter((image) => image.kind === 'Server')
    expect(servers).toHaveLength(2 * values.length)
    expect(servers.filter((image) => image.hasConflict)).toEqual([])
  })

  test('swapped serials: each observation goes with the serial, intent keeps its ids, and the names drift', async () => {
    await world.say([
      { kind: 'Server', name: 'srv-1', fields: { serialNumber: 'S1', manufacturer: 'Dell' } },
      { kind: 'Server', name: 'srv-2', fields: { serialNumber: 'S2', manufacturer: 'Dell' } },
    ])
    const [one, two] = [await world.named('srv-1'), await world.named('srv-2')]
    const snmp = await world.source('snmp')
    await world.sync(snmp, [
      server('p1', { serialNumber: 'S1', cpuModel: 'first' }, { name: 'srv-1' }),
      server('p2', { serialNumber: 'S2', cpuModel: 'second' }, { name: 'srv-2' }),
    ])
    await world.sync(snmp, [
      server('p1', { serialNumber: 'S2', cpuModel: 'first' }, { name: 'srv-1' }),
      server('p2', { serialNumber: 'S1', cpuModel: 'second' }, { name: 'srv-2' }),
    ])
    expect(await partitionOf(world)).toEqual([
      ['inventory/Server:srv-1', 'snmp/p2'],
      ['inventory/Server:srv-2', 'snmp/p1'],
    ])
    const images = await world.images()
    expect(images.find((image) => image.id === one.id)).toMatchObject({
      name: 'srv-1',
      fields: { cpuModel: 'second' },
      hasDrift: true,
    })
    expect(images.find((image) => image.id === two.id)).toMatchObject({ name: 'srv-2', hasDrift: true })
  })

  test('a drift is told with what is seen now, also where nothing else of the resource changes', async () => {
    const fields = { serialNumber: 'S1', manufacturer: 'Dell' }
    await world.say([{ kind: 'Server', name: 'srv-1', fields }])
    const snmp = await world.source('snmp')
    const { id } = await world.named('srv-1')
    const driftNow = async () => (await world.resources.driftOf([id])).get(id)
    await world.sync(snmp, [server('p', fields, { name: 'srv-one' })])
    const [first] = (await driftNow())!
    expect(first).toMatchObject({ path: 'name', intended: 'srv-1', observed: 'srv-one' })
    await world.sync(snmp, [server('p', fields, { name: 'srv-uno' })])
    // It differs since it first did.
    expect(await driftNow()).toEqual([{ ...first, observed: 'srv-uno' }])
  })

  test('an edit holds nothing together: it stays with its resource when serials are swapped', async () => {
    await world.say([
      { kind: 'Server', name: 'srv-1', fields: { serialNumber: 'S1', manufacturer: 'Dell' } },
      { kind: 'Server', name: 'srv-2', fields: { serialNumber: 'S2', manufacturer: 'Dell' } },
    ])
    const snmp = await world.source('snmp')
    const listing = (first: string, second: string) => [
      server('p1', { serialNumber: first }, { name: 'srv-1' }),
      server('p2', { serialNumber: second }, { name: 'srv-2' }),
    ]
    await world.sync(snmp, listing('S1', 'S2'))
    const { id } = await world.named('srv-1')
    await world.resources.update(
      { items: [{ id, set: { owner: 'ops' }, path: 'items[0]' }], dryRun: false },
      { name: 'tester' },
    )
    await world.sync(snmp, listing('S2', 'S1'))
    expect(await partitionOf(world)).toEqual([
      ['inventory/Server:srv-1', 'snmp/p2'],
      ['inventory/Server:srv-2', 'snmp/p1'],
    ])
    expect((await world.images()).find((image) => image.id === id)).toMatchObject({
      name: 'srv-1',
      owner: 'ops',
    })
  })

  test('a source that lists the same thing twice the same way lists it once; differently, it is refused whole', async () => {
    const snmp = await world.source('snmp')
    const same = server('a', { serialNumber: 'S1' })
    await world.sync(snmp, [same, { ...same }])
    expect((await world.images()).filter((image) => image.kind === 'Server')).toHaveLength(1)
    await expect(
      world.sync(snmp, [server('b', { serialNumber: 'S2' }), same, server('a', { serialNumber: 'S3' })]),
    ).rejects.toThrow()
    expect((await world.images()).filter((image) => image.kind === 'Server')).toHaveLength(1)
  })

  test('a serial that one source gives to two things identifies neither, also when they come in different syncs', async () => {
    const [a, b] = [await world.source('a'), await world.source('b')]
    await world.sync(a, [server('one', { serialNumber: 'S1' })])
    await world.sync(b, [server('x', { serialNumber: 'S1' })])
    expect(await partitionOf(world)).toEqual([['a/one', 'b/x']])
    await world.sync(a, [server('one', { serialNumber: 'S1' }), server('two', { serialNumber: 'S1' })])
    expect(await partitionOf(world)).toEqual([['a/one'], ['a/two'], ['b/x']])
    await world.sync(a, [server('one', { serialNumber: 'S1' }), server('two', { serialNumber: 'S2' })])
    expect(await partitionOf(world)).toEqual([['a/one', 'b/x'], ['a/two']])
  })

  test('the same serial at both ends of a long listing identifies neither', { timeout: 60_000 }, async () => {
    const [a, b] = [await world.source('a'), await world.source('b')]
    await world.sync(b, [server('x', { serialNumber: 'TWICE1' })])
    const listing = Array.from({ length: 5_000 }, (_, index) =>
      server(`k${index}`, { serialNumber: index % 4_999 === 0 ? 'TWICE1' : `S-${index}-A` }),
    )
    await world.sync(a, listing)
    expect((await partitionOf(world)).filter((members) => members.length > 1)).toEqual([])
  })
})

describe('values', () => {
  test('two sources disagree: intent for what people decide, observation for what the thing knows; losers are kept', async () => {
    await world.say([
      {
        kind: 'Server',
        name: 'srv-1',
        owner: 'ops',
        labels: { env: 'prod' },
        fields: { serialNumber: 'S1', manufacturer: 'Dell', model: 'R740', osName: 'Debian 11', position: 4 },
      },
    ])
    const snmp = await world.source('snmp')
    await world.sync(snmp, [
      server(
        'p1',
        { serialNumber: 'S1', model: 'PowerEdge', osName: 'Debian 12' },
        { name: 'srv-1', owner: 'root', labels: { env: 'test', os: 'linux' } },
      ),
    ])
    const image = await world.named('srv-1')
    expect(image).toMatchObject({
      owner: 'ops',
      labels: { env: 'prod', os: 'linux' },
      fields: { model: 'R740', osName: 'Debian 12', position: 4 },
      hasDrift: true,
    })
    const drift = (await world.resources.driftOf([image.id])).get(image.id)!
    expect(drift.map(({ path, intended, observed }) => [path, intended, observed])).toEqual(
      expect.arrayContaining([
        ['fields.model', 'R740', 'PowerEdge'],
        ['fields.osName', 'Debian 11', 'Debian 12'],
      ]),
    )
    const provenance = (await world.resources.provenanceOf([image.id])).get(image.id)!
    const osName = provenance.find(({ path }) => path === 'fields.osName')!
    expect(osName).toMatchObject({ value: 'Debian 12', sourceId: snmp })
    expect(osName.lost.map(({ value }) => value)).toEqual(['Debian 11'])
  })

  test('where people say that it stands and where it is seen may differ: intent is shown, the drift is told', async () => {
    await world.say([
      { kind: 'Rack', name: 'r1', key: 'r1' },
      { kind: 'Rack', name: 'r2', key: 'r2' },
      {
        kind: 'Server',
        name: 'srv-1',
        fields: { serialNumber: 'S1', manufacturer: 'Dell' },
        links: [{ type: 'LOCATED_IN', to: { key: 'r1' } }],
      },
    ])
    const dcim = await world.source('dcim')
    const seenIn = (rack: string) =>
      world.sync(dcim, [
        server(
          'p',
          { serialNumber: 'S1' },
          {
            name: 'srv-1',
            links: [{ type: 'LOCATED_IN', to: { source: 'inventory', key: rack } }],
          },
        ),
      ])
    await seenIn('r2')
    expect(await world.links()).toEqual(['srv-1 LOCATED_IN r1'])
    const { id, hasDrift } = await world.named('srv-1')
    const [r1, r2] = [await world.named('r1'), await world.named('r2')]
    expect(hasDrift).toBe(true)
    expect((await world.resources.driftOf([id])).get(id)).toMatchObject([
      { path: 'links.LOCATED_IN', intended: String(r1.id), observed: String(r2.id) },
    ])
    await seenIn('r1')
    expect((await world.named('srv-1')).hasDrift).toBe(false)
  })

  test('among observers the higher precedence wins, then what changed last', async () => {
    const low = await world.source('low', { precedence: 10 })
    const high = await world.source('high', { precedence: 20 })
    const peer = await world.source('peer', { precedence: 20 })
    await world.sync(high, [server('h', { serialNumber: 'S1', cpuModel: 'high' })])
    await world.sync(low, [server('l', { serialNumber: 'S1', cpuModel: 'low' })])
    const cpuModel = async () =>
      (await world.images()).find((image) => image.kind === 'Server')?.fields['cpuModel']
    expect(await cpuModel()).toBe('high')
    await world.sync(peer, [server('p', { serialNumber: 'S1', cpuModel: 'peer' })])
    expect(await cpuModel()).toBe('peer')
    await world.sync(high, [server('h', { serialNumber: 'S1', cpuModel: 'high again' })])
    expect(await cpuModel()).toBe('high again')
  })

  test('a value that people take away is gone, also when an inventory still says it', async () => {
    await world.say([
      {
        kind: 'Server',
        name: 'srv-1',
        owner: 'ops',
        labels: { env: 'prod', tier: '1' },
        fields: { costCenter: '42', assetTag: 'A-1' },
      },
    ])
    const { id, generation } = await world.named('srv-1')
    await world.resources.update(
      {
        items: [
          {
            id,
            ifGeneration: generation,
            set: { owner: null, labels: { tier: null, env: 'test' }, fields: { costCenter: null } },
            path: 'items[0]',
          },
        ],
        dryRun: false,
      },
      { name: 'tester' },
    )
    const after = await world.named('srv-1')
    expect(after).toMatchObject({ id, owner: null, labels: { env: 'test' }, fields: { assetTag: 'A-1' } })
    expect(after.labels).not.toHaveProperty('tier')
    expect(after.fields).not.toHaveProperty('costCenter')
    expect(after.generation).toBeGreaterThan(generation)
    await expect(
      world.resources.update(
        { items: [{ id, ifGeneration: generation, set: { owner: 'x' }, path: 'items[0]' }], dryRun: false },
        { name: 'tester' },
      ),
    ).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'REVISION' } })
  })
})

describe('links', () => {
  test('a moved cable is one link gone and one come', async () => {
    const snmp = await world.source('snmp')
    const listing = (to: string) => [
      server('s', { serialNumber: 'S1' }),
      { key: 'sw', kind: 'Switch' as const, name: 'sw', fields: { chassisId: '00:1b:21:00:00:01' } },
      port('eth0', 's', 'eth0', {
        links: [
          { type: 'PART_OF', to: { key: 's' } },
          { type: 'CONNECTED_TO', to: { key: to } },
        ],
      }),
      port('p1', 'sw', 'p1'),
      port('p2', 'sw', 'p2'),
    ]
    await world.sync(snmp, listing('p1'))
    expect(await world.links('CONNECTED_TO')).toEqual(['eth0 = p1'])
    const moved = await world.sync(snmp, listing('p2'))
    expect(await world.links('CONNECTED_TO')).toEqual(['eth0 = p2'])
    expect([moved.linksAdded, moved.linksRemoved]).toEqual([1, 1])
  })

  test('a cable that both its ends tell is one link, and stays while one of them tells it', async () => {
    const snmp = await world.source('snmp')
    const listing = (both: boolean) => [
      server('s', { serialNumber: 'S1' }),
      port('a', 's', 'a', {
        links: [
          { type: 'PART_OF', to: { key: 's' } },
          { type: 'CONNECTED_TO', to: { key: 'b' } },
        ],
      }),
      port('b', 's', 'b', {
        links: [
          { type: 'PART_OF', to: { key: 's' } },
          ...(both ? [{ type: 'CONNECTED_TO' as const, to: { key: 'a' } }] : []),
        ],
      }),
    ]
    await world.sync(snmp, listing(true))
    expect(await world.links('CONNECTED_TO')).toEqual(['a = b'])
    await world.sync(snmp, listing(false))
    expect(await world.links('CONNECTED_TO')).toEqual(['a = b'])
  })

  test('what a source names before it is there is linked when it comes', async () => {
    const snmp = await world.source('snmp')
    await world.resources.push(snmp, [port('eth0', 's', 'eth0')], { name: 'tester' })
    expect(await world.links()).toEqual([])
    await world.resources.push(snmp, [server('s', { serialNumber: 'S1' })], { name: 'tester' })
    expect(await world.links()).toEqual(['eth0 PART_OF s'])
  })

  test('people who name what is not there are told where, all at once', async () => {
    await expect(
      world.say([
        { kind: 'Server', name: 'a', links: [{ type: 'LOCATED_IN', to: { ref: 'Rack:name=nowhere' } }] },
        { kind: 'Server', name: 'b', links: [{ type: 'LOCATED_IN', to: { key: 'Rack:none' } }] },
      ]),
    ).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: {
        problems: expect.arrayContaining(
          [0, 1].map((index) => expect.objectContaining({ path: `items[${index}].links[0].to` }) as object),
        ) as object,
      },
    })
    expect((await world.images()).filter((image) => image.kind === 'Server')).toEqual([])
  })

  test('no place stands in itself, by whatever way', async () => {
    const room = (name: string, to: string) => ({
      kind: 'Location' as const,
      name,
      links: [{ type: 'LOCATED_IN' as const, to: { ref: `Location:name=${to}` } }],
    })
    await expect(world.say([room('a', 'b'), room('b', 'c'), room('c', 'a')])).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/a .*b.*c|b .*c.*a|c .*a.*b/) as string,
    })
    await expect(world.say([room('a', 'a')])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('the site and the tenant come down to all that stands, runs and belongs below, and follow a move', async () => {
    const to = (ref: string) => ({ ref })
    await world.say([
      { kind: 'Site', name: 'one' },
      { kind: 'Site', name: 'two' },
      { kind: 'Tenant', name: 'team' },
      { kind: 'Rack', name: 'r1', links: [{ type: 'LOCATED_IN', to: to('Site:name=one') }] },
      { kind: 'Server', name: 's1', links: [{ type: 'LOCATED_IN', to: to('Rack:name=r1') }] },
      {
        kind: 'VirtualMachine',
        name: 'vm1',
        links: [
          { type: 'RUNS_ON', to: to('Server:name=s1') },
          { type: 'OWNED_BY', to: to('Tenant:name=team') },
        ],
      },
      { kind: 'Container', name: 'c1', links: [{ type: 'RUNS_ON', to: to('VirtualMachine:name=vm1') }] },
    ])
    const place = async (name: string) => {
      const { siteId, tenantId } = await world.named(name)
      const names = new Map((await world.images()).map((image) => [image.id, image.name]))
      return [siteId && names.get(siteId), tenantId && names.get(tenantId)]
    }
    for (const name of ['vm1', 'c1']) expect(await place(name)).toEqual(['one', 'team'])
    expect(await place('s1')).toEqual(['one', null])
    const before = await readHead(world.database.db)
    await world.say([{ kind: 'Rack', name: 'r1', links: [{ type: 'LOCATED_IN', to: to('Site:name=two') }] }])
    for (const name of ['vm1', 'c1']) expect(await place(name)).toEqual(['two', 'team'])
    const told = await world.database
      .db('event')
      .where('seq', '>', before.seq)
      .where('type', 'ResourceUpdated')
    expect(
      (told as { body: { resource: { name: string }; changes: { path: string }[] } }[])
        .filter(({ body }) => body.changes.some((change) => change.path === 'site'))
        .map(({ body }) => body.resource.name)
        .sort(),
    ).toEqual(['c1', 'r1', 's1', 'vm1'])
  })
})

describe('people decide', () => {
  test('merge: the survivor keeps its id and the parts, the other id leads to it; interfaces of one name become one', async () => {
    const [a, b] = [await world.source('a'), await world.source('b')]
    await world.sync(a, [server('s', { serialNumber: 'S1' }, { name: 'left' }), port('e', 's', 'eth0')])
    await world.sync(b, [
      server('t', { assetTag: 'T1' }, { name: 'right' }),
      port('f', 't', 'eth0', { fields: { mtu: 9000 } }),
      port('g', 't', 'eth1'),
    ])
    const [left, right] = [await world.named('left'), await world.named('right')]
    const plan = await world.resources.merge(
      { ids: [left.id], into: right.id, dryRun: true },
      { name: 'tester' },
    )
    expect(plan.plannedTotal).toBeGreaterThan(0)
    expect(await partitionOf(world)).toHaveLength(5)
    await world.resources.merge({ ids: [left.id], into: right.id, dryRun: false }, { name: 'tester' })
    expect(await partitionOf(world)).toEqual([['a/e', 'b/f'], ['a/s', 'b/t'], ['b/g']])
    const merged = (await world.images()).filter((image) => image.kind === 'Server')
    expect(merged.map((image) => image.id)).toEqual([right.id])
    expect((await world.resources.goneOf([left.id])).get(left.id)).toMatchObject({ into: right.id })
    await world.sync(a, [server('s', { serialNumber: 'S1' }, { name: 'renamed' }), port('e', 's', 'eth0')])
    expect((await world.images()).filter((image) => image.kind === 'Server')).toHaveLength(1)
  })

  test('split: what leaves gets a new id and stays apart, and its parts go with it', async () => {
    const [a, b] = [await world.source('a'), await world.source('b')]
    await world.sync(a, [server('s', { serialNumber: 'S1' }), port('e', 's', 'eth0')])
    await world.sync(b, [server('t', { serialNumber: 'S1' }), port('f', 't', 'eth0')])
    expect(await partitionOf(world)).toEqual([
      ['a/e', 'b/f'],
      ['a/s', 'b/t'],
    ])
    const whole = (await world.images()).find((image) => image.kind === 'Server')!
    await world.resources.split(
      { id: whole.id, origins: [{ sourceId: b, key: 't' }], dryRun: false },
      { name: 'tester' },
    )
    expect(await partitionOf(world)).toEqual([['a/e'], ['a/s'], ['b/f'], ['b/t']])
    const ids = (await world.images()).filter((image) => image.kind === 'Server').map((image) => image.id)
    expect(ids).toContain(whole.id)
    await world.sync(b, [server('t', { serialNumber: 'S1', model: 'x' }), port('f', 't', 'eth0')])
    expect(await partitionOf(world)).toHaveLength(4)
  })
})
