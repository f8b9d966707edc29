/** One Postgres for the whole test run, with a template that has the tables; made before the first test, gone after the last. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrate, openDb } from '../../src/db.ts'
import { startPostgres } from '../../src/postgres/index.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of a database whose server the tests may make databases in. */
    adminUrl: string
    template: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await openServer()
  const template = `plenum_test_template_${process.pid}`
  await ask(server.adminUrl, `drop database if exists ${template}`)
  await ask(server.adminUrl, `create database ${template}`)
  const db = openDb({ url: urlOf(server.adminUrl, template) })
  await migrate(db)
  await db.destroy()
  project.provide('adminUrl', server.adminUrl)
  project.provide('template', template)
  return async () => {
    await ask(server.adminUrl, `drop database if exists ${template} with (force)`)
    await server.close()
  }
}

async function openServer(): Promise<{ adminUrl: string; close(): Promise<void> }> {
  const given = process.env['DATABASE_URL']
  if (given) return { adminUrl: given, close: async () => {} }
  const folder = mkdtempSync(join(tmpdir(), 'plenum-test-'))
  const postgres = await startPostgres({ folder, durable: false })
  return {
    adminUrl: postgres.url('postgres'),
    async close() {
      await postgres.close()
      rmSync(postgres.folder, { recursive: true, force: true })
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function urlOf(adminUrl: string, database: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  return url.href
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
