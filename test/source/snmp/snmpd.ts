/** A real snmpd on a loopback port of its own, where it is installed. */
import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const snmpd = ['/usr/sbin/snmpd', '/usr/local/sbin/snmpd'].find(
  (path) => spawnSync(path, ['-v']).status === 0,
)
export const hasSnmpd = snmpd !== undefined
if (!hasSnmpd) console.warn('skipped: snmpd is not installed (apt-get install snmpd)')

export interface Snmpd {
  port: number
  close(): Promise<void>
}

export async function startSnmpd(lines: readonly string[]): Promise<Snmpd> {
  const folder = await mkdtemp(join(tmpdir(), 'snmpd-'))
  const port = await freePort()
  const conf = join(folder, 'snmpd.conf')
  await writeFile(conf, lines.join('\n'))
  const child = spawn(snmpd as string, ['-f', '-Le', '-C', '-c', conf, `udp:127.0.0.1:${port}`], {
    env: { ...process.env, SNMP_PERSISTENT_DIR: folder, SNMPCONFPATH: folder, MIBS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let told = ''
  for await (const chunk of child.stderr) {
    told += String(chunk)
    if (told.includes('NET-SNMP version')) break
  }
  if (child.exitCode !== null) throw new Error(`snmpd ended: ${told}`)
  return {
    port,
    close: async () => {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  const listening = once(socket, 'listening')
  socket.bind(0, '127.0.0.1')
  await listening
  const { port } = socket.address()
  socket.close()
  return port
}
