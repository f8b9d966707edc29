/**
 * What is known of a process by its id. Ids are given again, in containers even the same ones at each start: who wrote down an id wrote down since when
 * it runs as well.
 */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'

/** `PID START`: tells a process from a later one with its id. Where there is no /proc START is missing. */
export const markOf = (pid: number): string => `${pid} ${statOf(pid)?.start ?? ''}`.trim()

/** Whether the process that the mark was made of still runs. */
export function isMarkAlive(mark: string): boolean {
  const pid = Number(mark.split(' ', 1)[0])
  return Number.isInteger(pid) && pid > 0 && isAlive(pid) && markOf(pid) === mark
}

/** A process that has ended and that nobody has waited for is not alive. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return !isZombie(pid)
}

export const isZombie = (pid: number): boolean => statOf(pid)?.state === 'Z'

/** Whether a process works in this folder, as all processes of a Postgres do in their data. Unknown (without /proc): undefined. */
export function worksIn(pid: number, folder: string): boolean | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(folder)
  } catch {
    return false
  }
}

/** Whether any process works in this folder. */
export const isWorkedIn = (folder: string): boolean =>
  process.platform === 'linux' &&
  readdirSync('/proc').some((name) => /^\d+$/.test(name) && worksIn(Number(name), folder))

function statOf(pid: number): { state: string; start: string } | undefined {
  try {
    // The second field is a name in brackets that may hold anything; the third is the state, the 22nd the start in ticks since boot.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return { state: fields[0]!, start: fields[19]! }
  } catch {
    return undefined
  }
}
