import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp({ env: { PLENUM_READ_ONLY: 'true' } })
})
afterAll(() => app.close())

const importOne = `mutation { importInventory(input: { items: [{ kind: Site, name: "kr1" }] }) { cursor } }`

test('a mutation is refused, also an administrator’s, and stands in the audit trail', async () => {
  const { data, errors } = await app.query(importOne)
  expect(data).toEqual({ importInventory: null })
  expect(errors).toMatchObject([
    { message: expect.stringContaining('read only') as string, extensions: { code: 'FORBIDDEN' } },
  ])
  const rows = await app.database.db('audit').select('action', 'outcome')
  expect(rows).toEqual([{ action: 'importInventory', outcome: 'REFUSED' }])
})

test('PUT /import is refused', async () => {
  const response = await fetch(`${app.url}/import`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${app.token}`, 'content-type': 'application/x-ndjson' },
    body: '{"kind":"Site","name":"kr1"}\n',
  })
  expect(response.status).toBe(403)
  await response.text()
})

test('queries are answered', async () => {
  expect(await app.query('{ sites { totalCount } }')).toMatchObject({ data: { sites: { totalCount: 0 } } })
})
