/** Following a neighbourhood: what enters it, changes in it and leaves it, live and after a resumption. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { openSocket, type TestSocket } from '../../support/socket.ts'

let app: TestApp
let socket: TestSocket
beforeAll(async () => {
  app = await startTestApp()
  socket = openSocket(app.url, app.token)
})
afterAll(async () => {
  await socket.close()
  await app.close()
})

const follow = `subscription ($root: [Ref!]!, $depth: Int, $type: [LinkType!], $collapse: [Kind!], $after: EventCursor) {
  topologyChanged(root: $root, depth: $depth, type: $type, collapse: $collapse, after: $after) { cursor events { __typename
    ... on Created { resource { name } } ... on Updated { resource { name } changes { path } } ... on Deleted { name } ... on Left { id }
    ... on LinkAdded { link { id type } } ... on LinkRemoved { id } ... on Gap { resumeFrom } } } }`

async function put(...items: object[]): Promise<void> {
  const { errors } = await app.query(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
    { input: { items } },
  )
  expect(errors).toBeUndefined()
}
const cursorNow = async () => (await app.query<{ cursor: string }>('{ cursor }')).data!.cursor
const idOf = async (ref: string) =>
  (
    await app.query<{ resource: { id: string } }>('query ($ref: Ref!) { resource(ref: $ref) { id } }', {
      ref,
    })
  ).data!.resource.id

/** What was told up to the cursor, shortened; Updated of counters only is left out. */
async function toldUntil(source: AsyncGenerator<any>, cursor: string): Promise<string[]> {
  const told: string[] = []
  for (;;) {
    const { value } = await source.next()
    for (const event of value.topologyChanged.events) {
      if (event.__typename === 'Updated' && event.changes.length === 0) continue
      const what = event.resource?.name ?? event.name ?? event.link?.type ?? event.id ?? ''
      told.push(`${event.__typename} ${what}`)
    }
    if (Number(value.topologyChanged.cursor.split('.')[1]) >= Number(cursor.split('.')[1])) return told
  }
}
const rack = (name: string, site: string) => ({
  kind: 'Rack',
  name,
  links: [{ type: 'LOCATED_IN', to: `Site:name=${site}` }],
})
const server = (name: string, in_: string, fields = {}) => ({
  kind: 'Server',
  name,
  fields,
  links: [{ type: 'LOCATED_IN', to: `Rack:name=${in_}` }],
})

test('tells what enters, changes and leaves', async () => {
  await put({ kind: 'Site', name: 's1' }, { kind: 'Site', name: 's2' }, rack('r1', 's1'), rack('r2', 's2'))
  const variables = { root: ['Site:name=s1'], depth: 2, type: ['LOCATED_IN'] }
  const after = await cursorNow()
  const live = socket.iterate(follow, { ...variables, after })

  await put(server('v1', 'r1'))
  expect(await toldUntil(live, await cursorNow())).toEqual(
    expect.arrayContaining(['Created v1', 'LinkAdded LOCATED_IN']),
  )

  await put(server('v1', 'r1', { position: 7 }))
  expect(await toldUntil(live, await cursorNow())).toEqual(['Updated v1'])

  await put(server('v2', 'r2'))
  const [moved, server1] = [await idOf('Rack:name=r1'), await idOf('Server:name=v1')]
  await put(rack('r1', 's2'))
  const told = await toldUntil(live, await cursorNow())
  expect(told.filter((one) => one.startsWith('Left'))).toEqual([`Left ${moved}`, `Left ${server1}`])
  expect(told.some((one) => one.startsWith('LinkRemoved'))).toBe(true)
  expect(told.join()).not.toContain('v2')

  // Somebody who was away all the time hears what left, although it is not there any more.
  const replayed = await toldUntil(socket.iterate(follow, { ...variables, after }), await cursorNow())
  expect(replayed).toContain(`Left ${moved}`)
  await live.return(undefined)
})

test('passes through what is collapsed without telling of it', async () => {
  const port = (of: string) => ({
    kind: 'NetworkInterface',
    key: `${of}:eth0`,
    name: 'eth0',
    links: [{ type: 'PART_OF', to: `Switch:name=${of}` }],
  })
  await put({ kind: 'Switch', name: 'w1' }, { kind: 'Switch', name: 'w2' })
  await put(port('w1'), port('w2'))
  const live = socket.iterate(follow, {
    root: ['Switch:name=w1'],
    depth: 1,
    collapse: ['NetworkInterface'],
    after: await cursorNow(),
  })
  const [one, two] = [await idOf('inventory:w1:eth0'), await idOf('inventory:w2:eth0')]
  await app.query('mutation ($input: UpdateResourcesInput!) { updateResources(input: $input) { cursor } }', {
    input: { items: [{ ref: one, changes: { links: [{ type: 'CONNECTED_TO', to: two }] } }] },
  })
  const told = await toldUntil(live, await cursorNow())
  expect(told).toContain('Created w2')
  expect(told).not.toContain('Created eth0')
  await live.return(undefined)
})

test('a cursor of another log is told as a gap, and following goes on', async () => {
  const source = socket.iterate(follow, { root: ['Site:name=s1'], after: '00000000.3' })
  const { value } = await source.next()
  expect(value.topologyChanged.events).toMatchObject([{ __typename: 'Gap', resumeFrom: await cursorNow() }])
  await put(rack('r9', 's1'))
  expect(await toldUntil(source, await cursorNow())).toContain('Created r9')
  await source.return(undefined)
})

test('a tenant that was away is told what came and went meanwhile, of what it may know', async () => {
  await put({ kind: 'Tenant', name: 'acme' }, { kind: 'Tenant', name: 'other' }, { kind: 'Site', name: 's5' })
  await put(rack('r5', 's5'))
  const made = await app.query<any>(
    'mutation { createToken(input: { name: "acme", role: VIEWER, scopes: { tenants: ["Tenant:name=acme"] } }) { secret } }',
  )
  expect(made.errors).toBeUndefined()
  const owned = (name: string, tenant: string, in_ = 'r5') => ({
    kind: 'Server',
    name,
    links: [
      { type: 'LOCATED_IN', to: `Rack:name=${in_}` },
      { type: 'OWNED_BY', to: `Tenant:name=${tenant}` },
    ],
  })
  await put(owned('a1', 'acme'), owned('a2', 'acme'), owned('o1', 'other'))
  const tenant = openSocket(app.url, made.data!.createToken.secret)
  const variables = { root: ['Rack:name=r5'], depth: 1, type: ['LOCATED_IN'] }
  const after = await cursorNow()
  const live = tenant.iterate(follow, { ...variables, after })
  const first = live.next()

  const left = await idOf('Server:name=a2')
  await put(owned('a2', 'other'), owned('a3', 'acme'), owned('o2', 'other'))
  await put(owned('o1', 'acme'))
  const until = await cursorNow()
  const told = async (source: AsyncGenerator<any>, begun?: Promise<any>): Promise<string[]> => {
    async function* whole() {
      if (begun) yield (await begun).value
      yield* source
    }
    return (await toldUntil(whole(), until)).filter((one) => /^(Created|Left|Gap)/.test(one)).sort()
  }
  const due = ['Created a3', 'Created o1', `Left ${left}`]
  expect(await told(live, first)).toEqual(due)
  const replay = tenant.iterate(follow, { ...variables, after })
  expect(await told(replay)).toEqual(due)
  await live.return(undefined)
  await replay.return(undefined)
  await tenant.close()
})
