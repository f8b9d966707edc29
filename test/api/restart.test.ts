/** Postgres goes away and comes back under subscribers' sockets and a writer: the writer repeats with its key, everybody is told everything once. */
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type App } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { startOwnPostgres, type OwnPostgres } from '../support/own-postgres.ts'
import { openSocket } from '../support/socket.ts'

const token = 'plenum_token_for_tests_only'
const last = 'image-last'
let postgres: OwnPostgres
let app: App

beforeAll(async () => {
  postgres = await startOwnPostgres('restarted')
  const config = loadConfig({ PORT: '0', PLENUM_ADMIN_TOKEN: token })
  app = await startApp(config, postgres.url, pino({ level: 'silent' }))
}, 120_000)
afterAll(async () => {
  await app.close()
  await postgres.close()
})

async function ask(query: string, variables: object = {}): Promise<any> {
  const response = await fetch(`${app.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  })
  return response.json()
}

/** Until it is answered: what was committed and not answered is answered again by its key. */
async function create(name: string): Promise<void> {
  for (;;) {
    const { errors } = await ask(
      'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
      { input: { idempotencyKey: name, items: [{ kind: 'Image', name }] } },
    )
    if (errors === undefined) return
    // The next try waits for a connection: it is the database that says when to go on.
    expect(errors[0].extensions).toMatchObject({ retryable: true })
  }
}

const isCounted = (name: string) => name.startsWith('image-')

const follow =
  'subscription ($after: EventCursor!) { resourceChanged(filter: { kind: [Image] }, after: $after) { cursor events { ... on Created { resource { name } } } } }'

/** Names of what was created, up to the last; cut off after so many messages each time, and resumed. */
async function follower(after: string, cutAfter: number): Promise<string[]> {
  const names: string[] = []
  let cursor = after
  while (names.at(-1) !== last) {
    const socket = openSocket(app.url, token)
    let messages = 0
    try {
      for await (const { resourceChanged } of socket.iterate(follow, { after: cursor })) {
        names.push(
          ...resourceChanged.events.map((event: any) => event.resource.name as string).filter(isCounted),
        )
        cursor = resourceChanged.cursor as string
        if (names.at(-1) === last || ++messages >= cutAfter) break
      }
    } finally {
      socket.kill()
      await socket.close()
    }
  }
  return names
}

test(
  'subscribers over sockets are told everything once, in order, while Postgres restarts three times',
  { timeout: 240_000 },
  async () => {
    const { data } = await ask('{ cursor }')
    const following = Promise.all([follower(data.cursor, Infinity), follower(data.cursor, 3)])
    const names: string[] = []
    let isOver = false
    const writing = (async () => {
      for (let count = 0; !isOver; count++) {
        const name = `image-${count}`
        await create(name)
        names.push(name)
      }
    })()
    for (const mode of ['fast', 'immediate', 'fast'] as const) {
      await postgres.restart(mode)
      await create(`after ${mode} ${Math.random()}`)
    }
    isOver = true
    await writing
    await create(last)
    for (const told of await following) expect(told).toEqual([...names, last])
    const { data: all } = await ask('{ images(first: 200) { totalCount } }')
    expect(all.images.totalCount).toBe(names.length + 1 + 3)
  },
)
