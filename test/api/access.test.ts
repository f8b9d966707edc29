/** Narrowed tokens over the real doors: HTTP, PUT /import, WebSocket, two processes on one database. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type Answer, type TestApp } from '../support/app.ts'
import { openSocket } from '../support/socket.ts'
import { audience, startProvider, type TestProvider } from '../support/provider.ts'

let provider: TestProvider
let folder: string
let one: TestApp
let two: TestApp
let ids: Record<string, string>

beforeAll(async () => {
  provider = await startProvider()
  folder = mkdtempSync(join(tmpdir(), 'plenum-access-'))
  const config = join(folder, 'plenum.yaml')
  writeFileSync(
    config,
    `sample: false
access:
  roles: { network: { base: operator, kinds: [Switch, NetworkInterface, Vlan] }, mover: { base: operator, verbs: [UPDATE] } }
  oidc:
    - issuer: ${provider.issuer}
      audience: ${audience}
      algorithms: [ES256]
      nameClaim: client_id
      rules:
        - { claim: groups, is: netops, role: network }
        - { claim: groups, is: acme, role: viewer, tenantsClaim: tenants }
`,
  )
  const env = { PLENUM_CONFIG: config }
  one = await startTestApp({ env })
  two = await startTestApp({ env, database: one.database })
  const item = (kind: string, name: string, ...links: [string, string][]) => ({
    kind,
    name,
    links: links.map(([type, to]) => ({ type, to })),
  })
  const items = [
    item('Tenant', 'acme'),
    item('Tenant', 'rival'),
    item('Site', 'north'),
    item('Rack', 'r1', ['LOCATED_IN', 'Site:name=north']),
    item('Server', 'host1', ['LOCATED_IN', 'Rack:name=r1']),
    item('Switch', 'leaf1', ['LOCATED_IN', 'Rack:name=r1']),
    item('VirtualMachine', 'acme-vm', ['RUNS_ON', 'Server:name=host1'], ['OWNED_BY', 'Tenant:name=acme']),
    item('VirtualMachine', 'rival-vm', ['RUNS_ON', 'Server:name=host1'], ['OWNED_BY', 'Tenant:name=rival']),
  ]
  const { data, errors } = await one.query<any>(
    'mutation ($input: ImportInput!) { importInventory(input: $input) { resources { id name } } }',
    { input: { items } },
  )
  expect(errors).toBeUndefined()
  ids = Object.fromEntries(data.importInventory.resources.map((found: any) => [found.name, found.id]))
})
afterAll(async () => {
  await two.close()
  await one.close()
  await provider.close()
  rmSync(folder, { recursive: true })
})

let made = 0
/** A token's secret and name. */
async function create(input: object): Promise<{ secret: string; name: string }> {
  const name = `t${++made}`
  const { data, errors } = await one.query<any>(
    'mutation ($input: TokenInput!) { createToken(input: $input) { secret } }',
    { input: { name, role: 'VIEWER', ...input } },
  )
  expect(errors).toBeUndefined()
  return { secret: data.createToken.secret, name }
}
const as = (secret: string, document: string, variables = {}): Promise<Answer<any>> =>
  one.query<any>(document, variables, { authorization: `Bearer ${secret}` })
const importing =
  'mutation ($input: ImportInput!) { importInventory(input: $input) { plannedTotal counts { created updated } plan { summary } } }'

