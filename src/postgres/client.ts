/** Which processes use a cluster: a file each, so that the last one knows that it is the last. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isMarkAlive, markOf } from './process.ts'

/** Uses of this process by folder: it may start Postgres more than once. */
const uses = new Map<string, number>()

const markFile = (folder: string) => join(folder, String(process.pid))

export function enter(folder: string): void {
  mkdirSync(folder, { recursive: true })
  uses.set(folder, (uses.get(folder) ?? 0) + 1)
  writeFileSync(markFile(folder), markOf(process.pid))
}

/** Whether nobody uses it any longer. Marks of processes that were killed are swept. */
export function leave(folder: string): boolean {
  const left = (uses.get(folder) ?? 1) - 1
  if (left > 0) uses.set(folder, left)
  else {
    uses.delete(folder)
    rmSync(markFile(folder), { force: true })
  }
  for (const name of readdirSync(folder))
    if (!isInUse(join(folder, name))) rmSync(join(folder, name), { force: true })
  return readdirSync(folder).length === 0
}

function isInUse(path: string): boolean {
  try {
    return isMarkAlive(readFileSync(path, 'utf8'))
  } catch {
    return false
  }
}
