/** The short way of a request answers as Apollo Server does: the same bytes, status and headers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ limits: { answerBytes: 20_000 } })
})
afterAll(() => app.close())

interface Sent {
  status: number
  headers: Record<string, string>
  body: string
}

async function send(body: object, accept: string): Promise<Sent> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${app.token}`,
      accept,
      'x-request-id': 'same',
    },
    body: JSON.stringify(body),
  })
  const { date: _, ...headers } = Object.fromEntries(response.headers)
  return { status: response.status, headers, body: await response.text() }
}

const wide = `{ __schema { types { name description fields { name description } } } }`

const bodies: Record<string, object> = {
  'a query': { query: '{ viewer { name } cursor }' },
  'names and nulls': {
    query: 'query A { viewer { role } } query B { cursor }',
    operationName: 'A',
    variables: null,
    extensions: null,
  },
  variables: { query: 'query ($ref: Ref!) { resource(ref: $ref) { id } }', variables: { ref: '1' } },
  'a variable at fault': {
    query: 'query ($ref: Ref!) { resource(ref: $ref) { id } }',
    variables: { ref: '' },
  },
  'a variable that is missing': { query: 'query ($ref: Ref!) { resource(ref: $ref) { id } }' },
  'no such operation': { query: 'query A { cursor }', operationName: 'B' },
  'several operations and no name': { query: 'query A { cursor } query B { cursor }' },
  'an empty name': { query: 'query A { cursor }', operationName: '' },
  'a name that is no text': { query: 'query A { cursor }', operationName: 7 },
  'variables that are no object': { query: '{ cursor }', variables: [1] },
  'a field that fails': { query: '{ cursor resource(ref: "no") { id } node(id: "x") { id } }' },
  'a document at fault': { query: '{ nothing }' },
  'a document that is none': { query: '{' },
  nothing: {},
  'a subscription': { query: 'subscription { events { type } }' },
  'an extension': { query: '{ cursor }', extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } },
  'other extensions': { query: '{ cursor }', extensions: { a: 1 } },
  'a mutation that fails': { query: 'mutation { deleteResources(input: { items: [] }) { cursor } }' },
  'an answer that is too large': { query: wide },
}

const accepts = [
  'application/json',
  '*/*',
  'application/graphql-response+json',
  'application/graphql-response+json, application/json;q=0.9',
]

describe.each(accepts)('to those who accept %s', (accept) => {
  let turn = 0
  test.each(Object.entries(bodies))('%s', async (_, body) => {
    // White space in the header makes it another one, which nobody has asked with yet.
    const fresh = `${accept}${' '.repeat(++turn)}, text/x-${turn}`
    const byApollo = await send(body, fresh)
    await send({ query: '{ cursor }' }, fresh)
    expect(await send(body, fresh)).toEqual(byApollo)
  })
})
