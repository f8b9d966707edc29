/** Mutations through GraphQL over the real tables and graph. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startNouns, type LiveNouns } from '../support/nouns.ts'

let nouns: LiveNouns
beforeAll(async () => {
  nouns = await startNouns()
}, 60_000)
afterAll(() => nouns.close())

const counts = 'counts { created updated unchanged deleted linksAdded linksRemoved }'
const payload = `{ cursor ${counts} resources { id name } plan { action kind name summary } plannedTotal }`
const types = {
  importInventory: 'ImportInput',
  updateResources: 'UpdateResourcesInput',
  deleteResources: 'DeleteResourcesInput',
  deleteLink: 'DeleteLinkInput',
  mergeResources: 'MergeInput',
  splitResource: 'SplitInput',
}

async function write(name: keyof typeof types, input: unknown) {
  const { data, errors } = await nouns.ask(
    `mutation ($input: ${types[name]}!) { ${name}(input: $input) ${payload} }`,
    { input },
  )
  return { payload: data?.[name], errors }
}
async function done(name: keyof typeof types, input: unknown) {
  const { payload: answer, errors } = await write(name, input)
  expect(errors).toEqual([])
  return answer
}
const query = async (source: string) => {
  const { data, errors } = await nouns.ask(source)
  expect(errors).toEqual([])
  return data
}

const site = { kind: 'Site', name: 'seoul-1' }
const rack = {
  kind: 'Rack',
  name: 'r07',
  fields: { heightUnits: 42 },
  links: [{ type: 'LOCATED_IN', to: 'Site:name=seoul-1' }],
}
const server = (n: number) => ({
  kind: 'Server',
  name: `srv-${n}`,
  fields: { serialNumber: `CN${n}`, manufacturer: 'Dell', position: n, heightUnits: 1 },
  links: [{ type: 'LOCATED_IN', to: 'Rack:name=r07' }],
})

describe('writes', () => {
  test('a dry run tells what an import would do and does nothing', async () => {
    const dry = await done('importInventory', { dryRun: true, items: [site, rack, server(1)] })
    expect(dry.counts).toMatchObject({ created: 3, linksAdded: 2 })
    expect(dry.plan.map((entry: any) => `${entry.action} ${entry.kind} ${entry.name}`)).toEqual(
      expect.arrayContaining(['CREATE Site seoul-1', 'CREATE Rack r07', 'CREATE Server srv-1']),
    )
    expect(dry.plannedTotal).toBe(dry.plan.length)
    expect(await query('{ racks { totalCount } servers { totalCount } }')).toEqual({
      racks: { totalCount: 0 },
      servers: { totalCount: 0 },
    })
  })

  test('an import is there in the next query, once', async () => {
    const first = await done('importInventory', { items: [site, rack, server(1), server(2)] })
    expect(first.counts).toMatchObject({ created: 4, linksAdded: 3 })
    expect(first.resources.map(({ name }: any) => name).sort()).toEqual(['r07', 'seoul-1', 'srv-1', 'srv-2'])
    const again = await done('importInventory', { items: [site, rack, server(1), server(2)] })
    expect(again.counts).toMatchObject({ created: 0, updated: 0, unchanged: 4 })
    expect(
      await query(
        '{ racks { nodes { servers { nodes { name site { name } origins { key source { name } } } } } } }',
      ),
    ).toEqual({
      racks: {
        nodes: [
          {
            servers: {
              nodes: [1, 2].map((n) => ({
                name: `srv-${n}`,
                site: { name: 'seoul-1' },
                origins: [{ key: `Server:srv-${n}`, source: { name: 'inventory' } }],
              })),
            },
          },
        ],
      },
    })
  })

  test('every fault of an import is told with its place, and nothing is done', async () => {
    const { errors } = await write('importInventory', {
      items: [
        { kind: 'Server', name: 'x', fields: { nonsense: 1 } },
        { kind: 'Server', name: 'y', fields: { cpuCores: 'many' } },
        { kind: 'Server', name: 'z', links: [{ type: 'LOCATED_IN', to: 'Rack:name=nowhere' }] },
      ],
    })
    expect(errors).toMatchObject([{ code: 'INVALID_INPUT' }])
    const places = (errors[0]!.details['problems'] as { path: string }[]).map((problem) => problem.path)
    expect(places).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^input\.items\[0\].*\.nonsense$/) as string,
        expect.stringMatching(/^input\.items\[1\].*\.cpuCores$/) as string,
      ]),
    )
    expect(await query('{ servers { totalCount } }')).toEqual({ servers: { totalCount: 2 } })
  })

  test('an update is guarded by the generation', async () => {
    const { resource } = await query('{ resource(ref: "Server:serialNumber=CN1") { id generation } }')
    const input = {
      items: [
        {
          ref: resource.id,
          ifGeneration: resource.generation,
          changes: { owner: 'ann', labels: [{ key: 'env', value: 'prod' }] },
        },
      ],
    }
    const answer = await done('updateResources', input)
    expect(answer.counts).toMatchObject({ updated: 1 })
    expect(
      await query('{ resource(ref: "Server:serialNumber=CN1") { owner labels { key value } } }'),
    ).toEqual({
      resource: { owner: 'ann', labels: [{ key: 'env', value: 'prod' }] },
    })
    const { errors } = await write('updateResources', input)
    expect(errors).toMatchObject([
      { code: 'CONFLICT', details: { reason: 'REVISION', current: { id: resource.id } } },
    ])
  })

  test('a key makes a write repeatable, and is good for one input only', async () => {
    const input = { idempotencyKey: 'delete-2', items: [{ ref: 'Server:serialNumber=CN2' }] }
    const first = await done('deleteResources', input)
    expect(first.counts).toMatchObject({ deleted: 1 })
    expect(await done('deleteResources', input)).toEqual(first)
    const { errors } = await write('deleteResources', {
      ...input,
      items: [{ ref: 'Server:serialNumber=CN1' }],
    })
    expect(errors).toMatchObject([{ code: 'CONFLICT', details: { reason: 'KEY_REUSED' } }])
    expect(await query('{ servers { nodes { name } } }')).toEqual({ servers: { nodes: [{ name: 'srv-1' }] } })
  })

  test('what still holds others is not deleted', async () => {
    const { errors } = await write('deleteResources', { items: [{ ref: 'Rack:name=r07' }] })
    expect(errors).toMatchObject([{ code: 'CONFLICT', details: { reason: 'STATE' } }])
  })

  test('a link is deleted', async () => {
    await done('updateResources', {
      items: [
        { ref: 'Server:name=srv-1', changes: { links: [{ type: 'DEPENDS_ON', to: 'Site:name=seoul-1' }] } },
      ],
    })
    const link = { type: 'DEPENDS_ON', from: 'Server:name=srv-1', to: 'Site:name=seoul-1' }
    expect((await done('deleteLink', link)).counts).toMatchObject({ linksRemoved: 1 })
    expect((await write('deleteLink', link)).errors).toMatchObject([{ code: 'NOT_FOUND' }])
  })

  test('resources are merged and split again', async () => {
    await done('importInventory', {
      source: 'other',
      items: [{ kind: 'Server', name: 'srv-one', key: 'k1' }],
    })
    const { survivor, other } = await query(
      '{ survivor: resource(ref: "Server:name=srv-1") { id } other: resource(ref: "other:k1") { id } }',
    )
    await done('mergeResources', { refs: [other.id], into: survivor.id })
    expect(await query(`{ resource(ref: "${other.id}") { id origins { key } } }`)).toEqual({
      resource: {
        id: survivor.id,
        origins: expect.arrayContaining([{ key: 'k1' }, { key: 'Server:srv-1' }]) as unknown,
      },
    })
    await done('splitResource', { ref: survivor.id, origins: [{ source: 'Source:name=other', key: 'k1' }] })
    const { resource } = await query('{ resource(ref: "other:k1") { id name } }')
    expect(resource).toMatchObject({ name: 'srv-one' })
    expect(resource.id).not.toBe(survivor.id)
  })

  test('history, diff and asOf show what was', async () => {
    const before = new Date().toISOString()
    await done('updateResources', { items: [{ ref: 'Rack:name=r07', changes: { name: 'r70' } }] })
    const data = await query(
      `{ now: resource(ref: "Rack:name=r70") { history(first: 1) { totalCount nodes { action name changes { path before after } } } }
         then: resource(ref: "Rack:name=r07", asOf: "${before}") { id name ... on Rack { servers { nodes { name rack { name } } } } history { nodes { name } } }
         diff(from: "${before}") { totalCount nodes { name changes { path } } }
         within: diff(from: "${before}", root: "Site:name=seoul-1", filter: { kind: [Rack] }) { totalCount }
         none: diff(from: "${before}", filter: { kind: [Server] }) { totalCount } }`,
    )
    expect(data).toMatchObject({
      now: {
        history: {
          nodes: [
            {
              action: 'UPDATED',
              name: 'r70',
              changes: expect.arrayContaining([{ path: 'name', before: 'r07', after: 'r70' }]) as unknown,
            },
          ],
        },
      },
      then: { name: 'r07', servers: { nodes: [{ name: 'srv-1', rack: { name: 'r07' } }] } },
      diff: { totalCount: 1, nodes: [{ name: 'r70' }] },
      within: { totalCount: 1 },
      none: { totalCount: 0 },
    })
    expect(data.then.id).toMatch(`@${before}`)
    expect(await query(`{ node(id: "${data.then.id}") { ... on Rack { name } } }`)).toEqual({
      node: { name: 'r07' },
    })
  })

  test('tokens are made and revoked', async () => {
    const made = await query(
      'mutation { createToken(input: { name: "robot", role: OPERATOR }) { secret token { id name role expiresAt } } }',
    )
    expect(made.createToken).toMatchObject({
      secret: expect.stringMatching(/^plenum_/) as string,
      token: { name: 'robot', role: 'OPERATOR', expiresAt: null },
    })
    const ended = await query(
      'mutation { revokeToken(input: { name: "robot" }) { token { name revokedAt } } }',
    )
    expect(ended.revokeToken.token.revokedAt).toEqual(expect.any(String))
    expect(await query('{ tokens { name role createdAt lastUsedAt } }')).toMatchObject({
      tokens: [{ name: 'robot', role: 'OPERATOR' }],
    })
  })
})
