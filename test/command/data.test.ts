/** What people do with their data from a terminal: import, export, back up, restore, make tokens. Real processes on a database of their own. */
import { mkdtempSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { createDataFolder, runProgram, type Ended } from '../support/program.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-command-'))
const path = (name: string) => join(folder, name)
const databases: TestDatabase[] = []

async function open(): Promise<TestDatabase> {
  const database = await createDatabase()
  databases.push(database)
  return database
}

afterAll(async () => {
  await Promise.all(databases.map((one) => one.close()))
  rmSync(folder, { recursive: true })
})

const run = (database: TestDatabase, ...args: string[]): Promise<Ended> =>
  runProgram(args, { DATABASE_URL: database.url })

async function succeed(database: TestDatabase, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(database, ...args)
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' })
  return stdout
}

/** Refused in one line that is about `what`. */
async function refuse(database: TestDatabase, args: string[], what: RegExp | string): Promise<void> {
  const { code, stdout, stderr } = await run(database, ...args)
  expect({ args, code, stdout, lines: stderr.trimEnd().split('\n').length, stderr }).toMatchObject({
    args,
    code: 1,
    stdout: '',
    lines: 1,
  })
  expect(stderr).toMatch(what)
  expect(stderr).toMatch(/^plenum: /)
}

const inventory = `- { kind: Site, name: north }
- { kind: Rack, name: r1, site: north }
- { kind: Server, name: web-1, rack: r1, serialNumber: CN7420 }
`

describe('import and export', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await open()
    writeFileSync(path('north.yaml'), inventory)
  })

  test('a dry run says what would change and changes nothing', async () => {
    const said = await succeed(database, 'import', path('north.yaml'), '--dry-run')
    expect(said).toContain('nothing was written')
    expect(said).toContain('3 created')
    expect(said).toMatch(/CREATE Server web-1/)
    expect((await database.db('resource').where({ kind: 'Server' })).length).toBe(0)
  })

  test('all formats by the name of the file; a second time nothing changes', async () => {
    expect(await succeed(database, 'import', path('north.yaml'))).toContain('3 created')
    writeFileSync(path('racks.csv'), 'name,site\nr2,north\nr3,north\n')
    expect(await succeed(database, 'import', path('racks.csv'), '--kind', 'Rack')).toContain('2 created')
    writeFileSync(path('more.ndjson'), '{"kind":"Tenant","name":"shop"}\n')
    expect(await succeed(database, 'import', path('more.ndjson'))).toContain('1 created')
    expect(await succeed(database, 'import', path('north.yaml'))).toContain('0 created, 0 updated')
  })

  test('replace ends what the file leaves out', async () => {
    writeFileSync(path('small.yaml'), '- { kind: Tenant, name: shop }\n')
    await succeed(database, 'import', path('small.yaml'), '--source', 'second')
    writeFileSync(path('other.yaml'), '- { kind: Tenant, name: bank }\n')
    const said = await succeed(
      database,
      'import',
      path('other.yaml'),
      '--source',
      'second',
      '--mode',
      'replace',
    )
    expect(said).toContain('1 created')
    expect(await database.db('observation').where({ kind: 'Tenant' }).pluck('name')).toEqual(
      expect.arrayContaining(['bank', 'shop']),
    )
  })

  test.each(['yaml', 'csv', 'ndjson'])(
    '%s: an export of an import of an export is the same',
    async (format) => {
      const first = await succeed(database, 'export', '--format', format)
      expect(first).toContain('CN7420')
      writeFileSync(path(`again.${format}`), first)
      const other = await open()
      await succeed(other, 'import', path(`again.${format}`))
      await succeed(other, 'export', '--format', format, '--output', path('second'))
      expect(readFileSync(path('second'), 'utf8')).toBe(first)
    },
  )

  test('what is wrong is told with its place, and nothing is lost', async () => {
    writeFileSync(path('bad.yaml'), '- { kind: Server, name: ok-1 }\n- { kind: Toaster, name: x }\n')
    const { code, stdout, stderr } = await run(database, 'import', path('bad.yaml'))
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^plenum: .*Toaster/s)
    expect(await database.db('resource').where({ name: 'ok-1' })).toEqual([])
    await refuse(database, ['import', path('nowhere.yaml')], 'nowhere.yaml cannot be read')
    await refuse(database, ['import', path('second')], 'tells no format')
    await refuse(database, ['import'], 'Name one file')
    await refuse(database, ['import', path('north.yaml'), '--mode', 'mix'], '--mode')
    await refuse(database, ['export', '--format', 'xml'], /xml.*yaml/)
    await refuse(database, ['export', '--kind', 'Toaster'], 'Toaster')
  })
})

