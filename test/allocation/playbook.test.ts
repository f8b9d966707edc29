/** A playbook and the process that began it: it ends with it, however that comes, and leaves nothing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { runPlaybook, type Playbook } from '../../src/allocation/step/ansible/playbook.ts'
import { hasAnsible } from './host.ts'

const patience = { timeout: 30_000, interval: 100 }
let folder: string
let playbook: Playbook
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'playbooks-'))
  await mkdir(join(folder, 'tmp'))
  await writeFile(
    join(folder, 'wait.yml'),
    '- hosts: all\n  gather_facts: false\n  tasks:\n    - name: wait\n      command: sleep 300\n',
  )
  const hosts = { here: { ansible_connection: 'local', ansible_python_interpreter: '/usr/bin/python3' } }
  playbook = { folder, file: 'wait.yml', inventory: { all: { hosts } }, variables: {}, key: 'no key at all' }
})
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Processes that stand in the folder. */
async function inside(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return pids.filter((_, index) => places[index] === folder)
}
const nothingLeft = () =>
  vi.waitFor(async () => {
    expect(await inside()).toEqual([])
    expect(await readdir(join(folder, 'tmp'))).toEqual([])
  }, patience)

describe.skipIf(!hasAnsible)('a playbook under way (needs ansible-core)', () => {
  test('ends with the turn of who began it', async () => {
    vi.stubEnv('TMPDIR', join(folder, 'tmp'))
    const turn = new AbortController()
    const tell = (_: number | null, message: string): void => void (message.endsWith('wait') && turn.abort())
    await expect(runPlaybook(playbook, { signal: turn.signal, tell })).rejects.toMatchObject({
      ...{ failure: 'aborted', message: 'wait.yml was given up' },
    })
    await nothingLeft()
  })

  test('ends with a process that is killed, and its key is not left', async () => {
    const text = `import { runPlaybook } from ${JSON.stringify(new URL('../../src/allocation/step/ansible/playbook.ts', import.meta.url).href)}
      await runPlaybook(${JSON.stringify(playbook)}, { signal: new AbortController().signal, tell: (_, message) => console.log(message) })`
    const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
      env: { ...process.env, TMPDIR: join(folder, 'tmp') },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'close')
    for await (const line of createInterface({ input: child.stdout })) if (line.endsWith('wait')) break
    expect((await inside()).length).toBeGreaterThan(0)
    expect(await readdir(join(folder, 'tmp'))).toHaveLength(1)
    child.kill('SIGKILL')
    await ended
    await nothingLeft()
  })
})

test('where there is no Ansible it is told what to install', async () => {
  vi.stubEnv('PATH', join(folder, 'tmp'))
  const following = { signal: new AbortController().signal, tell: () => {} }
  await expect(runPlaybook(playbook, following)).rejects.toMatchObject({
    ...{ failure: 'bad', message: expect.stringContaining('install ansible-core') },
  })
})
