/** Rules over real samples, in one process and in two: alerts by the API, by subscription, in the health of resources; rules by mutation; silences. */
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMetrics, type Metrics } from '../../src/metric/index.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'

let app: TestApp
let metrics: Metrics
const ids: Record<string, number> = {}

async function ask<T = any>(document: string, variables?: Record<string, unknown>): Promise<T> {
  const { data, errors } = await app.query<any>(document, variables)
  expect(errors).toBeUndefined()
  return data
}

async function refusal(document: string, variables?: Record<string, unknown>) {
  const { errors } = await app.query(document, variables)
  return errors?.[0]
}

beforeAll(async () => {
  app = await startTestApp()
  const server = (name: string, tenant: string) => ({
    kind: 'Server',
    name,
    labels: [{ key: 'env', value: tenant }],
    links: [{ type: 'OWNED_BY', to: `Tenant:name=${tenant}` }],
  })
  const items = [
    { kind: 'Tenant', name: 'red' },
    { kind: 'Tenant', name: 'blue' },
    server('a', 'red'),
    server('b', 'red'),
    server('c', 'blue'),
    server('d', 'blue'),
    server('e', 'blue'),
  ]
  const { importInventory } = await ask(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { resources { id name } } }',
    { input: { items } },
  )
  for (const { id, name } of importInventory.resources) ids[name] = Number(id)
  metrics = await startMetrics({
    db: app.database.db,
    log: pino({ level: 'silent' }),
    limits: { series: 1_000, seriesValues: 100_000 },
    keep: { fineSampleDays: 7, sampleDays: 90, sampleHourDays: 800 },
  })
  await metrics.define([{ name: 'load', unit: '1', type: 'gauge', help: 'Load' }])
})
afterAll(async () => {
  await metrics?.close()
  await app.close()
})

async function measure(name: string, metric: string, value: number): Promise<void> {
  metrics.record(0, [{ resourceId: ids[name]!, metric, value, at: Date.now() }])
  await metrics.flush()
}

const saveRule = (input: Record<string, unknown>) =>
  ask(
    'mutation ($input: RuleInput!) { saveRule(input: $input) { cursor rule { id name origin selected problem for condition } } }',
    { input },
  )
const high = {
  name: 'HighLoad',
  metric: 'load',
  selector: { kind: ['Server'] },
  condition: { type: 'threshold', above: 10, clear: 5 },
  severity: 'WARNING',
  summary: '{{resource.name}} has load {{value}}',
  runbookUrl: 'https://runbooks.example.net/load',
}

/** Follows alerts; gives the next one that is told. */
async function follow(filter: string, more?: string) {
  // What happens before the subscription stands is replayed.
  const from = more ?? `, after: "${(await ask('{ cursor }')).cursor}"`
  const socket = openSocket(app.url, app.token)
  const stream = socket.iterate<any>(
    `subscription { alertChanged(filter: ${filter}${from}) { cursor snapshot alert { id ruleName state severity value summary startsAt firedAt endsAt resource { name health } } } }`,
  )
  return { next: async () => (await stream.next()).value.alertChanged, close: () => socket.close() }
}

