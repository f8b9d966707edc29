/** A group that is behind: what is due goes out together, in order, whole, and one that refuses goes on from before it. */
import { expect, test } from 'vitest'
import type { FeedBatch } from '../../../src/context.ts'
import type { Cursor, LoggedEvent } from '../../../src/event/event.ts'
import { Group, type Member } from '../../../src/api/subscription/group.ts'
import type { SharedAnswer } from '../../../src/api/subscription/shared-answer.ts'

const epoch = 'e'
const event = (seq: number): LoggedEvent => ({ seq, at: 0, actor: null, body: {} }) as never

interface Run {
  count: number
  textBytes?: number
  takes?(sent: number): boolean
}

/** Tells a member so many events that are there at once; gives the writes, and where it left. */
async function run({ count, textBytes = 10, takes = () => true }: Run) {
  const writes: number[][] = []
  const done = Promise.withResolvers<Cursor | undefined>()
  const text = 'x'.repeat(textBytes)
  const send = (answers: readonly SharedAnswer[]): boolean => {
    if (!takes(writes.length)) return false
    writes.push(answers.map(({ bytes }) => JSON.parse(String(bytes)).data.seq))
    return true
  }
  const member: Member = {
    line: { send },
    at: { epoch, seq: 0 },
    extensions: { cost: 1 },
    leave: done.resolve,
  }
  async function* follow(): AsyncGenerator<FeedBatch> {
    await Promise.resolve()
    const events = Array.from({ length: count }, (_, index) => event(index + 1))
    yield { events, cursor: { epoch, seq: count } } as FeedBatch
  }
  const group = new Group({
    tail: {
      key: '',
      after: member.at,
      everyMs: 0,
      read: (_, events) => events.map(({ seq }) => ({ seq, root: { seq } })),
      gap: () => ({}),
    },
    at: member.at,
    answerBytes: 1_000_000,
    read: (events) => events.map(({ seq }) => ({ seq, root: { seq } })),
    answer: (root) => Promise.resolve({ data: { ...root, text } }),
    follow,
    applied: () => ({ epoch, seq: count }),
    emptied: () => {},
    failed: done.reject,
  })
  group.join(member)
  return { left: await done.promise, writes, extensions: member.extensions }
}

test('goes out in few writes, each event once and in order', async () => {
  const { left, writes, extensions } = await run({ count: 40 })
  expect(writes.map(({ length }) => length)).toEqual([16, 16, 8])
  expect(writes.flat()).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
  expect([left, extensions]).toEqual([undefined, undefined])
})

test('is not more in one write than a slow one may leave untaken', async () => {
  const { writes } = await run({ count: 6, textBytes: 20_000 })
  expect(writes).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ])
})

test('is refused as a whole: who refuses goes on from before the first of it', async () => {
  const { left, writes } = await run({ count: 40, takes: (sent) => sent < 1 })
  expect(writes).toHaveLength(1)
  expect(left).toEqual({ epoch, seq: 16 })
})
