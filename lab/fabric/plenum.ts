/** A Plenum that polls a fabric from inside: a process in the poller's namespace, reached through a Unix socket. */
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { createClient, type Client } from 'graphql-ws'
import { stringify } from 'yaml'
import { WebSocket } from 'ws'
import { Child } from './child.ts'
import type { Fabric } from './index.ts'
import { snmpSecrets } from './source.ts'

export interface FabricPlenum {
  ask<T>(query: string, variables?: Record<string, unknown>): Promise<T>
  /** Hands over the messages of a subscription; ended by what it gives. */
  follow<T>(query: string, take: (message: T) => void, failed: (error: Error) => void): () => void
  /** Processor time that it has taken, in seconds. */
  cpuSeconds(): number
  /** What it wrote. */
  readonly output: string
  close(): Promise<void>
}

const token = 'plenum_token_for_the_fabric_only'
const root = join(import.meta.dirname, '..', '..')

/** `sources` as the configuration has them, and the rest of it. */
export async function startPlenum(fabric: Fabric, sources: object, rest: object = {}): Promise<FabricPlenum> {
  const folder = mkdtempSync(`/tmp/plf${process.pid}-plenum-`)
  // The embedded Postgres runs as another user where root starts it.
  chmodSync(folder, 0o711)
  const config = join(folder, 'plenum.yaml')
  writeFileSync(config, stringify({ sources, sample: false, ...rest }))
  const env = {
    ...bareEnvironment(),
    PORT: '0',
    PLENUM_CONFIG: config,
    PLENUM_DATA_DIR: join(folder, 'data'),
    PLENUM_ADMIN_TOKEN: token,
    ...snmpSecrets,
  }
  const program = new Child(fabric.spawn(join(root, 'bin', 'plenum'), ['serve'], env))
  const children = [program]
  const close = async () => {
    for (const child of children.reverse()) await child.end()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const [, port] = await program.saw(/answers at http:\/\/127\.0\.0\.1:(\d+)/)
    const socket = join(folder, 'http.sock')
    const relay = new Child(
      fabric.spawn(process.execPath, [join(import.meta.dirname, 'relay.ts'), socket, port!], env),
    )
    children.push(relay)
    await relay.saw(/ready/)
    const client = openClient(socket)
    return {
      ask: (query, variables) => ask(socket, query, variables),
      follow: <T>(query: string, take: (message: T) => void, failed: (error: Error) => void) =>
        client.subscribe<T>(
          { query },
          {
            next: ({ data, errors }) =>
              errors?.length ? failed(new Error(errors[0]!.message)) : take(data as T),
            error: (error) => failed(error instanceof Error ? error : new Error(JSON.stringify(error))),
            complete: () => undefined,
          },
        ),
      cpuSeconds: () => program.cpuSeconds(),
      get output() {
        return program.output
      },
      async close() {
        await client.dispose()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

function bareEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(?:PLENUM_|VITEST|NODE_OPTIONS$|NODE_ENV$|PORT$|DATABASE_URL$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}

const openClient = (socket: string): Client =>
  createClient({
    url: `ws+unix:${socket}:/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  })

async function ask<T>(socketPath: string, query: string, variables?: Record<string, unknown>): Promise<T> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}`, host: '127.0.0.1' }
  const sent = request({ socketPath, path: '/graphql', method: 'POST', headers })
  sent.end(JSON.stringify({ query, variables }))
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk)
  const { data, errors } = JSON.parse(text) as { data: T; errors?: { message: string }[] }
  if (errors?.length) throw new Error(errors[0]!.message)
  return data
}
