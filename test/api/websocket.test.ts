/** What WebSockets must stand: limits, slow readers, broken clients, deadlines, pruned logs, the end of the process. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'

let app: TestApp
const limits = {
  socketsPerToken: 3,
  subscriptionsPerToken: 4,
  messageBytes: 10_000,
  stallSeconds: 1,
  requestSeconds: 2,
  answerBytes: 20_000_000,
}
beforeAll(async () => {
  app = await startTestApp({ limits })
})
afterAll(() => app.close())

const follow = `subscription ($after: EventCursor) { resourceChanged(after: $after) { cursor events { cursor ... on Created { resource { name attributes } } } } }`
const put = (to: TestApp, items: object[]) =>
  to.query('mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }', {
    input: { items },
  })
const cursorNow = async (of = app) => (await of.query<{ cursor: string }>('{ cursor }')).data!.cursor
const images = (prefix: string, count: number, attributes = {}) =>
  Array.from({ length: count }, (_, index) => ({ kind: 'Image', name: `${prefix}${index}`, attributes }))

test('a token has so many sockets and no more', async () => {
  const sockets = [0, 1, 2].map(() => openSocket(app.url, app.token))
  const streams = sockets.map((socket) => socket.iterate(follow, { after: '00000000.1' }))
  for (const stream of streams) await stream.next()
  const more = openSocket(app.url, app.token)
  await expect(more.iterate('{ cursor }').next()).rejects.toBeDefined()
  const { code, reason } = await more.closed
  expect([code, JSON.parse(reason)]).toEqual([4429, { name: 'socketsPerToken', limit: 3, asked: 4 }])
  for (const socket of sockets) await socket.close()
})

test('a token has so many operations running and no more; ended ones do not count', async () => {
  const socket = openSocket(app.url, app.token)
  const after = '00000000.1'
  const streams = [0, 1, 2, 3].map(() => socket.iterate(follow, { after }))
  for (const stream of streams) await stream.next()
  const refused: any = await socket
    .iterate(follow, { after })
    .next()
    .catch((reason: unknown) => reason)
  expect((refused.errors ?? refused)[0].extensions).toMatchObject({
    code: 'LIMIT_EXCEEDED',
    limit: { name: 'subscriptionsPerToken', limit: 4, asked: 5 },
  })
  await streams[0]!.return(undefined)
  await expect
    .poll(
      async () =>
        (
          await socket
            .iterate('{ cursor }')
            .next()
            .catch(() => undefined)
        )?.value,
    )
    .toBeDefined()
  await socket.close()
})

test('broken clients are closed and break nothing', async () => {
  const closing = async (protocol: string, messages: string[]) => {
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, protocol)
    const { promise, resolve } = Promise.withResolvers<number>()
    socket
      .on('close', resolve)
      .on('error', () => {})
      .on('open', () => messages.forEach((text) => socket.send(text)))
    return promise
  }
  const proto = 'graphql-transport-ws'
  const login = JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${app.token}` } })
  expect(await closing(proto, ['{'])).toBe(4400)
  expect(await closing(proto, [login, login])).toBe(4429)
  expect(await closing(proto, ['{"type":"subscribe","id":"1","payload":{"query":"{ cursor }"}}'])).toBe(4401)
  expect(await closing(proto, [`"${'x'.repeat(20_000)}"`])).toBe(1009)
  expect((await app.query('{ cursor }')).errors).toBeUndefined()
})

test('other paths are no WebSockets', async () => {
  const socket = new WebSocket(`${app.url.replace('http', 'ws')}/other`, 'graphql-transport-ws')
  const { promise, resolve } = Promise.withResolvers<string>()
  socket.on('error', (error) => resolve(error.message))
  expect(await promise).toContain('404')
})

test('faulty documents, limits and errors of fields are told as on HTTP', async () => {
  const socket = openSocket(app.url, app.token)
  const codeOf = async (query: string) => {
    const error: any = await socket
      .iterate(query)
      .next()
      .catch((reason: unknown) => reason)
    return (error.errors ?? error)[0].extensions.code
  }
  expect(await codeOf('{ nothing }')).toBe('INVALID_INPUT')
  expect(await codeOf('{')).toBe('INVALID_INPUT')
  expect(await codeOf('{ resources(first: -1) { totalCount } }')).toBe('INVALID_INPUT')
  expect(await codeOf(`{ ${Array.from({ length: 250 }, (_, n) => `a${n}: cursor`).join(' ')} }`)).toBe(
    'LIMIT_EXCEEDED',
  )
  await socket.close()
})

test('a reader that stops reading is let go and may resume without loss', async () => {
  const after = await cursorNow()
  const slow = openSocket(app.url, app.token)
  const raw = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  await new Promise((resolve) => raw.on('open', resolve))
  raw.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${app.token}` } }))
  await new Promise((resolve) => raw.once('message', resolve))
  raw.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: follow, variables: { after } } }))
  const taken: string[] = []
  raw.on('message', (data) => taken.push(String(data)))
  raw.pause()
  const text = 'x'.repeat(5_000)
  for (let index = 0; index < 20; index++) {
    const { errors } = await put(app, images(`s${index}-`, 100, { text }))
    expect(errors).toBeUndefined()
  }
  const { promise: closed, resolve } = Promise.withResolvers<void>()
  raw.on('close', () => resolve()).on('error', () => {})
  // With three more the token has all that it may: the next is let in when the slow one was let go.
  const others = [0, 1, 2].map(() => slow.iterate(follow, { after: '00000000.1' }))
  for (const other of others) await other.next()
  const letIn = () =>
    slow
      .iterate('{ cursor }')
      .next()
      .then(
        () => true,
        () => false,
      )
  await expect.poll(letIn, { timeout: 20_000 }).toBe(true)
  raw.resume()
  await closed
  const seen: string[] = []
  let from = after
  const read = ({ resourceChanged }: any) => {
    from = resourceChanged.cursor
    for (const { resource } of resourceChanged.events)
      if (resource?.name.startsWith('s')) seen.push(resource.name)
  }
  for (const message of taken) read(JSON.parse(message).payload.data)
  expect(seen.length).toBeLessThan(2_000)
  for await (const data of slow.iterate<any>(follow, { after: from })) {
    read(data)
    if (seen.length >= 2_000) break
  }
  expect(seen).toEqual(
    Array.from({ length: 20 }, (_, index) => images(`s${index}-`, 100).map(({ name }) => name)).flat(),
  )
  await slow.close()
})

test('an answer that is too large is an error that names the limit', async () => {
  const own = await startTestApp({ limits: { answerBytes: 2_000 } })
  const socket = openSocket(own.url, own.token)
  const refused: any = await socket
    .iterate('{ __schema { types { name } } }')
    .next()
    .catch((reason: unknown) => reason)
  expect((refused.errors ?? refused)[0].extensions).toMatchObject({
    limit: { name: 'answerBytes', limit: 2_000 },
  })
  expect((await socket.iterate('{ cursor }').next()).value.cursor).toBeDefined()
  await socket.close()
  await own.close()
})

test('what takes too long is given up, and its caller is told', async () => {
  const trx = await app.database.db.transaction()
  await trx.raw('lock table resource_history in access exclusive mode')
  try {
    const { data, errors } = await app.query('{ diff(from: "2020-01-01T00:00:00Z") { totalCount } }')
    expect(data).toBeUndefined()
    expect(errors).toMatchObject([
      { extensions: { code: 'LIMIT_EXCEEDED', limit: { name: 'requestSeconds', limit: 2 } } },
    ])
  } finally {
    await trx.rollback()
  }
})

test('a cursor that is no longer kept is told as a gap', async () => {
  const after = await cursorNow()
  await put(app, images('pruned', 3))
  await app.database.db.raw('delete from event where seq < (select max(seq) from event)')
  const other = await startTestApp({ database: app.database })
  const socket = openSocket(other.url, other.token)
  const stream = socket.iterate(
    `subscription ($after: EventCursor) { resourceChanged(after: $after) { cursor events { __typename ... on Gap { resumeFrom } } } }`,
    { after },
  )
  const { value } = await stream.next()
  const now = await cursorNow(other)
  expect(value.resourceChanged).toEqual({ cursor: now, events: [{ __typename: 'Gap', resumeFrom: now }] })
  const log = socket.iterate('subscription ($after: EventCursor) { events(after: $after) { type cursor } }', {
    after,
  })
  expect((await log.next()).value.events).toEqual({ type: 'Gap', cursor: now })
  await socket.close()
  await other.close()
})

test('closing tells live subscribers to go and leaves nothing', async () => {
  const own = await startTestApp()
  const sockets = [1, 2, 3].map(() => openSocket(own.url, own.token))
  const streams = sockets.map((socket) => socket.iterate(follow, { after: '00000000.1' }))
  for (const stream of streams) await stream.next()
  const pending = streams.map((stream) => stream.next().catch(() => 'closed'))
  const began = performance.now()
  await own.close()
  expect(performance.now() - began).toBeLessThan(5_000)
  expect(await Promise.all(pending)).toEqual(['closed', 'closed', 'closed'])
  for (const socket of sockets) expect((await socket.closed).code).toBe(1001)
})
