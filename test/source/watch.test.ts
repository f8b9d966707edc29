import pino from 'pino'
import { expect, test } from 'vitest'
import { Intake } from '../../src/source/watch.ts'
import type { Pushed, PushResult } from '../../src/resource/verbs.ts'

test('what is told while something is written is written next, whatever the clock does', async () => {
  const pushed: string[] = []
  const gates: (() => void)[] = []
  let came = () => {}
  const intake = new Intake({
    sourceId: 1,
    by: { name: 'source:test' },
    resources: {
      push: async (_, changes: readonly Pushed[]) => {
        pushed.push(...changes.map((change) => ('part' in change ? change.part : '')))
        const { promise, resolve } = Promise.withResolvers<void>()
        gates.push(resolve)
        came()
        await promise
        return { refused: [], missing: 0, held: null } as unknown as PushResult
      },
    },
    keys: { forget: () => {}, find: async () => new Map() } as never,
    shards: 1,
    fenceOf: () => ({ turn: 'test', epoch: 1 }) as never,
    record: () => {},
    collected: () => {},
    clean: (value) => value,
    tell: async () => {},
    log: pino({ level: 'silent' }),
    gatherMs: 1,
  })
  const writing = () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    came = resolve
    return promise
  }
  const tell = (part: string) => intake.add({ part, things: [] })

  let next = writing()
  await tell('one')
  await next
  next = writing()
  await tell('two')
  // Its time to gather passes while the first is still being written.
  await new Promise((resolve) => setTimeout(resolve, 20))
  gates.shift()!()
  await next
  next = writing()
  await tell('three')
  gates.shift()!()
  await next
  expect(pushed).toEqual(['one', 'two', 'three'])
  gates.shift()!()
  await intake.close()
})
