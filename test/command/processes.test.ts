/** Several processes on one port, as people start and lose them. */
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  createDataFolder,
  isAlive,
  runProgram,
  startProgram,
  type DataFolder,
  type Program,
} from '../support/program.ts'

const token = 'plenum_token_for_tests_only'
const processes = 3
// Each test starts several whole processes, which share what cores there are.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })
let filled: DataFolder
let folder: DataFolder

/** Without the sample: what runs there is no matter of these tests. */
function configPath(): string {
  const path = join(folder.path, 'plenum.yaml')
  writeFileSync(path, 'sample: false\n')
  return path
}

const environment = (more: NodeJS.ProcessEnv = {}) => ({
  PORT: '0',
  PLENUM_DATA_DIR: folder.path,
  PLENUM_ADMIN_TOKEN: token,
  PLENUM_CONFIG: configPath(),
  ...more,
})

async function start(count = processes): Promise<Program & { url: string }> {
  const program = startProgram(['serve', '--processes', String(count)], environment())
  const [, url] = await program.saw(/answers at (http:\/\/\S+)[\s\S]*Three queries/)
  return { ...program, url: url! }
}

async function stop(program: Program): Promise<void> {
  program.kill('SIGTERM')
  const { code, stderr } = await program.ended
  expect({ code, stderr }).toMatchObject({ code: 0 })
}

beforeAll(async () => {
  folder = filled = createDataFolder()
  await stop(await start())
})
afterAll(() => filled.close())
beforeEach(() => {
  folder = createDataFolder(filled)
})
afterEach(() => folder.close())

/** The workers: those of its children that have the worker's program. */
const workersOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isWorkerOf(name, pid))
    .map(Number)

function isWorkerOf(name: string, parent: number): boolean {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
    const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (
      Number(ppid) === parent &&
      state !== 'Z' &&
      readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('worker.ts')
    )
  } catch {
    return false
  }
}

/** A connection of its own each time: the next process has its turn. */
async function ask(url: string, query: string, headers: Record<string, string> = {}): Promise<any> {
  const sent = request(`${url}/graphql`, {
    method: 'POST',
    agent: new Agent({ keepAlive: false }),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
  })
  sent.end(JSON.stringify({ query }))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  const { data, errors } = JSON.parse(text)
  expect(errors).toBeUndefined()
  return data
}

const importOf = (name: string) =>
  `mutation { importInventory(input: { items: [{ kind: Site, name: "${name}" }] }) { cursor } }`
const countOf = (name: string) => `{ sites(filter: { name: { eq: "${name}" } }) { totalCount } }`

/** Open connections, one request answered on each, so that it is some process's. */
async function hold(url: string, count: number): Promise<Socket[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
      socket.on('error', () => {})
      socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n')
      await once(socket, 'data')
      return socket
    }),
  )
}

describe('several processes on one port', () => {
  test('whatever one writes, each reads at once with the cursor', async () => {
    const program = await start()
    expect(workersOf(program.pid)).toHaveLength(processes)
    for (let round = 0; round < 10; round++) {
      const { importInventory } = await ask(program.url, importOf(`round ${round}`))
      const reads = Array.from({ length: processes * 3 }, () =>
        ask(program.url, countOf(`round ${round}`), { 'plenum-after': importInventory.cursor }),
      )
      expect(await Promise.all(reads)).toEqual(reads.map(() => ({ sites: { totalCount: 1 } })))
    }
    await stop(program)
  })

  test('kill -9 of one: the others answer, and another takes its place', async () => {
    const program = await start()
    const workers = workersOf(program.pid)
    const held = await hold(program.url, processes * 4)
    const [killed] = workers
    const lost = new Set<Socket>()
    for (const socket of held) socket.once('close', () => lost.add(socket))
    process.kill(killed!, 'SIGKILL')
    await program.saw(/Process \d+ ended \(SIGKILL\)/)
    // Its own connections go with it, the others' do not.
    while (lost.size === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(lost.size).toBeLessThan(held.length)
    for (let turn = 0; turn < processes * 4; turn++) await ask(program.url, '{ __typename }')
    await program.saw(/A new process answers .* 3 of 3/)
    const now = workersOf(program.pid)
    expect(now).toHaveLength(processes)
    expect(now.filter((pid) => workers.includes(pid))).toHaveLength(processes - 1)
    for (const socket of held) socket.destroy()

    const { importInventory } = await ask(program.url, importOf('after'))
    for (let turn = 0; turn < processes * 2; turn++) {
      expect(await ask(program.url, countOf('after'), { 'plenum-after': importInventory.cursor })).toEqual({
        sites: { totalCount: 1 },
      })
    }
    await stop(program)
    expect(now.filter(isAlive)).toEqual([])
  })

  test('SIGTERM of one lets it finish and replaces it', async () => {
    const program = await start(2)
    const [first] = workersOf(program.pid)
    process.kill(first!, 'SIGTERM')
    await program.saw(/A new process answers .* 2 of 2/)
    expect(workersOf(program.pid)).not.toContain(first)
    await stop(program)
  })

  test('SIGTERM lets all finish what runs, and leaves nothing behind', async () => {
    const program = await start()
    const workers = workersOf(program.pid)
    const uploads = Array.from({ length: processes }, (_, index) => {
      const upload = request(`${program.url}/import?source=late${index}`, {
        method: 'PUT',
        agent: new Agent({ keepAlive: false }),
        headers: {
          'content-type': 'application/x-ndjson',
          authorization: `Bearer ${token}`,
          expect: '100-continue',
        },
      })
      const answered = once(upload, 'response')
      const taken = once(upload, 'continue')
      upload.flushHeaders()
      return { upload, answered, taken, index }
    })
    // Each is some process's when it was told to go on.
    for (const { taken } of uploads) await taken
    program.kill('SIGTERM')
    await program.saw(/Stopping/)
    for (const { upload, index } of uploads) upload.end(`{"kind":"Site","name":"late ${index}"}\n`)
    for (const { answered } of uploads) {
      const [response] = (await answered) as [IncomingMessage]
      let text = ''
      for await (const chunk of response) text += String(chunk)
      expect({ status: response.statusCode, text }).toMatchObject({ status: 200 })
    }
    expect(await program.ended).toMatchObject({ code: 0 })
    expect(workers.filter(isAlive)).toEqual([])
    expect(folder.postmaster()).toBeUndefined()
    await expect(fetch(program.url)).rejects.toThrow()
  })

  test('kill -9 of the one that keeps them: none goes on without it', async () => {
    const program = await start(2)
    const workers = workersOf(program.pid)
    program.kill('SIGKILL')
    await program.ended
    while (workers.some(isAlive)) await new Promise((resolve) => setImmediate(resolve))
    await stop(await start(2))
    expect(folder.postmaster()).toBeUndefined()
  })

  test('a number that is none is refused in one line', async () => {
    for (const count of ['0', 'two', '65']) {
      const { code, stderr } = await runProgram(['serve', '--processes', count], environment())
      expect({ code, lines: stderr.trim().split('\n').length }).toEqual({ code: 1, lines: 1 })
      expect(stderr).toContain('--processes')
    }
  })
})
