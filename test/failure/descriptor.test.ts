/** The limit of open files is hit under a server: it lives, who is connected goes on, and it takes everybody again when there is room. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { isAlive, startProgram, type Program } from '../support/program.ts'
import { createWriter } from './acknowledged.ts'

const token = 'plenum_token_for_tests_only'
const room = 20
const callers = 120
let database: TestDatabase
let program: Program
let url: string
const hasPrlimit = (() => {
  try {
    execFileSync('prlimit', ['--version'])
    return true
  } catch {
    return false
  }
})()

beforeAll(async () => {
  database = await createDatabase()
  program = startProgram(['serve'], { PORT: '0', DATABASE_URL: database.url, PLENUM_ADMIN_TOKEN: token })
  url = (await program.saw(/answers at (http:\/\/\S+)/))[1]!
}, 120_000)
afterAll(async () => {
  program.kill('SIGTERM')
  await program.ended
  await database.close()
})

/** On one connection that is kept. */
function ask(agent: Agent, query: string): Promise<any> {
  const { promise, resolve, reject } = Promise.withResolvers<any>()
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const outgoing = request(`${url}/graphql`, { method: 'POST', agent, headers }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    response.on('end', () => resolve(JSON.parse(text)))
  })
  outgoing.on('error', reject)
  outgoing.end(JSON.stringify({ query }))
  return promise
}

test.skipIf(!hasPrlimit)(
  'it lives through it, and nothing acknowledged is lost',
  { timeout: 120_000 },
  async () => {
    const writer = createWriter(url, token)
    for (let count = 0; count < 10; count++) await writer.writeAtLast()
    const kept = new Agent({ keepAlive: true, maxSockets: 1 })
    await ask(kept, '{ cursor }')
    const open = readdirSync(`/proc/${program.pid}/fd`).length
    execFileSync('prlimit', ['--pid', String(program.pid), `--nofile=${open + room}:${open + room}`])
    const { port } = new URL(url)
    const sockets: Socket[] = []
    let refused = 0
    const ends: Promise<unknown>[] = []
    for (let count = 0; count < callers; count++) {
      const socket = connect(Number(port), '127.0.0.1')
      sockets.push(socket)
      socket.on('error', () => {})
      const over = Promise.withResolvers<void>()
      ends.push(over.promise)
      socket.once('close', () => (refused++, over.resolve()))
      // Those that were let in are answered.
      socket.once('data', () => over.resolve())
      socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n')
    }
    await Promise.all(ends)
    expect(refused).toBeGreaterThan(callers - room - 5)
    expect(isAlive(program.pid)).toBe(true)
    const { data, errors } = await ask(kept, '{ images(first: 20) { totalCount } }')
    expect(errors).toBeUndefined()
    expect(data.images.totalCount).toBe(10)
    for (const socket of sockets) {
      const closed = socket.closed ? undefined : once(socket, 'close')
      socket.destroy()
      await closed
    }
    kept.destroy()
    await writer.writeAtLast()
    expect(await writer.missing()).toEqual([])
  },
)
