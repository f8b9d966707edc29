import { createServer } from 'node:http'
import { createYoga } from 'graphql-yoga'
import { createLoaders, createSchema } from './schema.mjs'
import { ready } from './ready.mjs'

const yoga = createYoga({
  schema: createSchema(),
  graphiql: false,
  logging: false,
  context: () => ({ loaders: createLoaders() }),
})
const server = createServer(yoga)
server.listen(0, '127.0.0.1', () => ready(server.address().port))
