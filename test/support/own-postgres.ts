/** A Postgres of a test's own, which it may restart under everybody who is connected. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBinaries, findRunAs } from '../../src/postgres/binary.ts'
import { startPostgres } from '../../src/postgres/index.ts'

export interface OwnPostgres {
  url: string
  /** The same cluster on the same port again; `immediate` leaves it to recover from its log, as after a crash. */
  restart(mode: 'fast' | 'immediate'): Promise<void>
  close(): Promise<void>
}

export async function startOwnPostgres(database: string): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-restart-'))
  const postgres = await startPostgres({ folder })
  await postgres.ensureDatabase(database)
  return {
    url: postgres.url(database),
    async restart(mode) {
      const runAs = findRunAs()
      const child = spawn(
        join(findBinaries(runAs), 'bin', 'pg_ctl'),
        ['restart', '-w', '-m', mode, '-D', join(postgres.folder, 'postgres'), '-l', '/dev/null'],
        { ...runAs, cwd: '/', env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' }, stdio: 'ignore' },
      )
      const [code] = (await once(child, 'exit')) as [number]
      if (code !== 0) throw new Error(`pg_ctl restart ended with ${code}`)
    },
    async close() {
      await postgres.close()
      rmSync(postgres.folder, { recursive: true, force: true })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
