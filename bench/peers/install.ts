/** The peers live outside the project: in a folder of the user's cache, as their lock file says. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

const here = import.meta.dirname

export interface Installed {
  folder: string
  versions: Record<string, string>
}

/** Installs what is not there yet; the contenders' programs are copied beside it each time. */
export function installPeers(): Installed {
  const lock = readFileSync(join(here, 'package-lock.json'))
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const folder = join(
    cache,
    'plenum-bench-peers',
    createHash('sha256').update(lock).digest('hex').slice(0, 12),
  )
  mkdirSync(folder, { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(here, file), join(folder, file))
  const whole = join(folder, '.whole')
  if (!existsSync(whole)) {
    console.log(`Installing the peers into ${folder}`)
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      stdio: 'inherit',
      env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` },
    })
    writeFileSync(whole, '')
  }
  cpSync(join(here, 'contender'), folder, { recursive: true })
  const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  return { folder, versions: dependencies }
}
