/** A real dockerd in a folder of its own, where it is installed and this is root; it has no network and no registry. */
import { execFile, execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const busybox = '/bin/busybox'
const run = promisify(execFile)
const hasCommand = (name: string, argument: string) => spawnSync(name, [argument]).status === 0

export const hasDockerd =
  process.getuid?.() === 0 &&
  ['dockerd', 'docker'].every((name) => hasCommand(name, '--version')) &&
  hasCommand(busybox, 'true')
if (!hasDockerd)
  console.warn(
    'skipped: dockerd is not installed, or this is not root (apt-get install docker.io busybox-static)',
  )

export interface Dockerd {
  url: string
  /** The API, as the engine's own clients use it. */
  call(method: string, path: string, body?: unknown): Promise<any>
  /** Makes and starts a container that sleeps. */
  run(name: string, rest?: Record<string, unknown>): Promise<string>
  /** What `docker ps -a` shows: id, name and state, sorted. */
  ps(): Promise<string[]>
  stop(): Promise<void>
  start(): Promise<void>
  /** Ends and removes all containers. */
  clear(): Promise<void>
  close(): Promise<void>
}

export async function startDockerd(): Promise<Dockerd> {
  const folder = await mkdtemp(join(tmpdir(), 'dockerd-'))
  const socketPath = join(folder, 'docker.sock')
  const url = `unix://${socketPath}`
  let child: ChildProcess | undefined
  const few = atMost(4)
  const docker: Dockerd = {
    url,
    call: (method, path, body) => call(socketPath, method, path, body),
    run: (name, rest = {}) =>
      few(async () => {
        // A first process ignores SIGTERM: an engine that stops would wait for each of them.
        const fixed = { Image: 'box:1', Cmd: ['sleep', '3000'], StopSignal: 'SIGKILL' }
        const body = { ...fixed, HostConfig: { NetworkMode: 'none' }, ...rest }
        const { Id } = await docker.call('POST', `/containers/create?name=${name}`, body)
        await docker.call('POST', `/containers/${Id}/start`)
        return Id as string
      }),
    async ps() {
      const format = ['--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}}']
      const { stdout } = await run('docker', ['-H', url, 'ps', '-a', ...format])
      return stdout.trim().split('\n').filter(Boolean).sort()
    },
    async start() {
      child = await spawnDockerd(folder, url)
    },
    async stop() {
      const exit = once(child!, 'exit')
      child!.kill('SIGTERM')
      await exit
      spawnSync('umount', [join(folder, 'exec', 'netns', 'default')])
    },
    async clear() {
      const all = (await docker.call('GET', '/containers/json?all=1')) as { Id: string }[]
      await Promise.all(all.map(({ Id }) => few(() => docker.call('DELETE', `/containers/${Id}?force=1`))))
    },
    async close() {
      await docker.clear()
      await docker.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  await docker.start()
  await importImage(folder, url)
  return docker
}

/** Debian's dockerd sometimes stands still for good when dozens of containers are started at one moment. */
function atMost(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  const places = Array.from({ length: count }, () => Promise.resolve<unknown>(undefined))
  let next = 0
  return (work) => {
    const place = next++ % count
    const done = places[place]!.then(work)
    places[place] = done.catch(() => {})
    return done
  }
}

async function spawnDockerd(folder: string, url: string): Promise<ChildProcess> {
  const paths = { '--data-root': 'data', '--exec-root': 'exec', '--pidfile': 'dockerd.pid' }
  const child = spawn(
    'dockerd',
    [
      ...['-H', url, '--storage-driver=vfs', '--bridge=none', '--shutdown-timeout=1'],
      ...['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'],
      ...Object.entries(paths).map(([option, name]) => `${option}=${join(folder, name)}`),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, TMPDIR: folder } },
  )
  let told = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr!.on('data', (chunk: Buffer) => {
      told = `${told}${String(chunk)}`.slice(-10_000)
      if (told.includes('API listen on')) resolve()
    })
    child.once('exit', () => reject(new Error(`dockerd ended: ${told}`)))
  })
  return child
}

async function importImage(folder: string, url: string): Promise<void> {
  await mkdir(join(folder, 'root', 'bin'), { recursive: true })
  for (const name of ['sleep', 'sh']) await copyFile(busybox, join(folder, 'root', 'bin', name))
  const tar = join(folder, 'root.tar')
  execFileSync('tar', ['-C', join(folder, 'root'), '-cf', tar, '.'])
  execFileSync('docker', ['-H', url, 'import', tar, 'box:1'])
}

function call(socketPath: string, method: string, path: string, body?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const outgoing = request({ socketPath, method, path, headers, agent: false }, async (incoming) => {
      let text = ''
      for await (const chunk of incoming) text += String(chunk)
      if (incoming.statusCode! >= 400) reject(new Error(`${method} ${path}: ${incoming.statusCode} ${text}`))
      else resolve(text === '' ? undefined : JSON.parse(text))
    })
    outgoing.on('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
