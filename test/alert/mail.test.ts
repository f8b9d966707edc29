/** Mails, taken by a real SMTP server that asks for a login and at first has no time. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { notifySchema } from '../../src/alert/notify/settings.ts'
import { startTestApp, type TestApp } from '../support/app.ts'

interface Taken {
  to: string[]
  user: string
  text: string
}

let folder: string
let app: TestApp
let server: SMTPServer
const taken: Taken[] = []
const waiting = new Set<() => void>()
let refusals = 1

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-mail-'))
  server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      password === 'pa:ss' ? done(null, { user: username! }) : done(new Error('wrong')),
    onData(stream, { envelope, user }, done) {
      let text = ''
      stream.setEncoding('utf8').on('data', (part: string) => (text += part))
      stream.on('end', () => {
        if (refusals-- > 0) return done(Object.assign(new Error('later'), { responseCode: 451 }))
        taken.push({ to: envelope.rcptTo.map(({ address }) => address), user: String(user), text })
        done()
        for (const look of waiting) look()
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  process.env['TEST_MAIL_URL'] = `smtp://ops:pa%3Ass@127.0.0.1:${port}`
  const config = join(folder, 'plenum.yaml')
  writeFileSync(
    config,
    `notify:
  wait: 1s
  externalUrl: https://plenum.example.net
  receivers: { mail: { type: email, url: env:TEST_MAIL_URL, from: plenum@example.net, to: [a@example.net, b@example.net] } }
  routes: [{ to: [mail] }]
`,
  )
  app = await startTestApp({ env: { PLENUM_CONFIG: config } })
  const { errors } = await app.query(
    'mutation { importInventory(input: { items: [{ kind: Server, name: "db1" }] }) { cursor } }',
  )
  expect(errors).toBeUndefined()
})
afterAll(async () => {
  await app?.close()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  rmSync(folder, { recursive: true, force: true })
  delete process.env['TEST_MAIL_URL']
})

async function send(isOver: boolean): Promise<void> {
  const summary = 'db1 does not answer\r\nBcc: everybody@example.net'
  const alert = {
    labels: { alertname: 'InstanceDown', instance: 'db1:9100', severity: 'critical' },
    annotations: { summary, runbook_url: 'https://runbooks.example.net/x' },
    ...(isOver ? { endsAt: new Date(Date.now() - 1).toISOString() } : {}),
  }
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${app.token}` }
  const body = JSON.stringify([alert])
  expect((await fetch(`${app.url}/api/v2/alerts`, { method: 'POST', headers, body })).status).toBe(200)
}

function until(count: number): Promise<Taken> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (taken.length < count) return
      waiting.delete(look)
      resolve(taken[count - 1]!)
    }
    waiting.add(look)
    look()
  })
}

it(
  'tells that it began and that it is over, as one thread, though refused at first',
  { timeout: 40_000 },
  async () => {
    await send(false)
    const first = await until(1)
    expect([first.user, first.to]).toEqual(['ops', ['a@example.net', 'b@example.net']])
    const head = first.text.slice(0, first.text.indexOf('\r\n\r\n'))
    expect(head).toContain('From: plenum@example.net')
    expect(head).toMatch(/Subject: \[CRITICAL\] db1 does not answer/)
    // What comes from elsewhere makes no headers.
    expect(head).not.toMatch(/^Bcc:/m)
    expect(first.text).toContain('Cause: Server db1')
    expect(first.text).toContain('https://runbooks.example.net/x')
    const id = /^Message-ID: (<incident\.\d+\.firing\.mail@plenum\.example\.net>)/im.exec(head)![1]!
    const { tries } = await app.database.db('notification').first('tries')
    expect(tries).toBe(1)
    await send(true)
    const second = await until(2)
    expect(second.text).toMatch(/Subject: \[RESOLVED\]/)
    expect(second.text).toContain(`In-Reply-To: ${id}`)
  },
)

it.each([
  [{ type: 'email', url: 'smtp://h', to: ['a@b.example'] }, 'from'],
  [{ type: 'email', url: 'smtp://h', from: 'a@b.example' }, 'to'],
  [{ type: 'email', url: 'https://h', from: 'a@b.example', to: ['a@b.example'] }, 'url'],
  [{ type: 'webhook', url: 'smtp://h' }, 'url'],
  [{ type: 'webhook', url: 'https://h', to: ['a@b.example'] }, 'from'],
  [{ type: 'email', url: 'smtp://u:p@h', from: 'a@b.example', to: ['a@b.example'] }, 'url'],
])('%j is refused', (receiver, at) => {
  const { error } = notifySchema.safeParse({ receivers: { mail: receiver } })
  expect(error?.issues.map(({ path }) => path.at(-1))).toContain(at)
})
