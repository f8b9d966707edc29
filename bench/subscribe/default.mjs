/** graphql-ws as its documentation sets it up: `useServer` over ws, a subscription's own iterator for each, executed by graphql-js. Told what happens over the channel. */
import { createServer } from 'node:http'
import { EventEmitter, on } from 'node:events'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { toEvent, typeDefs } from './schema.mjs'

const emitter = new EventEmitter().setMaxListeners(0)
const schema = makeExecutableSchema({
  typeDefs,
  resolvers: {
    Subscription: {
      alertChanged: {
        subscribe: async function* () {
          for await (const [event] of on(emitter, 'alert')) yield { alertChanged: event }
        },
      },
    },
  },
})
const server = createServer()
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }))
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', (summary) => emitter.emit('alert', toEvent(summary)))
process.on('disconnect', () => process.exit())
