/** The server as people start and stop it. Real processes, each test in a data folder of its own. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  createDataFolder,
  isAlive,
  runProgram,
  startProgram,
  type DataFolder,
  type Program,
} from '../support/program.ts'

const token = 'plenum_token_for_tests_only'
let filled: DataFolder
let folder: DataFolder

beforeAll(async () => {
  folder = filled = createDataFolder()
  await stop(await start())
}, 300_000)
afterAll(() => filled.close())
beforeEach(() => {
  folder = createDataFolder(filled)
})
afterEach(() => folder.close())

const environment = (more: NodeJS.ProcessEnv = {}) => ({
  PORT: '0',
  PLENUM_DATA_DIR: folder.path,
  PLENUM_ADMIN_TOKEN: token,
  ...more,
})

async function start(more: NodeJS.ProcessEnv = {}, command = 'serve'): Promise<Program & { url: string }> {
  const program = startProgram([command], environment(more))
  const [, url] = await program.saw(/answers at (http:\/\/\S+)[\s\S]*Three queries/)
  return { ...program, url: url! }
}

async function stop(program: Program, signal: NodeJS.Signals = 'SIGTERM'): Promise<string> {
  program.kill(signal)
  const { code, stderr } = await program.ended
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stderr
}

async function ask(url: string, query: string, secret = token, headers = {}): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}`, ...headers },
    body: JSON.stringify({ query }),
  })
  const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown }
  expect(errors).toBeUndefined()
  return data
}

const firstServers = '{ cursor servers(first: 5) { totalCount nodes { id name } } }'

/** The same servers, from the same log, not earlier in it: the sample's devices are polled meanwhile, and that is told there. */
function expectSame(later: any, earlier: any): void {
  const [epoch, seq] = String(earlier.cursor).split('.')
  const [laterEpoch, laterSeq] = String(later.cursor).split('.')
  expect(laterEpoch).toBe(epoch)
  expect(Number(laterSeq)).toBeGreaterThanOrEqual(Number(seq))
  expect(later.servers).toEqual(earlier.servers)
}

describe('the first start', () => {
  beforeEach(() => folder.close())
  beforeEach(() => {
    folder = createDataFolder()
  })

  test('shows the sample, says how to ask it, and what it says answers', async () => {
    const program = startProgram(['serve'], environment({ PLENUM_ADMIN_TOKEN: '' }))
    const [banner] = await program.saw(/answers at[\s\S]*Three queries[\s\S]*\n\n$/)
    const url = /answers at (\S+)/.exec(banner)![1]!
    const secret = /PLENUM_TOKEN=(\S+)/.exec(banner)![1]!
    expect(banner).toContain('sample datacenter')
    expect((await fetch(`${url}/health/ready`)).status).toBe(200)

    const queries = [...banner.matchAll(/bin\/plenum query '(.*)'/g)].map(([, query]) => query!)
    expect(queries).toHaveLength(3)
    for (const query of queries) {
      const { code, stdout, stderr } = await runProgram(['query', query, '--format', 'json'], {
        PLENUM_URL: url,
        PLENUM_TOKEN: secret,
      })
      expect({ query, code, stderr }).toEqual({ query, code: 0, stderr: '' })
      expect(JSON.stringify(JSON.parse(stdout))).toMatch(/"(?:name|count)":/)
    }
    await stop(program)
    expect(folder.postmaster()).toBeUndefined()
  })

  test('a restart keeps the data and its token, and tells no token again', async () => {
    const first = await start({ PLENUM_ADMIN_TOKEN: '' })
    const [, secret] = await first.saw(/PLENUM_TOKEN=(\S+)/)
    const before = await ask(first.url, firstServers, secret)
    await stop(first, 'SIGINT')

    const second = await start({ PLENUM_ADMIN_TOKEN: '' })
    expectSame(await ask(second.url, firstServers, secret), before)
    second.kill('SIGTERM')
    expect((await second.ended).stdout).not.toMatch(/plenum_[\w-]{40}/)
  })

  test('binds to this machine only', async () => {
    const program = await start()
    expect(new URL(program.url).hostname).toBe('127.0.0.1')
    await stop(program)
  })
})

