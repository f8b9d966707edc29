/** Who is taken up, and who is told to come again. */
import { afterEach, expect, test } from 'vitest'
import { startAdmission, type Admission, type AdmissionLimits } from '../../src/api/admission.ts'
import { PlenumError } from '../../src/errors.ts'
import { WebSocket } from 'ws'
import { startTestApp } from '../support/app.ts'

const roomy: AdmissionLimits = {
  requestsPerSecond: 10,
  requestsAtOnce: 100,
  requestsRunning: 1_000,
  overloadMilliseconds: 2_000,
}
let now = 0
const open: Admission[] = []
const start = (limits: Partial<AdmissionLimits>) => {
  const admission = startAdmission({ ...roomy, ...limits }, () => now)
  open.push(admission)
  return admission
}
afterEach(() => open.splice(0).forEach((one) => one.close()))

function refusal(run: () => unknown): PlenumError['details'] {
  try {
    run()
  } catch (error) {
    if (error instanceof PlenumError && error.code === 'RATE_LIMITED') return error.details
    throw error
  }
  throw new Error('was not refused')
}

test('a token has its rate, with a burst after a rest; another one has its own', () => {
  const admission = start({})
  for (let index = 0; index < 20; index++) admission.enter(1)()
  expect(refusal(() => admission.enter(1))).toMatchObject({
    retryAfterSeconds: 1,
    limit: { name: 'requestsPerSecond', limit: 10 },
  })
  admission.enter(2)()
  now += 100
  admission.enter(1)()
  expect(refusal(() => admission.enter(1))).toMatchObject({ retryAfterSeconds: 1 })
  expect(admission.refused).toBe(2)
})

test('what runs at once is bounded, of a token and of all; who leaves twice leaves once', () => {
  const admission = start({ requestsAtOnce: 2, requestsRunning: 3 })
  const leave = admission.enter(1)
  admission.enter(1)
  expect(refusal(() => admission.enter(1)).limit?.name).toBe('requestsAtOnce')
  admission.enter(2)
  expect(refusal(() => admission.enter(3)).limit?.name).toBe('requestsRunning')
  leave()
  leave()
  expect(admission.running).toBe(2)
  admission.enter(3)
  expect(refusal(() => admission.enter(4)).limit?.name).toBe('requestsRunning')
})

test('over HTTP: RATE_LIMITED, 429 and Retry-After', async () => {
  const app = await startTestApp({ limits: { requestsPerSecond: 1 } })
  try {
    const ask = () =>
      fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${app.token}` },
        body: JSON.stringify({ query: '{ viewer { name } }' }),
      })
    const answers = await Promise.all(Array.from({ length: 50 }, ask))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(2)
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await refused[0]!.json()).toMatchObject({
      errors: [
        { extensions: { code: 'RATE_LIMITED', retryable: true, limit: { name: 'requestsPerSecond' } } },
      ],
    })
  } finally {
    await app.close()
  }
})

test('PUT /import with an Idempotency-Key is done once; another body under it is refused', async () => {
  const app = await startTestApp()
  try {
    const put = async (name: string) => {
      const response = await fetch(`${app.url}/import`, {
        method: 'PUT',
        headers: {
          'content-type': 'application/x-ndjson',
          authorization: `Bearer ${app.token}`,
          'idempotency-key': 'once',
        },
        body: `${JSON.stringify({ kind: 'Tenant', key: name, name })}\n`,
      })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    const first = await put('acme')
    expect(first).toMatchObject({ status: 200, body: { created: 1 } })
    expect(await put('acme')).toEqual(first)
    expect(await put('emca')).toMatchObject({
      status: 409,
      body: { errors: [{ extensions: { code: 'CONFLICT', reason: 'KEY_REUSED' } }] },
    })
  } finally {
    await app.close()
  }
})

test('over WebSocket: a key in the extensions makes a write be done once, a cursor is waited for, and the rate counts', async () => {
  const app = await startTestApp({ limits: { requestsPerSecond: 4 } })
  const socket = new WebSocket(`${app.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws')
  try {
    const told = new Map<string, (message: any) => void>()
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { id?: string; type: string }
      told.get(message.id ?? message.type)?.(message)
    })
    await new Promise((resolve) => socket.once('open', resolve))
    const hear = (id: string) => new Promise<any>((resolve) => told.set(id, resolve))
    const ready = hear('connection_ack')
    socket.send(
      JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${app.token}` } }),
    )
    await ready
    const ask = (id: string, query: string, extensions: object) => {
      const answer = hear(id)
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, extensions } }))
      return answer
    }
    const write = (name: string) =>
      `mutation { importInventory(input: { items: [{ kind: Tenant, name: "${name}" }] }) { cursor } }`
    const first = await ask('1', write('acme'), { idempotencyKey: 'socket' })
    const { cursor } = first.payload.data.importInventory
    expect((await ask('2', write('acme'), { idempotencyKey: 'socket' })).payload).toEqual(first.payload)
    const other = await ask('3', write('another'), { idempotencyKey: 'socket' })
    expect(other.payload.errors[0].extensions).toMatchObject({ code: 'CONFLICT', reason: 'KEY_REUSED' })
    expect((await ask('4', '{ cursor }', { plenumAfter: cursor })).payload.data).toEqual({ cursor })
    const wrong = await ask('5', '{ cursor }', { plenumAfter: 'nonsense' })
    expect(wrong.payload.errors[0].extensions).toMatchObject({ code: 'INVALID_INPUT', path: 'Plenum-After' })
    const many = await Promise.all(
      Array.from({ length: 40 }, (_, index) => ask(`m${index}`, '{ cursor }', {})),
    )
    const refused = many.find(({ type }) => type === 'error')
    expect(refused.payload[0].extensions).toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 1 })
  } finally {
    socket.terminate()
    await app.close()
  }
})
