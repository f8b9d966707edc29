/** The embedded Postgres, started in this process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import pg from 'pg'
import { startPostgres, type Postgres } from '../../src/postgres/index.ts'
import { isAlive } from '../../src/postgres/process.ts'

let folder: string
const started: Postgres[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-postgres-'))
})
afterEach(async () => {
  for (const one of started.splice(0)) await one.close()
  expect(postmasterPid()).toBeUndefined()
  rmSync(folder, { recursive: true })
})

async function start(durable = false): Promise<Postgres> {
  const one = await startPostgres({ folder, durable })
  started.push(one)
  return one
}

function postmasterPid(): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
    return isAlive(pid) ? pid : undefined
  } catch {
    return undefined
  }
}

async function ask(url: string, sql: string): Promise<unknown[][]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows
  } finally {
    await client.end()
  }
}

test('keeps what was committed durably, listens on this machine only, and lets nobody in without the password', async () => {
  const postgres = await start(true)
  const url = postgres.url('postgres')
  const settings = `select current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'), current_setting('listen_addresses'), current_setting('unix_socket_directories')`
  expect(await ask(url, settings)).toEqual([['on', 'on', 'on', '127.0.0.1', '']])
  const stranger = new URL(url)
  stranger.password = 'guessed'
  await expect(ask(stranger.href, 'select 1')).rejects.toThrow(/password authentication failed/)
  const rules = await ask(url, 'select distinct auth_method from pg_hba_file_rules')
  expect(rules).toEqual([['scram-sha-256']])
  expect(statSync(join(folder, 'postgres.password')).mode & 0o077).toBe(0)
  expect(statSync(join(folder, 'postgres')).mode & 0o077).toBe(0)
})

test('two in one process share it; the second to close stops it', async () => {
  const [first, second] = await Promise.all([start(), start()])
  expect(first.url('postgres')).toBe(second.url('postgres'))
  await first.close()
  started.splice(started.indexOf(first), 1)
  expect(await ask(second.url('postgres'), 'select 1')).toEqual([[1]])
})

test('a database is made once, also when two ask at the same moment', async () => {
  const postgres = await start()
  await Promise.all(Array.from({ length: 4 }, () => postgres.ensureDatabase('mine')))
  await postgres.ensureDatabase('mine')
  expect(await ask(postgres.url('mine'), 'select current_database()')).toEqual([['mine']])
})

test('text is UTF-8 and sorts the same on every machine', async () => {
  const { url } = await start()
  const sql = `select datcollate, datlocprovider::text, pg_encoding_to_char(encoding), lower('ÄÉ') from pg_database where datname = 'postgres'`
  expect(await ask(url('postgres'), sql)).toEqual([[expect.anything(), 'b', 'UTF8', 'äé']])
})

test('a file of a killed postmaster whose id is another process by now is in nobody’s way, and that process is left alone', async () => {
  const first = await start()
  const file = readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8')
  await first.close()
  started.splice(0)
  const bystander = spawn('sleep', ['600'], { cwd: '/' })
  await once(bystander, 'spawn')
  try {
    writeFileSync(join(folder, 'postgres', 'postmaster.pid'), file.replace(/^\d+/, String(bystander.pid)))
    const second = await start()
    expect(await ask(second.url('postgres'), 'select 1')).toEqual([[1]])
    await second.close()
    started.splice(0)
    expect(isAlive(bystander.pid!)).toBe(true)
  } finally {
    bystander.kill()
    await once(bystander, 'exit')
  }
})

test('a half-made data folder is made again, a whole one is never touched', async () => {
  mkdirSync(join(folder, 'postgres.making', 'global'), { recursive: true })
  const first = await start()
  expect(existsSync(join(folder, 'postgres.making'))).toBe(false)
  await first.ensureDatabase('kept')
  await first.close()
  started.splice(0)
  const second = await start()
  expect(await ask(second.url('kept'), 'select 1')).toEqual([[1]])
})
