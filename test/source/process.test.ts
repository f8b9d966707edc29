/** Two real processes and one source: whoever was stopped past the turn changes nothing, and a killed one is succeeded. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  createDatabase,
  createDriver,
  Script,
  startProcess,
  type Process,
  type TestDatabase,
} from './scripted.ts'

let database: TestDatabase
let other: ChildProcess
let lines: AsyncIterator<string>
let own: Process | undefined

beforeEach(async () => {
  database = await createDatabase()
  other = spawn(process.execPath, [new URL('sleeper.ts', import.meta.url).pathname, database.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  lines = createInterface({ input: other.stdout! })[Symbol.asyncIterator]()
})
afterEach(async () => {
  const ended = other.exitCode === null && other.signalCode === null ? once(other, 'exit') : undefined
  other.kill('SIGKILL')
  await ended
  await own?.close()
  own = undefined
  await database.close()
})

async function line(...starts: string[]): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done) throw new Error(`it ended before it said ${starts.join(' or ')}`)
    if (starts.some((start) => value.startsWith(start))) return value
  }
}

async function takeOver(): Promise<Process> {
  const script = new Script()
  const options = { isWatched: true, isListed: false, authoritative: false }
  own = await startProcess(
    database,
    createDriver(script, options),
    { cloud: { driver: 'scripted' } },
    {},
    2_000,
  )
  script.say({ part: 'vm', things: [{ key: 'vm', kind: 'VirtualMachine', name: 'ours' }] })
  await own.until(async () => nameOf(own!) === 'ours')
  return own
}
const nameOf = ({ holder }: Process) => holder.graph.ofType('VirtualMachine')[0]?.name

test('one that was stopped past its turn goes on, changes nothing, and learns of it', async () => {
  await line('wrote')
  other.kill('SIGSTOP')
  await takeOver()
  other.kill('SIGCONT')
  await line('lost')
  const { rows } = await database.db.raw(`select name from resource where kind = 'VirtualMachine'`)
  expect(rows).toEqual([{ name: 'ours' }])
})

test('one that was killed is succeeded', async () => {
  await line('wrote')
  other.kill('SIGKILL')
  expect(nameOf(await takeOver())).toBe('ours')
})
