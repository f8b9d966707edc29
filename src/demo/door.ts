/**
 * The control door of a running demo: a Unix socket in its data folder that only its user can open. One line of JSON each way.
 * A server of real things opens none.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, rm } from 'node:fs/promises'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'

/** Where the door of a data folder is. Names of sockets are short: a longer one is in the folder for temporary files. */
export function doorPath(dataFolder: string): string {
  const path = resolve(dataFolder, 'demo.sock')
  if (Buffer.byteLength(path) < 100) return path
  const mark = createHash('sha256').update(path).digest('hex').slice(0, 16)
  return join(tmpdir(), `plenum-demo-${userInfo().uid}-${mark}.sock`)
}

export interface Door {
  close(): Promise<void>
}

/** Null where another process holds this door already. `answer` gives what is sent back, or throws what is told as `refusal`. */
export function openDoor(path: string, answer: (request: unknown) => unknown): Promise<Door | null> {
  // Between looking and listening nobody else may: the door of a dead process is removed, a living one's never.
  return alone(`${path}.alone`, async () => {
    if (await isAnswered(path)) return null
    await rm(path, { force: true })
    return stand(path, answer)
  })
}

async function stand(path: string, answer: (request: unknown) => unknown): Promise<Door | null> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    void serve(socket, answer)
  })
  if (!(await listen(server, path))) return null
  await chmod(path, 0o600)
  return {
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** A lock of SQLite is one of the system's, on all of them: who dies has it no more, so that there is none to be found stale and taken from who has just got it. */
async function alone<T>(path: string, call: () => Promise<T>): Promise<T> {
  const lock = new DatabaseSync(path, { timeout: 0 })
  try {
    while (!isTaken(lock)) await setTimeout(5 + Math.random() * 10)
    return await call()
  } finally {
    lock.close()
  }
}

function isTaken(lock: DatabaseSync): boolean {
  try {
    lock.exec('begin exclusive')
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === busy) return false
    throw error
  }
}

/** SQLITE_BUSY: another has it. */
const busy = 5

/** Some systems tell only here that it is taken. */
async function listen(server: Server, path: string): Promise<boolean> {
  try {
    server.listen(path)
    await once(server, 'listening')
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false
    throw error
  }
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = createConnection(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

const maxLine = 10_000

async function serve(socket: Socket, answer: (request: unknown) => unknown): Promise<void> {
  try {
    const line = await readLine(socket)
    socket.end(`${JSON.stringify(await reply(line, answer))}\n`)
  } catch {
    socket.destroy()
  }
}

async function reply(line: string, answer: (request: unknown) => unknown): Promise<unknown> {
  try {
    return { answer: (await answer(JSON.parse(line))) ?? null }
  } catch (error) {
    return { refusal: (error as Error).message }
  }
}

async function readLine(socket: Socket): Promise<string> {
  let size = 0
  socket.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > maxLine) socket.destroy()
  })
  for await (const line of createInterface({ input: socket })) return line
  throw new Error('nothing was said')
}

/** What is told through the door; throws DoorClosed where nobody is behind it, and what was refused. */
export async function knock(path: string, request: unknown, signal: AbortSignal): Promise<unknown> {
  const socket = createConnection(path)
  const abort = () => socket.destroy(signal.reason as Error)
  signal.addEventListener('abort', abort)
  try {
    await once(socket, 'connect').catch((cause: unknown) => {
      throw new DoorClosed('nobody is behind the door', { cause })
    })
    socket.write(`${JSON.stringify(request)}\n`)
    let text = ''
    for await (const chunk of socket.setEncoding('utf8')) text += String(chunk)
    const { answer, refusal } = JSON.parse(text) as { answer?: unknown; refusal?: string }
    if (refusal !== undefined) throw new DoorRefusal(refusal)
    return answer
  } finally {
    signal.removeEventListener('abort', abort)
    socket.destroy()
  }
}

export class DoorClosed extends Error {
  override name = 'DoorClosed'
}
export class DoorRefusal extends Error {
  override name = 'DoorRefusal'
}
