/** The recommended preset. The live field and the group count are added as its manual says: extendSchema with a batch step, and a SQL function. */
import { createServer } from 'node:http'
import { postgraphile } from 'postgraphile'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { makePgService } from 'postgraphile/adaptors/pg'
import { extendSchema, gql } from 'postgraphile/utils'
import { loadOne } from 'postgraphile/grafast'
import { grafserv } from 'postgraphile/grafserv/node'
import { readLive } from './live.mjs'
import { ready } from './ready.mjs'

const live = extendSchema({
  typeDefs: gql`
    extend type VirtualMachine {
      load: Float
    }
  `,
  objects: {
    VirtualMachine: {
      plans: {
        load: ($machine) => loadOne($machine.get('id'), readLive),
      },
    },
  },
})

const pgl = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [live],
  pgServices: [
    makePgService({
      connectionString: process.env.DATABASE_URL,
      schemas: ['dc'],
      poolConfig: { max: 10, min: 10, idleTimeoutMillis: 0 },
      pubsub: false,
    }),
  ],
  grafserv: { graphiql: false, watch: false },
  grafast: { explain: false },
})
const server = createServer()
server.on('error', (error) => {
  throw error
})
await pgl.createServ(grafserv).addTo(server)
server.listen(0, '127.0.0.1', () => ready(server.address().port))
