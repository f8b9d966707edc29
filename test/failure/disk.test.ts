/** The disk of the database is full: a small file system of its own, which only root can make. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type App } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { startOwnPostgres, type OwnPostgres } from '../support/own-postgres.ts'
import { createWriter } from './acknowledged.ts'

const token = 'plenum_token_for_tests_only'
const sizeMebibytes = 260
const disk = mkdtempSync(join(tmpdir(), 'plenum-disk-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMebibytes}m,mode=0755`, 'tmpfs', disk])
const isMounted = mounted.status === 0
if (!isMounted) process.stderr.write('disk full: skipped, a file system can only be mounted by root\n')

let postgres: OwnPostgres | undefined
let app: App | undefined
beforeAll(async () => {
  if (!isMounted) return
  chmodSync(disk, 0o711)
  postgres = await startOwnPostgres('small', disk)
  const config = loadConfig({ PORT: '0', PLENUM_ADMIN_TOKEN: token })
  app = await startApp(config, postgres.url, pino({ level: 'silent' }))
}, 120_000)
afterAll(async () => {
  await app?.close()
  await postgres?.close().catch(() => {})
  if (isMounted) spawnSync('umount', ['-l', disk])
  rmSync(disk, { recursive: true, force: true })
})

const freeBytes = (): number => {
  const { bavail, bsize } = statfsSync(disk)
  return bavail * bsize
}
const mebibyte = 1_048_576

test.skipIf(!isMounted)(
  'what does not fit is refused, what was acknowledged is kept, and with room it goes on',
  { timeout: 300_000 },
  async () => {
    const writer = createWriter(app!.url, token)
    for (let count = 0; count < 10; count++) await writer.writeAtLast()
    // Leaves a little, and then what is written takes it.
    writeFileSync(join(disk, 'filler'), Buffer.alloc(Math.max(0, freeBytes() - 6 * mebibyte)))
    const padding = 'x'.repeat(400_000)
    let refused = 0
    for (let count = 0; count < 400 && refused < 3; count++)
      if (!(await writer.write(incompressible(padding)))) refused++
    expect(refused).toBe(3)
    const answer = await fetch(`${app!.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: '{ images(first: 1) { totalCount } }' }),
    })
    const { data } = (await answer.json()) as any
    expect(data.images.totalCount).toBeGreaterThanOrEqual(writer.names.length)
    rmSync(join(disk, 'filler'))
    // Without room for its log Postgres itself may have gone down.
    await postgres!.start().catch(() => {})
    await writer.writeAtLast()
    expect(await writer.missing()).toEqual([])
  },
)

/** Postgres compresses what repeats. */
function incompressible(like: string): string {
  let text = ''
  while (text.length < like.length) text += Math.random().toString(36).slice(2)
  return text
}
