/** Law: no secret leaves the process. Each has a marker; things are made to fail; then everything that came out is searched. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { certificate, certificateKey } from '../support/certificate.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { runProgram, startProgram, type Program } from '../support/program.ts'

const marker = (what: string): string => `mk+${what}/${randomBytes(9).toString('hex')}`
const secrets = {
  database: randomBytes(12).toString('hex'),
  admin: `plenum_${randomBytes(12).toString('hex')}`,
  env: marker('env'),
  file: marker('file'),
  command: marker('command'),
  community: marker('community'),
  auth: marker('auth'),
  privacy: marker('privacy'),
  trace: marker('trace'),
  hook: marker('hook'),
  hookToken: marker('hook-token'),
  slack: marker('slack'),
  cloud: marker('cloud'),
  bus: marker('bus'),
  cluster: marker('cluster'),
  bearer: `plenum_${randomBytes(12).toString('hex')}`,
  signature: randomBytes(32).toString('base64url'),
  key: certificateKey.split('\n')[1]!,
}

/** As it is and as it is often written. */
const written = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
]
const found = (text: string): string[] =>
  Object.entries(secrets).flatMap(([name, secret]) =>
    written(secret).some((one) => text.includes(one)) ? [name] : [],
  )

let folder: string
let database: TestDatabase
let databaseUrl: string
let role: string
let hostile: Server
let hostileUrl: string
/** Everything that came out, by where. */
const out: Record<string, string> = {}
const note = (where: string, text: string): void => void (out[where] = `${out[where] ?? ''}${text}\n`)

async function asOwner(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

/** Answers with what it was sent, in all places, and as a failure. */
function reflect(): Server {
  return createServer(async (incoming, response) => {
    const body = await incoming.toArray().catch(() => [])
    const said = JSON.stringify([incoming.url, incoming.headers, Buffer.concat(body).toString()])
    const authorization = incoming.headers.authorization ?? 'none'
    if (incoming.url!.startsWith('/redirect')) {
      response.writeHead(302, {
        location: `http://elsewhere.invalid/?token=${encodeURIComponent(authorization)}`,
      })
      response.end(said)
      return
    }
    if (incoming.url!.startsWith('/garbage')) {
      response.end(`no json but ${said}`)
      return
    }
    response.writeHead(incoming.url!.startsWith('/denied') ? 403 : 500, authorization.slice(0, 200), {
      'x-seen': encodeURIComponent(authorization),
    })
    response.end(said)
  })
}

const sources = () => `
  by-env: { driver: netbox, url: '${hostileUrl}/denied', token: 'env:LEAK_ENV', interval: 1s }
  by-file: { driver: netbox, url: '${hostileUrl}/garbage', token: 'file:${join(folder, 'token')}', interval: 1s }
  by-command: { driver: netbox, url: '${hostileUrl}/redirect', token: "command:printf '%s' '${secrets.command}'", interval: 1s }
  by-cloud:
    driver: openstack
    auth: { auth_url: '${hostileUrl}/failing', username: plenum, password: 'env:LEAK_CLOUD', user_domain_name: Default, system_scope: all }
    notifications: { url: 'amqp://127.0.0.1:9/', user: plenum, password: 'env:LEAK_BUS' }
    interval: 1s
  by-cluster: { driver: kubernetes, url: '${hostileUrl}/denied', token: 'env:LEAK_CLUSTER', interval: 1s }
  failing: { driver: netbox, url: '${hostileUrl}/failing', token: 'env:LEAK_ENV', interval: 1s }
  devices:
    driver: snmp
    timeout: 1
    credentials:
      old: { community: 'env:LEAK_COMMUNITY' }
      new: { user: plenum, auth: { protocol: SHA, password: 'env:LEAK_AUTH' }, priv: { protocol: AES-128, password: 'env:LEAK_PRIV' } }
    seeds: [{ address: 127.0.0.1, port: 9 }]`

let environment: NodeJS.ProcessEnv
let program: Program
let url: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-leak-'))
  database = await createDatabase()
  role = `leak_${randomBytes(6).toString('hex')}`
  await asOwner(`create role ${role} superuser login password '${secrets.database}'`)
  const ownUrl = new URL(database.url)
  ownUrl.username = role
  ownUrl.password = secrets.database
  databaseUrl = ownUrl.href
  hostile = reflect().listen(0, '127.0.0.1')
  await once(hostile, 'listening')
  hostileUrl = `http://127.0.0.1:${(hostile.address() as AddressInfo).port}`
  for (const [name, text] of Object.entries({
    token: secrets.file,
    trace: secrets.trace,
    'tls.key': certificateKey,
    'tls.crt': certificate,
  }))
    writeFileSync(join(folder, name), text, { mode: 0o600 })
  writeFileSync(
    join(folder, 'plenum.yaml'),
    `log: { level: trace }
http: { port: 0, tls: { certificate: '${join(folder, 'tls.crt')}', key: '${join(folder, 'tls.key')}' } }
database: { url: '${databaseUrl}' }
tracing: { url: '${hostileUrl}/failing', headers: { authorization: 'file:${join(folder, 'trace')}' } }
notify:
  wait: 0s
  receivers:
    hook: { type: webhook, url: 'env:LEAK_HOOK', token: 'env:LEAK_HOOK_TOKEN', watchdog: true }
    slack: { type: slack, url: 'env:LEAK_SLACK' }
  routes: [{ to: [hook, slack] }]
access: { oidc: [{ issuer: '${hostileUrl}', audience: plenum, rules: [{ claim: sub, is: x, role: viewer }] }] }
sources:${sources()}
`,
    { mode: 0o600 },
  )
  environment = {
    PORT: '0',
    PLENUM_CONFIG: join(folder, 'plenum.yaml'),
    PLENUM_DATA_DIR: folder,
    PLENUM_ADMIN_TOKEN: secrets.admin,
    LEAK_ENV: secrets.env,
    LEAK_HOOK: `${hostileUrl}/failing/${encodeURIComponent(secrets.hook)}`,
    LEAK_HOOK_TOKEN: secrets.hookToken,
    LEAK_SLACK: `${hostileUrl}/redirect/${encodeURIComponent(secrets.slack)}`,
    LEAK_CLOUD: secrets.cloud,
    LEAK_BUS: secrets.bus,
    LEAK_CLUSTER: secrets.cluster,
    LEAK_COMMUNITY: secrets.community,
    LEAK_AUTH: secrets.auth,
    LEAK_PRIV: secrets.privacy,
  }
  program = startProgram(['serve'], environment)
  url = (await program.saw(/answers at (https:\/\/\S+)/))[1]!
}, 120_000)

