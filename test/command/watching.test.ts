/** What can be seen of a Plenum from outside: while it starts, of all its processes, and when it stops. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startWaiting } from '../../src/api/index.ts'
import { createDataFolder, startProgram, type DataFolder } from '../support/program.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })
const token = 'plenum_token_for_tests_only'
let folder: DataFolder

beforeAll(() => {
  folder = createDataFolder()
})
afterAll(() => folder.close())

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

test('while it starts it says so, and the port is free when that is over', async () => {
  const port = await freePort()
  const waiting = await startWaiting({ host: '127.0.0.1', port })
  const url = `http://127.0.0.1:${port}`
  expect((await fetch(`${url}/health/live`)).status).toBe(200)
  const ready = await fetch(`${url}/health/ready`)
  expect(ready.status).toBe(503)
  expect(await ready.json()).toMatchObject({ ready: false, reasons: [{ check: 'starting' }] })
  const asked = await fetch(`${url}/graphql`, { method: 'POST', body: '{}' })
  expect(asked.status).toBe(503)
  expect(asked.headers.get('retry-after')).toBe('5')
  expect(await asked.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] })
  await waiting.close()
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  server.close()
})

test('one scrape tells of all processes, each under its number, also when one was replaced', async () => {
  const config = join(folder.path, 'plenum.yaml')
  writeFileSync(config, 'sample: false\n')
  const program = startProgram(['serve', '--processes', '2'], {
    PORT: '0',
    PLENUM_DATA_DIR: folder.path,
    PLENUM_ADMIN_TOKEN: token,
    PLENUM_CONFIG: config,
  })
  const [, url] = await program.saw(/answers at (http:\/\/\S+)[\s\S]*Three queries/)
  const scrape = async () => {
    const response = await fetch(`${url}/metrics`, {
      headers: { authorization: `Bearer ${token}`, connection: 'close' },
    })
    const text = await response.text()
    const of = (name: string) =>
      [...text.matchAll(new RegExp(`^${name}\\{process="(\\d+)"\\} (\\S+)$`, 'gm'))].map(
        ([, process, value]) => `${process}: ${value}`,
      )
    return { text, ready: of('plenum_graph_ready'), starts: of('process_start_time_seconds') }
  }
  const before = await scrape()
  expect(before.ready).toEqual(['0: 1', '1: 1'])
  expect(before.text.match(/^# TYPE plenum_graph_ready gauge$/gm)).toHaveLength(1)
  const [first] = execFileSync('pgrep', ['-P', String(program.pid), '-f', 'worker'])
    .toString()
    .trim()
    .split('\n')
  process.kill(Number(first), 'SIGKILL')
  await program.saw(/A new process answers/)
  const after = await scrape()
  expect(after.ready.toSorted()).toEqual(['0: 1', '1: 1'])
  expect(after.starts.toSorted()).not.toEqual(before.starts.toSorted())
  program.kill('SIGTERM')
  expect((await program.ended).code).toBe(0)
})
