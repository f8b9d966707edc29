import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gather } from '../../../src/api/subscription/gather.ts'
import type { Message } from '../../../src/api/subscription/message.ts'

const message = (seq: number, count: number): Message => ({
  events: Array.from({ length: count }, (_, index) => ({ seq, index })),
  cursor: { epoch: 'e', seq },
})
async function* from(messages: readonly Message[], closed?: () => void): AsyncGenerator<Message> {
  try {
    for (const one of messages) {
      await Promise.resolve()
      yield one
    }
  } finally {
    closed?.()
  }
}

test('every event comes once and in order, however it is gathered, and the last cursor is told', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 1_500 }), { maxLength: 8 }),
      fc.constantFrom(0, 5),
      async (counts, everyMs) => {
        const messages = counts.map((count, index) => message(index + 1, count))
        const out: Message[] = []
        for await (const one of gather(from(messages), everyMs)) out.push(one)
        expect(out.flatMap(({ events }) => events)).toEqual(messages.flatMap(({ events }) => events))
        expect(out.at(-1)?.cursor).toEqual(messages.at(-1)?.cursor)
        for (const { events, cursor } of out) {
          expect(events.length).toBeLessThanOrEqual(2_500)
          const last = events.at(-1) as { seq: number } | undefined
          expect(last?.seq ?? 0).toBeLessThanOrEqual(cursor.seq)
        }
      },
    ),
    { numRuns: 50 },
  )
})

test('who hears nothing still learns how far the log is, now and then', async () => {
  const { promise: never, resolve } = Promise.withResolvers<void>()
  async function* quiet(): AsyncGenerator<Message> {
    yield message(1, 0)
    yield message(2, 0)
    await never
  }
  const gathered = gather(quiet(), 0, 20)
  expect((await gathered.next()).value).toEqual({ events: [], cursor: { epoch: 'e', seq: 2 } })
  resolve()
  expect((await gathered.next()).done).toBe(true)
})

test('leaving it ends its source', async () => {
  let closed = false
  for await (const _ of gather(
    from([message(1, 1), message(2, 1)], () => (closed = true)),
    0,
  ))
    break
  expect(closed).toBe(true)
})
