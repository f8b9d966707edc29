/** Who is told what: routes, receivers that fail and that hang, escalation, silences, restarts, two processes. Receivers are real HTTP servers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { startReceiver, type TestReceiver } from './receiver.ts'

let folder: string
let database: TestDatabase
let apps: TestApp[] = []
const receivers: Record<string, TestReceiver> = {}
const names = ['ops', 'boss', 'red', 'chat', 'hung', 'flaky'] as const

const start = () => startTestApp({ database, env: { PLENUM_CONFIG: join(folder, 'plenum.yaml') } })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-notify-'))
  database = await createDatabase()
  for (const name of names) receivers[name] = await startReceiver()
  receivers['hung']!.answer = 0
  process.env['TEST_NOTIFY_CHAT'] = `${receivers['chat']!.url}/services/secret`
  const hook = (name: string) => `${name}: { type: webhook, url: '${receivers[name]!.url}/hook' }`
  writeFileSync(
    join(folder, 'plenum.yaml'),
    `notify:
  wait: 1s
  externalUrl: https://plenum.example.net
  receivers: { ${['ops', 'boss', 'red', 'hung', 'flaky'].map(hook).join(', ')}, chat: { type: slack, url: env:TEST_NOTIFY_CHAT } }
  routes:
    - { tenant: [red], to: [red] }
    - { label: { team: flaky }, to: [flaky] }
    - { severity: [critical], to: [hung, ops], escalate: { after: 3s, to: [boss] } }
    - { site: [icn1], to: [chat] }
    - { severity: [warning], label: { page: 'yes' }, to: [ops] }
`,
  )
  apps = [await start(), await start()]
  const server = (name: string, links: object[] = [], labels: Record<string, string> = {}) => ({
    kind: 'Server',
    name,
    links,
    labels: Object.entries(labels).map(([key, value]) => ({ key, value })),
  })
  const items = [
    { kind: 'Tenant', name: 'red' },
    { kind: 'Site', name: 'icn1' },
    server('of-red', [{ type: 'OWNED_BY', to: 'Tenant:name=red' }]),
    server('in-icn1', [{ type: 'LOCATED_IN', to: 'Site:name=icn1' }]),
    ...['a', 'b', 'c', 'd', 'quiet'].map((name) => server(name)),
    server('e', [], { team: 'flaky' }),
  ]
  const { errors } = await apps[0]!.query(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
    { input: { items } },
  )
  expect(errors).toBeUndefined()
}, 60_000)

afterAll(async () => {
  for (const app of apps) await app.close()
  for (const receiver of Object.values(receivers)) await receiver.close()
  await database.close()
  rmSync(folder, { recursive: true, force: true })
  delete process.env['TEST_NOTIFY_CHAT']
})

async function send(
  instance: string,
  severity: string,
  isOver = false,
  name = 'InstanceDown',
): Promise<void> {
  const app = apps[0]!
  const response = await fetch(`${app.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${app.token}` },
    body: JSON.stringify([
      {
        labels: { alertname: name, instance, severity },
        annotations: { summary: `${instance} <is> down`, runbook_url: 'https://runbooks.example.net/x' },
        ...(isOver ? { endsAt: new Date(Date.now() - 1).toISOString() } : {}),
      },
    ]),
  })
  expect(response.status).toBe(200)
}

const about = (cause: string, status: string) => (body: any) =>
  body.status === status && body.commonLabels?.cause === cause
const toldOf = (receiver: string, cause: string) =>
  receivers[receiver]!.sent.filter(({ body }) => body.commonLabels?.cause === cause).map(({ body }) => [
    body.status,
    body.commonLabels.escalated ?? '',
  ])

it(
  'the first route that fits the cause decides, by tenant, label, severity and site',
  { timeout: 30_000 },
  async () => {
    await send('of-red', 'critical')
    await send('in-icn1', 'warning')
    const told = await receivers['red']!.until(about('of-red', 'firing'))
    expect(told).toMatchObject({
      version: '4',
      receiver: 'red',
      externalURL: 'https://plenum.example.net',
      commonLabels: { tenant: 'red', severity: 'critical', cause_kind: 'Server' },
      commonAnnotations: { summary: 'of-red <is> down', runbook_url: 'https://runbooks.example.net/x' },
      alerts: [{ status: 'firing', labels: { alertname: 'InstanceDown', instance: 'of-red' } }],
    })
    const { text } = await receivers['chat']!.until(({ text }) => text?.includes('in-icn1'))
    expect(text).toContain('in-icn1 &lt;is&gt; down')
    expect(text).toMatch(/^\*WARNING\*.*<https:\/\/plenum.example.net\/\?incident=\d+\|incident \d+>$/)
    expect(receivers['chat']!.sent[0]!.path).toBe('/services/secret')
    expect(toldOf('ops', 'of-red')).toEqual([])
  },
)

it(
  'one that hangs holds up nobody; what nobody acknowledges is escalated, once',
  { timeout: 40_000 },
  async () => {
    await send('a', 'critical')
    await send('b', 'critical')
    // The one that never answers is asked first.
    for (const name of ['a', 'b']) await receivers['ops']!.until(about(name, 'firing'))
    const { data } = await apps[1]!.query<any>('{ incidents { nodes { id cause { name } } } }')
    const ofA = data.incidents.nodes.find(({ cause }: any) => cause.name === 'a').id
    const { errors } = await apps[1]!.query(
      `mutation { acknowledgeIncident(input: { incident: "${ofA}" }) { incident { state } } }`,
    )
    expect(errors).toBeUndefined()
    const told = await receivers['boss']!.until(about('b', 'firing'))
    expect(told.commonLabels.escalated).toBe('true')
    for (const name of ['a', 'b']) await send(name, 'critical', true)
    await receivers['boss']!.until(about('b', 'resolved'))
    await receivers['ops']!.until(about('a', 'resolved'))
    expect(toldOf('boss', 'a')).toEqual([])
    expect(toldOf('boss', 'b')).toEqual([
      ['firing', 'true'],
      ['resolved', ''],
    ])
  },
)

it(
  'what does not arrive is sent again, also by another process after a restart; what arrived is not',
  { timeout: 60_000 },
  async () => {
    const flaky = receivers['flaky']!
    flaky.answer = 503
    await send('e', 'warning')
    await send('c', 'critical')
    await receivers['ops']!.until(about('c', 'firing'))
    const failed = () =>
      database.db('notification').where({ receiver: 'flaky' }).where('tries', '>', 0).first()
    await expect.poll(failed, { timeout: 20_000 }).toBeDefined()
    // Both go, one after the other: whoever comes takes over what was left.
    await apps.shift()!.close()
    apps.push(await start())
    await apps.shift()!.close()
    flaky.answer = 200
    await flaky.until(about('e', 'firing'))
    await send('e', 'warning', true)
    await send('c', 'critical', true)
    await flaky.until(about('e', 'resolved'))
    await receivers['ops']!.until(about('c', 'resolved'))
    expect(toldOf('flaky', 'e')).toEqual([
      ['firing', ''],
      ['resolved', ''],
    ])
    expect(toldOf('ops', 'c')).toEqual([
      ['firing', ''],
      ['resolved', ''],
    ])
  },
)

it(
  'what is silenced is not told until the silence ends; what ends before is never told',
  { timeout: 40_000 },
  async () => {
    const app = apps[0]!
    const { data, errors } = await app.query<any>(
      'mutation { createSilence(input: { resources: ["Server:name=quiet", "Server:name=d"], comment: "work", duration: "PT1H" }) { silence { id } } }',
    )
    expect(errors).toBeUndefined()
    await send('quiet', 'critical')
    await send('d', 'critical')
    const postponed = async () =>
      (
        await database
          .db('notification as n')
          .join('incident as i', 'i.id', 'n.incident_id')
          .where('n.receiver', 'ops')
          .whereNull('i.ends_at')
          .whereNull('n.sent_at')
          .whereRaw("n.due_at > now() + interval '2 s'")
      ).length
    await expect.poll(postponed, { timeout: 20_000 }).toBe(2)
    await send('d', 'critical', true)
    await expect
      .poll(async () => (await app.query<any>('{ incidents { totalCount } }')).data.incidents.totalCount, {
        timeout: 10_000,
      })
      .toBe(3)
    await app.query(
      `mutation { endSilence(input: { silence: "${data.createSilence.silence.id}" }) { cursor } }`,
    )
    await receivers['ops']!.until(about('quiet', 'firing'))
    expect(toldOf('ops', 'd')).toEqual([])
  },
)
