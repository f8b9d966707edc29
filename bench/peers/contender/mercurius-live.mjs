/** mercurius with its own subscriptions and its own emitter in memory. Told what happens over the channel. */
import { fastify } from 'fastify'
import mercurius from 'mercurius'
import { toEvent, typeDefs } from './subscribe-schema.mjs'

const app = fastify()
await app.register(mercurius, {
  schema: typeDefs,
  resolvers: {
    Subscription: { alertChanged: { subscribe: (_, __, { pubsub }) => pubsub.subscribe('alert') } },
  },
  subscription: true,
  jit: 1,
  graphiql: false,
})
await app.listen({ port: 0, host: '127.0.0.1' })
process.send({ port: app.server.address().port })
process.on('message', (summary) =>
  app.graphql.pubsub.publish({ topic: 'alert', payload: { alertChanged: toEvent(summary) } }),
)
process.on('disconnect', () => process.exit())
