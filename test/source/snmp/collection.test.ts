/** Devices are polled as collection policies say. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startResponder, type Responder } from '../../../src/source/snmp/responder/index.ts'
import type { Collecting } from '../../../src/source/source.ts'
import { isPart, listen, smallSwitch, type Listening } from './driver.ts'

let responder: Responder
let source: Listening | undefined
beforeAll(() => {
  responder = startResponder()
})
afterEach(async () => {
  await source?.close()
  source = undefined
})
afterAll(() => responder.close())

it('one that is off is not asked, one that is to be asked seldom waits, and they come back when the policy goes', async () => {
  const agents = await Promise.all(
    ['sw1', 'off', 'slow'].map((name, n) => responder.add({ mib: smallSwitch(name, `001b2100000${n}`) })),
  )
  const [plain, off, slow] = agents.map(({ port }) => `127.0.0.1:${port}`) as [string, string, string]
  const all = new Map<string, Collecting>([
    [off, { isOff: true, everyMs: undefined, accepts: () => true }],
    [slow, { isOff: false, everyMs: 3_600_000, accepts: () => true }],
  ])
  source = await listen(
    {
      credentials: { plain: { community: 'env:A' } },
      ...{ interval: 1, timeoutMs: 1_000 },
      seeds: agents.map(({ port }) => ({ address: '127.0.0.1', port })),
    },
    {
      collection: {
        shortestMs: 3_600_000,
        of: async (keys) => new Map(keys.flatMap((key) => (all.has(key) ? [[key, all.get(key)!]] : []))),
      },
    },
  )
  const seen: string[] = []
  while (seen.filter((part) => part === plain).length < 4) seen.push((await source.until(isPart)).part)
  expect(seen.filter((part) => part === slow)).toHaveLength(1)
  expect(seen).not.toContain(off)
  all.clear()
  while (!seen.includes(off) || seen.filter((part) => part === slow).length < 2)
    seen.push((await source.until(isPart)).part)
})
