/**
 * Installs the packages when node_modules does not match the lock file; otherwise does nothing, in milliseconds and offline. Runs before `npm start`,
 * `npm test` and the like, on the machine's own Node and with nothing but what Node has.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const mark = join(root, 'node_modules', '.plenum-installed')
const node = join(root, 'node_modules', '.bin', 'node')
const packages = readFileSync(join(root, 'package-lock.json'))
const wanted = createHash('sha256')
  .update(`${process.platform} ${process.arch}\n`)
  .update(packages)
  .digest('hex')

const [major] = process.versions.node.split('.')
if (Number(major) < 20)
  fail(`Node ${process.versions.node} is too old to install Plenum: 20 or newer is needed`)
if (!isInstalled()) {
  process.stderr.write('Installing the packages (once; this takes a minute) …\n')
  run(['ci', '--no-audit', '--no-fund', '--loglevel=error'])
  // Where install scripts are switched off, the one package that needs its own is asked for by name.
  if (!existsSync(node)) run(['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error'])
  if (!existsSync(node))
    fail(
      'the package "node" has not put its program in place: allow its install script (npm help install-scripts)',
    )
  writeFileSync(mark, wanted)
}

function isInstalled() {
  if (!existsSync(node)) return false
  try {
    return readFileSync(mark, 'utf8') === wanted || adopt()
  } catch {
    return adopt()
  }
}

/** What a plain `npm ci` or `npm install` has left is as good, when it is what the lock file says. */
function adopt() {
  try {
    const has = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8')).packages
    const all = Object.entries(JSON.parse(String(packages)).packages)
    const lacking = all.some(
      ([path, { version, optional }]) =>
        path !== '' && has[path]?.version !== version && !(optional && has[path] === undefined),
    )
    if (lacking) return false
    writeFileSync(mark, wanted)
    return true
  } catch {
    return false
  }
}

function run(args) {
  const npm = process.env.npm_execpath
  const [program, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const { status, error } = spawnSync(program, [...first, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
  if (error || status !== 0)
    fail(
      `npm ${args[0]} has failed${error ? `: ${error.message}` : ''}: see above; the first installation needs the npm registry`,
    )
}

function fail(message) {
  process.stderr.write(`plenum: ${message}\n`)
  process.exit(1)
}
