/**
 * From each landed version on: its tables, with what it wrote into them (`landed/`), are brought up to date and are whole; and its own process, started before,
 * goes on beside a newer one (expand, then contract). The dumps were made by the versions themselves (`make-landed.ts`): an import of five things, a second one that changes some and leaves
 * one out, a token, a mutation over the API; since there are any a rule, an alert with its incident, a silence.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { migrate, type Db } from '../../src/db.ts'
import { verifyAudit } from '../../src/event/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { describeTables } from '../support/catalogue.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const root = join(import.meta.dirname, '..', '..')
const token = 'plenum_token_for_tests_only'
const landed = readdirSync(join(import.meta.dirname, 'landed')).map((file) => file.replace(/\.sql$/, ''))
/** The commit that was landed with these migrations. */
const commits: Record<string, string> = {
  '0001-resource': 'ede7f1a',
  '0005-audit': '3266e84',
  '0006-alert': '256aabc',
  '0007-allocation': '3391080',
  '0009-stuck': '350f707',
}

/** A database as the version left it. */
async function restoreLanded(version: string): Promise<TestDatabase> {
  const database = await createDatabase()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query('drop schema public cascade; create schema public')
    await client.query(readFileSync(join(import.meta.dirname, 'landed', `${version}.sql`), 'utf8'))
  } finally {
    await client.end()
  }
  return database
}

async function expectAlerts(app: TestApp): Promise<void> {
  const { data, errors } = await app.query<any>(
    `{ rules { name origin } silences { comment } incidents(filter: { state: [OPEN, ACKNOWLEDGED, CLOSED] }) { nodes { summary acknowledgedBy alerts(state: [PENDING, FIRING, RESOLVED]) { nodes { resource { name } } } } }
       resource(ref: "Server:name=srv-1") { readings { metric value } } }`,
  )
  expect(errors).toBeUndefined()
  expect(data.rules).toContainEqual({ name: 'High', origin: 'API' })
  expect(data.silences).toContainEqual({ comment: 'later' })
  expect(data.incidents.nodes).toMatchObject([
    {
      summary: 'srv-1 is busy',
      acknowledgedBy: 'admin',
      alerts: { nodes: [{ resource: { name: 'srv-1' } }] },
    },
  ])
  expect(data.resource.readings).toEqual([{ metric: 'load', value: 90 }])
}

async function expectAllocation(app: TestApp): Promise<void> {
  const { data, errors } = await app.query<any>(
    `{ allocations { nodes { name state tenant { name } resources { name } claims { class amount provider { name } } operation { state } } } quotas(tenant: "Tenant:name=acme") { class used } }`,
  )
  expect(errors).toBeUndefined()
  expect(data.allocations.nodes).toMatchObject([
    {
      ...{ name: 'room', state: 'ACTIVE', tenant: { name: 'acme' }, operation: { state: 'SUCCEEDED' } },
      claims: Array.from({ length: 3 }, () => ({
        ...{ class: 'CUSTOM_RACK_UNIT', amount: '1', provider: { name: 'r1' } },
      })),
    },
  ])
  expect(data.allocations.nodes[0].resources).toHaveLength(1)
  expect(data.quotas).toContainEqual({ class: 'CUSTOM_RACK_UNIT', used: '3' })
  const { data: released } = await app.query<any>(
    'mutation { release(input: { allocation: "allocation.1" }) { allocation { state } } }',
  )
  expect(released.release.allocation.state).toBe('RELEASED')
}

describe.each(landed)('from %s', (version) => {
  test('the tables become what new ones are, and what stood in them is there', async () => {
    const [database, fresh] = [await restoreLanded(version), await createDatabase()]
    try {
      await migrate(database.db)
      expect(await describeTables(database.db)).toBe(await describeTables(fresh.db))
      const app = await startTestApp({ database })
      try {
        const { data, errors } = await app.query<any>(
          '{ servers { nodes { name serialNumber labels { key value } attributes history(first: 10) { nodes { at } } tenant { name } } } images { nodes { name } } racks { nodes { owner } } tokens { name } }',
        )
        expect(errors).toBeUndefined()
        expect(data.servers.nodes).toMatchObject([{ name: 'srv-1', serialNumber: 'SN1' }])
        expect(JSON.stringify(data.servers.nodes[0].attributes)).toContain('second')
        expect(data.servers.nodes[0].history.nodes.length).toBeGreaterThanOrEqual(1)
        expect(data.racks.nodes).toEqual([{ owner: 'y' }])
        expect(data.images.nodes.map(({ name }: any) => name)).toContain('by-api')
        expect(data.tokens.map(({ name }: any) => name).toSorted()).toEqual(['admin', 'old'])
        if (version >= '0006') await expectAlerts(app)
        if (version >= '0007') await expectAllocation(app)
        // It goes on: what is written now is known as what was there.
        const written = await app.query<any>(
          'mutation { importInventory(input: { items: [{ kind: Server, name: "srv-1", fields: { serialNumber: "SN1", manufacturer: "Acme" }, owner: "z" }] }) { counts { created updated } } }',
        )
        expect(written).toMatchObject({ data: { importInventory: { counts: { created: 0, updated: 1 } } } })
      } finally {
        await app.close()
      }
      const verdict = await verifyAudit(database.db, undefined, AbortSignal.timeout(60_000))
      expect(verdict.faults).toEqual([])
    } finally {
      await database.close()
      await fresh.close()
    }
  })
})

