/** Alerts of other systems, as Prometheus sends them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'

let app: TestApp

beforeAll(async () => {
  app = await startTestApp()
  const { errors } = await app.query(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
    {
      input: {
        items: [
          { kind: 'Server', name: 'db1' },
          {
            key: 'eth0',
            kind: 'NetworkInterface',
            name: 'eth0',
            links: [{ type: 'PART_OF', to: 'Server:name=db1' }],
          },
          {
            kind: 'IpAddress',
            name: '10.0.0.5',
            fields: { address: '10.0.0.5' },
            links: [{ type: 'ASSIGNED_TO', to: 'NetworkInterface:name=eth0' }],
          },
          { kind: 'VirtualMachine', name: 'vm1', links: [{ type: 'RUNS_ON', to: 'Server:name=db1' }] },
        ],
      },
    },
  )
  expect(errors).toBeUndefined()
})
afterAll(() => app.close())

const send = (body: unknown, token = app.token) =>
  fetch(`${app.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  })

const alert = (labels: Record<string, string>, rest: object = {}) => ({
  labels,
  annotations: {
    summary: `${labels['alertname']} on ${labels['instance']}`,
    runbook_url: 'https://runbooks.example.net/x',
  },
  startsAt: new Date(Date.now() - 60_000).toISOString(),
  endsAt: new Date(Date.now() + 240_000).toISOString(),
  generatorURL: 'http://prometheus.example.net/graph',
  ...rest,
})

const ask = async (document: string) => {
  const { data, errors } = await app.query<any>(document)
  expect(errors).toBeUndefined()
  return data
}

it('takes alerts in, matches them by address and name, explains them, and lists what fits nothing', async () => {
  const { cursor } = await ask('{ cursor }')
  const alerts = [
    alert({ alertname: 'InstanceDown', instance: '10.0.0.5:9100', severity: 'page', job: 'node' }),
    alert({ alertname: 'InstanceDown', instance: 'vm1.example.net:9100', severity: 'critical', job: 'node' }),
    alert({ alertname: 'Strange', instance: 'nowhere:1', severity: 'warning' }),
  ]
  expect((await send(alerts)).status).toBe(200)
  // told again, as Prometheus does all the time
  expect((await send(alerts)).status).toBe(200)
  const socket = openSocket(app.url, app.token)
  const stream = socket.iterate<any>(
    `subscription { incidentChanged(after: "${cursor}") { incident { cause { name } alerts { nodes { ruleName severity labels { key value } resource { name } } } } } }`,
  )
  let incident
  for await (const { incidentChanged } of stream) {
    incident = incidentChanged.incident
    if (incident.alerts.nodes.length === 2) break
  }
  expect(incident.cause.name).toBe('db1')
  expect(
    incident.alerts.nodes.map(({ resource, severity }: any) => [resource.name, severity]).sort(),
  ).toEqual([
    ['db1', 'CRITICAL'],
    ['vm1', 'CRITICAL'],
  ])
  const { unmatchedAlerts, incidents } = await ask(
    '{ unmatchedAlerts { name severity summary labels { key value } } incidents { totalCount } }',
  )
  expect(unmatchedAlerts).toMatchObject([{ name: 'Strange', severity: 'WARNING' }])
  expect(incidents.totalCount).toBe(1)
  const over = { endsAt: new Date(Date.now() - 1_000).toISOString() }
  await send(alerts.map((one) => ({ ...one, ...over })))
  const closed = socket.iterate<any>(
    `subscription { incidentChanged(after: "${cursor}") { incident { state } } }`,
  )
  for await (const { incidentChanged } of closed) if (incidentChanged.incident.state === 'CLOSED') break
  expect(
    await ask('{ unmatchedAlerts { name } alerts(filter: { rule: ["InstanceDown"] }) { totalCount } }'),
  ).toEqual({ unmatchedAlerts: [], alerts: { totalCount: 0 } })
  await socket.close()
})

describe('what is no alert', () => {
  it.each([
    [{}, 'list'],
    [[{ labels: {} }], 'label'],
    [[{ labels: { a: 'b' }, startsAt: 'yesterday' }], 'datetime'],
  ])('%j is refused', async (body, message) => {
    const response = await send(body)
    expect(response.status).toBe(400)
    expect((await response.text()).toLowerCase()).toContain(message)
  })
  it('needs a token that may write', async () => {
    expect((await send([], 'plenum_wrong')).status).toBe(401)
    const { createToken } = await ask(
      'mutation { createToken(input: { name: "looker", role: VIEWER }) { secret } }',
    )
    expect((await send([], createToken.secret)).status).toBe(403)
  })
  it('leaves a record of what changed something and of what was refused, once', async () => {
    const rows = () =>
      app.database.db('audit').where({ action: 'POST /api/v2/alerts' }).orderBy('id').select()
    const alerts = [alert({ alertname: 'Recorded', instance: 'db1' })]
    for (let times = 0; times < 2; times++) expect((await send(alerts)).status).toBe(200)
    expect((await send({})).status).toBe(400)
    await expect
      .poll(rows)
      .toEqual(
        expect.arrayContaining([
          expect.objectContaining({ outcome: 'REFUSED', error_code: 'FORBIDDEN', actor: 'looker' }),
          expect.objectContaining({ outcome: 'REFUSED', error_code: 'INVALID_INPUT' }),
        ]),
      )
    const told = (await rows()).filter(({ input }) => JSON.stringify(input).includes('Recorded'))
    expect(told).toMatchObject([{ outcome: 'OK', actor: 'admin', remote_address: '127.0.0.1' }])
    expect(Number(told[0].cursor_seq)).toBeGreaterThan(0)
  })
})
