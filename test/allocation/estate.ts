/** A small datacenter with pools, and what is asked of it: for the tests of allocations. */
import type { TestApp } from '../support/app.ts'

export const pools = {
  servers: { kind: 'Server', where: { labels: { pool: 'general' } }, ratio: { VCPU: 2 } },
  addresses: { kind: 'Prefix', where: { name: ['10.20.0.0/28'] } },
  'addresses-v6': { kind: 'Prefix', where: { name: ['2001:db8::/64'] } },
  vlans: { kind: 'Vlan', vlans: { group: 'fabric', from: 100, to: 104 } },
  racks: { kind: 'Rack', where: {} },
}

const server = (name: string, rack: string, labels: Record<string, string> = {}) => ({
  kind: 'Server',
  name,
  status: 'ACTIVE',
  labels: Object.entries({ pool: 'general', ...labels }).map(([key, value]) => ({ key, value })),
  fields: {
    cpuCores: 16,
    memoryBytes: String(64 * 2 ** 30),
    position: Number(name.slice(-1)),
    heightUnits: 1,
  },
  links: [{ type: 'LOCATED_IN', to: `Rack:name=${rack}` }],
})

export const items = [
  { kind: 'Tenant', name: 'blue', status: 'ACTIVE' },
  { kind: 'Tenant', name: 'red', status: 'ACTIVE' },
  { kind: 'Site', name: 'seoul-1', status: 'ACTIVE' },
  ...['r1', 'r2', 'r3'].map((name) => ({
    kind: 'Rack',
    name,
    status: 'ACTIVE',
    fields: { heightUnits: 10 },
    links: [{ type: 'LOCATED_IN', to: 'Site:name=seoul-1' }],
  })),
  server('srv-1', 'r1', { ssd: 'true' }),
  server('srv-2', 'r1'),
  server('srv-3', 'r2', { ssd: 'true' }),
  server('srv-4', 'r3'),
  {
    kind: 'Prefix',
    name: '10.20.0.0/28',
    status: 'ACTIVE',
    fields: { cidr: '10.20.0.0/28', gateway: '10.20.0.1' },
  },
  { kind: 'Prefix', name: '2001:db8::/64', status: 'ACTIVE', fields: { cidr: '2001:db8::/64' } },
  {
    kind: 'IpAddress',
    name: '10.20.0.3',
    status: 'ACTIVE',
    fields: { address: '10.20.0.3' },
    links: [{ type: 'PART_OF', to: 'Prefix:cidr=10.20.0.0/28' }],
  },
]

export async function fillEstate(app: Pick<TestApp, 'query'>): Promise<void> {
  const { errors } = await app.query(
    'mutation ($items: [InventoryItemInput!]!) { importInventory(input: { items: $items }) { cursor } }',
    { items },
  )
  if (errors) throw new Error(JSON.stringify(errors))
}

export const allocationFields = `id name state blueprint createdBy createdAt leaseEndsAt endedAt tenant { name }
  resources { kind: __typename id name status tenant { name } } claims { member pool class amount unit provider { name } }
  operation { id kind state progress steps { name state } }`

/** Asks through GraphQL; gives the payload, or the first error's extensions with its message. */
export function asker(app: Pick<TestApp, 'query'>, headers: Record<string, string> = {}) {
  const ask = async (document: string, variables: Record<string, unknown>, field: string): Promise<any> => {
    const { data, errors } = await app.query<any>(document, variables, headers)
    if (errors) return { error: { message: errors[0]!.message, ...errors[0]!.extensions } }
    return data[field]
  }
  return {
    allocate: (request: object, rest: object = {}) =>
      ask(
        `mutation ($input: AllocateInput!) { allocate(input: $input) { cursor allocation { ${allocationFields} } operation { id kind state } } }`,
        { input: { request: { tenant: 'Tenant:name=blue', ...request }, ...rest } },
        'allocate',
      ),
    release: (allocation: string, rest: object = {}) =>
      ask(
        `mutation ($input: ReleaseInput!) { release(input: $input) { cursor allocation { ${allocationFields} } operation { id kind state } } }`,
        { input: { allocation, ...rest } },
        'release',
      ),
    extendLease: (allocation: string, lease: string) =>
      ask(
        'mutation ($input: ExtendLeaseInput!) { extendLease(input: $input) { cursor allocation { id leaseEndsAt } } }',
        { input: { allocation, lease } },
        'extendLease',
      ),
    plan: (request: object) =>
      ask(
        `query ($request: AllocationRequest!) { plan(request: $request) { feasible token
           placements { member pool class amount units name provider { name } } short { class asked free missing }
           rejected { class reason count resources { name } } } }`,
        { request: { tenant: 'Tenant:name=blue', name: 'p', ...request } },
        'plan',
      ),
    query: async (document: string, variables: Record<string, unknown> = {}) => {
      const { data, errors } = await app.query<any>(document, variables, headers)
      if (errors) throw new Error(JSON.stringify(errors))
      return data
    },
  }
}
