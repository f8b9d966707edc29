/** The nouns on a database of their own, and GraphQL over them without a server. */
import pino from 'pino'
import { guardRoots } from '../../src/api/guard.ts'
import { buildSchema } from '../../src/api/schema/index.ts'
import { startEvents } from '../../src/event/index.ts'
import { startGraph } from '../../src/graph/index.ts'
import { startResources } from '../../src/resource/index.ts'
import { startTokens } from '../../src/token/index.ts'
import { countStatements, type Db } from '../../src/db.ts'
import { ask, type Answer, type AskOptions } from './graphql.ts'
import { createDatabase } from './postgres.ts'

export interface LiveNouns {
  db: Db
  /** Executes; a mutation is answered when the graph has what it wrote. `statements` are those that Postgres was sent. */
  ask(source: string, variables?: Record<string, unknown>, context?: AskOptions['context']): Promise<Answer>
  close(): Promise<void>
}

const log = pino({ level: 'silent' })
/** The feed looks at the log all the time; that is not what a query costs. */
const ofFeed = /from "event"|from log_head/

export async function startNouns(): Promise<LiveNouns> {
  const database = await createDatabase()
  const { db, url } = database
  const events = startEvents({ db, url, log })
  const resources = startResources({ db, wake: () => events.feed.wake() })
  const holder = await startGraph({
    resources,
    events,
    limits: { visited: 100_000, asOfResources: 100_000 },
    log,
  })
  const tokens = startTokens({ db, log })
  const schema = buildSchema()
  guardRoots(schema, {
    audit: () => Promise.resolve(),
    refusals: { note: () => {}, close: async () => {} },
    log,
  })
  return {
    db,
    async ask(source, variables = {}, context = {}) {
      const counting = countStatements(db)
      const answer = await ask(holder.graph, source, {
        variables,
        schema,
        context: { resources, events: events.feed, tokens, graphAt: (at) => holder.graphAt(at), ...context },
      })
      const statements = counting.statements.filter((sql) => !ofFeed.test(sql))
      counting.stop()
      return { ...answer, statements }
    },
    async close() {
      await tokens.close()
      await events.close()
      await holder.close()
      await database.close()
    },
  }
}
