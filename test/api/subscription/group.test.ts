/** Those who ask the same are one group: what happens is executed once, all are told all of it, and one that is slow holds up nobody. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { openSocket, type TestSocket } from '../../support/socket.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ limits: { subscriptionsPerToken: 200, socketsPerToken: 200 } })
})
afterAll(() => app.close())

async function put(items: object[]): Promise<string> {
  const { data, errors } = await app.query<any>(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
    { input: { items } },
  )
  expect(errors).toBeUndefined()
  return data.importInventory.cursor
}

const cursorNow = async () => (await app.query<{ cursor: string }>('{ cursor }')).data!.cursor
const seqOf = (cursor: string): number => Number(cursor.split('.')[1])

/** A number that the process tells of itself. */
async function told(line: string): Promise<number> {
  const response = await fetch(`${app.url}/metrics`, { headers: { authorization: `Bearer ${app.token}` } })
  const found = (await response.text()).split('\n').find((text) => text.startsWith(line))
  return Number(found?.split(' ').at(-1) ?? 0)
}
const executions = () => told('plenum_operations_total{operation="subscription",code="OK"}')

const follow = `subscription ($after: EventCursor, $kind: [Kind!], $name: Boolean = true) {
  resourceChanged(filter: { kind: $kind }, after: $after) { cursor events { __typename cursor ... on Created { resource { name @include(if: $name) } } } } }`

type Stream = AsyncGenerator<any>

/** Takes messages until one stands at the cursor; gives the events' places. */
async function takeUntil(stream: Stream, cursor: string): Promise<number[]> {
  const seen: number[] = []
  for (;;) {
    const { resourceChanged } = (await stream.next()).value
    seen.push(...resourceChanged.events.map((event: any) => seqOf(event.cursor)))
    if (seqOf(resourceChanged.cursor) >= seqOf(cursor)) return seen
  }
}

async function placesAfter(start: string, kind: string): Promise<number[]> {
  const rows = await app.database
    .db('event')
    .where('seq', '>', seqOf(start))
    .whereRaw(`body -> 'resource' ->> 'kind' = ?`, [kind])
    .orderBy('seq')
    .select('seq')
  return rows.map(({ seq }) => Number(seq))
}

