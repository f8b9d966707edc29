/** Ends a service of the lab's cloud by its ids, and starts it as it was. */
import { spawn } from 'node:child_process'
import { openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { untilAsync } from './client.ts'

export interface Service {
  name: string
  command: string[]
  env: Record<string, string>
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

function treeOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(treeOf)]
}

export async function killService(home: string, name: string): Promise<Service> {
  const pid = Number(readFileSync(join(home, 'run', `${name}.pid`), 'utf8'))
  const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
  const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean)
  const env = Object.fromEntries(
    variables.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  )
  const all = treeOf(pid)
  for (const one of all) process.kill(one, 'SIGKILL')
  await untilAsync(async () => !all.some(isAlive))
  return { name, command, env }
}

export async function startService(home: string, { name, command, env }: Service): Promise<void> {
  const log = openSync(join(home, 'log', `${name}.log`), 'a')
  const child = spawn(command[0]!, command.slice(1), { env, detached: true, stdio: ['ignore', log, log] })
  child.unref()
  writeFileSync(join(home, 'run', `${name}.pid`), String(child.pid))
}
