/** `node relay.ts SOCKET PORT`: lets those outside a network namespace reach a port of 127.0.0.1 inside, by a Unix socket. */
import { createConnection, createServer } from 'node:net'

const [path, port] = process.argv.slice(2)
createServer((near) => {
  const far = createConnection(Number(port), '127.0.0.1')
  near.pipe(far).pipe(near)
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const)
    one.on('error', () => other.destroy()).on('close', () => other.destroy())
}).listen(path, () => process.stdout.write('ready\n'))
