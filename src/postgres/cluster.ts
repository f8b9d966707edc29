/** One data folder and its postmaster: making it, starting it, finding that it runs already, stopping it. */
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import type { RunAs } from './binary.ts'
import { isAlive, isWorkedIn, worksIn } from './process.ts'

export interface Cluster {
  /** Holds `postgres/` (the data), `postgres.password`, `postgres.log`. */
  folder: string
  binaries: string
  runAs: RunAs | undefined
  /** False gives up durability for speed: for tests only. */
  durable: boolean
}

const user = 'plenum'
const dataOf = (cluster: Cluster) => join(cluster.folder, 'postgres')
const logOf = (cluster: Cluster) => join(cluster.folder, 'postgres.log')

export function connectionUrl(cluster: Cluster, port: number, database: string): string {
  const password = readFileSync(join(cluster.folder, 'postgres.password'), 'utf8').trim()
  return `postgres://${user}:${password}@127.0.0.1:${port}/${database}`
}

/** Makes the data folder once. It gets its name when it is whole: a half-made one is thrown away, never one that has data. */
export function initialise(cluster: Cluster): void {
  if (existsSync(dataOf(cluster))) return
  const data = `${dataOf(cluster)}.making`
  rmSync(data, { recursive: true, force: true })
  mkdirSync(data, { mode: 0o700 })
  const passwordFile = join(cluster.folder, 'postgres.password')
  writeFileSync(passwordFile, randomBytes(24).toString('hex') + '\n', { mode: 0o600 })
  if (cluster.runAs)
    for (const path of [data, passwordFile]) chownSync(path, cluster.runAs.uid, cluster.runAs.gid)
  const done = spawnSync(
    join(cluster.binaries, 'bin', 'initdb'),
    [
      '-D',
      data,
      '-U',
      user,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '-E',
      'UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(cluster.durable ? [] : ['--no-sync']),
    ],
    {
      ...cluster.runAs,
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
      timeout: 120_000,
      encoding: 'utf8',
    },
  )
  if (done.status !== 0)
    throw new Error(
      `Postgres could not make its data folder ${data}: ${(done.stderr || String(done.error ?? '')).trim()}`,
    )
  renameSync(data, dataOf(cluster))
}

/** Port of the postmaster that serves this data folder now, if one answers. */
export async function findRunning(cluster: Cluster): Promise<number | undefined> {
  const until = Date.now() + 30_000
  for (let found = livePostmaster(cluster); found !== undefined; found = livePostmaster(cluster)) {
    if (await answers(cluster, found.port)) return found.port
    if (Date.now() > until) return undefined
    await delay(50)
  }
  return undefined
}

/** Starts a postmaster on 127.0.0.1, on a free port unless one is given. It outlives this process, so that others may share it. */
export async function launch(cluster: Cluster, given?: number): Promise<number> {
  await clearDead(cluster)
  const port = given ?? (await freePort())
  const log = openSync(logOf(cluster), 'a', 0o600)
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '128MB',
    random_page_cost: 1.1,
    jit: 'off',
    max_wal_size: '2GB',
    ...(cluster.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const child = spawn(
    join(cluster.binaries, 'bin', 'postgres'),
    [
      '-D',
      dataOf(cluster),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    {
      ...cluster.runAs,
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
      detached: true,
      stdio: ['ignore', log, log],
    },
  )
  closeSync(log)
  let ended: string | undefined
  child.once('exit', (code, signal) => (ended = `ended with ${signal ?? code}`))
  child.once('error', (error) => (ended = error.message))
  child.unref()
  const until = Date.now() + 120_000
  while (Date.now() < until && ended === undefined) {
    if (await answers(cluster, port)) return port
    await delay(30)
  }
  throw new Error(
    `Postgres did not start (${ended ?? 'no answer within 120 s'}); the end of ${logOf(cluster)}: ${tail(logOf(cluster))}`,
  )
}

/**
 * What a killed postmaster leaves: processes that are still ending, and its id in a file. Postgres refuses to start while either is there, also when the
 * id is a dead process' that nobody waits for (a container without an init) or some other process' by now.
 */
async function clearDead(cluster: Cluster): Promise<void> {
  const data = dataOf(cluster)
  const until = Date.now() + 10_000
  while (isWorkedIn(data) && Date.now() < until) await delay(50)
  const { pid } = readPostmaster(cluster) ?? {}
  if (pid !== undefined && !isWorkedIn(data) && worksIn(pid, data) === false)
    rmSync(join(data, 'postmaster.pid'), { force: true })
}

/** Fast shutdown: connections are ended, everything committed is kept. Resolves when the postmaster is gone. */
export async function stop(cluster: Cluster): Promise<void> {
  const postmaster = livePostmaster(cluster)
  if (postmaster === undefined) return
  process.kill(postmaster.pid, 'SIGINT')
  const until = Date.now() + 60_000
  while (isAlive(postmaster.pid) && Date.now() < until) await delay(20)
}

function readPostmaster(cluster: Cluster): { pid: number; port: number } | undefined {
  try {
    const [pid, , , port] = readFileSync(join(dataOf(cluster), 'postmaster.pid'), 'utf8').split('\n')
    return pid && port ? { pid: Number(pid), port: Number(port) } : undefined
  } catch {
    return undefined
  }
}

/** Whether a postmaster of this folder is there, answering or not. */
export const hasPostmaster = (cluster: Cluster): boolean => livePostmaster(cluster) !== undefined

/** The file may be of a postmaster that was killed, and its id another process' by now. */
function livePostmaster(cluster: Cluster): { pid: number; port: number } | undefined {
  const found = readPostmaster(cluster)
  if (found === undefined || !isAlive(found.pid)) return undefined
  return worksIn(found.pid, dataOf(cluster)) === false ? undefined : found
}

async function answers(cluster: Cluster, port: number): Promise<boolean> {
  const client = new pg.Client({
    connectionString: connectionUrl(cluster, port, 'postgres'),
    connectionTimeoutMillis: 5_000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const server = createServer()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
  })
  return promise
}

function tail(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-5).join(' | ')
  } catch {
    return '(no log)'
  }
}