describe('who', () => {
  test('may write only kinds of its role: items, links, updates, deletes, merges, dry runs, PUT /import', async () => {
    const { secret } = await create({ role: 'OPERATOR', customRole: 'network' })
    const write = (items: object[], rest = {}) =>
      as(secret, importing, { input: { items, source: 'net', ...rest } })
    const codes = async (answer: Promise<Answer<any>>) =>
      (await answer).errors?.map(({ extensions }) => extensions['code'])
    const rack = [{ type: 'LOCATED_IN', to: 'Rack:name=r1' }]
    expect(
      await codes(
        write([
          { kind: 'Switch', name: 'leaf2', links: rack },
          { kind: 'Vlan', name: 'v7', fields: { vid: 7 } },
        ]),
      ),
    ).toBeUndefined()
    for (const dryRun of [true, false]) {
      const refused = await write(
        [
          { kind: 'Vlan', name: 'v8', fields: { vid: 8 } },
          { kind: 'Server', name: 'mine' },
        ],
        { dryRun },
      )
      expect(refused.errors?.[0]).toMatchObject({
        message: expect.stringContaining('this is a Server'),
        extensions: { code: 'FORBIDDEN', path: 'input.items[1]' },
      })
    }
    // Nothing of what was refused is there.
    expect((await one.query<any>('{ vlans { nodes { name } } }')).data.vlans.nodes).toEqual([{ name: 'v7' }])
    const inward = {
      kind: 'Switch',
      name: 'leaf2',
      links: [{ type: 'DEPENDS_ON', direction: 'IN', to: 'Server:name=host1' }],
    }
    expect(await codes(write([inward]))).toEqual(['FORBIDDEN'])
    const update = (ref: string) =>
      as(
        secret,
        `mutation { updateResources(input: { items: [{ ref: "${ref}", changes: { contact: "x" } }] }) { cursor } }`,
      )
    expect(await codes(update('Switch:name=leaf1'))).toBeUndefined()
    expect(await codes(update('Server:name=host1'))).toEqual(['FORBIDDEN'])
    const remove = (ref: string) =>
      as(
        secret,
        `mutation { deleteResources(input: { items: [{ ref: "${ref}" }], dryRun: true }) { cursor } }`,
      )
    expect(await codes(remove('Switch:name=leaf2'))).toBeUndefined()
    expect(await codes(remove('VirtualMachine:name=acme-vm'))).toEqual(['FORBIDDEN'])
    const unlink = (from: string) =>
      as(
        secret,
        `mutation { deleteLink(input: { type: LOCATED_IN, from: "${from}", to: "Rack:name=r1", dryRun: true }) { cursor } }`,
      )
    expect(await codes(unlink('Switch:name=leaf1'))).toBeUndefined()
    expect(await codes(unlink('Server:name=host1'))).toEqual(['FORBIDDEN'])
    for (const [kind, status] of [
      ['Server', 403],
      ['Switch', 200],
    ] as const) {
      const answer = await fetch(`${one.url}/import?source=net&dryRun`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/x-ndjson' },
        body: `{"kind":"${kind}","name":"put"}\n`,
      })
      expect([kind, answer.status]).toEqual([kind, status])
    }
  })

  test('may use only its verbs, and makes no tokens', async () => {
    const { secret } = await create({ role: 'OPERATOR', customRole: 'mover' })
    expect(
      (await as(secret, importing, { input: { items: [{ kind: 'Site', name: 's' }] } })).errors?.[0]
        ?.extensions['code'],
    ).toBe('FORBIDDEN')
    const admin = await create({ role: 'ADMIN', scopes: { kinds: ['Rack'] } })
    const more = await as(
      admin.secret,
      'mutation { createToken(input: { name: "x", role: ADMIN }) { secret } }',
    )
    expect(more.errors?.[0]?.extensions['code']).toBe('FORBIDDEN')
    expect(
      (await as(secret, '{ viewer { name role customRole scopes { verbs } } }')).data.viewer,
    ).toMatchObject({
      role: 'OPERATOR',
      customRole: 'mover',
      scopes: { verbs: ['UPDATE'] },
    })
  })

  test('comes from its addresses only', async () => {
    const here = await create({ addresses: ['10.0.0.0/8', '127.0.0.0/8', '::1'] })
    expect((await as(here.secret, '{ cursor }')).errors).toBeUndefined()
    const elsewhere = await create({ addresses: ['192.0.2.0/24'] })
    expect((await as(elsewhere.secret, '{ cursor }')).errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED')
    const wrong = await one.query(
      'mutation { createToken(input: { name: "w", role: VIEWER, addresses: ["10/8"] }) { secret } }',
    )
    expect(wrong.errors?.[0]?.extensions).toMatchObject({ code: 'INVALID_INPUT', path: 'input.addresses' })
  })

  test('a repeated createToken answers the same token, without its secret; a dry run leaves none', async () => {
    const call = (name: string, rest: string) =>
      one.query<any>(
        `mutation { createToken(input: { name: "${name}", role: VIEWER, ${rest} }) { secret repeated token { id name } } }`,
      )
    const first = (await call('again', 'idempotencyKey: "k1"')).data.createToken
    const second = (await call('again', 'idempotencyKey: "k1"')).data.createToken
    expect(first).toMatchObject({ secret: expect.stringMatching(/^plenum_/), repeated: false })
    expect(second).toEqual({ secret: null, repeated: true, token: first.token })
    expect((await call('other', 'idempotencyKey: "k1"')).errors?.[0]?.extensions).toMatchObject({
      code: 'CONFLICT',
      reason: 'KEY_REUSED',
    })
    expect((await call('dry', 'dryRun: true')).data.createToken).toMatchObject({
      secret: null,
      repeated: false,
    })
    const { data } = await one.query<any>('{ tokens { name } }')
    expect(data.tokens.map(({ name }: any) => name)).not.toContain('dry')
  })

  test('comes with a token of the identity provider, and goes when its keys change', async () => {
    const jwt = await provider.token('acme')
    const seen = await as(jwt, '{ viewer { name role } resources { nodes { name access } } }')
    expect(seen.data.viewer).toEqual({ name: 'oidc:acme', role: 'VIEWER' })
    expect(seen.data.resources.nodes.map(({ name }: any) => name)).toContain('acme-vm')
    expect(JSON.stringify(seen)).not.toContain('rival')
    expect((await as(`${jwt.slice(0, -3)}AAA`, '{ cursor }')).errors?.[0]?.extensions['code']).toBe(
      'UNAUTHENTICATED',
    )
  })

  test.each([
    ['revoked', 4401],
    ['expired', 4403],
  ])('a socket ends at once when its token is %s, in another process too', async (how, code) => {
    const expiresAt = how === 'expired' ? new Date(Date.now() + 2_500).toISOString() : undefined
    const { secret, name } = await create({
      scopes: { tenants: ['Tenant:name=acme'] },
      ...(expiresAt ? { expiresAt } : {}),
    })
    const socket = openSocket(two.url, secret)
    const messages = socket.iterate<any>('subscription { resourceChanged(snapshot: true) { cursor } }')
    await messages.next()
    const closed = messages.next().catch((error: unknown) => error)
    if (how === 'revoked')
      await one.query(`mutation { revokeToken(input: { name: "${name}" }) { token { id } } }`)
    expect(await closed).toMatchObject({ code })
    await socket.close()
  })
})

