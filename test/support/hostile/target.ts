/** What hostile requests are sent at, and how what comes of them is told in a word or two. */
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import type { Issuer } from './issuer.ts'

export interface Target {
  url: string
  token: string
  issuer: Issuer
}

/** `due` is what must come of it, or one of several: status and code over HTTP, how a socket ends, or the code of an operation's error. */
export interface Hostile {
  name: string
  due: string
  send(target: Target): Promise<string>
}

export interface Sent {
  method?: string
  path?: string
  headers?: Record<string, string | undefined>
  body?: string | Uint8Array<ArrayBuffer>
}

/** Whether what was told is what is due. */
export const isDue = ({ due }: Hostile, told: string): boolean => due.split(' or ').includes(told)

/** Status and code of the first error; `200 OK` when there is none; `cut off` when the answer is not waited for by the server's own end. */
export async function ask(
  target: Target,
  { method = 'POST', path = '/graphql', headers = {}, body }: Sent,
): Promise<string> {
  const all = { 'content-type': 'application/json', authorization: `Bearer ${target.token}`, ...headers }
  const given = Object.entries(all).filter((one): one is [string, string] => one[1] !== undefined)
  try {
    const response = await fetch(target.url + path, {
      method,
      headers: given,
      ...(body === undefined ? {} : { body }),
    })
    return `${response.status} ${codeOf(await response.text())}`
  } catch {
    return 'cut off'
  }
}

function codeOf(text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { extensions: { code: string } }[] }
    return errors?.[0]?.extensions.code ?? 'OK'
  } catch {
    return 'OK'
  }
}

/** A GraphQL document with variables; errors of what was executed count too. */
export const query = (document: string, variables?: unknown): ((target: Target) => Promise<string>) => {
  const body = JSON.stringify({ query: document, variables })
  return (target) => ask(target, { body, headers: { accept: 'application/graphql-response+json' } })
}

/** Bytes as they are: the status of the answer, or `cut off`. */
export function raw({ url }: Target, ...parts: (string | Buffer)[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
    const status = /^HTTP\/1\.1 (\d{3})[^]*\r\n\r\n/.exec(text)?.[1]
    if (status === undefined || status === '100') return
    resolve(status)
    socket.destroy()
  })
  socket.on('error', () => {})
  socket.on('close', () => resolve('cut off'))
  for (const part of parts) socket.write(part)
  return promise
}

export interface Opened {
  socket: WebSocket
  /** The code that it is closed with. */
  closed: Promise<string>
  /** The first message that the test is true of. */
  message(test: (message: { type: string; id?: string; payload?: any }) => boolean): Promise<any>
}

/** Resolves when it is open; a refused one throws its status. */
export async function open(
  { url }: Target,
  headers: Record<string, string> = {},
  path = '/graphql',
  protocol = 'graphql-transport-ws',
): Promise<Opened> {
  const socket = new WebSocket(url.replace('http', 'ws') + path, protocol === '' ? [] : protocol, { headers })
  const opened = Promise.withResolvers<void>()
  const closed = Promise.withResolvers<string>()
  const messages: any[] = []
  const waiting = new Set<() => void>()
  socket.on('open', () => opened.resolve())
  socket.on('unexpected-response', (_, response) =>
    opened.reject(new Error(`refused ${response.statusCode}`)),
  )
  socket.on('error', () => {})
  socket.on('close', (code) => closed.resolve(`closed ${code}`))
  socket.on('message', (data) => {
    messages.push(JSON.parse(String(data)))
    for (const look of waiting) look()
  })
  await opened.promise
  return {
    socket,
    closed: closed.promise,
    message(test) {
      const { promise, resolve, reject } = Promise.withResolvers<any>()
      const look = (): void => {
        const found = messages.find(test)
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      void closed.promise.then((code) => reject(new Error(code)))
      look()
      return promise
    },
  }
}

export const say = ({ socket }: Opened, message: unknown): void =>
  socket.send(typeof message === 'string' ? message : JSON.stringify(message))

/** Logged in. */
export async function login(target: Target): Promise<Opened> {
  const opened = await open(target)
  say(opened, { type: 'connection_init', payload: { authorization: `Bearer ${target.token}` } })
  await opened.message(({ type }) => type === 'connection_ack')
  return opened
}
