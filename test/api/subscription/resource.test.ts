/** Following resources over real sockets. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { openSocket, type TestSocket } from '../../support/socket.ts'

let app: TestApp
let socket: TestSocket
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())
beforeEach(() => {
  socket = openSocket(app.url, app.token)
  return () => socket.close()
})

const events = `cursor events { __typename cursor at actor
  ... on Created { resource { id kind name } }
  ... on Updated { resource { name } changes { path before after } }
  ... on Deleted { id kind name } ... on Left { id } ... on Merged { id into }
  ... on LinkAdded { link { id type } } ... on LinkRemoved { id } ... on Gap { resumeFrom } }`
const follow = `subscription ($filter: ChangeFilter, $after: EventCursor, $snapshot: Boolean, $every: Duration) {
  resourceChanged(filter: $filter, after: $after, snapshot: $snapshot, every: $every) { ${events} } }`

async function write(document: string, variables: Record<string, unknown>): Promise<any> {
  const { data, errors } = await app.query<Record<string, any>>(document, variables)
  expect(errors).toBeUndefined()
  return Object.values(data!)[0]
}
const put = (...items: object[]) =>
  write(`mutation ($input: ImportInput!) { importInventory(input: $input) { cursor resources { id } } }`, {
    input: { items },
  })
const change = (ref: string, changes: object) =>
  write(`mutation ($input: UpdateResourcesInput!) { updateResources(input: $input) { cursor } }`, {
    input: { items: [{ ref, changes }] },
  })
const remove = (ref: string) =>
  write(`mutation ($input: DeleteResourcesInput!) { deleteResources(input: $input) { cursor } }`, {
    input: { items: [{ ref }] },
  })
const cursorNow = async () => (await app.query<{ cursor: string }>('{ cursor }')).data!.cursor

/** Takes messages until `count` events came. */
async function take(source: AsyncGenerator<any>, count: number): Promise<any[]> {
  const taken: any[] = []
  while (taken.length < count) {
    const { value, done } = await source.next()
    if (done) throw new Error('the subscription ended')
    taken.push(...value.resourceChanged.events)
  }
  return taken
}
async function takeUntil(source: AsyncGenerator<any>, type: string): Promise<any> {
  for (;;) {
    const [event] = (await take(source, 1)).filter(({ __typename }) => __typename === type)
    if (event) return event
  }
}
const names = (list: any[]) => list.map(({ __typename }) => __typename)