afterAll(async () => {
  program.kill('SIGKILL')
  await program.ended
  hostile.closeAllConnections()
  hostile.close()
  await asOwner(`drop role ${role}`)
  await database.close()
  rmSync(folder, { recursive: true })
})

/** What came back, headers too. */
function send(
  path: string,
  options: { method?: string; headers?: IncomingHttpHeaders; body?: string } = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const { method = 'GET', headers = {}, body } = options
  const outgoing = request(
    `${url}${path}`,
    { method, headers, ca: certificate, agent: false },
    (response) => {
      let text = JSON.stringify(response.rawHeaders)
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve(text))
    },
  )
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}

const ask = async (
  where: string,
  query: string,
  variables: object = {},
  secret = secrets.admin,
): Promise<string> => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` }
  const text = await send('/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
  note(where, text)
  return text
}

const told = `{ sources { name state { failure lastSyncAt breaker } attributes history(first: 50) { nodes { at } } } }`

const failing = ['by-env', 'by-file', 'by-command', 'by-cloud', 'by-cluster', 'failing']

test('sources, which fail in every way, tell none', async () => {
  // Until each has told its failure.
  for (;;) {
    const text = await ask('sources', told)
    if (text.includes('GRAPHQL_VALIDATION') || !text.includes('"sources"')) throw new Error(text)
    if (failing.every((name) => new RegExp(`"name":"${name}","state":{"failure":"`).test(text))) break
  }
  await ask('sync', 'mutation { syncSource(input: { source: "Source:name=by-env" }) { cursor } }')
  await ask('events', '{ events(first: 100) { nodes { type cursor at actor detail } } }')
}, 120_000)

