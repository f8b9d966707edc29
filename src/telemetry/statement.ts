/** A span for each SQL statement, without its values. */
import type { Knex } from 'knex'
import { openSpan, type OpenSpan } from './trail.ts'

interface Query {
  __knexQueryUid: string
  sql: string
}

const longestText = 2_000

/** Until the pool is closed. To be called only where spans are collected. */
export function traceStatements(db: Knex): void {
  const open = new Map<string, OpenSpan>()
  const end = ({ __knexQueryUid: id }: Query, error?: unknown): void => {
    open.get(id)?.end(error)
    open.delete(id)
  }
  db.on('query', (query: Query) => {
    const [verb = 'sql'] = /^\w+/.exec(query.sql.trimStart()) ?? []
    const span = openSpan(`postgresql ${verb.toLowerCase()}`, 'client', {
      'db.system.name': 'postgresql',
      'db.query.text': query.sql.slice(0, longestText),
    })
    if (span !== undefined) open.set(query.__knexQueryUid, span)
  })
  db.on('query-response', (_answer: unknown, query: Query) => end(query))
  // Its message may quote values.
  db.on('query-error', (error: { code?: string }, query: Query) =>
    end(query, new Error(`SQLSTATE ${error.code ?? 'unknown'}`)),
  )
}
