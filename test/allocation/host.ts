/** A host that is configured over SSH: Debian's sshd on a port of loopback, with keys of its own, and a folder of playbooks that knows it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startNeighbour } from '../support/neighbour.ts'

const sshd = '/usr/sbin/sshd'
const isThere = (program: string, ...words: string[]): boolean =>
  spawnSync(program, words, { stdio: 'ignore' }).error === undefined
export const hasAnsible = isThere('ansible-playbook', '--version') && isThere(sshd, '-V')

export interface Host {
  port: number
  /** Where playbooks are put. */
  playbooks: string
  /** Where they write. */
  place: string
  privateKey: string
  write(playbook: string, text: string): Promise<void>
  close(): Promise<void>
}

export async function startHost(): Promise<Host> {
  const folder = await mkdtemp(join(tmpdir(), 'plenum-host-'))
  const [playbooks, place] = [join(folder, 'playbooks'), join(folder, 'place')]
  for (const one of [playbooks, place]) await mkdir(one)
  for (const key of ['host', 'user'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)])
  const port = await freePort()
  const hostKey = await readFile(join(folder, 'host.pub'), 'utf8')
  await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey}`)
  await writeFile(join(folder, 'sshd_config'), configOf(folder, port))
  await writeFile(
    join(playbooks, 'ansible.cfg'),
    `[ssh_connection]\nssh_args = -o UserKnownHostsFile=${join(folder, 'known_hosts')} -o ControlMaster=auto -o ControlPersist=5s\n`,
  )
  // Where sshd keeps those who have not said who they are.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true })
  const neighbour = await startNeighbour(
    sshd,
    ['-D', '-e', '-f', join(folder, 'sshd_config')],
    'Server listening',
  )
  return {
    ...{ port, playbooks, place, privateKey: join(folder, 'user') },
    write: (playbook, text) => writeFile(join(playbooks, playbook), text),
    async close() {
      await neighbour.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const configOf = (folder: string, port: number): string => `
ListenAddress 127.0.0.1
Port ${port}
HostKey ${join(folder, 'host')}
AuthorizedKeysFile ${join(folder, 'user.pub')}
PasswordAuthentication no
UsePAM no
StrictModes no
PidFile none
`
