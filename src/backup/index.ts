/** The whole database as one compressed file, and back. Needs no program of Postgres. */
import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { migrate, type Db } from '../db.ts'
import { PlenumError, invalidInput } from '../errors.ts'
import { decodeFrames, encodeFrame, type Frame, type Head } from './frame.ts'
import { checkEmpty, checkMigration, dumpTables, loadTables, type Restored } from './store.ts'

export type { Restored } from './store.ts'

/** Writes `path` when everything is in it; until then it is `path.part`. Others may go on writing into the database. */
export async function backUp(db: Db, path: string, signal: AbortSignal): Promise<{ sizeBytes: number }> {
  const part = `${path}.part`
  try {
    const bytes = Readable.from(encodeAll(dumpTables(db, signal)))
    await pipeline(bytes, createGzip({ level: 4 }), createWriteStream(part, { mode: 0o600 }), { signal })
    const sizeBytes = await settle(part)
    await rename(part, path)
    return { sizeBytes }
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}

async function* encodeAll(frames: AsyncIterable<Frame>): AsyncGenerator<Buffer> {
  for await (const frame of frames) yield encodeFrame(frame)
}

/** On the disk before it gets its name. */
async function settle(path: string): Promise<number> {
  const file = await open(path, 'r')
  try {
    await file.sync()
    return (await file.stat()).size
  } finally {
    await file.close()
  }
}

/** Fills an empty database in one transaction. INVALID_INPUT when the file is not whole, CONFLICT/STATE when the database is not empty. */
export async function restore(db: Db, path: string, signal: AbortSignal): Promise<Restored & { head: Head }> {
  const file = createReadStream(path, { signal })
  const unpacked = createGunzip()
  file.on('error', (error) => unpacked.destroy(error))
  const frames = decodeFrames(file.pipe(unpacked))
  try {
    const first = await frames.next()
    if (first.done || first.value.type !== 'head') throw invalidInput(`${path} is no backup`)
    const { head } = first.value
    checkMigration(head)
    await migrate(db, head.migration)
    await checkEmpty(db)
    const restored = await loadTables(db, head, frames, signal)
    await migrate(db)
    return { ...restored, head }
  } catch (error) {
    throw isUnpackable(error) ? notWhole(path, error) : error
  } finally {
    file.destroy()
    unpacked.destroy()
  }
}

const isUnpackable = (error: unknown): boolean => {
  const code = String((error as NodeJS.ErrnoException).code)
  return code.startsWith('Z_') || code === 'ERR_STREAM_PREMATURE_CLOSE'
}

const notWhole = (path: string, cause: unknown) =>
  new PlenumError('INVALID_INPUT', `${path} is no whole backup: ${(cause as Error).message}`, {}, { cause })