describe('what a tenant sees', () => {
  test('its own in full, carriers by name, nothing else; also in events and history', async () => {
    const { secret } = await create({ scopes: { tenants: ['Tenant:name=acme'] } })
    const { data } = await as(
      secret,
      '{ resources { totalCount nodes { name access } } events { totalCount nodes { type resourceId link { id } changes { path before after } detail } } }',
    )
    const byName = (a: any, b: any) => (a.name < b.name ? -1 : 1)
    expect(data.resources.nodes.toSorted(byName)).toEqual([
      { name: 'acme', access: 'FULL' },
      { name: 'acme-vm', access: 'FULL' },
      { name: 'host1', access: 'NAME_ONLY' },
      { name: 'north', access: 'NAME_ONLY' },
      { name: 'r1', access: 'NAME_ONLY' },
    ])
    expect(data.events.totalCount).toBe(data.events.nodes.length)
    expect(data.events.totalCount).toBeGreaterThan(2)
    for (const secretText of ['rival', ids['rival-vm'], ids['leaf1']])
      expect(JSON.stringify(data)).not.toContain(secretText)
    const other = await as(
      secret,
      `{ resource(ref: "VirtualMachine:name=rival-vm") { id } node(id: "${ids['rival-vm']}") { id } }`,
    )
    expect(other.data).toEqual({ resource: null, node: null })
  })

  test('history before a change of tenant stays with the former one', async () => {
    const acme = await create({ scopes: { tenants: ['Tenant:name=acme'] } })
    const rival = await create({ scopes: { tenants: ['Tenant:name=rival'] } })
    const put = (links: object[], contact: string) =>
      one.query<any>(importing, {
        input: { items: [{ kind: 'Volume', name: 'disk', contact, links }], source: 'disks' },
      })
    const owned = (by: string) => [{ type: 'OWNED_BY', to: `Tenant:name=${by}` }]
    await put(owned('rival'), 'rival-contact')
    const before = new Date().toISOString()
    await put(owned('acme'), 'acme-contact')
    const history =
      '{ volumes { nodes { name history { totalCount nodes { action actor changes { path before after } } } } } }'
    const own = await as(acme.secret, history)
    expect(own.data.volumes.nodes[0].history).toMatchObject({
      totalCount: 1,
      nodes: [{ action: 'UPDATED', changes: [] }],
    })
    expect(JSON.stringify(own)).not.toContain('rival')
    expect((await as(rival.secret, '{ volumes { totalCount } }')).data.volumes.totalCount).toBe(0)
    const then = await as(
      rival.secret,
      `{ volumes(asOf: "${before}") { nodes { name contact } } diff(from: "2020-01-01T00:00:00Z") { nodes { kind name action } } }`,
    )
    expect(then.data.volumes.nodes).toEqual([{ name: 'disk', contact: 'rival-contact' }])
    expect(then.data.diff.nodes).toContainEqual({ kind: 'Volume', name: 'disk', action: 'CREATED' })
    expect(then.data.diff.nodes.filter(({ name }: any) => name === 'disk')).toHaveLength(1)
    expect(JSON.stringify(then)).not.toContain('acme')
  })

  test('writes its own only; what it may not know is not told apart from what is not there', async () => {
    const { secret } = await create({ role: 'OPERATOR', scopes: { tenants: ['Tenant:name=acme'] } })
    const write = (item: object) =>
      as(secret, importing, { input: { items: [item], source: 'acme-own', dryRun: true } })
    const owned = { type: 'OWNED_BY', to: 'Tenant:name=acme' }
    expect(
      (
        await write({
          kind: 'VirtualMachine',
          name: 'new',
          links: [owned, { type: 'RUNS_ON', to: 'Server:name=host1' }],
        })
      ).errors,
    ).toBeUndefined()
    const failed = async (to: string) => {
      const { errors } = await write({
        kind: 'Service',
        name: 'new',
        links: [owned, { type: 'DEPENDS_ON', to }],
      })
      return JSON.stringify(
        errors?.map(({ message, extensions: { requestId: _, ...rest } }) => ({ message, rest })),
      )
    }
    expect(await failed('VirtualMachine:name=rival-vm')).toBe(await failed('VirtualMachine:name=nobody'))
    const others = await write({ kind: 'VirtualMachine', name: 'unowned' })
    expect(others.errors?.[0]?.extensions['code']).toBe('FORBIDDEN')
    const named = await as(
      secret,
      'mutation { updateResources(input: { items: [{ ref: "Server:name=host1", changes: { contact: "x" } }] }) { cursor } }',
    )
    expect(named.errors?.[0]?.extensions['code']).toBe('FORBIDDEN')
    const hidden = await as(
      secret,
      `mutation { updateResources(input: { items: [{ ref: "${ids['rival-vm']}", changes: { contact: "x" } }] }) { cursor } }`,
    )
    expect(hidden.errors?.[0]?.extensions['code']).toBe('NOT_FOUND')
  })

  test('follows what is its own: what comes to it is Created, what goes from it Left', async () => {
    const { secret } = await create({ scopes: { tenants: ['Tenant:name=acme'] } })
    const { cursor } = (await one.query<any>('{ cursor }')).data
    const put = (by: string) =>
      one.query<any>(importing, {
        input: {
          items: [{ kind: 'Image', name: 'img', links: [{ type: 'OWNED_BY', to: `Tenant:name=${by}` }] }],
          source: 'images',
        },
      })
    for (const by of ['rival', 'acme', 'rival']) await put(by)
    const socket = openSocket(two.url, secret)
    const told: any[] = []
    for await (const { resourceChanged } of socket.iterate<any>(
      'subscription ($after: EventCursor) { resourceChanged(after: $after, filter: { kind: [Image] }) { events { __typename ... on Left { id } ... on LinkAdded { link { id } } ... on LinkRemoved { id } ... on Updated { changes { path before after } } } } }',
      { after: cursor },
    )) {
      told.push(...resourceChanged.events)
      if (told.some(({ __typename }) => __typename === 'Left')) break
    }
    await socket.close()
    expect(told.map(({ __typename }) => __typename).filter((name) => !name.startsWith('Link'))).toEqual([
      'Created',
      'Left',
    ])
    expect(JSON.stringify(told)).not.toContain(ids['rival'])
  })
})