const appliedTo = (db: Db): Promise<string[]> => db('knex_migrations').orderBy('id').pluck('name')

/** Each migration by itself, as it left the tables when it was the last one. */
test.each(
  readdirSync(join(root, 'migrations'))
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .slice(0, -1),
)('tables that %s left empty become what new ones are', async (file) => {
  const [database, fresh] = [await createDatabase(), await createDatabase()]
  try {
    await database.db.raw('drop schema public cascade')
    await database.db.raw('create schema public')
    await migrate(database.db, file.replace(/\.ts$/, ''))
    const before = await appliedTo(database.db)
    await migrate(database.db)
    expect(await appliedTo(database.db)).toEqual([
      ...before,
      ...(await appliedTo(fresh.db)).slice(before.length),
    ])
    expect(before.at(-1)).toContain(file.replace(/\.ts$/, ''))
    expect(await describeTables(database.db)).toBe(await describeTables(fresh.db))
  } finally {
    await database.close()
    await fresh.close()
  }
})

const hasHistory = (commit: string): boolean => {
  try {
    execFileSync('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root, stdio: 'ignore' })
    return true
  } catch {
    process.stderr.write(`upgrade: skipped beside ${commit}: this clone does not have it\n`)
    return false
  }
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** The sources of the version, on the packages of today. */
function checkOut(commit: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-landed-'))
  folders.push(folder)
  mkdirSync(folder, { recursive: true })
  const archive = execFileSync(
    'git',
    ['archive', commit, 'src', 'schema', 'resolvers', 'migrations', 'package.json'],
    {
      cwd: root,
      maxBuffer: 200_000_000,
    },
  )
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function startOlder(
  commit: string,
  databaseUrl: string,
): Promise<{ url: string; child: ChildProcess; told(): string }> {
  const folder = checkOut(commit)
  const port = await freePort()
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(folder, 'src', 'main.ts'), 'serve'],
    {
      env: {
        PATH: process.env['PATH'],
        DATABASE_URL: databaseUrl,
        PORT: String(port),
        PLENUM_DATA_DIR: folder,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let text = ''
  let look = (): void => {}
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      look()
    })
  await new Promise<void>((resolve, reject) => {
    look = () => text.includes('Plenum answers at') && resolve()
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${text}`)))
  })
  return { url: `http://127.0.0.1:${port}`, child, told: () => text }
}

async function ask(url: string, query: string, after?: string): Promise<any> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...(after === undefined ? {} : { 'plenum-after': after }),
    },
    body: JSON.stringify({ query }),
  })
  return response.json()
}
const create = (name: string): string =>
  `mutation { importInventory(input: { items: [{ kind: Image, name: "${name}" }] }) { cursor } }`
const find = (name: string): string => `{ images(filter: { name: { eq: "${name}" } }) { nodes { name } } }`

describe.each(landed.filter((version) => commits[version] !== undefined && hasHistory(commits[version])))(
  'a process of %s',
  (version) => {
    test(
      'that runs goes on beside a newer one that has brought the tables up to date',
      { timeout: 120_000 },
      async () => {
        const database = await restoreLanded(version)
        const older = await startOlder(commits[version]!, database.url)
        const newer = await startTestApp({ database })
        try {
          const byNewer = await ask(newer.url, create('by-newer'))
          expect(byNewer.errors).toBeUndefined()
          const seen = await ask(older.url, find('by-newer'), byNewer.data.importInventory.cursor)
          expect(seen).toMatchObject({ data: { images: { nodes: [{ name: 'by-newer' }] } } })
          const byOlder = await ask(older.url, create('by-older'))
          expect(byOlder.errors).toBeUndefined()
          const back = await ask(newer.url, find('by-older'), byOlder.data.importInventory.cursor)
          expect(back).toMatchObject({ data: { images: { nodes: [{ name: 'by-older' }] } } })
          expect((await fetch(`${older.url}/health/ready`)).status).toBe(200)
          const { rows } = await database.db.raw<any>(
            `select action, actor from audit order by id desc limit 2`,
          )
          expect(rows).toHaveLength(2)
          expect((await verifyAudit(database.db, undefined, AbortSignal.timeout(60_000))).faults).toEqual([])
        } finally {
          await newer.close()
          const ended = once(older.child, 'exit')
          older.child.kill('SIGTERM')
          await ended
          await database.close()
        }
      },
    )
  },
)
