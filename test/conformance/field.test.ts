/** Every field of the schema is executed: over a graph with one of each kind, with the tables' answers given. */
import { graphql, isObjectType, type GraphQLObjectType } from 'graphql'
import { expect, test } from 'vitest'
import { buildSchema } from '../../src/api/schema/index.ts'
import type { Context } from '../../src/context.ts'
import { kindNames, kinds } from '../../src/resource/kind/index.ts'
import type { WriteResult } from '../../src/resource/verbs.ts'
import { epoch, Sketch } from '../support/graphql.ts'
import { allFields, recordFields, selectAll } from '../support/selection.ts'

const schema = buildSchema()
const executed = recordFields(schema)
const { sketch, first } = oneOfEach()
const at = 1_700_000_000_000

/** What the required arguments are tested with. */
const given = {
  attribute: '(path: "a.b")',
  readings: '',
  series: '(metric: ["m"], range: { last: "PT1H" })',
  stat: '(metric: "m", aggregate: AVG)',
  'SeriesGroup.series': '',
  'Query.seriesOf': '(filter: {}, metric: ["m"], range: { last: "PT1H" }, aggregate: AVG)',
  logs: '(range: { last: "PT1H" })',
  'Query.logs': '(filter: {}, range: { last: "PT1H" })',
  'Query.capacity': '(by: [site, pool])',
  'Query.usage': '(range: { last: "PT1H" }, by: [tenant])',
  'Query.node': '(id: "1")',
  'Query.nodes': '(ids: ["1"])',
  'Query.resource': '(ref: "1")',
  'Query.resourcesByRef': '(refs: ["1"])',
  'Query.diff': '(from: "2026-01-01T00:00:00Z")',
  'Query.count': '(groupBy: [kind, site])',
  'Query.search': '(text: "rack")',
  'Query.topology': `(root: ["Rack:name=Rack-1"], depth: 2)`,
  'Query.path': '(from: "Server:name=Server-1", to: "Site:name=Site-1")',
  'Mutation.importInventory': '(input: { items: [{ kind: Site, name: "s" }] })',
  'Mutation.updateResources': '(input: { items: [{ ref: "1", changes: {} }] })',
  'Mutation.deleteResources': '(input: { items: [{ ref: "1" }] })',
  'Mutation.deleteLink': '(input: { type: LOCATED_IN, from: "1", to: "2" })',
  'Mutation.mergeResources': '(input: { refs: ["1"], into: "2" })',
  'Mutation.splitResource': '(input: { ref: "1", origins: [{ source: "Source:name=Source-1", key: "k" }] })',
  'Mutation.syncSource': '(input: { source: "Source:name=Source-1" })',
  'Query.incident': '(id: "incident.1")',
  'Mutation.acknowledgeIncident': '(input: { incident: "incident.1" })',
  'Mutation.saveRule':
    '(input: { name: "R", metric: "m", condition: { type: "always" }, severity: INFO, summary: "s" })',
  'Mutation.deleteRule': '(input: { name: "R" })',
  'Mutation.createSilence': '(input: { rules: ["R"], comment: "c", duration: "PT1H" })',
  'Mutation.endSilence': '(input: { silence: "silence.1" })',
  'Mutation.startMaintenance': '(input: { resource: "1" })',
  'Mutation.endMaintenance': '(input: { resource: "1" })',
  'Query.plan': '(request: { tenant: "Tenant:name=Tenant-1", name: "n", blueprint: "b" })',
  'Query.allocation': '(tenant: "Tenant:name=Tenant-1", name: "n")',
  'Query.quotas': '(tenant: "Tenant:name=Tenant-1")',
  'Query.operation': '(id: "operation.1")',
  'Mutation.allocate': '(input: { request: { tenant: "Tenant:name=Tenant-1", name: "n", blueprint: "b" } })',
  'Mutation.release': '(input: { allocation: "allocation.1" })',
  'Mutation.extendLease': '(input: { allocation: "allocation.1", lease: "PT1H" })',
  'Mutation.approveOperation': '(input: { id: "operation.1" })',
  'Mutation.retryOperation': '(input: { id: "operation.1" })',
  'Mutation.cancelOperation': '(input: { id: "operation.1" })',
  'Mutation.setPower': '(input: { resource: "1", power: ON })',
  'Mutation.resize': '(input: { resource: "1", flavor: "f" })',
  'Mutation.migrate': '(input: { resource: "1" })',
  'Mutation.drain': '(input: { resource: "1" })',
  'Mutation.createToken': '(input: { name: "t", role: VIEWER })',
  'Mutation.revokeToken': '(input: { name: "t" })',
}

