/** Requests that mean harm: each is refused with the code that says so, and a well-behaved client beside them is answered. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { documents } from '../../support/hostile/documents.ts'
import { configOf, startIssuer } from '../../support/hostile/issuer.ts'
import { guesses, logins } from '../../support/hostile/logins.ts'
import { sockets } from '../../support/hostile/sockets.ts'
import { ask, isDue, type Hostile, type Target } from '../../support/hostile/target.ts'
import { transport } from '../../support/hostile/transport.ts'

const most = { sockets: 8, subscriptions: 20, waiting: 30 }
const refusedLogins = 60
const folder = mkdtempSync(join(tmpdir(), 'plenum-hostile-'))
let app: TestApp
let target: Target
beforeAll(async () => {
  const issuer = await startIssuer()
  const path = join(folder, 'plenum.yaml')
  writeFileSync(path, configOf(issuer))
  app = await startTestApp({
    env: { PLENUM_CONFIG: path },
    limits: {
      requestSeconds: 3,
      headerSeconds: 1,
      rows: 5_000,
      socketsPerToken: most.sockets,
      socketsWaiting: most.waiting,
      subscriptionsPerToken: most.subscriptions,
      refusedLogins,
    },
  })
  target = { url: app.url, token: app.token, issuer }
})
afterAll(async () => {
  await app.close()
  await target.issuer.close()
  rmSync(folder, { recursive: true })
})

const lists: readonly [string, readonly Hostile[]][] = [
  ['documents', documents],
  ['transport', transport],
  ['logins', logins],
  ['sockets', sockets(most)],
  ['guessing', [guesses(refusedLogins)]],
]

test('there are sixty and more of them, each by a name of its own', () => {
  const names = lists.flatMap(([, list]) => list.map(({ name }) => name))
  expect(names.length).toBeGreaterThanOrEqual(60)
  expect(new Set(names).size).toBe(names.length)
})

test('a good JWT of the same provider is let in: what is refused is refused for what is wrong with it', async () => {
  const authorization = `Bearer ${await target.issuer.sign()}`
  expect(await ask(target, { body: '{"query":"{ viewer { name } }"}', headers: { authorization } })).toBe(
    '200 OK',
  )
})

describe.each(lists)('%s', (_, list) => {
  test.each(list.map((one) => [one.name, one] as const))('%s', async (__, one) => {
    const told = await one.send(target)
    expect(isDue(one, told) || told).toBe(true)
    expect(await ask(target, { body: '{"query":"{ viewer { name } }"}' })).toBe('200 OK')
  })
})

test('nothing of it has stuck', () => {
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  // No key was fetched from where a token said that it lies.
  expect(target.issuer.strayed).toEqual([])
})
