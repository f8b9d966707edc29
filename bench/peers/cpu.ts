/** Processor time by the system's own accounting: a server process with all its threads, and the Postgres processes that work for it. */
import { readFileSync } from 'node:fs'
import type { Db } from '../../src/db.ts'

/** Of /proc/PID/stat; the kernel tells it in hundredths whatever it counts in. */
const ticksPerSecond = 100

/** Seconds that a process has had so far; undefined when it has ended. */
export function readCpu(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  } catch {
    return undefined
  }
}

export interface CpuUse {
  server: number
  postgres: number
}

/** Starts counting what `pid` and the connections of the Postgres user `role` use; gives the way to read it. */
export async function countCpu(db: Db, pid: number, role: string): Promise<() => Promise<CpuUse>> {
  const before = readCpu(pid) ?? 0
  const known = await readBackends(db, role)
  return async () => {
    const after = readCpu(pid)
    if (after === undefined) throw new Error(`the server ${pid} ended`)
    let postgres = 0
    for (const [backend, seconds] of await readBackends(db, role))
      postgres += seconds - (known.get(backend) ?? 0)
    return { server: after - before, postgres }
  }
}

async function readBackends(db: Db, role: string): Promise<Map<number, number>> {
  const { rows } = await db.raw<{ rows: { pid: number }[] }>(
    'select pid from pg_stat_activity where usename = ?',
    [role],
  )
  return new Map(rows.map(({ pid }) => [pid, readCpu(pid) ?? 0]))
}
