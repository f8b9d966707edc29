/** A tenant is told when its quota runs out: by its own token, and by the receiver that its route leads to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'
import { startReceiver, type TestReceiver } from './receiver.ts'

let folder: string
let app: TestApp
let red: TestReceiver

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-quota-'))
  red = await startReceiver()
  const config = join(folder, 'plenum.yaml')
  writeFileSync(
    config,
    `notify:
  wait: 1s
  receivers: { red: { type: webhook, url: '${red.url}/red' } }
  routes: [{ tenant: [red], to: [red] }]
`,
  )
  const quotas = [
    { class: 'IPV4_ADDRESS', limit: 10 },
    { tenant: 'red', class: 'VCPU', limit: 100 },
  ]
  app = await startTestApp({ env: { PLENUM_CONFIG: config }, allocation: { quotas } })
})
afterAll(async () => {
  await app?.close()
  await red?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function ask(document: string): Promise<any> {
  const { data, errors } = await app.query<any>(document)
  expect(errors).toBeUndefined()
  return data
}

it('tells the tenant whose quota it is, and no other', { timeout: 60_000 }, async () => {
  await ask(
    'mutation { importInventory(input: { items: [{ kind: Tenant, name: "red" }, { kind: Tenant, name: "blue" }] }) { cursor } }',
  )
  const secretOf = async (name: string) =>
    (
      await ask(
        `mutation { createToken(input: { name: "${name}", role: VIEWER, scopes: { tenants: ["Tenant:name=${name}"] } }) { secret } }`,
      )
    ).createToken.secret
  const secrets = [await secretOf('red'), await secretOf('blue')]
  const sockets = secrets.map((secret) => openSocket(app.url, secret))
  const { cursor } = await ask('{ cursor }')
  const alerts = sockets[0]!.iterate<any>(
    `subscription { alertChanged(after: "${cursor}") { alert { ruleName state summary resource { kind name } } } }`,
  )
  const { tenants } = await ask('{ tenants(filter: { name: { eq: "red" } }) { nodes { id } } }')
  const tenant_id = Number(tenants.nodes[0].id)
  await app.database.db('quota').insert([
    { tenant_id, class: 'VCPU', used: 95 },
    { tenant_id, class: 'IPV4_ADDRESS', used: 3 },
  ])
  expect((await alerts.next()).value.alertChanged.alert).toEqual({
    ruleName: 'QuotaNearlyUsed',
    state: 'FIRING',
    summary: 'red has used 95 % of a quota',
    resource: { kind: 'Tenant', name: 'red' },
  })
  const told = await red.until(({ status }) => status === 'firing')
  expect(told.commonLabels).toMatchObject({ cause: 'red', tenant: 'red', severity: 'warning' })
  const of = async (secret: string) => {
    const { data } = await app.query<any>(
      '{ incidents { nodes { cause { name } } } }',
      {},
      { authorization: `Bearer ${secret}` },
    )
    return data.incidents.nodes
  }
  expect(await of(secrets[0])).toEqual([{ cause: { name: 'red' } }])
  expect(await of(secrets[1])).toEqual([])
  await app.database.db('quota').where({ tenant_id, class: 'VCPU' }).update({ used: 10 })
  expect((await alerts.next()).value.alertChanged.alert.state).toBe('RESOLVED')
  await Promise.all(sockets.map((socket) => socket.close()))
})
