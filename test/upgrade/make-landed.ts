/**
 * Leaves the tables as this version has them, with something of everything in them: to be run when a version with a new migration has landed, so that later ones are tested from it on.
 *   DATABASE_URL=… node test/upgrade/make-landed.ts     an empty database, of a Postgres that the pg_dump in PATH knows
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pino from 'pino'
import { allocationShape } from '../../src/allocation/index.ts'
import { startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { lastMigration, openDb } from '../../src/db.ts'
import { startMetrics } from '../../src/metric/index.ts'
import { asking } from '../support/asking.ts'

const url = process.env['DATABASE_URL']!
const token = 'plenum_token_for_tests_only'
const log = pino({ level: 'silent' })
const app = await startApp(
  {
    ...loadConfig({ PORT: '0', PLENUM_ADMIN_TOKEN: token }),
    allocation: allocationShape.parse({ pools: { racks: { kind: 'Rack', where: {} } } }),
  },
  url,
  log,
)
const query = asking(app.url, token)
async function ask(document: string, variables = {}): Promise<any> {
  const { data, errors } = await query<any>(document, variables)
  if (errors) throw new Error(JSON.stringify(errors))
  return data
}

const importing =
  'mutation ($input: ImportInput!) { importInventory(input: $input) { resources { id name } } }'
const server = {
  ...{ kind: 'Server', name: 'srv-1', labels: [{ key: 'env', value: 'prod' }] },
  fields: { serialNumber: 'SN1', manufacturer: 'Acme' },
}
const space = { status: 'ACTIVE', fields: { heightUnits: 10 } }
const first = [
  { kind: 'Site', name: 'icn1' },
  { kind: 'Rack', name: 'r1', owner: 'x', ...space },
  { kind: 'Tenant', name: 'acme' },
  server,
  { kind: 'Image', name: 'img' },
]
const second = [
  { kind: 'Rack', name: 'r1', owner: 'y', ...space },
  { ...server, attributes: { note: 'second' } },
]
try {
  await ask('mutation { createToken(input: { name: "old", role: OPERATOR }) { secret } }')
  const { importInventory } = await ask(importing, { input: { items: first } })
  await ask(importing, { input: { items: second } })
  await ask(importing, { input: { items: [{ kind: 'Image', name: 'by-api' }] } })
  const room =
    '{ tenant: "Tenant:name=acme", name: "room", blueprint: "rack-space", parameters: { units: 3 } }'
  await ask(`mutation { allocate(input: { request: ${room} }) { cursor } }`)
  await alarm(importInventory.resources.find(({ name }: { name: string }) => name === 'srv-1').id)
} finally {
  await app.close()
}
const dump = execFileSync('pg_dump', ['--inserts', '--no-owner', '--no-privileges', url], {
  encoding: 'utf8',
})
/** Without remarks, and what only psql or a newer Postgres knows. */
const isKept = (line: string): boolean => !/^(--|\\|SET transaction_timeout)/.test(line)
const text = dump
  .split('\n')
  .filter(isKept)
  .join('\n')
  .replace(/\n{3,}/g, '\n\n')
writeFileSync(join(import.meta.dirname, 'landed', `${lastMigration()}.sql`), text.trimStart())

/** A rule, an alert of the server and its incident, a silence of a far future, a maintenance. */
async function alarm(id: string): Promise<void> {
  const rule = {
    ...{ name: 'High', metric: 'load', selector: { kind: ['Server'] }, severity: 'WARNING' },
    ...{ condition: { type: 'threshold', above: 10 }, summary: '{{resource.name}} is busy' },
  }
  await ask('mutation ($input: RuleInput!) { saveRule(input: $input) { cursor } }', { input: rule })
  const db = openDb({ url })
  const metrics = await startMetrics({
    ...{ db, log, limits: { series: 1_000, seriesValues: 100_000 } },
    keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
  })
  await metrics.define([{ name: 'load', unit: '1', type: 'gauge', help: 'Load' }])
  metrics.record(0, [{ resourceId: Number(id), metric: 'load', value: 90, at: Date.now() }])
  await metrics.flush()
  let incidents: { id: string }[] = []
  while (incidents.length === 0) {
    await delay(100)
    incidents = (await ask('{ incidents { nodes { id } } }')).incidents.nodes
  }
  await metrics.close()
  await db.destroy()
  await ask(`mutation { acknowledgeIncident(input: { incident: "${incidents[0]!.id}" }) { cursor } }`)
  const silence =
    '{ rules: ["High"], comment: "later", startsAt: "2090-01-01T00:00:00Z", endsAt: "2090-06-01T00:00:00Z" }'
  await ask(`mutation { createSilence(input: ${silence}) { cursor } }`)
  await ask('mutation { startMaintenance(input: { resource: "Rack:name=r1" }) { cursor } }')
}
