/** A database of its own for a test file, copied from the template. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { openDb, type Db } from '../../src/db.ts'

export interface TestDatabase {
  url: string
  db: Db
  /** Closes the pool and drops the database; fails when somebody else still has a connection to it. */
  close(): Promise<void>
}

export async function createDatabase(): Promise<TestDatabase> {
  const adminUrl = inject('adminUrl')
  const template = inject('template')
  const name = template.replace(/template$/, randomBytes(6).toString('hex'))
  await ask(adminUrl, `create database ${name} template ${template}`)
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  const db = openDb({ url: url.href })
  return {
    url: url.href,
    db,
    async close() {
      await db.destroy()
      await ask(adminUrl, `drop database ${name} with (force)`)
    },
  }
}

async function ask(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
