import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { countOpened, findLeft } from '../support/left-behind.ts'

test('a server, a socket, a timer and a process that are left are told; closed ones are not', async () => {
  const before = countOpened()
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  expect(findLeft(before, countOpened())).toMatch(/1 TCPServerWrap/)

  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  expect(findLeft(before, countOpened())).toMatch(/TCPSocketWrap/)

  // More than the test runner's own that may end meanwhile.
  const timers = Array.from({ length: 20 }, () => setTimeout(() => {}, 60_000))
  expect(findLeft(before, countOpened())).toMatch(/Timeout/)

  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  expect(findLeft(before, countOpened())).toMatch(/ProcessWrap/)

  child.kill()
  timers.forEach(clearTimeout)
  socket.destroy()
  server.close()
  await Promise.all([once(child, 'exit'), once(server, 'close')])
  await expect.poll(() => findLeft(before, countOpened())?.replace(/1 Timeout/, '') ?? '').toBe('')
})