describe('backup and restore', () => {
  let first: TestDatabase
  let app: TestApp
  const file = path('backup')
  const answer =
    '{ servers { nodes { id name serialNumber rack { id name site { name } } history(first: 5) { nodes { at } } } } }'

  beforeAll(async () => {
    first = await open()
    writeFileSync(path('north.yaml'), inventory)
    await succeed(first, 'import', path('north.yaml'))
    app = await startTestApp({ database: first })
  })
  afterAll(() => app.close())

  test('gives back everything, under another epoch, and no id is given twice', async () => {
    const before = await app.query<{ cursor: string }>(`{ cursor ${answer.slice(1)}`)
    expect(before.errors).toBeUndefined()
    expect(await succeed(first, 'backup', file)).toContain(file)
    // Written after the backup: its ids are out in the world.
    const late = await app.query(
      'mutation { importInventory(input: { source: "x", items: [{ kind: Rack, name: "late" }] }) { cursor } }',
    )
    expect(late.errors).toBeUndefined()
    const lost = Number((await first.db('resource').max({ id: 'id' }))[0]!['id'])

    const second = await open()
    expect(await succeed(second, 'restore', file)).toContain('are back')
    const other = await startTestApp({ database: second })
    try {
      const after = await other.query<{ cursor: string }>(`{ cursor ${answer.slice(1)}`)
      expect({ ...after.data, cursor: '' }).toEqual({ ...before.data, cursor: '' })
      expect(after.data!.cursor.split('.')[0]).not.toBe(before.data!.cursor.split('.')[0])
      await succeed(second, 'import', path('racks.csv'), '--kind', 'Rack')
      const ids = (await second.db('resource').where({ name: 'r2' }).pluck('id')) as string[]
      expect(ids.map(Number)[0]).toBeGreaterThan(lost + 1_000_000)
    } finally {
      await other.close()
    }
  })

  test('never writes over something, never takes half of something', async () => {
    await refuse(first, ['backup', file], /is there already/)
    await refuse(first, ['restore', file], /not empty/)
    await refuse(await open(), ['restore', path('nowhere')], 'cannot be read')
    const empty = await open()
    truncateSync(file, Math.floor(statSync(file).size / 2))
    await refuse(empty, ['restore', file], 'no whole backup')
    await refuse(empty, ['restore', path('north.yaml')], 'no whole backup')
    expect(await empty.db('resource')).toEqual([])
    expect(existsSync(`${file}.part`)).toBe(false)
  })
})

describe('tokens', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startTestApp()
  })
  afterAll(() => app.close())

  const status = async (secret: string): Promise<number> =>
    (
      await fetch(`${app.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
        body: JSON.stringify({ query: '{ viewer { name role } }' }),
      })
    ).status

  test('are made, listed and revoked; a running server knows at once', async () => {
    const { database } = app
    const secret = (await succeed(database, 'token', 'create', 'grafana')).trim()
    expect(secret).toMatch(/^plenum_[\w-]{40,}$/)
    expect(await status(secret)).toBe(200)
    expect(await succeed(database, 'token', 'list')).toMatch(/^NAME .*\n[^]*grafana +viewer/)
    expect(JSON.stringify(await database.db('token'))).not.toContain(secret)
    await succeed(database, 'token', 'revoke', 'grafana')
    await expect.poll(() => status(secret), { timeout: 10_000 }).toBe(401)
    expect(await succeed(database, 'token', 'list')).toMatch(/grafana.*revoked/)
  })

  test('what cannot be is refused', async () => {
    const { database } = app
    await refuse(database, ['token'], 'token create NAME')
    await refuse(database, ['token', 'create'], 'Name the token')
    await refuse(database, ['token', 'create', 'admin'], /already/)
    await refuse(database, ['token', 'create', 'x', '--role', 'king'], /king.*viewer/)
    await refuse(database, ['token', 'create', 'x', '--days', '-1'], '--days')
    await refuse(database, ['token', 'revoke', 'nobody'], 'nobody')
  })
})

describe('any command', () => {
  test('tells how it is used', async () => {
    const { stdout, code } = await runProgram(['--help'])
    expect(code).toBe(0)
    const names = [...stdout.matchAll(/^ {2}plenum (\w+)/gm)].map(([, name]) => name!)
    expect(names).toEqual(expect.arrayContaining(['serve', 'import', 'export', 'query', 'doctor', 'rule']))
    const helps = await Promise.all(names.map((name) => runProgram([name, '--help'])))
    for (const [index, help] of helps.entries()) {
      expect(help).toMatchObject({ code: 0, stderr: '' })
      expect(help.stdout).toMatch(new RegExp(`^plenum ${names[index]}`))
    }
  })

  test('says in one line that it does not exist, that it does not know an option, that Postgres does not answer', async () => {
    const database = { url: 'postgres://nobody:x@127.0.0.1:1/plenum' } as TestDatabase
    await refuse(database, ['sevre'], /sevre.*serve/)
    await refuse(database, ['export', '--formt', 'csv'], '--formt')
    await refuse(database, ['migrate'], 'DATABASE_URL')
    await refuse({ url: 'nonsense' } as TestDatabase, ['migrate'], 'DATABASE_URL')
  })

  test('without DATABASE_URL starts the embedded Postgres and leaves none behind', async () => {
    const data = createDataFolder()
    try {
      const { code, stdout } = await runProgram(['migrate'], { PLENUM_DATA_DIR: data.path })
      expect({ code, stdout }).toEqual({ code: 0, stdout: 'The tables are up to date.\n' })
    } finally {
      await data.close()
    }
  })
})
