/** What a message costs that is there already: a handshake by ws, then nothing but one write of ready bytes to each socket. The floor of whoever sends to each by itself. */
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'
import { toEvent } from './schema.mjs'

const server = createServer()
const sockets = new Set()
const wss = new WebSocketServer({ noServer: true, handleProtocols: () => 'graphql-transport-ws' })
server.on('upgrade', (request, stream, head) =>
  wss.handleUpgrade(request, stream, head, (socket) => {
    socket.on('message', (data) => {
      const { type } = JSON.parse(String(data))
      if (type === 'connection_init') socket.send('{"type":"connection_ack"}')
      if (type === 'subscribe') sockets.add(stream)
    })
    socket.on('close', () => sockets.delete(stream))
  }),
)
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', (summary) => {
  const payload = { data: { alertChanged: toEvent(summary) } }
  const body = Buffer.from(JSON.stringify({ id: '1', type: 'next', payload }))
  const head = Buffer.from([0x81, 126, 0, 0])
  head.writeUInt16BE(body.length, 2)
  const frame = Buffer.concat([head, body])
  for (const stream of sockets) stream.write(frame)
})
process.on('disconnect', () => process.exit())
