/**
 * Prepared statements: what a process asks again and again is parsed and planned once a connection. For small requests only: what suits ten ids may be the wrong plan
 * for ten thousand.
 */
import type pg from 'pg'

interface QueryConfig {
  text: string
  values?: readonly unknown[]
  name?: string
}

/** How often a text must have come before it is worth a name, and how many names there may be. */
const worthAfter = 3
const mostNames = 300
const mostTexts = 5_000
/** Of a list in the bindings: with more, Postgres plans for the very numbers. */
const mostItems = 50
const longestBinding = 20_000

/** Changes tables, or gives all columns of one. */
const unfit =
  /^\s*(create|drop|alter|truncate|set)\b|^\s*select\s+(distinct\s+)?("?\w+"?\.)?\*|returning\s+\*/i

const seen = new Map<string, number>()
const names = new Map<string, string>()

/** Gives names to what the connection is asked often. A statement that gives all columns has none: another process may add one. */
export function prepareRepeated(connection: pg.Client): void {
  const query = connection.query.bind(connection) as (...args: unknown[]) => unknown
  const named = (config: unknown, ...rest: unknown[]): unknown => {
    if (isQuery(config) && isSmall(config.values)) {
      const name = nameOf(config.text)
      if (name !== undefined) return query({ ...config, name }, ...rest)
    }
    return query(config, ...rest)
  }
  connection.query = named as pg.Client['query']
}

const isQuery = (config: unknown): config is QueryConfig =>
  typeof config === 'object' &&
  config !== null &&
  'text' in config &&
  !('submit' in config) &&
  !('name' in config)

const isSmall = (values: readonly unknown[] | undefined): boolean =>
  values !== undefined &&
  values.length > 0 &&
  values.every((value) =>
    Array.isArray(value)
      ? value.length <= mostItems
      : typeof value !== 'string' || value.length <= longestBinding,
  )

function nameOf(text: string): string | undefined {
  const known = names.get(text)
  if (known !== undefined) return known
  if (names.size >= mostNames) return undefined
  const count = (seen.get(text) ?? 0) + 1
  if (count < worthAfter || unfit.test(text)) {
    if (seen.size >= mostTexts) seen.clear()
    seen.set(text, count)
    return undefined
  }
  seen.delete(text)
  const name = `plenum_${names.size + 1}`
  names.set(text, name)
  return name
}
