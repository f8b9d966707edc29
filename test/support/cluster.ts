/** One Postgres for the whole test run, with a template that has the tables; made before the first test, gone after the last. Then nothing of the run may be left. */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
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
  const run = `plenum_test_${process.pid}`
  const folder = makeRunFolder()
  const server = await openServer(join(folder, 'cluster'))
  const template = `${run}_template`
  await ask(server.adminUrl, `drop database if exists ${template}`)
  await ask(server.adminUrl, `create database ${template}`)
  const db = openDb({ url: urlOf(server.adminUrl, template) })
  await migrate(db)
  await db.destroy()
  project.provide('adminUrl', server.adminUrl)
  project.provide('template', template)
  return async () => {
    await ask(server.adminUrl, `drop database if exists ${template} with (force)`)
    const databases = await ask(
      server.adminUrl,
      `select datname from pg_database where datname like '${run}\\_%'`,
    )
    await server.close()
    const files = readdirSync(folder).filter((name) => !notOurs.test(name))
    rmSync(folder, { recursive: true, force: true })
    const left = [
      ...databases.map(({ datname }) => `database ${datname}`),
      ...files.map((name) => `temporary file ${name}`),
    ]
    if (left.length > 0) throw new Error(`left behind by the tests: ${left.join(', ')}`)
  }
}

/** Made by Node and by browsers for themselves. */
const notOurs = /^(?:node-compile-cache|v8-compile-cache.*|\.?org\.chromium.*|\.com\.google.*|playwright.*)$/

/** All temporary files of a run are made in a folder of its own, so that it can be told which are left. */
function makeRunFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-test-'))
  // Postgres runs as another user when root tests: it must be able to go through.
  chmodSync(folder, 0o711)
  process.env['TMPDIR'] = folder
  return folder
}

async function openServer(folder: string): Promise<{ adminUrl: string; close(): Promise<void> }> {
  const given = process.env['DATABASE_URL']
  if (given) return { adminUrl: given, close: async () => {} }
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

async function ask(url: string, sql: string): Promise<{ datname: string }[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<{ datname: string }>(sql)).rows
  } finally {
    await client.end()
  }
}