describe('resourceChanged', () => {
  test('begins with the present state, then goes on, nothing missed or doubled', async () => {
    await put({ kind: 'Rack', name: 'a1' }, { kind: 'Rack', name: 'a2' }, { kind: 'Tenant', name: 't' })
    const source = socket.iterate(follow, { filter: { kind: ['Rack'] }, snapshot: true })
    const snapshot = await take(source, 2)
    expect(snapshot.map(({ resource }) => resource.name)).toEqual(['a1', 'a2'])
    await put({ kind: 'Rack', name: 'a3' }, { kind: 'Tenant', name: 't2' })
    const [created] = await take(source, 1)
    expect(created).toMatchObject({
      __typename: 'Created',
      resource: { kind: 'Rack', name: 'a3' },
      actor: 'admin',
    })
    await source.return(undefined)
  })

  test('an empty snapshot still tells the cursor', async () => {
    const source = socket.iterate(follow, { filter: { kind: ['Volume'] }, snapshot: true })
    const { value } = await source.next()
    expect(value.resourceChanged).toEqual({ events: [], cursor: await cursorNow() })
    await source.return(undefined)
  })

  test('tells what enters the filter, changes in it and leaves it, also in a replay', async () => {
    const after = await cursorNow()
    const filter = { status: ['MAINTENANCE'] }
    const live = socket.iterate(follow, { filter, after })
    await put({ kind: 'Rack', name: 'b1', status: 'ACTIVE' })
    await change('Rack:name=b1', { status: 'MAINTENANCE' })
    await change('Rack:name=b1', { owner: 'kim' })
    await change('Rack:name=b1', { status: 'ACTIVE' })
    await change('Rack:name=b1', { status: 'MAINTENANCE' })
    await remove('Rack:name=b1')
    const told = await take(live, 5)
    expect(names(told)).toEqual(['Created', 'Updated', 'Left', 'Created', 'Deleted'])
    expect(told[1].changes).toEqual([{ path: 'owner', before: null, after: 'kim' }])
    expect(told[4]).toMatchObject({ kind: 'Rack', name: 'b1' })
    const replayed = await take(socket.iterate(follow, { filter, after }), 5)
    expect(replayed.map(({ __typename, cursor }) => [__typename, cursor])).toEqual(
      told.map(({ __typename, cursor }) => [__typename, cursor]),
    )
  })

  test('tells links of which either end matches', async () => {
    await put({ kind: 'Site', name: 'c' }, { kind: 'Site', name: 'd' }, { kind: 'Rack', name: 'c1' })
    const source = socket.iterate(follow, { filter: { ref: ['Site:name=c'] }, after: await cursorNow() })
    await change('Rack:name=c1', { links: [{ type: 'LOCATED_IN', to: 'Site:name=c' }] })
    const added = await takeUntil(source, 'LinkAdded')
    expect(added.link.type).toBe('LOCATED_IN')
    await change('Rack:name=c1', { links: [{ type: 'LOCATED_IN', to: 'Site:name=d' }] })
    expect((await takeUntil(source, 'LinkRemoved')).id).toBe(added.link.id)
    await source.return(undefined)
  })

  test('gathers what happens within `every`', async () => {
    const source = socket.iterate(follow, { after: await cursorNow(), every: 'PT0.3S' })
    const all = Array.from({ length: 5 }, (_, index) => `e${index}`)
    for (const name of all) await put({ kind: 'Rack', name })
    const messages: any[] = []
    const seen: string[] = []
    while (seen.length < 5) {
      const { value } = await source.next()
      messages.push(value)
      for (const { __typename, resource } of value.resourceChanged.events) {
        if (__typename === 'Created' && resource.kind === 'Rack') seen.push(resource.name)
      }
    }
    expect(seen).toEqual(all)
    expect(messages.length).toBeLessThan(5)
    await source.return(undefined)
  })

  test('a cursor of another log, one that is ahead and one that is pruned are told as a gap', async () => {
    const now = await cursorNow()
    const [, seq] = now.split('.')
    for (const after of [`00000000.${seq}`, `${now.split('.')[0]}.${Number(seq) + 1_000}`]) {
      const source = socket.iterate(follow, { after })
      const { value } = await source.next()
      expect(value.resourceChanged.events).toMatchObject([{ __typename: 'Gap', resumeFrom: now }])
      expect(value.resourceChanged.cursor).toBe(now)
      await source.return(undefined)
    }
  })

  test.each([
    [{ snapshot: true, after: '00000000.1' }, 'INVALID_INPUT'],
    [{ every: 'PT2H' }, 'INVALID_INPUT'],
    [{ after: 'yesterday' }, 'INVALID_INPUT'],
    [{ filter: { ref: ['Rack:name=nowhere'] } }, 'NOT_FOUND'],
  ])('refuses %j', async (variables, code) => {
    const source = socket.iterate(follow, variables)
    const error: any = await source.next().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    const [first] = error?.errors ?? error
    expect(first.extensions.code).toBe(code)
  })
})

describe('events', () => {
  test('follows the log and its types', async () => {
    const after = await cursorNow()
    await put(
      { kind: 'Site', name: 'g' },
      { kind: 'Rack', name: 'g1', links: [{ type: 'LOCATED_IN', to: 'Site:name=g' }] },
    )
    const source = socket.iterate(
      'subscription ($after: EventCursor) { events(after: $after, type: ["LinkAdded"]) { type cursor link { from { name } to { name } } } }',
      { after },
    )
    const { value } = await source.next()
    expect(value.events).toMatchObject({
      type: 'LinkAdded',
      link: { from: { name: 'g1' }, to: { name: 'g' } },
    })
    await source.return(undefined)
  })
})
