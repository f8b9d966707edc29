/** Documents by their hash, as Apollo's own link asks, and the allow list: over HTTP by both ways and over WebSocket. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client/core'
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAllowList } from '../../src/api/allowed.ts'
import { schema } from '../support/graphql.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket, type TestSocket } from '../support/socket.ts'

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const persisted = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(text) } })

type Payload = { query: string; extensions?: Record<string, unknown> }

/** The first answer, or the errors that the operation is refused with. */
async function first(socket: TestSocket, payload: Payload): Promise<any> {
  try {
    for await (const result of socket.client.iterate(payload)) return result
  } catch (errors) {
    return { errors }
  }
}

async function post(app: TestApp, body: object, token = app.token) {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })
  return { status: response.status, ...((await response.json()) as any) }
}

describe('automatic', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.close())

  test.each([true, false])(
    "Apollo Client's link asks by hash, tells the text once, and asks by hash again; by GET: %s",
    async (byGet) => {
      const sent: { text: boolean; method: string }[] = []
      const counted = (url: any, init: any) => {
        const all = String(url) + String(init?.body ?? '')
        sent.push({ text: /cursor/.test(all), method: init?.method })
        return fetch(url, init)
      }
      const link = new PersistedQueryLink({
        sha256: async (text: string) => hashOf(text),
        useGETForHashedQueries: byGet,
      })
      const http = new HttpLink({
        uri: `${app.url}/graphql`,
        fetch: counted as typeof fetch,
        headers: { authorization: `Bearer ${app.token}` },
      })
      const client = new ApolloClient({ cache: new InMemoryCache(), link: ApolloLink.from([link, http]) })
      const query = gql(`query Place${byGet ? 'Got' : 'Posted'} { cursor viewer { name } }`)
      const ask = () => client.query({ query, fetchPolicy: 'network-only' })
      expect((await ask()).data).toMatchObject({ viewer: { name: 'admin' } })
      expect((await ask()).data).toMatchObject({ viewer: { name: 'admin' } })
      expect(sent.map(({ text }) => text)).toEqual([false, true, false])
      expect(sent[0]!.method).toBe(byGet ? 'GET' : 'POST')
    },
  )

  test('what is not known is told in the words of the protocol; a wrong hash is INVALID_INPUT, a bad document is not kept', async () => {
    const unknown = await post(app, { extensions: persisted('{ nobody }') })
    expect(unknown).toMatchObject({
      status: 200,
      errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'NOT_FOUND' } }],
    })
    const wrong = await post(app, { query: '{ cursor }', extensions: persisted('{ viewer { name } }') })
    expect(wrong).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'INVALID_INPUT', path: 'extensions.persistedQuery.sha256Hash' } }],
    })
    const version = await post(app, {
      query: '{ cursor }',
      extensions: { persistedQuery: { version: 2, sha256Hash: 'x' } },
    })
    expect(version.errors[0].extensions.code).toBe('INVALID_INPUT')
    const bad = '{ nothing }'
    expect((await post(app, { query: bad, extensions: persisted(bad) })).errors[0].message).toContain(
      'nothing',
    )
    expect((await post(app, { extensions: persisted(bad) })).errors[0].message).toBe('PersistedQueryNotFound')
  })

  test('over WebSocket with an empty text', async () => {
    const socket = openSocket(app.url, app.token)
    const query = '{ viewer { role } }'
    const ask = (payload: Payload) => first(socket, payload)
    expect((await ask({ query: '', extensions: persisted(query) })).errors[0].message).toBe(
      'PersistedQueryNotFound',
    )
    expect((await ask({ query, extensions: persisted(query) })).data).toEqual({ viewer: { role: 'ADMIN' } })
    expect((await ask({ query: '', extensions: persisted(query) })).data).toEqual({
      viewer: { role: 'ADMIN' },
    })
    await socket.close()
  })
})