/** By the subscriptions' own test. */
const ofSubscriptions =
  /^(Subscription|ReadingBatch|AlertEvent|IncidentEvent|OperationEvent|ResourceEvents|Created|Updated|Deleted|Left|Merged|LinkAdded|LinkRemoved|Gap)\./

test('every schema field is executed, and none fails', async () => {
  const problems: unknown[] = []
  for (const source of [
    ...kindNames.map(ofKind),
    linkQuery,
    ...nodeQueries,
    all('Query'),
    `mutation ${all('Mutation')}`,
  ]) {
    const result = await graphql({ schema, source, contextValue: createContext() })
    problems.push(...(result.errors ?? []).map((error) => error.originalError ?? error.message))
  }
  expect(problems).toEqual([])
  const missing = allFields(schema).filter((field) => !executed.has(field) && !ofSubscriptions.test(field))
  expect(missing).toEqual([])
})

const typeOf = (name: string): GraphQLObjectType => {
  const type = schema.getType(name)
  if (!isObjectType(type)) throw new Error(`no type ${name}`)
  return type
}
const all = (name: string): string => selectAll(schema, typeOf(name), given)
const ofKind = (name: string): string =>
  `{ resources(filter: { kind: [${name}] }) { nodes { ... on ${name} ${all(name)} } } }`
const nodeQueries = [
  ['allocation.1', 'Allocation'],
  ['operation.1', 'Operation'],
  ['alert.1', 'Alert'],
  ['rule.R', 'Rule'],
  ['silence.1', 'Silence'],
  ['incident.1', 'Incident'],
].map(([id, name]) => `{ node(id: "${id}") { ... on ${name} ${all(name!)} } }`)
const linkQuery = `{ node(id: "LOCATED_IN.${first.Rack}.${first.Site}") { ... on Link ${all('Link')} } }`

function oneOfEach() {
  const made = new Sketch()
  const ids = Object.fromEntries(
    [...kinds.values()].map(({ name }) => {
      const fields = {
        address: '10.0.0.5',
        cidr: '10.0.0.0/24',
        vid: 7,
        driver: 'inventory',
        control: false,
        heightUnits: 3,
        role: 'outlet',
        position: 2,
      }
      const own = Object.entries(fields).filter(
        ([field]) => kinds.get(name)?.fields[field]?.from === 'property',
      )
      const rest = { fields: Object.fromEntries(own), labels: { a: 'b' }, hasDrift: true, hasConflict: true }
      return [name, made.add(name, `${name}-1`, rest).id]
    }),
  ) as Record<string, number>
  const link = (type: Parameters<Sketch['link']>[0], from: string, to: string): void =>
    made.link(type, made.graph.get(ids[from]!)!, made.graph.get(ids[to]!)!)
  link('LOCATED_IN', 'Site', 'Region')
  link('LOCATED_IN', 'Rack', 'Site')
  for (const name of ['Server', 'Pdu', 'PowerFeed']) link('LOCATED_IN', name, 'Rack')
  link('POWERED_BY', 'Server', 'Pdu')
  link('PART_OF', 'Component', 'Pdu')
  link('RUNS_ON', 'VirtualMachine', 'Server')
  link('RUNS_ON', 'Service', 'VirtualMachine')
  return { sketch: made, first: ids }
}

