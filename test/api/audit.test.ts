/** The published audits of GraphQL over HTTP, against our endpoint. */
import { auditServer } from 'graphql-http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app.close())

test('all server audits of graphql-http pass', async () => {
  const results = await auditServer({
    url: `${app.url}/graphql`,
    fetchFn: (url: string, init?: RequestInit) =>
      fetch(url, { ...init, headers: { ...init?.headers, authorization: `Bearer ${app.token}` } }),
  })
  expect(results.length).toBeGreaterThan(50)
  expect(
    results.filter(({ status }) => status !== 'ok').map(({ name, status }) => `${status}: ${name}`),
  ).toEqual([])
})