describe('the allow list', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-documents-'))
  const manifest = join(folder, 'manifest.json')
  let app: TestApp
  let viewer: string
  beforeAll(async () => {
    writeFileSync(
      join(folder, 'who.graphql'),
      '# who asks\nquery Who {\n  viewer { ...Name }\n}\nsubscription Log { events { type } }',
    )
    writeFileSync(join(folder, 'name.graphql'), 'fragment Name on Viewer { name }')
    const operations = [{ id: 'place-1', name: 'Place', type: 'query', body: 'query Place { cursor }' }]
    writeFileSync(
      manifest,
      JSON.stringify({ format: 'apollo-persisted-query-manifest', version: 1, operations }),
    )
    app = await startTestApp({
      documents: { allow: [folder, manifest], automatic: true, exemptAdmins: true },
    })
    const made = await app.query<any>(
      'mutation { createToken(input: { name: "v", role: VIEWER }) { secret } }',
    )
    viewer = made.data!.createToken.secret
  })
  afterAll(async () => {
    await app.close()
    rmSync(folder, { recursive: true })
  })

  const who = 'fragment Name on Viewer { name } query Who { viewer { ...Name } }'

  test('lets in what is on it, however it is written, and by its ids', async () => {
    expect((await post(app, { query: who }, viewer)).data).toEqual({ viewer: { name: 'v' } })
    expect((await post(app, { documentId: 'place-1' }, viewer)).data.cursor).toEqual(expect.any(String))
    const hashed = await post(app, { extensions: persisted('query Place { cursor }') }, viewer)
    expect(hashed.data.cursor).toEqual(expect.any(String))
    expect((await post(app, { documentId: 'place-2' }, viewer)).errors[0].message).toBe(
      'PersistedQueryNotFound',
    )
  })

  test('refuses all else: by POST, by GET, by hash, over WebSocket, introspection and faulty documents too', async () => {
    const refused = { errors: [{ extensions: { code: 'FORBIDDEN' } }] }
    for (const query of [
      '{ cursor }',
      '{ __schema { types { name } } }',
      '{ nothing }',
      '{',
      'query Who { viewer { name } }',
    ]) {
      expect(await post(app, { query }, viewer)).toMatchObject({ ...refused, status: 403 })
      expect(await post(app, { query, extensions: persisted(query) }, viewer)).toMatchObject(refused)
    }
    const got = await fetch(`${app.url}/graphql?query=%7Bcursor%7D`, {
      headers: { authorization: `Bearer ${viewer}` },
    })
    expect(got.status).toBe(403)
    const socket = openSocket(app.url, viewer)
    const ask = (query: string) => first(socket, { query })
    expect(await ask('{ cursor }')).toMatchObject(refused)
    expect((await ask(who)).data).toEqual({ viewer: { name: 'v' } })
    await socket.close()
  })

  test('administrators are exempt, unless they are not', async () => {
    expect((await post(app, { query: '{ cursor }' })).data.cursor).toEqual(expect.any(String))
    const strict = await startTestApp({
      database: app.database,
      documents: { allow: [manifest], automatic: false, exemptAdmins: false },
    })
    expect(await post(strict, { query: '{ viewer { name } }' })).toMatchObject({ status: 403 })
    expect((await post(strict, { extensions: persisted('{ x }') })).errors[0].message).toBe(
      'PersistedQueryNotSupported',
    )
    expect((await post(strict, { query: '{ ...on Query { cursor } }' })).status).toBe(403)
    expect((await post(strict, { query: 'query Place{cursor}' })).data.cursor).toEqual(expect.any(String))
    await strict.close()
  })

  test("Relay's manifest is read; what does not fit the schema, or is no document, stops the start with its place", () => {
    const relay = join(folder, 'relay.json')
    writeFileSync(relay, JSON.stringify({ abc: 'query Abc { cursor }' }))
    expect(readAllowList([relay], schema).textOf('abc')).toBe('query Abc { cursor }')
    const faults: Record<string, RegExp> = {
      'query Bad { nothing }': /bad.graphql: Cannot query field/,
      'query {': /bad.graphql: Syntax Error/,
      'query Bad { viewer { ...Gone } }': /bad.graphql: there is no fragment Gone/,
    }
    for (const [text, message] of Object.entries(faults)) {
      writeFileSync(join(folder, 'bad.graphql'), text)
      expect(() => readAllowList([folder], schema)).toThrow(message)
    }
    rmSync(join(folder, 'bad.graphql'))
    writeFileSync(relay, JSON.stringify({ operations: [{ id: 1 }] }))
    expect(() => readAllowList([relay], schema)).toThrow(/neither a manifest of Apollo nor of Relay/)
    expect(() => readAllowList([join(folder, 'none')], schema)).toThrow(/ENOENT/)
  })
})