function createContext(): Context {
  const { graph } = sketch
  const byId =
    <T>(make: (resourceId: number) => T) =>
    (ids: readonly number[]) =>
      Promise.resolve(new Map(ids.map((id) => [id, make(id)])))
  const origin = {
    sourceId: first['Source']!,
    key: 'k',
    precedence: 1,
    firstSeenAt: at,
    lastSeenAt: at,
    stale: false,
    hearsay: false,
  }
  const history = {
    items: [
      {
        cursor: 'c',
        item: {
          resourceId: 1,
          kind: 'Region',
          name: 'n',
          action: 'UPDATED',
          at,
          seq: 1,
          actor: 'a',
          changes: [{ path: 'name', before: 1, after: 2 }],
        },
      },
    ],
    hasNextPage: false,
    totalCount: 1,
  }
  const result: WriteResult = {
    cursor: { epoch, seq: 1 },
    ...{ created: 0, updated: 0, unchanged: 0, deleted: 0, linksAdded: 0, linksRemoved: 0 },
    planned: [
      {
        action: 'UPDATE',
        resourceId: 1,
        kind: 'Region',
        name: 'n',
        changes: [{ path: 'name', before: 1, after: 2 }],
      },
    ],
    plannedTotal: 1,
    resourceIds: [1],
  }
  const write = () => Promise.resolve(result)
  const event = {
    seq: 1,
    at,
    actor: 'a',
    body: { type: 'ResourceUpdated', resource: { id: 1 }, changes: [{ path: 'name', before: 1, after: 2 }] },
  }
  const logLine = {
    ...{ at, toldAt: at, resourceId: first['Server']!, interfaceId: first['NetworkInterface']! },
    ...{ level: 3, program: 'sshd', text: 'text' },
  }
  const token = {
    id: 1,
    name: 't',
    role: 'viewer',
    customRole: null,
    scopes: { kinds: ['Rack'], verbs: ['IMPORT'], sites: [1], blueprints: ['b'], tenants: [1] },
    addresses: null,
    createdBy: null,
    createdAt: at,
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
  }
  const value = { sourceId: origin.sourceId, observedAt: at, value: 1 }
  return {
    viewer: { name: 'tester', role: 'admin', tokenId: 1 },
    actor: { name: 'tester' },
    signal: new AbortController().signal,
    extensions: {},
    graph,
    graphAt: () => Promise.resolve(graph),
    resources: {
      attributesOf: byId(() => ({ a: { b: 1 } })),
      originsOf: byId((resourceId) => [{ resourceId, ...origin }]),
      provenanceOf: byId(() => [{ ...value, path: 'name', lost: [value] }]),
      driftOf: byId(() => [{ path: 'name', intended: 1, observed: 2, since: at }]),
      conflictsOf: byId(() => [{ otherId: 1, type: 'name', scope: '', value: 'n', since: at }]),
      linkDetailsOf: (links: readonly unknown[]) =>
        Promise.resolve(links.map(() => ({ attributes: {}, origins: [origin] }))),
      sourceStates: () => Promise.resolve(new Map()),
      historyOf: byId(() => history),
      diff: () => Promise.resolve(history),
      importInventory: write,
      update: write,
      delete: write,
      deleteLink: write,
      merge: write,
      split: write,
    },
    sources: {
      logStores: () => new Map(),
      logs: () => Promise.resolve([]),
      sync: () => Promise.resolve({ seen: 1, changed: 0, held: null, cursor: result.cursor }),
    },
    events: {
      cursor: () => ({ epoch, seq: 1 }),
      read: () => Promise.resolve([event]),
      count: () => Promise.resolve(1),
    },
    metrics: {
      metrics: () => [{ name: 'm', unit: '1', type: 'gauge', help: 'h' }],
      metric: () => ({ name: 'm', unit: '1', type: 'gauge', help: 'h' }),
      readings: (resourceId: number) => [
        { resourceId, metric: 'm', sourceId: first['Source']!, value: 1, at },
      ],
      series: ({ resourceIds }: { resourceIds: number[] }) =>
        Promise.resolve(
          resourceIds.map((resourceId) => ({
            resourceId,
            metric: 'm',
            sourceId: first['Source']!,
            start: at,
            stepMs: 1,
            values: [1],
          })),
        ),
    },
    alerts: alertsOf(),
    allocations: allocationsOf(result.cursor),
    usage: {
      currency: 'points',
      read: () =>
        Promise.resolve([
          {
            ...{ tenantId: first['Tenant'], kind: 'VirtualMachine', flavor: 'f', class: 'VCPU' },
            ...{ hours: 1, amountHours: 2, cost: 3 },
          },
        ]),
    },
    logs: {
      each: byId(() => [logLine]),
      of: () => Promise.resolve([logLine]),
    },
    tokens: {
      list: () => Promise.resolve([token]),
      create: () => Promise.resolve({ token, secret: 's', isRepeated: false }),
      revoke: () => Promise.resolve(token),
    },
  } as unknown as Context
}