describe('a second start', () => {
  test('on the same port says so in one line and leaves the first alone', async () => {
    const first = await start()
    const { port } = new URL(first.url)
    const { code, stdout, stderr } = await runProgram(['serve'], environment({ PORT: port }))
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(new RegExp(`^plenum: Port ${port} .*\\n$`))
    expect((await ask(first.url, firstServers)).servers.totalCount).toBeGreaterThan(0)
    await stop(first)
  })

  test('where something else listens says so too, and leaves no postmaster', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const port = String((other.address() as AddressInfo).port)
    const { code, stderr } = await runProgram(['serve'], environment({ PORT: port }))
    other.close()
    expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 1, lines: 2 })
    expect(stderr).toContain(port)
    expect(folder.postmaster()).toBeUndefined()
  })

  test('on another port shares the postmaster; the last one stops it', async () => {
    const first = await start()
    const postmaster = folder.postmaster()!
    const second = await start()
    expect(folder.postmaster()).toBe(postmaster)
    await stop(first)
    expect((await ask(second.url, firstServers)).servers.totalCount).toBeGreaterThan(0)
    expect(folder.postmaster()).toBe(postmaster)
    await stop(second)
    expect(isAlive(postmaster)).toBe(false)
  })

  test('at the same moment works as well', async () => {
    const [first, second] = await Promise.all([start(), start()])
    // Whatever the first answers from, the second may be a moment behind.
    const before = await ask(first.url, firstServers)
    expectSame(await ask(second.url, firstServers, token, { 'plenum-after': before.cursor }), before)
    await Promise.all([stop(first), stop(second)])
    expect(folder.postmaster()).toBeUndefined()
  })
})

describe('being killed', () => {
  test('kill -9 of the server: the next start finds the postmaster and the data', async () => {
    const first = await start()
    const before = await ask(first.url, firstServers)
    const postmaster = folder.postmaster()!
    first.kill('SIGKILL')
    await first.ended
    expect(isAlive(postmaster)).toBe(true)

    const second = await start()
    expect(folder.postmaster()).toBe(postmaster)
    expectSame(await ask(second.url, firstServers), before)
    await stop(second)
    expect(isAlive(postmaster)).toBe(false)
  })

  test('kill -9 of server and postmaster: the next start recovers', async () => {
    const first = await start()
    const before = await ask(first.url, firstServers)
    const postmaster = folder.postmaster()!
    first.kill('SIGKILL')
    process.kill(postmaster, 'SIGKILL')
    await first.ended

    const second = await start()
    expect(folder.postmaster()).not.toBe(postmaster)
    expectSame(await ask(second.url, firstServers), before)
    await stop(second)
  })

  test('kill -9 of the postmaster alone: the server answers from memory, starts it again, and goes on writing', async () => {
    const first = await start()
    await ask(first.url, '{ __typename }')
    const killed = folder.postmaster()!
    process.kill(killed, 'SIGKILL')
    const { totalCount } = (await ask(first.url, '{ servers { totalCount } }')).servers
    expect(totalCount).toBeGreaterThan(0)
    while ([undefined, killed].includes(folder.postmaster())) await delay(50)
    while (!(await fetch(`${first.url}/health/ready`)).ok) await delay(50)
    await ask(
      first.url,
      'mutation { importInventory(input: { items: [{ kind: Site, name: "after" }] }) { cursor } }',
    )
    expect(
      (await ask(first.url, '{ sites(filter: { name: { eq: "after" } }) { totalCount } }')).sites,
    ).toEqual({ totalCount: 1 })
    await stop(first)
    expect(folder.postmaster()).toBeUndefined()
  })
})

describe('SIGTERM', () => {
  test('lets a request finish, refuses new ones, ends with 0', async () => {
    const program = await start()
    const upload = request(`${program.url}/import?source=late`, {
      method: 'PUT',
      headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${token}` },
    })
    const answered = once(upload, 'response')
    upload.write('{"kind":"Site","name":"late one"}\n')
    // Its headers have arrived when the server has answered something that was asked later.
    await ask(program.url, '{ __typename }')
    program.kill('SIGTERM')
    await program.saw(/Stopping/)
    upload.end('{"kind":"Site","name":"late two"}\n')
    const [response] = (await answered) as [import('node:http').IncomingMessage]
    let text = ''
    for await (const chunk of response) text += String(chunk)
    expect({ status: response.statusCode, text }).toMatchObject({ status: 200 })
    expect(JSON.parse(text)).toMatchObject({ created: 2 })
    expect(await program.ended).toMatchObject({ code: 0 })
    await expect(fetch(program.url)).rejects.toThrow()
  })

  test('does not wait for ever', async () => {
    const program = await start()
    const upload = request(`${program.url}/import?source=never`, {
      method: 'PUT',
      headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${token}` },
    })
    upload.on('error', () => {})
    upload.write('{"kind":"Site","name":"never"}\n')
    await ask(program.url, '{ __typename }')
    const began = performance.now()
    await stop(program)
    // It would be taken for half an hour otherwise.
    expect(performance.now() - began).toBeLessThan(60_000)
    upload.destroy()
  })

  test('in the middle of a start ends it, and the next start is none the worse', async () => {
    const program = startProgram(['serve'], environment())
    while (folder.postmaster() === undefined) await delay(5)
    program.kill('SIGTERM')
    expect((await program.ended).signal).toBeNull()
    expect(folder.postmaster()).toBeUndefined()
    await stop(await start())
    expect(folder.postmaster()).toBeUndefined()
  })
})
