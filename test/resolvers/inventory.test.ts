import { describe, expect, test } from 'vitest'
import type { Resources, WriteResult } from '../../src/resource/verbs.ts'
import { sketchDatacenter } from '../api/schema/datacenter.ts'
import { ask, epoch } from '../support/graphql.ts'

const dc = sketchDatacenter()
const { graph, servers } = dc
const source = dc.sketch.add('Source', 'inventory', { fields: { driver: 'inventory', control: false } })

const result: WriteResult = {
  cursor: { epoch, seq: 9 },
  created: 1,
  updated: 2,
  unchanged: 3,
  deleted: 4,
  linksAdded: 5,
  linksRemoved: 6,
  planned: [
    {
      action: 'UPDATE',
      resourceId: servers[0]!.id,
      kind: 'Server',
      name: 'srv-0',
      changes: [
        { path: 'fields.assetTag', before: 'A0', after: 'A9' },
        { path: 'owner', before: null, after: 'ann' },
      ],
    },
    { action: 'CREATE', resourceId: null, kind: 'Rack', name: 'r1', changes: [] },
  ],
  plannedTotal: 2,
  resourceIds: [servers[0]!.id, 999_999],
}

/** Calls a mutation and gives what the verb was asked, its answer and its errors. */
async function write(verb: keyof Resources, mutation: string, input: unknown, context = {}) {
  const calls: unknown[][] = []
  const run = (...given: unknown[]) => {
    calls.push(given)
    return Promise.resolve(result)
  }
  const type = (graphqlTypes as Record<string, string>)[mutation]!
  const answer = await ask(
    graph,
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { cursor counts { created updated unchanged deleted linksAdded linksRemoved }
      resources { name } plan { action resource { name } kind name changes { path } summary } plannedTotal } }`,
    { variables: { input }, resources: { [verb]: run, answered: () => Promise.resolve(undefined) }, context },
  )
  return { ...answer, calls }
}

const graphqlTypes = {
  importInventory: 'ImportInput',
  updateResources: 'UpdateResourcesInput',
  deleteResources: 'DeleteResourcesInput',
  deleteLink: 'DeleteLinkInput',
  mergeResources: 'MergeInput',
  splitResource: 'SplitInput',
}

describe('importInventory', () => {
  test('hands over the items with their places', async () => {
    const { calls, data, errors } = await write('importInventory', 'importInventory', {
      mode: 'REPLACE',
      dryRun: true,
      acceptVanished: true,
      items: [
        { kind: 'Site', name: 's' },
        {
          key: 'k',
          kind: 'Rack',
          name: 'r',
          status: null,
          owner: 'ann',
          labels: [{ key: 'env', value: 'x' }],
          fields: { heightUnits: 42 },
          attributes: { a: { b: 1 } },
          links: [
            { type: 'LOCATED_IN', to: 'Site:name=s' },
            { type: 'LOCATED_IN', direction: 'IN', to: '5', attributes: { u: 1 } },
          ],
        },
      ],
    })
    expect(errors).toEqual([])
    const [request, by] = calls[0] as [{ items: AsyncIterable<unknown[]> } & Record<string, unknown>, unknown]
    const { items, signal, ...rest } = request
    expect(rest).toEqual({ source: 'inventory', mode: 'replace', dryRun: true, acceptVanished: true })
    expect(signal).toBeInstanceOf(AbortSignal)
    expect(by).toEqual({ name: 'tester' })
    const batches: unknown[][] = []
    for await (const batch of items) batches.push(batch)
    expect(batches).toEqual([
      [
        { kind: 'Site', name: 's', path: 'input.items[0]' },
        {
          key: 'k',
          kind: 'Rack',
          name: 'r',
          path: 'input.items[1]',
          status: null,
          owner: 'ann',
          labels: { env: 'x' },
          fields: { heightUnits: 42 },
          attributes: { a: { b: 1 } },
          links: [
            { type: 'LOCATED_IN', direction: 'out', to: { ref: 'Site:name=s' } },
            { type: 'LOCATED_IN', direction: 'in', to: { ref: '5' }, attributes: { u: 1 } },
          ],
        },
      ],
    ])
    expect(data.importInventory).toEqual({
      cursor: '1f0c22aa.7',
      counts: { created: 1, updated: 2, unchanged: 3, deleted: 4, linksAdded: 5, linksRemoved: 6 },
      resources: [{ name: 'srv-0' }],
      plannedTotal: 2,
      plan: [
        {
          action: 'UPDATE',
          resource: { name: 'srv-0' },
          kind: 'Server',
          name: 'srv-0',
          changes: [{ path: 'fields.assetTag' }, { path: 'owner' }],
          summary: 'UPDATE Server srv-0: fields.assetTag "A0" → "A9", owner "ann"',
        },
        {
          action: 'CREATE',
          resource: null,
          kind: 'Rack',
          name: 'r1',
          changes: [],
          summary: 'CREATE Rack r1',
        },
      ],
    })
  })

  test('makes a write repeatable by the key of the input, else of the header', async () => {
    const items = [{ kind: 'Site', name: 's' }]
    const own = await write(
      'importInventory',
      'importInventory',
      { idempotencyKey: 'mine', items },
      { idempotencyKey: 'header' },
    )
    expect(own.calls[0]![1]).toMatchObject({
      name: 'tester',
      idempotency: { actor: 'tester', key: 'mine', action: 'importInventory', input: { items } },
    })
    const header = await write('importInventory', 'importInventory', { items }, { idempotencyKey: 'header' })
    expect(header.calls[0]![1]).toMatchObject({ idempotency: { key: 'header' } })
    const dry = await write('importInventory', 'importInventory', {
      idempotencyKey: 'mine',
      dryRun: true,
      items,
    })
    expect(dry.calls[0]![1]).not.toHaveProperty('idempotency')
    const empty = await write('importInventory', 'importInventory', { idempotencyKey: '', items })
    expect(empty.errors).toMatchObject([{ code: 'INVALID_INPUT', details: { path: 'input.idempotencyKey' } }])
  })

  test('answers a repeated request as before, also when what it named is gone', async () => {
    const { data, errors } = await ask(
      graph,
      'mutation { deleteResources(input: { idempotencyKey: "k", items: [{ ref: "Server:name=gone" }] }) { cursor } }',
      { resources: { answered: () => Promise.resolve(result) } },
    )
    expect(errors).toEqual([])
    expect(data.deleteResources).toEqual({ cursor: '1f0c22aa.9' })
  })

  const deep = Array.from({ length: 200 }).reduce<unknown>((inner) => [inner], 'x')
  test.each([
    [{ items: [] }, 'input.items'],
    [{ items: [{ kind: 'Site', name: 'a\0b' }] }, 'input.items[0].name'],
    [
      { items: [{ kind: 'Site', name: 'a', attributes: { b: ['\ud800'] } }] },
      'input.items[0].attributes.b[0]',
    ],
    [{ items: [{ kind: 'Site', name: 'a', attributes: { deep } }] }, undefined],
    [{ items: [{ kind: 'Site', name: 'a', fields: [1] }] }, 'input.items[0].fields'],
    [{ items: [{ kind: 'Site', name: 'a', attributes: 'x' }] }, 'input.items[0].attributes'],
    [
      {
        items: [
          {
            kind: 'Site',
            name: 'a',
            labels: [
              { key: 'k', value: '1' },
              { key: 'k', value: '2' },
            ],
          },
        ],
      },
      'input.items[0].labels[1].key',
    ],
    [
      { items: [{ kind: 'Site', name: 'a', links: [{ type: 'PART_OF', direction: 'BOTH', to: '1' }] }] },
      'input.items[0].links[0].direction',
    ],
  ])('refuses %j', async (input, path) => {
    const { errors, calls } = await write('importInventory', 'importInventory', input)
    expect(errors).toMatchObject([{ code: 'INVALID_INPUT', ...(path ? { details: { path } } : {}) }])
    expect(calls).toEqual([])
  })

  test('refuses more than 1,000 items, naming the way for more', async () => {
    const items = Array.from({ length: 1_001 }, (_, n) => ({ kind: 'Site', name: `s${n}` }))
    const { errors } = await write('importInventory', 'importInventory', { items })
    expect(errors).toMatchObject([
      {
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining('PUT /import') as string,
        details: { limit: { limit: 1_000, asked: 1_001 } },
      },
    ])
  })
})

describe('updateResources', () => {
  test('hands over ids and what changes', async () => {
    const { calls, errors } = await write('update', 'updateResources', {
      items: [
        {
          ref: 'Server:name=srv-1',
          ifGeneration: 3,
          changes: { name: 'new', labels: [{ key: 'a', value: 'b' }, { key: 'c' }], owner: null },
        },
        { ref: String(servers[0]!.id), changes: { fields: { assetTag: null } } },
      ],
    })
    expect(errors).toEqual([])
    expect(calls[0]![0]).toEqual({
      dryRun: false,
      items: [
        {
          id: servers[1]!.id,
          path: 'input.items[0]',
          ifGeneration: 3,
          set: { name: 'new', owner: null, labels: { a: 'b', c: null } },
        },
        { id: servers[0]!.id, path: 'input.items[1]', set: { fields: { assetTag: null } } },
      ],
    })
  })

  test.each([
    ['Server:name=none', 'NOT_FOUND', ''],
    ['IpAddress:address=10.0.0.5', 'CONFLICT', ''],
    [`${servers[0]!.id}@2026-01-01T00:00:00.000Z`, 'INVALID_INPUT', `send currentId (${servers[0]!.id})`],
  ])('of %s is refused', async (ref, code, message) => {
    const { errors, calls } = await write('update', 'updateResources', { items: [{ ref, changes: {} }] })
    expect(errors).toMatchObject([
      { code, message: expect.stringContaining(message) as string, details: { path: 'input.items[0].ref' } },
    ])
    expect(calls).toEqual([])
  })
})

test('deleteResources hands over ids', async () => {
  const { calls } = await write('delete', 'deleteResources', {
    cascade: true,
    items: [{ ref: 'Rack:name=r07' }, { ref: 'Rack:name=r08', ifGeneration: 1 }],
  })
  expect(calls[0]![0]).toEqual({
    cascade: true,
    dryRun: false,
    ids: [{ id: dc.racks[0]!.id }, { id: dc.racks[1]!.id, ifGeneration: 1 }],
  })
})

test('deleteLink hands over its ends', async () => {
  const { calls } = await write('deleteLink', 'deleteLink', {
    type: 'LOCATED_IN',
    from: 'Server:name=srv-0',
    to: 'Rack:name=r07',
    dryRun: true,
  })
  expect(calls[0]![0]).toEqual({
    type: 'LOCATED_IN',
    from: servers[0]!.id,
    to: dc.racks[0]!.id,
    dryRun: true,
  })
})

describe('mergeResources', () => {
  test('hands over the losers, each once', async () => {
    const { calls } = await write('merge', 'mergeResources', {
      into: 'Server:name=srv-0',
      refs: ['Server:name=srv-1', String(servers[1]!.id), 'Server:name=srv-0'],
    })
    expect(calls[0]![0]).toEqual({ into: servers[0]!.id, ids: [servers[1]!.id], dryRun: false })
  })

  test('with itself is refused', async () => {
    const { errors } = await write('merge', 'mergeResources', {
      into: 'Server:name=srv-0',
      refs: ['Server:name=srv-0'],
    })
    expect(errors).toMatchObject([{ code: 'INVALID_INPUT', details: { path: 'input.refs' } }])
  })
})

describe('splitResource', () => {
  test('hands over the origins', async () => {
    const { calls } = await write('split', 'splitResource', {
      ref: 'Server:name=srv-0',
      origins: [{ source: 'Source:name=inventory', key: 'k' }],
    })
    expect(calls[0]![0]).toEqual({
      id: servers[0]!.id,
      origins: [{ sourceId: source.id, key: 'k' }],
      dryRun: false,
    })
  })

  test('from what is no source is refused', async () => {
    const { errors } = await write('split', 'splitResource', {
      ref: 'Server:name=srv-0',
      origins: [{ source: 'Rack:name=r07', key: 'k' }],
    })
    expect(errors).toMatchObject([
      { code: 'INVALID_INPUT', message: 'Rack:name=r07 is a Rack (r07), not a Source' },
    ])
  })
})
