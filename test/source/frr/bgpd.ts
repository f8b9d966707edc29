/** A real bgpd in a folder of its own, without zebra and without a port: where FRR is installed and this is root. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const program = '/usr/lib/frr/bgpd'
export const hasBgpd = process.getuid?.() === 0 && existsSync(program) && existsSync('/usr/bin/vtysh')
if (!hasBgpd) console.warn('skipped: FRR is not installed, or this is not root (apt-get install frr)')

export interface Bgpd {
  /** The words that run vtysh for it. */
  command: string[]
  vtysh(...commands: string[]): string
  start(): Promise<void>
  stop(): Promise<void>
  close(): Promise<void>
}

export async function startBgpd(config: readonly string[]): Promise<Bgpd> {
  const folder = mkdtempSync('/tmp/bgpd-')
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'bgpd.conf'), `${config.join('\n')}\n`)
  const owner = /^frr:/m.test(readFileSync('/etc/passwd', 'utf8')) ? 'frr:frr' : 'root:root'
  execFileSync('chown', ['-R', owner, folder])
  const command = ['/usr/bin/vtysh', '--vty_socket', folder, '-d', 'bgpd']
  let child: ChildProcess | undefined
  const bgpd: Bgpd = {
    command,
    vtysh: (...commands) =>
      execFileSync(command[0]!, [...command.slice(1), ...commands.flatMap((one) => ['-c', one])], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    async start() {
      const paths = ['-f', join(folder, 'bgpd.conf'), '-i', join(folder, 'bgpd.pid'), '--vty_socket', folder]
      child = spawn(program, [...paths, '-A', '127.0.0.1', '-P', '0', '-p', '0', '-Z', '-n'], {
        stdio: 'ignore',
      })
      for (let tries = 0; !answers(bgpd); tries++) {
        if (tries > 400 || child.exitCode !== null) throw new Error('bgpd does not answer')
        await delay(25)
      }
    },
    async stop() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    async close() {
      await bgpd.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await bgpd.start()
  return bgpd
}

function answers(bgpd: Bgpd): boolean {
  try {
    return bgpd.vtysh('show running-config').includes('router bgp')
  } catch {
    return false
  }
}
