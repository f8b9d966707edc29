/** `plenum doctor` finds what is not well, each on the real thing, and says what to do. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig, type Config } from '../../src/config.ts'
import { migrate, openDb } from '../../src/db.ts'
import { checkSkew } from '../../src/doctor/database.ts'
import { examineDatabase, examineMachine, examineSources, type Finding } from '../../src/doctor/index.ts'
import { checkCertificate, checkFiles, checkFolder, checkHeapFor } from '../../src/doctor/machine.ts'
import { drivers, parseSources } from '../../src/source/index.ts'
import { certificate, certificateKey } from '../support/certificate.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { runProgram } from '../support/program.ts'

let folder: string
let database: TestDatabase
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-doctor-'))
  database = await createDatabase()
})
afterAll(async () => {
  await database.close()
  rmSync(folder, { recursive: true })
})

const configOf = (more: Partial<Config> = {}): Config => ({ ...loadConfig({ PORT: '0' }), ...more })
const notWell = (findings: readonly Finding[]) => findings.filter(({ verdict }) => verdict !== 'ok')
const machine = (config: Config, configPath?: string) =>
  examineMachine({ config, configPath, folder: undefined })
const file = (name: string, text: string, mode = 0o600): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}
const sourcesOf = (value: Record<string, unknown>) => {
  const { sources, faults } = parseSources(value, drivers)
  expect(faults).toEqual([])
  return configOf({ sources })
}

test('everything well is everything ok', async () => {
  const config = configOf()
  expect(notWell(await machine(config))).toEqual([])
  expect(
    notWell(await examineDatabase(database.db, config)).filter(({ check }) => check !== 'database settings'),
  ).toEqual([])
})

describe('secrets', () => {
  const withToken = (token: string) =>
    sourcesOf({ cloud: { driver: 'netbox', url: 'http://127.0.0.1:1', token } })

  test.each([
    ['env:PLENUM_NO_SUCH_SECRET', /has no PLENUM_NO_SUCH_SECRET/, /in its environment/],
    ['file:/no/such/secret', /\/no\/such\/secret cannot be read \(ENOENT\)/, /readable/],
    ['command:exit 3 # not-for-eyes', /command:exit … ended with 3/, /run the command/],
  ])('one that cannot be read: %s', async (reference, message, advice) => {
    const [found, ...more] = notWell(await machine(withToken(reference)))
    expect(more).toEqual([])
    expect(found).toMatchObject({ check: 'secrets', verdict: 'fault' })
    expect(found!.message).toMatch(message)
    expect(found!.message).not.toContain('not-for-eyes')
    expect(found!.advice).toMatch(advice)
  })

  test('those of receivers of notifications and of traces too', async () => {
    const { notify, tracing, ...rest } = configOf()
    const chat = { type: 'slack', url: 'env:PLENUM_NO_SUCH_HOOK', watchdog: false } as const
    const config = {
      ...rest,
      notify: { ...notify, receivers: { chat } },
      tracing: { ...tracing, headers: { authorization: 'env:PLENUM_NO_SUCH_HEADER' } },
    }
    const messages = notWell(await machine(config)).map(({ message }) => message)
    expect(messages.filter((message) => /has no PLENUM_NO_SUCH_(HOOK|HEADER)/.test(message))).toHaveLength(2)
  })

  test('one that others may read', async () => {
    const path = file('token', 'marker-of-a-secret', 0o644)
    const found = notWell(await machine(withToken(`file:${path}`)))
    expect(found).toEqual([
      {
        check: 'secrets',
        verdict: 'warning',
        message: `others may read ${path} (mode 0644): the file of a secret`,
        advice: `chmod 600 ${path}`,
      },
    ])
  })

  test('a configuration with a password in it that others may read', async () => {
    const path = file('plenum.yaml', 'database: { url: "postgres://u:p@127.0.0.1/x" }', 0o640)
    const config = configOf({ database: { url: 'postgres://u:p@127.0.0.1/x', poolSize: 10 } })
    expect(notWell(await machine(config, path))).toMatchObject([{ check: 'secrets', verdict: 'warning' }])
    chmodSync(path, 0o600)
    expect(notWell(await machine(config, path))).toEqual([])
  })
})

describe('the database', () => {
  const look = async (url: string, config = configOf()) => {
    const db = openDb({ url, poolSize: 1 })
    try {
      return notWell(await examineDatabase(db, config))
    } finally {
      await db.destroy()
    }
  }
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(database.url)
    change(url)
    return url.href
  }
  const ask = async (sql: string) => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }

  test('that is not there', async () => {
    const [found] = await look(changed((url) => (url.port = '1')))
    expect(found).toMatchObject({ check: 'database', verdict: 'fault' })
    expect(found!.message).toMatch(/ECONNREFUSED/)
    expect(found!.advice).toMatch(/start Postgres/)
  })

  test('that refuses the login, and does not say it', async () => {
    const [found] = await look(changed((url) => (url.password = 'marker-of-a-password')))
    expect(found!.advice).toMatch(/password is not right/)
    expect(JSON.stringify(found)).not.toContain('marker-of-a-password')
  })

  test('that has no such database', async () => {
    const [found] = await look(changed((url) => (url.pathname = '/plenum_none')))
    expect(found!.advice).toMatch(/createdb/)
  })

  test('where the user may make no tables', async () => {
    const name = `doctor_${Date.now()}`
    await ask(`create role ${name} login password 'x'; grant usage on schema public to ${name}`)
    try {
      const found = await look(changed((url) => ((url.username = name), (url.password = 'x'))))
      expect(found.find(({ check }) => check === 'database rights')).toMatchObject({ verdict: 'fault' })
      expect(found.find(({ check }) => check === 'tables')).toMatchObject({ verdict: 'fault' })
    } finally {
      await ask(`drop owned by ${name}; drop role ${name}`)
    }
  }, 60_000)

  test('that takes no writes', async () => {
    const found = await look(
      changed((url) => url.searchParams.set('options', '-c default_transaction_read_only=on')),
    )
    expect(found.find(({ check }) => check === 'database rights')!.message).toMatch(/takes no writes/)
  })

  test('that would lose what was committed, and disks that do not turn', async () => {
    const options = '-c synchronous_commit=off -c random_page_cost=4'
    const found = await look(changed((url) => url.searchParams.set('options', options)))
    const told = found.filter(({ check }) => check === 'database settings').map(({ message }) => message)
    expect(told.join('\n')).toMatch(/synchronous_commit = off[\s\S]*random_page_cost is 4/)
  })

  test('with fewer connections than all processes may open', async () => {
    const http = { ...configOf().http, processes: 60 }
    const [found] = (await look(database.url, configOf({ http }))).filter(
      ({ check }) => check === 'database connections',
    )
    expect(found).toMatchObject({ verdict: 'warning', message: expect.stringMatching(/^720 are needed/) })
  })

  test('with tables of an older and of a newer Plenum', async () => {
    const other = await createDatabase()
    try {
      await other.db.raw(`drop schema public cascade; create schema public`)
      await migrate(other.db, '0001-resource')
      const older = notWell(await examineDatabase(other.db, configOf())).find(
        ({ check }) => check === 'tables',
      )
      expect(older).toMatchObject({
        verdict: 'warning',
        message: expect.stringMatching(/^are of 0001-resource/),
      })
      await other.db.raw(
        `insert into knex_migrations (name, batch, migration_time) values ('9999-later', 9, now())`,
      )
      const newer = notWell(await examineDatabase(other.db, configOf())).find(
        ({ check }) => check === 'tables',
      )
      expect(newer).toMatchObject({ verdict: 'fault', message: expect.stringMatching(/newer Plenum/) })
    } finally {
      await other.close()
    }
  })

  test('whose clock is another', () => {
    expect(checkSkew(200).verdict).toBe('ok')
    expect(checkSkew(-3_600_000)).toMatchObject({
      verdict: 'warning',
      message: expect.stringMatching(/3600.0 s behind/),
    })
  })
})

describe('the machine', () => {
  test('a heap too small for the graph', () => {
    const found = checkHeapFor(3_000_000, 6_000_000, 2_000_000_000)
    expect(found).toMatchObject({
      verdict: 'fault',
      advice: expect.stringMatching(/--max-old-space-size=\d+/),
    })
  })

  test('too few files, as the shell set it', async () => {
    const told = execFileSync('prlimit', [
      '--nofile=256:256',
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      `const { limitOfFiles } = await import('${join(import.meta.dirname, '../../src/telemetry/index.ts')}'); console.log(limitOfFiles())`,
    ])
    expect(Number(told)).toBe(256)
    expect(checkFiles(configOf(), 256)).toMatchObject({
      verdict: 'warning',
      advice: expect.stringMatching(/ulimit -n 65536/),
    })
    expect(checkFiles(configOf(), 65_536).verdict).toBe('ok')
  })

  test('a port that something else has; one that a Plenum has is well', async () => {
    const server = createServer((socket) =>
      socket.resume().end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const config = configOf({ http: { ...configOf().http, port } })
    expect(notWell(await machine(config))).toMatchObject([{ check: 'port', verdict: 'fault' }])
    server.close()
    const plenum = createHttpServer((_, response) => response.end('{"live":true}')).listen(port, '127.0.0.1')
    await once(plenum, 'listening')
    expect(notWell(await machine(config))).toEqual([])
    plenum.closeAllConnections()
    plenum.close()
  })

  test('an address that this machine does not have', async () => {
    const http = { ...configOf().http, host: '192.0.2.1', port: 4_999, behindProxy: true }
    expect(notWell(await machine(configOf({ http })))).toMatchObject([{ check: 'port', verdict: 'fault' }])
  })

  test('little room on the disk, and a folder that cannot be written', async () => {
    expect(await checkFolder(join(folder, 'not', 'yet'), 5e8)).toMatchObject({ verdict: 'warning' })
    expect(await checkFolder(folder, 5e7)).toMatchObject({ verdict: 'fault' })
    expect((await checkFolder('/proc/1')).verdict).toBe('fault')
  })

  test('a certificate that ends soon, has ended, or is none', async () => {
    const tls = { certificate: file('tls.crt', certificate), key: file('tls.key', certificateKey) }
    const http = (one: typeof tls) => configOf({ http: { ...configOf().http, tls: one } })
    const end = Date.parse('2126-10-30T05:36:54Z')
    const at = (now: number) => checkCertificate(http(tls), now)
    expect(await at(end - 30 * 86_400_000)).toMatchObject([{ verdict: 'ok' }])
    expect(await at(end - 5 * 86_400_000)).toMatchObject([{ check: 'certificate', verdict: 'warning' }])
    expect(await at(end + 86_400_000)).toMatchObject([
      { verdict: 'fault', advice: expect.stringMatching(/renew/) },
    ])
    const none = notWell(await machine(http({ certificate: file('none.crt', 'nothing'), key: tls.key })))
    expect(none).toMatchObject([{ check: 'certificate', verdict: 'fault' }])
  })
})

describe('sources', () => {
  let server: HttpServer
  let url: string
  let status = 200
  beforeAll(async () => {
    server = createHttpServer((request, response) => {
      response.writeHead(request.url!.includes('status') ? 200 : status, {
        'content-type': 'application/json',
      })
      response.end(
        request.url!.includes('status') ? '{"netbox-version":"4.2.1"}' : '{"count":7,"results":[]}',
      )
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const look = async (at: string) => {
    process.env['DOCTOR_TOKEN'] = 'marker-of-a-token'
    const [found] = await examineSources(
      sourcesOf({ cloud: { driver: 'netbox', url: at, token: 'env:DOCTOR_TOKEN' } }),
    )
    expect(JSON.stringify(found)).not.toContain('marker-of-a-token')
    return found!
  }

  test('one that answers', async () => {
    status = 200
    expect(await look(url)).toEqual({
      ...{ check: 'source cloud', verdict: 'ok' },
      message: 'NetBox 4.2.1 answers; the token may see 7 sites',
    })
  })

  test('one whose token may not', async () => {
    status = 403
    expect(await look(url)).toMatchObject({
      verdict: 'fault',
      message: expect.stringMatching(/^denied/),
      advice: expect.stringMatching(/credentials/),
    })
  })

  test('one that is not there', async () => {
    expect(await look('http://127.0.0.1:1')).toMatchObject({
      verdict: 'fault',
      message: expect.stringMatching(/^unreachable/),
    })
  })

  test('devices that are silent', async () => {
    process.env['DOCTOR_COMMUNITY'] = 'marker-of-a-community'
    const [found] = await examineSources(
      sourcesOf({
        network: {
          driver: 'snmp',
          timeout: 1,
          credentials: { one: { community: 'env:DOCTOR_COMMUNITY' } },
          seeds: [{ address: '127.0.0.1', port: 9 }],
        },
      }),
    )
    expect(found).toMatchObject({ check: 'source network', verdict: 'fault' })
    expect(JSON.stringify(found)).not.toContain('marker-of-a-community')
  }, 60_000)
})

describe('in a terminal', () => {
  test('says all of it, and ends with 1 when something will not do', async () => {
    const path = file(
      'broken.yaml',
      'sources: { cloud: { driver: netbox, url: "http://127.0.0.1:1", token: "env:NONE_SUCH" } }\n',
    )
    const { code, stdout } = await runProgram(['doctor'], {
      PLENUM_CONFIG: path,
      DATABASE_URL: database.url,
      PORT: '0',
    })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ok +configuration/m)
    expect(stdout).toMatch(/^FAULT +secrets .*NONE_SUCH.*\n +→ start Plenum with NONE_SUCH/m)
    expect(stdout).toMatch(/\d+ ok, \d+ warnings, \d+ faults\n$/)
  })

  test('as JSON, and with a configuration that is not one', async () => {
    const path = file('unknown.yaml', 'htttp: {}\n')
    const { code, stdout } = await runProgram(['doctor', '--json'], { PLENUM_CONFIG: path })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject([
      { check: 'configuration', verdict: 'fault', message: expect.stringMatching(/line 1/) },
    ])
    mkdirSync(join(folder, 'data'), { recursive: true })
  })
})
