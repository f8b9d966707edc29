/** A token's scopes are a product: every combination of kinds, verbs, sites and tenants, on every combination of what can be written, by both verbs. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../support/app.ts'

const scopes = {
  kinds: ['Server'],
  verbs: ['UPDATE'],
  sites: ['Site:name=north'],
  tenants: ['Tenant:name=acme'],
} as const
type Name = keyof typeof scopes
const names = Object.keys(scopes) as Name[]

interface Thing {
  kind: 'Server' | 'Switch'
  site: 'north' | 'south'
  tenant: 'acme' | undefined
  name: string
}
const things: Thing[] = (['Server', 'Switch'] as const).flatMap((kind) =>
  (['north', 'south'] as const).flatMap((site) =>
    (['acme', undefined] as const).map((tenant) => ({
      kind,
      site,
      tenant,
      name: `${kind}-${site}-${tenant ?? 'none'}`.toLowerCase(),
    })),
  ),
)

/** Whether one scope alone lets the verb be done to the thing. */
const holds: Record<Name, (thing: Thing, verb: 'UPDATE' | 'DELETE') => boolean> = {
  kinds: ({ kind }) => kind === 'Server',
  verbs: (_, verb) => verb === 'UPDATE',
  sites: ({ site }) => site === 'north',
  tenants: ({ tenant }) => tenant === 'acme',
}

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
  const items = [
    { kind: 'Tenant', name: 'acme' },
    ...['north', 'south'].map((name) => ({ kind: 'Site', name })),
    ...things.map(({ kind, site, tenant, name }) => ({
      kind,
      name,
      links: [
        { type: 'LOCATED_IN', to: `Site:name=${site}` },
        ...(tenant === undefined ? [] : [{ type: 'OWNED_BY', to: `Tenant:name=${tenant}` }]),
      ],
    })),
  ]
  const { errors } = await app.query(
    'mutation ($i: ImportInput!) { importInventory(input: $i) { cursor } }',
    { i: { items } },
  )
  expect(errors).toBeUndefined()
})
afterAll(() => app.close())

const writes = {
  UPDATE: (ref: string) =>
    `mutation { updateResources(input: { dryRun: true, items: [{ ref: "${ref}", changes: { contact: "x" } }] }) { cursor } }`,
  DELETE: (ref: string) =>
    `mutation { deleteResources(input: { dryRun: true, items: [{ ref: "${ref}" }] }) { cursor } }`,
} as const

const combinations = Array.from({ length: 2 ** names.length }, (_, bits) =>
  names.filter((__, index) => (bits >> index) & 1),
)

test.each(combinations.map((given) => [given.join(' × ') || 'nothing', given] as const))(
  'narrowed by %s',
  async (title, given) => {
    const { data, errors } = await app.query<any>(
      'mutation ($i: TokenInput!) { createToken(input: $i) { secret } }',
      {
        i: {
          name: title.replaceAll('×', '-'),
          role: 'OPERATOR',
          scopes: Object.fromEntries(given.map((name) => [name, scopes[name]])),
        },
      },
    )
    expect(errors).toBeUndefined()
    const headers = { authorization: `Bearer ${data!.createToken.secret}` }
    for (const thing of things) {
      for (const verb of ['UPDATE', 'DELETE'] as const) {
        const answer = await app.query(writes[verb](`${thing.kind}:name=${thing.name}`), {}, headers)
        const code = answer.errors?.[0]?.extensions['code'] ?? 'OK'
        const may = given.every((name) => holds[name](thing, verb))
        // What a tenant does not know is not there.
        const refusals = given.includes('tenants') ? ['FORBIDDEN', 'NOT_FOUND'] : ['FORBIDDEN']
        expect(may ? ['OK'] : refusals, `${verb} ${thing.name}`).toContain(code)
      }
    }
  },
)

test('an empty list allows nothing', async () => {
  for (const name of ['kinds', 'verbs', 'sites'] as const) {
    const { data } = await app.query<any>(
      'mutation ($i: TokenInput!) { createToken(input: $i) { secret } }',
      {
        i: { name: `no ${name}`, role: 'OPERATOR', scopes: { [name]: [] } },
      },
    )
    const headers = { authorization: `Bearer ${data!.createToken.secret}` }
    const { errors } = await app.query(writes.UPDATE('Server:name=server-north-acme'), {}, headers)
    expect(errors?.[0]?.extensions['code']).toBe('FORBIDDEN')
  }
})
