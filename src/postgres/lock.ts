/** One process at a time, by a file. A lock whose holder is gone is taken over. */
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isMarkAlive, markOf } from './process.ts'

const patienceMs = 180_000
/** Taking over is done in one go: whoever did not finish it within this time was killed meanwhile. */
const takeOverMs = 10_000

export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + patienceMs
  while (!tryCreate(path)) {
    if (Date.now() > until)
      throw new Error(`${path} is held by a process that does not finish: end it, then remove the file`)
    takeOver(path)
    await delay(30)
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function tryCreate(path: string): boolean {
  try {
    writeFileSync(path, markOf(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return false
  }
}

/** Two that find the same dead holder: the second must not remove what the first has made since. So it is looked at again by one at a time. */
function takeOver(path: string): void {
  if (!isAbandoned(path)) return
  const right = `${path}.takeover`
  if (!tryCreate(right)) {
    if (ageMs(right) > takeOverMs) rmSync(right, { force: true })
    return
  }
  try {
    if (isAbandoned(path)) rmSync(path, { force: true })
  } finally {
    rmSync(right, { force: true })
  }
}

function isAbandoned(path: string): boolean {
  const mark = read(path)
  if (mark === undefined) return false
  // Between its making and its writing the file is empty, for a moment.
  return mark === '' ? ageMs(path) > takeOverMs : !isMarkAlive(mark)
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch {
    return 0
  }
}
