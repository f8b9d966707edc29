import { connection, derived, into, list, one, out, property, type KindDefinition } from './kind.ts'

export const tenant: KindDefinition = {
  name: 'Tenant',
  plural: 'tenants',
  description: 'A team, project or customer that holds resources.',
  interfaces: [],
  naturalKeys: ['tenantId'],
  nameIndexed: true,
  fields: {
    tenantId: property('String', { indexed: true, description: "A cloud's own id of the project." }),
    group: property('String'),
    virtualMachines: connection('VirtualMachine', into('OWNED_BY', 'VirtualMachine')),
    servers: connection('Server', into('OWNED_BY', 'Server')),
    owned: connection('Resource', into('OWNED_BY')),
  },
  identities: [
    { type: 'tenantId', strength: 'strong', property: 'tenantId' },
    { type: 'name', strength: 'weak', property: 'name' },
  ],
}

export const cloudAccount: KindDefinition = {
  name: 'CloudAccount',
  plural: 'cloudAccounts',
  description: 'An account of an external cloud.',
  interfaces: [],
  naturalKeys: ['accountId'],
  nameIndexed: true,
  fields: {
    provider: property('String'),
    accountId: property('String', { indexed: true }),
    regions: property('String', { list: true }),
    virtualMachines: connection('VirtualMachine', into('MEMBER_OF', 'VirtualMachine')),
  },
  identities: [
    { type: 'accountId', strength: 'strong', property: 'accountId', scope: { property: 'provider' } },
  ],
}

export const service: KindDefinition = {
  name: 'Service',
  plural: 'services',
  description: 'What users or other services call: a database, a web front, an API.',
  interfaces: [],
  naturalKeys: [],
  nameIndexed: true,
  fields: {
    role: property('String'),
    version: property('String'),
    environment: property('String'),
    endpoints: list('Endpoint', out('EXPOSES', 'Endpoint')),
    instances: connection('Resource', out('RUNS_ON')),
    dependsOn: connection('Service', out('DEPENDS_ON', 'Service')),
    usedBy: connection('Service', into('DEPENDS_ON', 'Service')),
  },
  identities: [{ type: 'name', strength: 'weak', property: 'name', scope: { property: 'environment' } }],
}

export const endpoint: KindDefinition = {
  name: 'Endpoint',
  plural: 'endpoints',
  description: 'Where a service answers.',
  interfaces: [],
  naturalKeys: ['url'],
  nameIndexed: true,
  fields: {
    protocol: property('String'),
    address: property('String', { format: 'ip' }),
    port: property('Int'),
    url: property('String', { indexed: true }),
    service: one('Service', into('EXPOSES', 'Service')),
  },
  identities: [{ type: 'url', strength: 'strong', property: 'url' }],
}

export const source: KindDefinition = {
  name: 'Source',
  plural: 'sources',
  description:
    'A configured connection to an outside system; a resource too: it can be a cause, and things depend on it.',
  interfaces: [],
  naturalKeys: [],
  nameIndexed: true,
  fields: {
    driver: property('String', { nonNull: true }),
    control: property('Boolean', { nonNull: true, description: 'Whether Plenum may change things there.' }),
    state: derived('SourceState!', 'sourceState'),
  },
  identities: [{ type: 'source', strength: 'strong', property: 'name' }],
}
