/** Runs a playbook by the `ansible-playbook` that is installed here, in a process group of its own that ends with this process, whichever way that ends. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Gate } from '../../../source/gate.ts'
import { SourceError } from '../../../source/source.ts'

export interface Playbook {
  /** Where playbooks, roles and `ansible.cfg` are. */
  folder: string
  file: string
  inventory: object
  variables: object
  /** A private key of ssh. */
  key?: string | undefined
}

export interface Following {
  signal: AbortSignal
  /** `progress`: the share of its tasks that are over; null where they cannot be counted. */
  tell(progress: number | null, message: string): void
}

/** What the callback beside this file says, a line each. */
interface Said {
  task?: string
  at?: number
  of?: number
  failed?: string
  unreachable?: true
  why?: string
  hosts?: number
  changed?: number
}

const mostAtOnce = 4
/** What ends by itself when it is asked to has so long. */
const graceMs = 5_000
const mostTold = 2_000
const gate = new Gate(mostAtOnce, 100, Date.now)

/** How many tasks changed something. SourceError `unreachable`: the host may come yet; `bad`: a task failed, or the playbook is none. */
export async function runPlaybook(playbook: Playbook, following: Following): Promise<{ changed: number }> {
  const leave = await gate.enter(following.signal)
  const own = await mkdtemp(join(tmpdir(), 'plenum-ansible-'))
  try {
    return await follow(playbook.file, await begin(playbook, own), following)
  } finally {
    await rm(own, { recursive: true, force: true })
    leave()
  }
}

async function begin(
  { folder, file, inventory, variables, key }: Playbook,
  own: string,
): Promise<ChildProcessWithoutNullStreams> {
  const keep = async (name: string, text: string): Promise<string> => {
    await writeFile(join(own, name), text, { mode: 0o600 })
    return join(own, name)
  }
  const keyFile = key === undefined ? undefined : await keep('key', `${key}\n`)
  const words = ['-i', await keep('inventory.json', JSON.stringify(inventory))]
  words.push('-e', `@${await keep('variables.json', JSON.stringify(variables))}`)
  if (keyFile !== undefined) words.push('--private-key', keyFile)
  return spawn('ansible-playbook', [...words, file], {
    ...{ cwd: folder, env: environmentOf(folder, own), detached: true },
  })
}
/** Nothing of this process' own: a playbook must not read what Plenum was given. */
const environmentOf = (folder: string, own: string): NodeJS.ProcessEnv => ({
  ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], LANG: 'C.UTF-8', PLENUM_FOLDER: own },
  ANSIBLE_CONFIG: join(folder, 'ansible.cfg'),
  ...{ ANSIBLE_STDOUT_CALLBACK: 'plenum', ANSIBLE_CALLBACK_PLUGINS: import.meta.dirname },
  ...{ ANSIBLE_LOCAL_TEMP: own, ANSIBLE_SSH_CONTROL_PATH_DIR: own },
  ...{ ANSIBLE_RETRY_FILES_ENABLED: 'False', ANSIBLE_NOCOLOR: 'True' },
})

async function follow(
  file: string,
  child: ChildProcessWithoutNullStreams,
  { signal, tell }: Following,
): Promise<{ changed: number }> {
  const seen: Seen = { changed: 0, hosts: 0, told: '' }
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    seen.told = (seen.told + text).slice(-mostTold)
  })
  createInterface({ input: child.stdout }).on('line', (line) => note(seen, toSaid(line), tell))
  const onAbort = (): void => end(child)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve)
    })
    if (signal.aborted) throw new SourceError('aborted', `${file} was given up`, { cause: signal.reason })
    if (code !== 0) throw faultOf(file, seen)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new SourceError('bad', 'there is no ansible-playbook where this process runs: install ansible-core')
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
  if (seen.hosts === 0)
    throw new SourceError('bad', `${file} has nothing for this host: its plays are for other hosts or groups`)
  return { changed: seen.changed }
}

interface Seen {
  changed: number
  hosts: number
  told: string
  fault?: Said
}

function note(seen: Seen, said: Said, tell: Following['tell']): void {
  if (said.failed !== undefined || said.unreachable) seen.fault = said
  if (said.hosts !== undefined) Object.assign(seen, { hosts: said.hosts, changed: said.changed })
  if (said.task === undefined) return
  const { task, at = 0, of = 0 } = said
  tell(of >= at && of > 0 ? (at - 1) / of : null, of >= at ? `task ${at} of ${of}: ${task}` : task)
}

/** What a module prints by itself is no JSON, and says nothing. */
function toSaid(line: string): Said {
  try {
    return JSON.parse(line) as Said
  } catch {
    return {}
  }
}

function faultOf(file: string, { fault, told }: Seen): SourceError {
  if (fault?.unreachable)
    return new SourceError('unreachable', `${file}: the host is not reached: ${fault.why}`)
  if (fault !== undefined)
    return new SourceError('bad', `${file}: task "${fault.failed}" failed: ${fault.why}`)
  return new SourceError('bad', `${file}: ${/^ERROR! (.{1,500})/ms.exec(told)?.[1]?.trim() ?? 'it ended'}`)
}

/** With all that it began. */
function end(child: ChildProcessWithoutNullStreams): void {
  const tellGroup = (what: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, what)
    } catch {
      // Gone by itself.
    }
  }
  tellGroup('SIGTERM')
  const timer = setTimeout(() => tellGroup('SIGKILL'), graceMs)
  child.once('close', () => clearTimeout(timer))
}