describe('a rule that is saved', () => {
  it('fires, is told, shows in health, and ends', async () => {
    await measure('a', 'load', 1)
    const { saveRule: saved } = await saveRule(high)
    expect(saved.rule).toMatchObject({
      id: 'rule.HighLoad',
      origin: 'API',
      selected: 5,
      for: 'PT0S',
      condition: { type: 'threshold', above: 10, clear: 5 },
    })
    const alerts = await follow('{ resource: ["Server:name=a"] }', ', snapshot: true')
    expect(await alerts.next()).toMatchObject({ snapshot: true, alert: null })
    await measure('a', 'load', 42)
    const fired = await alerts.next()
    expect(fired.alert).toMatchObject({
      ruleName: 'HighLoad',
      state: 'FIRING',
      value: 42,
      summary: 'a has load 42',
      endsAt: null,
      resource: { name: 'a', health: 'WARNING' },
    })
    const { servers } = await ask(
      '{ servers(filter: { health: [WARNING] }) { nodes { name alerts { totalCount nodes { id state rule { name runbookUrl } } } } } }',
    )
    expect(servers.nodes).toEqual([
      {
        name: 'a',
        alerts: {
          totalCount: 1,
          nodes: [
            { id: fired.alert.id, state: 'FIRING', rule: { name: 'HighLoad', runbookUrl: high.runbookUrl } },
          ],
        },
      },
    ])
    const before = await ask('{ resource(ref: "Server:name=a") { revision generation } }')
    await measure('a', 'load', 7)
    await measure('a', 'load', 4)
    const ended = await alerts.next()
    expect(ended.alert).toMatchObject({ id: fired.alert.id, state: 'RESOLVED', resource: { health: 'OK' } })
    expect(await ask('{ resource(ref: "Server:name=a") { revision generation } }')).toEqual(before)
    const { node, alerts: resolved } = await ask(
      `{ node(id: "${fired.alert.id}") { ... on Alert { state } } alerts(filter: { state: [RESOLVED], rule: ["HighLoad"] }) { nodes { id } } }`,
    )
    expect([node, resolved.nodes]).toEqual([{ state: 'RESOLVED' }, [{ id: fired.alert.id }]])
    await alerts.close()
  })

  it('replays after a cursor what was told, each once', async () => {
    const { cursor } = await ask('{ cursor }')
    const live = await follow('{ resource: ["Server:name=b"] }')
    const states: string[] = []
    for (const value of [20, 1, 30, 2]) {
      await measure('b', 'load', value)
      states.push((await live.next()).alert.state)
    }
    await live.close()
    expect(states).toEqual(['FIRING', 'RESOLVED', 'FIRING', 'RESOLVED'])
    const replay = await follow('{ resource: ["Server:name=b"] }', `, after: "${cursor}"`)
    const again = [await replay.next(), await replay.next()]
    expect(again.map(({ alert }) => alert.state)).toEqual(['FIRING', 'RESOLVED'])
    const rest = await follow('{ resource: ["Server:name=b"] }', `, after: "${again[1].cursor}"`)
    expect((await rest.next()).alert).toMatchObject({ state: 'FIRING', value: 30 })
    await Promise.all([replay.close(), rest.close()])
  })

  it('ends its alerts when it is deleted', async () => {
    const alerts = await follow('{ rule: ["Temporary"] }')
    await saveRule({ ...high, name: 'Temporary', condition: { type: 'threshold', above: -1 } })
    const fired = await alerts.next()
    expect(fired.alert.state).toBe('FIRING')
    await ask('mutation { deleteRule(input: { name: "Temporary" }) { name } }')
    const states = new Set<string>()
    while (!states.has('RESOLVED')) states.add((await alerts.next()).alert.state)
    await alerts.close()
    expect(await refusal('mutation { deleteRule(input: { name: "Temporary" }) { name } }')).toMatchObject({
      extensions: { code: 'NOT_FOUND' },
    })
  })

  it('says what is wrong with it as things stand', async () => {
    const problemOf = async (part: object) =>
      (
        await ask('mutation ($input: RuleInput!) { saveRule(input: $input) { rule { problem selected } } }', {
          input: { ...high, name: 'Try', dryRun: true, ...part },
        })
      ).saveRule.rule
    expect(await problemOf({ selector: { name: 'nothing*' } })).toEqual({
      selected: 0,
      problem: 'It selects no resource',
    })
    expect((await problemOf({ metric: 'no.such' })).problem).toContain('Nothing measures no.such')
    expect((await problemOf({ selector: { kind: ['Tenant'] } })).problem).toContain('None of the 2 resources')
    expect(
      (await problemOf({ selector: {}, condition: { type: 'absence', after: 'PT5M' } })).problem,
    ).toMatch(/all \d resources/)
    expect((await ask('{ rules { name } }')).rules.map(({ name }: any) => name)).not.toContain('Try')
  })

  it('is refused with the place of its fault', async () => {
    const error = await refusal('mutation ($input: RuleInput!) { saveRule(input: $input) { cursor } }', {
      input: { ...high, condition: { type: 'threshold', above: 1, clear: 2 } },
    })
    expect(error).toMatchObject({ extensions: { code: 'INVALID_INPUT', path: 'input.condition' } })
  })
})

describe('two processes', () => {
  it('evaluate nothing twice, and both know', async () => {
    const other = await startTestApp({ database: app.database })
    await saveRule({ ...high, name: 'Two', metric: 'load2' })
    const alerts = await follow('{ rule: ["Two"], state: [FIRING] }')
    metrics.record(
      0,
      ['a', 'b', 'c', 'd', 'e'].map((name) => ({
        resourceId: ids[name]!,
        metric: 'load2',
        value: 99,
        at: Date.now(),
      })),
    )
    await metrics.flush()
    const told = []
    while (told.length < 5) told.push((await alerts.next()).alert)
    expect(new Set(told.map(({ resource }) => resource.name)).size).toBe(5)
    const counted = await app.database.db('alert').where({ rule: 'Two' }).count({ count: '*' })
    expect(Number(counted[0]!['count'])).toBe(5)
    const { cursor } = await ask('{ cursor }')
    const { data } = await other.query<any>(
      '{ alerts(filter: { rule: ["Two"] }) { totalCount } }',
      {},
      { 'plenum-after': cursor },
    )
    expect(data.alerts.totalCount).toBe(5)
    await alerts.close()
    await other.close()
  })
})

