/** Debian's rsyslogd sends what it is told on its own socket: by UDP, TCP and TLS, in both formats, and again after Plenum was away. */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { certificate, certificateKey } from '../support/certificate.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { freePort } from '../support/neighbour.ts'

const run = promisify(execFile)
const patience = { timeout: 60_000, interval: 50 }
const hasRsyslog = spawnSync('rsyslogd', ['-v']).status === 0
const hasTls = ['x86_64', 'aarch64'].some((machine) =>
  existsSync(`/usr/lib/${machine}-linux-gnu/rsyslog/lmnsd_gtls.so`),
)
if (!hasRsyslog) console.warn('skipped: rsyslogd is not installed (apt-get install rsyslog)')
else if (!hasTls) console.warn('skipped over TLS: rsyslog-gnutls is not installed')

describe.runIf(hasRsyslog)('a real rsyslogd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-rsyslog-'))
  const path = (name: string) => join(folder, name)
  const ports = { udp: 0, tcp: 0, tls: 0 }
  const ending: (() => Promise<unknown>)[] = []
  let app: TestApp
  let database: TestDatabase

  const open = () =>
    startTestApp({
      database,
      syslog: {
        ...{ udp: ports.udp, tcp: ports.tcp },
        tls: { port: ports.tls, certificate: path('crt'), key: path('key'), authorities: path('crt') },
      },
    })

  beforeAll(async () => {
    writeFileSync(path('crt'), certificate)
    writeFileSync(path('key'), certificateKey)
    Object.assign(ports, { udp: await freePort(), tcp: await freePort(), tls: await freePort() })
    database = await createDatabase()
    app = await open()
    const { errors } = await app.query(
      'mutation { importInventory(input: { source: "test", items: [{ kind: Server, name: "db1" }] }) { cursor } }',
    )
    expect(errors).toBeUndefined()
  }, 120_000)
  afterEach(async () => {
    for (const end of ending.splice(0)) await end()
  })
  afterAll(async () => {
    await app.close()
    await database.close()
    rmSync(folder, { recursive: true })
  })

  /** Gives what sends a message through it. */
  async function start(action: string, global = ''): Promise<(message: string) => Promise<unknown>> {
    const socket = path(`socket-${ports.udp}-${ending.length}`)
    writeFileSync(
      path('conf'),
      `${global}
global(localHostname="db1" workDirectory="${folder}" defaultNetstreamDriverCAFile="${path('crt')}" defaultNetstreamDriverCertFile="${path('crt')}" defaultNetstreamDriverKeyFile="${path('key')}")
module(load="imuxsock" sysSock.use="off")
input(type="imuxsock" socket="${socket}" createPath="off" useSpecialParser="off" parseHostname="off" rateLimit.interval="0")
action(type="omfwd" target="127.0.0.1" ${action})
`,
    )
    const child = spawn('rsyslogd', ['-n', '-i', path('pid'), '-f', path('conf')], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    ending.push(async () => {
      child.kill('SIGTERM')
      await ended
      rmSync(socket, { force: true })
    })
    await vi.waitFor(() => expect(existsSync(socket)).toBe(true), patience)
    return (message) => run('logger', ['-u', socket, '-t', 'postgres', '-p', 'daemon.warning', message])
  }

  const linesWith = async (word: string): Promise<any[]> => {
    const { data, errors } = await app.query<any>(
      `query ($word: String) { resource(ref: "Server:name=db1") { logs(range: { last: "PT1H" }, contains: $word, first: 500) { nodes { text severity level program toldAt } } } }`,
      { word },
    )
    expect(errors).toBeUndefined()
    return data.resource.logs.nodes
  }

  const tls = 'protocol="tcp" streamDriver="gtls" streamDriverMode="1" streamDriverAuthMode="x509/certvalid"'
  const ways: [string, () => string][] = [
    ['UDP, RFC 5424', () => `port="${ports.udp}" protocol="udp" template="RSYSLOG_SyslogProtocol23Format"`],
    ['UDP, RFC 3164', () => `port="${ports.udp}" protocol="udp" template="RSYSLOG_TraditionalForwardFormat"`],
    ['TCP, lines', () => `port="${ports.tcp}" protocol="tcp" template="RSYSLOG_SyslogProtocol23Format"`],
    [
      'TCP, counted',
      () => `port="${ports.tcp}" protocol="tcp" tcp_framing="octet-counted" template="RSYSLOG_ForwardFormat"`,
    ],
  ]
  if (hasTls) ways.push(['TLS', () => `port="${ports.tls}" ${tls} template="RSYSLOG_SyslogProtocol23Format"`])
  test.each(ways)(
    '%s',
    async (name, action) => {
      const send = await start(action())
      const word = `w${name.replaceAll(/\W/g, '')}`
      await send(`${word} ünïcode: could not extend file`)
      await vi.waitFor(async () => {
        expect(await linesWith(word)).toMatchObject([
          {
            text: `${word} ünïcode: could not extend file`,
            severity: 'WARNING',
            level: 'warning',
            program: 'postgres',
            // The classic time says neither its year nor its zone.
            toldAt: name.endsWith('3164') ? null : expect.any(String),
          },
        ])
      }, patience)
    },
    120_000,
  )

  test('what it keeps while Plenum is away comes when it is back', { timeout: 120_000 }, async () => {
    const send = await start(
      `port="${ports.tcp}" protocol="tcp" template="RSYSLOG_SyslogProtocol23Format" action.resumeRetryCount="-1" action.resumeInterval="1" queue.type="LinkedList"`,
    )
    await send('away before')
    await vi.waitFor(async () => expect(await linesWith('away')).toHaveLength(1), patience)
    await app.close()
    // The first after the end of a connection may be lost in it: plain TCP acknowledges nothing.
    await send('lost perhaps')
    for (let count = 0; count < 20; count++) await send(`away meanwhile ${count}`)
    app = await open()
    await vi.waitFor(async () => expect((await linesWith('meanwhile')).length).toBe(20), patience)
  })
})
