/** Operations over Server-Sent Events, asked by the published graphql-sse client and by hand. */
import { createClient } from 'graphql-sse'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ limits: { subscriptionsPerToken: 3, stallSeconds: 1 } })
})
afterAll(() => app.close())

const clientOf = (token: string, headers: Record<string, string> = {}) =>
  createClient({
    url: `${app.url}/graphql`,
    headers: { authorization: `Bearer ${token}`, ...headers },
    retryAttempts: 0,
  })

const ask = async (document: string) => {
  const { data, errors } = await app.query<any>(document)
  expect(errors).toBeUndefined()
  return data
}
const put = async (name: string): Promise<string> =>
  (await ask(`mutation { importInventory(input: { items: [{ kind: Image, name: "${name}" }] }) { cursor } }`))
    .importInventory.cursor

const follow = `subscription ($after: EventCursor) { resourceChanged(filter: { kind: [Image] }, after: $after) { cursor events { ... on Created { resource { name } } } } }`
const fetchStream = (body: object, more: RequestInit = {}) =>
  fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      authorization: `Bearer ${app.token}`,
    },
    body: JSON.stringify(body),
    ...more,
  })

describe('the published client', () => {
  test('follows, goes on where it was, and is told the same as a WebSocket', async () => {
    const { cursor } = await ask('{ cursor }')
    const socket = openSocket(app.url, app.token)
    const beside = socket.iterate<any>(follow, { after: cursor })
    const first = clientOf(app.token)
    const stream = first.iterate<any>({ query: follow, variables: { after: cursor } })
    await put('one')
    const { data, extensions } = (await stream.next()).value
    expect(data.resourceChanged.events).toEqual([{ resource: { name: 'one' } }])
    expect(extensions?.['cost']).toBeDefined()
    expect((await beside.next()).value.resourceChanged).toEqual(data.resourceChanged)
    await put('two')
    expect((await stream.next()).value.data).toEqual((await beside.next()).value)
    first.dispose()
    await put('three')
    const again = clientOf(app.token)
    const more = again.iterate<any>({ query: follow, variables: { after: data.resourceChanged.cursor } })
    const seen: string[] = []
    for await (const { data: one } of more) {
      seen.push(...one.resourceChanged.events.map(({ resource }: any) => resource.name))
      if (seen.length === 2) break
    }
    expect(seen).toEqual(['two', 'three'])
    again.dispose()
    await socket.close()
  })

  test('asks and changes as well', async () => {
    const client = clientOf(app.token)
    const results = async (query: string) => {
      const all: any[] = []
      for await (const result of client.iterate<any>({ query })) all.push(result)
      return all
    }
    expect((await results('{ viewer { role } }'))[0].data).toEqual({ viewer: { role: 'ADMIN' } })
    const [{ data }] = await results(
      'mutation { importInventory(input: { items: [{ kind: Image, name: "changed" }] }) { resources { name } } }',
    )
    expect(data.importInventory.resources).toEqual([{ name: 'changed' }])
    client.dispose()
  })
})

describe('by hand', () => {
  test('an error of a field is a message, one of the document an answer of its own', async () => {
    const failing = await fetchStream({
      query: 'subscription { resourceChanged(filter: { ref: ["Rack:name=none"] }) { cursor } }',
    })
    expect(failing.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const text = await failing.text()
    expect(text).toMatch(
      /^:\n\nevent: next\ndata: \{"errors":.*NOT_FOUND.*\}\n\nevent: complete\ndata: \n\n$/,
    )
    const faulty = await fetchStream({ query: 'subscription { nothing }' })
    expect(faulty.status).toBe(400)
    expect(((await faulty.json()) as any).errors[0].extensions.code).toBe('INVALID_INPUT')
    for (const body of [{}, { query: follow, variables: [] }, { query: follow, operationName: 'Other' }])
      expect((await fetchStream(body)).status).toBe(400)
  })

  test('by GET too, but for mutations; never without a token', async () => {
    const get = (query: string, token = app.token) =>
      fetch(`${app.url}/graphql?${String(new URLSearchParams({ query, variables: '{}' }))}`, {
        headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` },
      })
    expect(await (await get('{ __typename }')).text()).toContain('{"data":{"__typename":"Query"}')
    const refused = await get('mutation { importInventory(input: { items: [] }) { cursor } }')
    expect([refused.status, (await refused.text()).includes('POST')]).toEqual([400, true])
    expect((await get('{ __typename }', 'plenum_wrong')).status).toBe(401)
  })

  test('more than a token may have is refused; who hangs up makes room', async () => {
    const open = await Promise.all([1, 2, 3].map(() => fetchStream({ query: follow })))
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200])
    const refused = await fetchStream({ query: follow })
    expect(((await refused.json()) as any).errors[0].extensions.limit.name).toBe('subscriptionsPerToken')
    await open[0]!.body!.cancel()
    await expect
      .poll(async () => {
        const one = await fetchStream({ query: follow })
        await one.body?.cancel()
        return one.status
      })
      .toBe(200)
    for (const { body } of open.slice(1)) await body!.cancel()
  })

  test('does not begin after its token was revoked while it waited', async () => {
    const { createToken } = await ask(
      'mutation { createToken(input: { name: "late", role: VIEWER }) { secret } }',
    )
    const { cursor } = await ask('{ cursor }')
    const [log, seq] = cursor.split('.')
    // It logs in, and waits for what is written after the revocation.
    const waiting = fetchStream(
      { query: follow },
      {
        headers: {
          accept: 'text/event-stream',
          'content-type': 'application/json',
          authorization: `Bearer ${createToken.secret}`,
          'plenum-after': `${log}.${Number(seq) + 2}`,
        },
      },
    )
    const running = async () => {
      const headers = { authorization: `Bearer ${app.token}` }
      const text = await (await fetch(`${app.url}/metrics`, { headers })).text()
      return /^plenum_requests_running (\d+)/m.exec(text)?.[1]
    }
    await expect.poll(running).toBe('1')
    await ask('mutation { revokeToken(input: { name: "late" }) { __typename } }')
    await put('what-it-waits-for')
    const response = await waiting
    expect([response.status, ((await response.json()) as any).errors[0].extensions.code]).toEqual([
      401,
      'UNAUTHENTICATED',
    ])
  })

  test('ends with its token', async () => {
    const { createToken } = await ask(
      'mutation { createToken(input: { name: "short", role: VIEWER }) { secret } }',
    )
    const response = await fetchStream(
      { query: follow },
      {
        headers: {
          accept: 'text/event-stream',
          'content-type': 'application/json',
          authorization: `Bearer ${createToken.secret}`,
        },
      },
    )
    const text = response.text()
    await ask('mutation { revokeToken(input: { name: "short" }) { __typename } }')
    // It ends, but is not complete: a client goes on elsewhere, or is told why it may not.
    expect(await text).not.toContain('complete')
  })
})