describe('a restart', () => {
  it('goes on with what was pending and what fired', async () => {
    await saveRule({ ...high, name: 'Slow', metric: 'load3', for: 'PT1H' })
    const alerts = await follow('{ rule: ["Slow"] }')
    await measure('c', 'load3', 50)
    const { alert } = await alerts.next()
    expect(alert.state).toBe('PENDING')
    await alerts.close()
    // as if it had been so for an hour
    await app.database.db.raw(
      `update alert set life = jsonb_set(life, '{since}', to_jsonb((life ->> 'since')::float8 - 3600000)), starts_at = starts_at - interval '1 hour' where rule = 'Slow'`,
    )
    await app.database.db('turn').whereLike('name', 'alert/%').delete()
    const other = await startTestApp({ database: app.database })
    const socket = openSocket(other.url, other.token)
    const stream = socket.iterate<any>(
      'subscription { alertChanged(filter: { rule: ["Slow"] }, snapshot: true) { alert { id state } } }',
    )
    const states = []
    while (states.at(-1) !== 'FIRING') {
      const told = (await stream.next()).value.alertChanged.alert
      expect(told.id).toBe(alert.id)
      states.push(told.state)
    }
    await socket.close()
    await other.close()
  })
})

describe('silences', () => {
  it('are made, found and ended', async () => {
    const made = await ask(
      'mutation { createSilence(input: { resources: ["Server:name=d"], rules: ["Two"], comment: "known", duration: "PT1H" }) { silence { id active maintenance createdBy resources { name } rules } } }',
    )
    const { id } = made.createSilence.silence
    expect(made.createSilence.silence).toMatchObject({
      active: true,
      maintenance: false,
      resources: [{ name: 'd' }],
    })
    const { alerts } = await ask(
      '{ alerts(filter: { rule: ["Two"], silenced: true }) { nodes { resource { name } silencedBy { id comment } } } }',
    )
    expect(alerts.nodes).toEqual([{ resource: { name: 'd' }, silencedBy: { id, comment: 'known' } }])
    await ask(`mutation { endSilence(input: { silence: "${id}" }) { silence { active } } }`)
    const after = await ask(
      '{ alerts(filter: { silenced: true }) { totalCount } silences(active: true) { id } }',
    )
    expect(after).toEqual({ alerts: { totalCount: 0 }, silences: [] })
  })

  it('never silence everything, nor nothing', async () => {
    for (const [input, message] of [
      ['comment: "x", duration: "PT1H"', 'everything'],
      ['comment: "x", rules: ["R"]', 'endsAt or duration'],
      ['comment: "x", rules: ["R"], endsAt: "2020-01-01T00:00:00Z"', 'before it begins'],
    ])
      expect(
        (await refusal(`mutation { createSilence(input: { ${input} }) { cursor } }`))?.message,
      ).toContain(message)
  })

  it('of a maintenance reach what depends on it', async () => {
    await ask(
      'mutation { importInventory(input: { items: [{ kind: VirtualMachine, name: "vm", links: [{ type: RUNS_ON, to: "Server:name=e" }] }] }) { cursor } }',
    )
    const { virtualMachines } = await ask('{ virtualMachines { nodes { id } } }')
    ids['vm'] = Number(virtualMachines.nodes[0].id)
    await saveRule({ ...high, name: 'OfVm', metric: 'load4', selector: { kind: ['VirtualMachine'] } })
    const alerts = await follow('{ rule: ["OfVm"] }')
    await measure('vm', 'load4', 77)
    await alerts.next()
    await ask(
      'mutation { startMaintenance(input: { resource: "Server:name=e" }) { resource { name } silence { maintenance } } }',
    )
    const silenced = '{ alerts(filter: { rule: ["OfVm"], silenced: true }) { totalCount } }'
    expect((await ask(silenced)).alerts.totalCount).toBe(1)
    await ask('mutation { endMaintenance(input: { resource: "Server:name=e" }) { silence { active } } }')
    expect((await ask(silenced)).alerts.totalCount).toBe(0)
    await alerts.close()
  })
})

describe('who is narrowed to a tenant', () => {
  it('sees and is told of its own alerts only, and of no rules', async () => {
    const { createToken } = await ask(
      'mutation { createToken(input: { name: "red", role: VIEWER, scopes: { tenants: ["Tenant:name=red"] } }) { secret } }',
    )
    const headers = { authorization: `Bearer ${createToken.secret}` }
    const { data } = await app.query<any>(
      '{ alerts { nodes { summary rule { name } resource { name } } } rules { name } silences { id } }',
      {},
      headers,
    )
    expect([...new Set(data.alerts.nodes.map(({ resource }: any) => resource.name))].sort()).toEqual([
      'a',
      'b',
    ])
    expect(data.alerts.nodes.every(({ rule }: any) => rule === null)).toBe(true)
    expect([data.rules, data.silences]).toEqual([[], []])
    const socket = openSocket(app.url, createToken.secret)
    const stream = socket.iterate<any>(
      'subscription { alertChanged(filter: { rule: ["HighLoad"] }) { alert { resource { name } } } }',
    )
    const next = stream.next()
    const all = await follow('{ rule: ["HighLoad"] }')
    await measure('c', 'load', 90)
    await all.next()
    await measure('a', 'load', 91)
    expect((await next).value.alertChanged.alert.resource.name).toBe('a')
    await Promise.all([socket.close(), all.close()])
  })
})
