/** Programs of Debian that tests speak to: started, awaited until they say that they are ready, ended. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'

export interface Neighbour {
  close(): Promise<void>
}

export async function startNeighbour(
  program: string,
  args: readonly string[],
  ready: string,
): Promise<Neighbour> {
  const child = spawn(program, args)
  const ended = once(child, 'exit')
  child.stdout.resume()
  let said = ''
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`
    if (line.includes(ready)) break
  }
  child.stderr.resume()
  if (!said.includes(ready)) throw new Error(`${program} ended:\n${said}`)
  return {
    async close() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
