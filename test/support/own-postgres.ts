/** A Postgres of a test's own, which it may stop, start and restart under everybody who is connected. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { findBinaries, findRunAs } from '../../src/postgres/binary.ts'
import { connectionUrl, initialise, launch, stop, type Cluster } from '../../src/postgres/cluster.ts'

export interface OwnPostgres {
  url: string
  /** Its data. */
  folder: string
  /** The same cluster on the same port again; `immediate` leaves it to recover from its log, as after a crash. */
  restart(mode: 'fast' | 'immediate'): Promise<void>
  /** It is gone until it is started again. */
  stop(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** `within`: where its folder is made. */
export async function startOwnPostgres(database: string, within = tmpdir()): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(within, 'plenum-restart-'))
  chmodSync(folder, 0o711)
  const runAs = findRunAs()
  const cluster: Cluster = { folder, runAs, binaries: findBinaries(runAs), durable: true }
  mkdirSync(folder, { recursive: true })
  initialise(cluster)
  const port = await launch(cluster)
  const admin = new pg.Client({ connectionString: connectionUrl(cluster, port, 'postgres') })
  await admin.connect()
  try {
    await admin.query(`create database ${pg.escapeIdentifier(database)}`)
  } catch (error) {
    await stop(cluster)
    throw error
  } finally {
    await admin.end()
  }
  return {
    url: connectionUrl(cluster, port, database),
    folder: join(folder, 'postgres'),
    async restart(mode) {
      const child = spawn(
        join(cluster.binaries, 'bin', 'pg_ctl'),
        ['restart', '-w', '-m', mode, '-D', join(folder, 'postgres'), '-l', '/dev/null'],
        { ...runAs, cwd: '/', env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' }, stdio: 'ignore' },
      )
      const [code] = (await once(child, 'exit')) as [number]
      if (code !== 0) throw new Error(`pg_ctl restart ended with ${code}`)
    },
    stop: () => stop(cluster),
    start: async () => void (await launch(cluster, port)),
    async close() {
      await stop(cluster)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
