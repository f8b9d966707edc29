import { fastify } from 'fastify'
import mercurius from 'mercurius'
import { createLoaders, createSchema } from './schema.mjs'
import { ready } from './ready.mjs'

const app = fastify()
await app.register(mercurius, {
  schema: createSchema(),
  jit: 1,
  graphiql: false,
  context: () => ({ loaders: createLoaders() }),
})
await app.listen({ port: 0, host: '127.0.0.1' })
ready(app.server.address().port)