test('notifications, which do not arrive, tell none', async () => {
  await ask(
    'made',
    'mutation { importInventory(input: { items: [{ kind: Server, name: "db1" }] }) { cursor } }',
  )
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secrets.admin}` }
  const body = JSON.stringify([
    { labels: { alertname: 'Down', instance: 'db1', severity: 'critical' }, annotations: {} },
  ])
  note('alerts', await send('/api/v2/alerts', { method: 'POST', headers, body }))
  for (const receiver of ['hook', 'slack'])
    await program.saw(
      new RegExp(`"receiver":"${receiver}".*did not arrive|did not arrive.*"receiver":"${receiver}"`),
    )
  await ask(
    'alerts',
    '{ incidents { nodes { summary timeline { summary actor } alerts { nodes { summary } } } } }',
  )
}, 120_000)

test('requests that fail tell none', async () => {
  await ask('errors', '{ nothing }')
  await ask('errors', 'mutation ($i: ImportInput!) { importInventory(input: $i) { cursor } }', {
    i: { items: [{ kind: 'Server' }] },
  })
  await ask('errors', '{ cursor }', {}, secrets.bearer)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const jwt = `${part({ alg: 'RS256', kid: 'x' })}.${part({ iss: hostileUrl, aud: 'plenum', sub: 'x', exp: 9e9 })}.${secrets.signature}`
  await ask('errors', '{ cursor }', {}, jwt)
  const created = await ask(
    'made',
    'mutation { createToken(input: { name: "made", role: VIEWER }) { secret } }',
  )
  const [, made] = /"secret":"([^"]+)"/.exec(created)!
  Object.assign(secrets, { made })
  delete out['made']
  await ask('tokens', '{ tokens { name } }')
  note('metrics', await send('/metrics', { headers: { authorization: `Bearer ${secrets.admin}` } }))
  note('health', await send('/health/ready'))
})

test('a database that is taken away and refuses tells none', async () => {
  await asOwner(`alter role ${role} password 'another'`)
  await asOwner(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`)
  await ask(
    'errors',
    'mutation { importInventory(input: { items: [{ kind: Image, name: "x" }] }) { cursor } }',
  )
  note('health', await send('/health/ready'))
  const [looked, migrated] = await Promise.all([
    runProgram(['doctor'], environment),
    runProgram(['migrate'], environment),
  ])
  note('doctor', JSON.stringify(looked))
  note('start', JSON.stringify(migrated))
  await asOwner(`alter role ${role} password '${secrets.database}'`)
}, 120_000)

test('commands tell none', async () => {
  const file = join(folder, 'all.backup')
  note('backup', JSON.stringify(await runProgram(['backup', file], environment)))
  note('backup', gunzipSync(readFileSync(file)).toString('latin1'))
  const commands = [
    ['doctor', '--json'],
    ['export'],
    ['audit', 'export'],
    ['token', 'list'],
    ['restore', file],
  ]
  await Promise.all(
    commands.map(async (args) => note(args.join(' '), JSON.stringify(await runProgram(args, environment)))),
  )
}, 180_000)

describe('a start that fails tells none', () => {
  const start = async (name: string, text: string): Promise<string> => {
    const path = join(folder, `${name}.yaml`)
    writeFileSync(path, text)
    const { code, stdout, stderr } = await runProgram(['serve'], { ...environment, PLENUM_CONFIG: path })
    expect(code).toBe(1)
    note('start', stdout + stderr)
    return stderr
  }

  test('a secret that is written out', async () => {
    expect(
      await start(
        'clear',
        `sources: { cloud: { driver: netbox, url: 'http://x', token: '${secrets.env}' } }\n`,
      ),
    ).toMatch(/reference/)
  })

  test('a database URL that is none', async () => {
    await start('scheme', `database: { url: 'mysql://u:${secrets.database}@h/x' }\n`)
  })

  test('YAML that is broken beside a secret', async () => {
    expect(
      await start('broken', `database: { url: 'postgres://u:${secrets.database}@h/x'\nhttp: { port: 1 }\n`),
    ).toMatch(/line \d/)
  })

  test('headers of tracing in the clear', async () => {
    await start(
      'headers',
      `tracing: { url: 'http://127.0.0.1:1', headers: { authorization: '${secrets.trace}' } }\n`,
    )
  })

  test('DATABASE_URL that is none', async () => {
    const { code, stderr } = await runProgram(['serve'], {
      ...environment,
      DATABASE_URL: `postgres:/u:${secrets.database}@h/x`,
    })
    expect(code).toBe(1)
    note('start', stderr)
  })
})

test('a crash tells none: nor does anything that was logged at the lowest level', async () => {
  program.kill('SIGABRT')
  const { stdout, stderr } = await program.ended
  note('log', stdout + stderr)
  // What is searched is really there.
  const there: Record<string, RegExp> = {
    log: /a source could not be listed/,
    sync: /SOURCE_UNAVAILABLE/,
    events: /SourceFailed/,
    'audit export': /createToken/,
    metrics: /plenum_source_syncs_total\{source="by-env",result="failed"\}/,
    alerts: /"summary":"Down/,
    health: /"ready":false/,
    backup: /createToken/,
    export: /"code":0/,
  }
  expect(Object.keys(there).filter((where) => !there[where]!.test(out[where] ?? ''))).toEqual([])
  const leaks = Object.entries(out).flatMap(([where, text]) =>
    found(text).map((name) => `${name} in ${where}`),
  )
  expect(leaks).toEqual([])
})
