/** Plenum as a process of its own, as people start it: through bin/plenum, in a data folder of its own. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Program {
  pid: number
  /** Waits until the output (both streams) matches; fails with all of it when the process ends before. */
  saw(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
  ended: Promise<Ended>
}

const running = new Set<ChildProcess>()

/** `env` is added to an environment without any setting of ours. */
export function startProgram(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  input: string | null = null,
): Program {
  const child = spawn(join(root, 'bin', 'plenum'), args, {
    cwd: tmpdir(),
    env: { ...bareEnvironment(), ...env },
    stdio: [input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  running.add(child)
  const output = { stdout: '', stderr: '', both: '' }
  let look = () => {}
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]!.setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text
      output.both += text
      look()
    })
  }
  if (input !== null) child.stdin!.end(input)
  const ended = once(child, 'close').then(([code, signal]: unknown[]): Ended => {
    running.delete(child)
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, ...output }
  })
  return {
    pid: child.pid!,
    saw(pattern) {
      const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>()
      look = () => {
        const match = pattern.exec(output.both)
        if (match) resolve(match)
      }
      look()
      void ended.then(() => reject(new Error(`it ended without ${pattern}:\n${output.both}`)))
      return promise
    },
    kill: (signal) => child.kill(signal),
    ended,
  }
}

export const runProgram = (args: readonly string[], env: NodeJS.ProcessEnv = {}, input?: string) =>
  startProgram(args, env, input ?? null).ended

function bareEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(?:PLENUM_|VITEST|NODE_OPTIONS$|NODE_ENV$|PORT$|DATABASE_URL$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}

export interface DataFolder {
  path: string
  /** Process id of the postmaster that serves it; undefined when there is none. */
  postmaster(): number | undefined
  /** Ends what a failed test has left, removes the folder; fails when a postmaster still ran. */
  close(): Promise<void>
}

/** Empty, or a copy of a folder that nothing uses now: quicker than a first start. */
export function createDataFolder(like?: DataFolder): DataFolder {
  const path = mkdtempSync(join(tmpdir(), 'plenum-program-'))
  if (like) execFileSync('cp', ['-a', `${like.path}/.`, path])
  const pidFile = join(path, 'postgres', 'postmaster.pid')
  const postmaster = () => {
    // The file comes and goes with the postmaster: it may go between a look and a read.
    const pid = Number(readIfThere(pidFile)?.split('\n')[0])
    return pid > 0 && isAlive(pid) ? pid : undefined
  }
  return {
    path,
    postmaster,
    async close() {
      for (const child of running) child.kill('SIGKILL')
      await Promise.all([...running].map((child) => once(child, 'close')))
      const left = postmaster()
      if (left !== undefined) process.kill(left, 'SIGQUIT')
      while (postmaster() !== undefined) await new Promise((resolve) => setTimeout(resolve, 20))
      rmSync(path, { recursive: true, force: true })
      if (left !== undefined) throw new Error(`a postmaster was left running in ${path}`)
    },
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