describe('who asks the same', () => {
  let sockets: TestSocket[]
  beforeAll(() => {
    sockets = Array.from({ length: 12 }, () => openSocket(app.url, app.token))
  })
  afterAll(() => Promise.all(sockets.map((socket) => socket.close())))

  test('is told the same, executed once, wherever it came from', async () => {
    const start = await cursorNow()
    await put([{ kind: 'Image', name: 'i0' }])
    // Each begins elsewhere, by the same variable: half of them now, half of them before the first.
    const now = await cursorNow()
    const streams = sockets.map((socket, index) =>
      socket.iterate<any>(follow, { after: index % 2 ? now : start, kind: ['Image'] }),
    )
    const first = await put([{ kind: 'Image', name: 'i1' }])
    const seen = await Promise.all(streams.map((stream) => takeUntil(stream, first)))
    expect(await told('plenum_subscription_groups')).toBe(1)
    expect(await told('plenum_subscription_members')).toBe(sockets.length)
    const before = await executions()
    const messages = 5
    let last = first
    for (let index = 0; index < messages; index++) {
      last = await put([{ kind: 'Image', name: `more${index}` }])
      const more = await Promise.all(streams.map((stream) => takeUntil(stream, last)))
      more.forEach((places, which) => seen[which]!.push(...places))
    }
    expect((await executions()) - before).toBe(messages)
    for (const [index, places] of seen.entries())
      expect(places).toEqual(await placesAfter(index % 2 ? now : start, 'Image'))
    await Promise.all(streams.map((stream) => stream.return(undefined)))
    await expect.poll(() => told('plenum_subscription_groups')).toBe(0)
  })

  test('with other variables, another document or another scope it is not the same', async () => {
    const tenant = await app.query<any>(
      'mutation { importInventory(input: { items: [{ kind: Tenant, name: "red" }] }) { cursor } createToken(input: { name: "red", role: VIEWER, scopes: { tenants: ["Tenant:name=red"] } }) { secret } }',
    )
    const narrowed = openSocket(app.url, tenant.data.createToken.secret)
    const after = await cursorNow()
    const [a, b, c] = sockets as [TestSocket, TestSocket, TestSocket]
    const streams: [Stream, unknown[]][] = [
      [a.iterate(follow, { after, kind: ['Volume'] }), ['mine', 'others']],
      [b.iterate(follow, { after, kind: ['Volume'], name: false }), [undefined, undefined]],
      [c.iterate(`${follow} #`, { after, kind: ['Volume'] }), ['mine', 'others']],
      [narrowed.iterate(follow, { after, kind: ['Volume'] }), ['mine']],
    ]
    await put([
      { kind: 'Volume', name: 'mine', links: [{ type: 'OWNED_BY', to: 'Tenant:name=red' }] },
      { kind: 'Volume', name: 'others' },
    ])
    for (const [stream, names] of streams) {
      const { events } = (await stream.next()).value.resourceChanged
      const created = events.filter(({ __typename }: any) => __typename === 'Created')
      expect(created.map(({ resource }: any) => resource.name)).toEqual(names)
    }
    expect(await told('plenum_subscription_groups')).toBe(4)
    await Promise.all(streams.map(([stream]) => stream.return(undefined)))
    await narrowed.close()
  })

  test('is told the cost once, with the first message', async () => {
    const results: any[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const stop = sockets[0]!.client.subscribe(
      { query: follow, variables: { kind: ['Vrf'] } },
      {
        next: (result) => results.push(result) === 2 && resolve(),
        error: () => {},
        complete: () => {},
      },
    )
    await expect.poll(() => told('plenum_subscription_members')).toBe(1)
    for (const name of ['v1', 'v2']) await put([{ kind: 'Vrf', name }])
    await promise
    stop()
    expect(results[0].extensions.cost).toBeDefined()
    expect(results[1].extensions).toBeUndefined()
  })
})

test(
  'one that does not read holds up nobody, and misses nothing when it reads again',
  { timeout: 60_000 },
  async () => {
    const start = await cursorNow()
    const document = `subscription ($after: EventCursor) { resourceChanged(filter: { kind: [Image] }, after: $after) { cursor events { cursor ... on Created { resource { attributes } } } } }`
    const raw = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
    await new Promise((resolve) => raw.on('open', resolve))
    raw.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${app.token}` } }))
    await new Promise((resolve) => raw.once('message', resolve))
    raw.send(
      JSON.stringify({
        type: 'subscribe',
        id: 'a "quoted" id',
        payload: { query: document, variables: { after: start } },
      }),
    )
    const quick = openSocket(app.url, app.token)
    const stream = quick.iterate<any>(document, { after: start })
    const seen: number[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    let last = start
    let sent = 0
    raw.on('message', (data) => {
      const { id, type, payload } = JSON.parse(String(data))
      expect([id, type]).toEqual(['a "quoted" id', 'next'])
      seen.push(...payload.data.resourceChanged.events.map(({ cursor }: any) => seqOf(cursor)))
      if (sent === 16 && seqOf(payload.data.resourceChanged.cursor) >= seqOf(last)) resolve()
    })
    const attributes = { text: 'x'.repeat(10_000) }
    const images = (index: number, count: number) =>
      Array.from({ length: count }, (_, n) => ({ kind: 'Image', name: `big${index}-${n}`, attributes }))
    await takeUntil(stream, await put(images(-1, 1)))
    await expect.poll(() => told('plenum_subscription_members')).toBe(2)
    raw.pause()
    for (; sent < 16; sent++) {
      last = await put(images(sent, 100))
      // The other one is told all the while.
      await takeUntil(stream, last)
    }
    await expect.poll(() => told('plenum_subscription_members')).toBe(1)
    raw.resume()
    await promise
    expect(seen).toEqual(await placesAfter(start, 'Image'))
    raw.close()
    await quick.close()
  },
)

test('a neighbourhood is one group: all are told the same, wherever they come from', async () => {
  const rack = (name: string) => ({
    kind: 'Server',
    name,
    links: [{ type: 'LOCATED_IN', to: 'Rack:name=t1' }],
  })
  await put([{ kind: 'Rack', name: 't1' }, rack('t-0')])
  const start = await cursorNow()
  await put([rack('t-1')])
  const document = `subscription ($after: EventCursor) { topologyChanged(root: "Rack:name=t1", depth: 1, after: $after) {
    cursor events { __typename ... on Created { resource { name } } ... on LinkAdded { link { type } } } } }`
  const sockets = Array.from({ length: 6 }, () => openSocket(app.url, app.token))
  const now = await cursorNow()
  const streams = sockets.map((socket, index) =>
    socket.iterate<any>(document, { after: index % 2 ? now : start }),
  )
  const until = async (stream: Stream, cursor: string): Promise<string[]> => {
    const names: string[] = []
    for (;;) {
      const { topologyChanged } = (await stream.next()).value
      names.push(...topologyChanged.events.flatMap((event: any) => event.resource?.name ?? []))
      if (seqOf(topologyChanged.cursor) >= seqOf(cursor)) return names
    }
  }
  const first = await put([rack('t-2')])
  const seen = await Promise.all(streams.map((stream) => until(stream, first)))
  await expect.poll(() => told('plenum_subscription_members')).toBe(sockets.length)
  expect(await told('plenum_subscription_groups')).toBe(1)
  const before = await executions()
  for (const name of ['t-3', 't-4']) {
    const last = await put([rack(name)])
    const more = await Promise.all(streams.map((stream) => until(stream, last)))
    more.forEach((names, which) => seen[which]!.push(...names))
  }
  expect((await executions()) - before).toBe(2)
  for (const [index, names] of seen.entries())
    expect(names).toEqual([...(index % 2 ? [] : ['t-1']), 't-2', 't-3', 't-4'])
  // One that comes later is told from there on, and is one of them.
  const late = openSocket(app.url, app.token)
  const stream = late.iterate<any>(document, { after: await cursorNow() })
  const next = stream.next()
  await expect.poll(() => told('plenum_subscription_members')).toBe(sockets.length + 1)
  expect(await told('plenum_subscription_groups')).toBe(1)
  await put([rack('t-5')])
  const { events } = (await next).value.topologyChanged
  expect(events.flatMap((event: any) => event.resource?.name ?? [])).toEqual(['t-5'])
  await Promise.all([...sockets, late].map((socket) => socket.close()))
  await expect.poll(() => told('plenum_subscription_groups')).toBe(0)
})
