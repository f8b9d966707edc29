/** Sixteen writers in two processes, a subscriber that is killed and resumed: every event once, in order, none missing. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { openSocket } from '../../support/socket.ts'

let one: TestApp
let two: TestApp
beforeAll(async () => {
  one = await startTestApp()
  two = await startTestApp({ database: one.database })
})
afterAll(async () => {
  await two.close()
  await one.close()
})

const follow = `subscription ($after: EventCursor, $every: Duration) {
  resourceChanged(filter: { kind: [Image, Volume] }, after: $after, every: $every) { cursor events { cursor __typename } } }`
const kills = 50

/** Writes until told to stop; each write of several things, some of which it changes again. */
async function write(app: TestApp, writer: number, stopped: () => boolean): Promise<void> {
  for (let round = 0; !stopped(); round++) {
    const items = Array.from({ length: 1 + (writer % 4) }, (_, index) => ({
      kind: index % 2 ? 'Image' : 'Volume',
      name: `w${writer}-${round % 10}-${index}`,
      labels: [{ key: 'round', value: String(round) }],
    }))
    const { errors } = await app.query(
      'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
      { input: { items, source: `writer-${writer}` } },
    )
    expect(errors).toBeUndefined()
  }
}

/** Places of the log that the subscription is to tell. */
async function expected(after: string, until: number): Promise<number[]> {
  const rows = await one.database
    .db('event')
    .where('seq', '>', Number(after.split('.')[1]))
    .where('seq', '<=', until)
    .where('type', 'like', 'Resource%')
    .whereRaw(`coalesce(body -> 'resource' ->> 'kind', body -> 'before' ->> 'kind') in ('Image', 'Volume')`)
    .orderBy('seq')
    .select('seq')
  return rows.map(({ seq }) => Number(seq))
}

test.each(['PT0S', 'PT0.02S'])(
  'killed and resumed 50 times, gathering for %s',
  { timeout: 120_000 },
  async (every) => {
    const start = (await one.query<{ cursor: string }>('{ cursor }')).data!.cursor
    let killed = 0
    const writing = Array.from({ length: 16 }, (_, n) => write(n % 2 ? one : two, n, () => killed >= kills))
    const seen: number[] = []
    let after = start
    while (killed < kills) {
      // It resumes now in the one process, now in the other.
      const app = killed % 2 ? one : two
      const socket = openSocket(app.url, app.token)
      let messages = 0
      try {
        for await (const { resourceChanged } of socket.iterate<any>(follow, { after, every })) {
          for (const { cursor, __typename } of resourceChanged.events) {
            expect(__typename).not.toBe('Gap')
            seen.push(Number(cursor.split('.')[1]))
          }
          after = resourceChanged.cursor
          if (++messages > killed % 3) socket.kill()
        }
      } catch {
        killed++
      }
      await socket.close()
    }
    await Promise.all(writing)
    const { seq } = await one.database.db('log_head').first('seq')
    const last = openSocket(one.url, one.token)
    if (Number(after.split('.')[1]) < Number(seq)) {
      for await (const { resourceChanged } of last.iterate<any>(follow, { after })) {
        for (const { cursor } of resourceChanged.events) seen.push(Number(cursor.split('.')[1]))
        if (Number(resourceChanged.cursor.split('.')[1]) >= Number(seq)) break
      }
    }
    await last.close()
    expect(seen.length).toBeGreaterThan(100)
    expect(seen).toEqual(await expected(start, Number(seq)))
  },
)
