/** Who guesses is slowed down by address, in bounded memory and without locking others out; refusals are in the audit trail, floods as one row. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import pino from 'pino'
import { createGuesses } from '../../src/api/guesses.ts'
import type { AuditEntry } from '../../src/api/guard.ts'
import { createRefusals } from '../../src/api/refusals.ts'
import { PlenumError } from '../../src/errors.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'

describe('guesses', () => {
  const never = () => false
  const isLet = (run: () => void): boolean | number | undefined => {
    try {
      run()
      return true
    } catch (error) {
      if (error instanceof PlenumError && error.code === 'RATE_LIMITED')
        return error.details.retryAfterSeconds
      throw error
    }
  }

  test('of an address are let by as often as said, then one at a time; known tokens always', () => {
    let now = 0
    const guesses = createGuesses(6, () => now)
    for (let index = 0; index < 6; index++) {
      expect(isLet(() => guesses.check('192.0.2.1', never))).toBe(true)
      guesses.failed('192.0.2.1')
    }
    expect(isLet(() => guesses.check('192.0.2.1', never))).toBe(10)
    expect(isLet(() => guesses.check('192.0.2.1', () => true))).toBe(true)
    expect(isLet(() => guesses.check('192.0.2.2', never))).toBe(true)
    now += 10_000
    expect(isLet(() => guesses.check('192.0.2.1', never))).toBe(true)
    guesses.failed('192.0.2.1')
    expect(isLet(() => guesses.check('192.0.2.1', never))).toBe(10)
  })

  test('of one IPv6 network are of one address; however many addresses there are, memory is bounded', () => {
    const guesses = createGuesses(1, () => 0)
    guesses.failed('2001:db8:1:2:3::4')
    expect(isLet(() => guesses.check('2001:db8:1:2::9', never))).toBe(60)
    expect(isLet(() => guesses.check('2001:db8:1:3::9', never))).toBe(true)
    for (let index = 0; index < 30_000; index++) guesses.failed(`10.1.${index >> 8}.${index & 255}`)
    expect(guesses.size).toBe(10_000)
  })
})

test('a flood of refusals is few rows, with their number', async () => {
  vi.useFakeTimers()
  const rows: AuditEntry[] = []
  const refusals = createRefusals(async (entry) => void rows.push(entry), pino({ level: 'silent' }))
  const refusal = {
    actor: 'unknown',
    requestId: 'r',
    action: 'login',
    errorCode: 'UNAUTHENTICATED',
    reason: 'no',
  }
  for (let index = 0; index < 1_000; index++) refusals.note({ ...refusal, remoteAddress: '192.0.2.1' })
  for (let index = 0; index < 2_000; index++)
    refusals.note({ ...refusal, remoteAddress: `10.0.${index >> 8}.${index & 255}` })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(
    rows.filter(({ remoteAddress }) => remoteAddress === '192.0.2.1').map(({ input }: any) => input.refused),
  ).toEqual([undefined, undefined, undefined, undefined, undefined, 995])
  const others = rows.filter(({ remoteAddress }) => remoteAddress === 'others')
  expect(others.map(({ input }: any) => input.refused)).toEqual([1_501])
  expect(rows.length).toBe(6 + 499 + 1)
  refusals.note({ ...refusal, remoteAddress: '192.0.2.1' })
  await refusals.close()
  expect(rows.at(-1)).toMatchObject({ outcome: 'REFUSED', input: { reason: 'no' } })
  vi.useRealTimers()
})

describe('over the wire', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp({ limits: { refusedLogins: 5 } })
  })
  afterAll(() => app.close())

  const statusOf = async (token: string) => {
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: '{"query":"{ cursor }"}',
    })
    return response.status
  }

  test('guesses end in 429, asking nothing of the database; who was let in before still is; all of it is in the trail', async () => {
    expect(await statusOf(app.token)).toBe(200)
    const viewer = await app.query<any>(
      'mutation { createToken(input: { name: "v", role: VIEWER }) { secret } }',
    )
    const secret = viewer.data!.createToken.secret as string
    const statuses: number[] = []
    for (let index = 0; index < 30; index++) statuses.push(await statusOf(`plenum_guess_${index}`))
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401])
    expect(statuses.slice(6).every((status) => status === 429)).toBe(true)
    expect(await statusOf(app.token)).toBe(200)
    const socket = openSocket(app.url, 'plenum_guess')
    const refused = socket.iterate('{ cursor }').next()
    await expect(refused).rejects.toBeDefined()
    expect((await socket.closed).code).toBe(4429)
    await socket.close()
    const rows = await vi.waitUntil(async () => {
      const found = await app.database.db('audit').where({ action: 'login' })
      return found.length >= 5 ? found : undefined
    })
    expect(rows[0]).toMatchObject({ actor: 'unknown', outcome: 'REFUSED', error_code: 'UNAUTHENTICATED' })
    expect(JSON.stringify(rows)).not.toContain('guess')
    expect(secret).toMatch(/^plenum_/)
  })

  test('a read that is refused is in the trail', async () => {
    const other = await startTestApp({ database: app.database })
    const made = await other.query<any>(
      'mutation { createToken(input: { name: "w", role: VIEWER }) { secret } }',
    )
    const bearer = { authorization: `Bearer ${made.data!.createToken.secret}` }
    expect((await other.query('{ tokens { name } }', {}, bearer)).errors![0]!.extensions['code']).toBe(
      'FORBIDDEN',
    )
    await other.close()
    const rows = await app.database.db('audit').where({ action: 'tokens' })
    expect(rows).toMatchObject([{ actor: 'w', outcome: 'REFUSED', error_code: 'FORBIDDEN' }])
  })
})