function alertsOf() {
  const rule = {
    ...{
      name: 'R',
      metric: 'm',
      selector: {},
      condition: { type: 'absence', after: 1_000 },
      forMs: 0,
      keepMs: 0,
    },
    ...{ severity: 'INFO', failure: 'NONE', summary: 's', runbookUrl: null, origin: 'API' },
  }
  const alert = {
    ...{ id: 1, rule: 'R', resourceId: 1, tenantId: null, siteId: null, sourceId: first['Source']! },
    ...{ state: 'FIRING', severity: 'INFO', failure: 'NONE', value: 1, summary: 's', runbookUrl: null },
    ...{ labels: { a: 'b' }, startsAt: at, firedAt: at, endsAt: null },
  }
  const silence = {
    ...{ id: 1, isMaintenance: true, resourceIds: [1], rules: [], severities: [], labels: { a: 'b' } },
    ...{ comment: 'c', createdBy: 'k', startsAt: at, endsAt: at + 1 },
  }
  const cursor = { epoch, seq: 1 }
  const incident = {
    ...{ id: 1, causeId: 1, failure: 'DOWN', tenantId: null, summary: 's', severity: 'INFO', state: 'OPEN' },
    ...{ runbookUrl: null, startsAt: at, endsAt: null, acknowledgedBy: null, acknowledgedAt: null },
    ...{ mergedInto: null, alertIds: [1] },
  }
  return {
    rules: () => [rule],
    statusOf: () => ({ selected: 1, problem: null }),
    check: () => rule,
    open: () => [alert, { ...alert, id: 2, resourceId: null }],
    of: () => [alert],
    byIds: () => Promise.resolve([alert]),
    ended: () => Promise.resolve([]),
    incidentOf: () => incident,
    incident: () => Promise.resolve(incident),
    openIncidents: () => [incident],
    closedIncidents: () => Promise.resolve([]),
    viaOf: () => new Map(),
    moments: () => Promise.resolve([{ at, actor: 'a', image: incident }]),
    acknowledge: () => Promise.resolve({ incident, cursor }),
    silencedBy: () => silence,
    silences: () => [silence],
    saveRule: () => Promise.resolve({ rule, cursor }),
    deleteRule: () => Promise.resolve({ cursor }),
    silence: () => Promise.resolve({ silence, cursor }),
    endSilence: () => Promise.resolve({ silence, cursor }),
  }
}

function allocationsOf(cursor: WriteResult['cursor']): unknown {
  const given = { allocationId: 1, operationId: 1, cursor }
  const allocation = {
    id: 1,
    tenantId: first['Tenant'],
    name: 'n',
    state: 'ACTIVE',
    blueprint: 'b',
    createdBy: 't',
    createdAt: at,
  }
  const fault = { code: 'INTERNAL', message: 'm', retryable: false }
  const operation = {
    id: 1,
    kind: 'allocate',
    state: 'RUNNING',
    allocationId: 1,
    tenantId: first['Tenant'],
    startedBy: 't',
    startedAt: at,
    error: fault,
  }
  const step = { kind: 'container', name: 's', state: 'DONE', attempts: 1, error: fault }
  const claim = {
    member: 1,
    pool: 'p',
    class: 'VCPU',
    amount: 1,
    units: [],
    name: null,
    resourceId: first['Server'],
    unit: null,
  }
  const amounts = {
    class: 'VCPU',
    asked: 1,
    free: 1,
    missing: 1,
    total: 1,
    reserved: 0,
    used: 0,
    largestFree: 1,
  }
  const always =
    <T>(value: T) =>
    () =>
      Promise.resolve(value)
  return {
    plan: always({
      feasible: true,
      token: 't',
      claims: [claim],
      short: [amounts],
      rejected: [{ class: 'VCPU', reason: 'r', count: 1, resourceIds: [first['Server']] }],
    }),
    capacity: always([{ pool: 'p', key: '1', resourceId: first['Server'], capacity: [amounts] }]),
    pools: always([{ name: 'p', kind: 'Server', traits: [], providers: 1, capacity: [amounts] }]),
    blueprints: () => [
      {
        blueprint: 'b',
        description: 'd',
        schema: {},
        count: { default: 1, most: 1 },
        claims: [{ ...claim, require: [], forbid: [] }],
        approval: false,
      },
    ],
    allocate: always(given),
    release: always(given),
    extendLease: always(given),
    read: always([allocation]),
    count: always(1),
    claimsOf: always(new Map([[1, [claim]]])),
    resourcesOf: always(new Map([[1, [{ id: first['Server'], key: null }]]])),
    quotasOf: always([{ class: 'VCPU', limit: 1, used: 0 }]),
    orphans: always({
      orphans: [
        {
          ...{ sourceId: 1, kind: 'container', name: 'plenum-0a1b2c3d-1-1-0', key: 'container/1' },
          ...{ reason: 'MISSING', allocationId: 1, tenantId: null },
        },
      ],
      answers: [],
    }),
    operations: {
      read: always([operation]),
      count: always(1),
      stepsOf: always(new Map([[1, [step]]])),
      approve: always(given),
      cancel: always(given),
      retry: always(given),
    },
    control: {
      preparePower: always({ others: [] }),
      prepareResize: always({ others: [] }),
      prepareMove: always({ others: [] }),
      prepareDrain: always({ others: [] }),
      begin: always(given),
      impactOf: () => [],
    },
  }
}
