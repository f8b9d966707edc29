/** `node hook.ts`: somebody who is told, in the poller's namespace: writes what is posted to it, a line of JSON each. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const server = createServer((request, response) => {
  let text = ''
  request.setEncoding('utf8').on('data', (part: string) => (text += part))
  request.on('end', () => {
    process.stdout.write(`${JSON.stringify(JSON.parse(text))}\n`)
    response.end()
  })
})
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`ready at ${(server.address() as AddressInfo).port}\n`),
)
