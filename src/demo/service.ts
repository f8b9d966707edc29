/** Tenants, images and services: a shop, a messenger and what carries them. */
import { hex, mix, type Sample } from './draft.ts'
import type { Instance, Workload } from './workload.ts'

const tenants = [
  ['commerce', 'business'],
  ['payment', 'business'],
  ['messaging', 'business'],
  ['map', 'business'],
  ['search', 'business'],
  ['ads', 'business'],
  ['media', 'business'],
  ['identity', 'platform'],
  ['data', 'platform'],
  ['observability', 'platform'],
  ['build', 'platform'],
  ['security', 'corporate'],
] as const

const systems = [
  ['Rocky Linux 9.4', 1_094_713_344],
  ['Ubuntu 24.04 LTS', 628_412_416],
  ['Debian 12', 448_790_528],
  ['distroless', 31_457_280],
  ['eclipse-temurin 21', 283_115_520],
  ['node 24', 157_286_400],
] as const

interface ServicePlan extends Workload {
  needs: readonly string[]
  protocol: string
}

const vm = (machines: number, image = 'Rocky Linux 9.4') => ({ machines, containers: 0, image })
const box = (containers: number, image = 'distroless') => ({ machines: 0, containers, image })

/** What needs others comes after them. */
const plans: readonly ServicePlan[] = [
  {
    service: 'dns',
    tenant: 'security',
    role: 'dns',
    ...vm(6, 'Debian 12'),
    port: 53,
    protocol: 'dns',
    needs: [],
  },
  {
    service: 'vault',
    tenant: 'security',
    role: 'secret',
    ...vm(6),
    port: 8200,
    protocol: 'https',
    needs: ['dns'],
  },
  {
    service: 'object-store',
    tenant: 'data',
    role: 'storage',
    ...vm(18),
    port: 9000,
    protocol: 'https',
    needs: ['dns'],
  },
  {
    service: 'kafka',
    tenant: 'data',
    role: 'queue',
    ...vm(15),
    port: 9092,
    protocol: 'kafka',
    needs: ['dns'],
  },
  {
    service: 'postgresql-order',
    tenant: 'commerce',
    role: 'database',
    ...vm(12),
    port: 5432,
    protocol: 'postgresql',
    needs: ['dns', 'vault'],
  },
  {
    service: 'postgresql-account',
    tenant: 'identity',
    role: 'database',
    ...vm(9),
    port: 5432,
    protocol: 'postgresql',
    needs: ['dns', 'vault'],
  },
  {
    service: 'postgresql-ledger',
    tenant: 'payment',
    role: 'database',
    ...vm(9),
    port: 5432,
    protocol: 'postgresql',
    needs: ['dns', 'vault'],
  },
  {
    service: 'redis-session',
    tenant: 'identity',
    role: 'cache',
    ...vm(9, 'Debian 12'),
    port: 6379,
    protocol: 'redis',
    needs: ['dns'],
  },
  {
    service: 'opensearch',
    tenant: 'search',
    role: 'search',
    ...vm(21),
    port: 9200,
    protocol: 'https',
    needs: ['dns', 'object-store'],
  },
  {
    service: 'auth',
    tenant: 'identity',
    role: 'api',
    ...box(18),
    port: 8443,
    protocol: 'https',
    needs: ['postgresql-account', 'redis-session', 'vault'],
  },
  {
    service: 'payment-api',
    tenant: 'payment',
    role: 'api',
    ...box(15, 'eclipse-temurin 21'),
    port: 8443,
    protocol: 'https',
    needs: ['postgresql-ledger', 'kafka', 'auth'],
  },
  {
    service: 'was-order',
    tenant: 'commerce',
    role: 'was',
    ...vm(30),
    port: 8080,
    protocol: 'http',
    needs: ['postgresql-order', 'payment-api', 'auth', 'kafka'],
  },
  {
    service: 'web-shop',
    tenant: 'commerce',
    role: 'web',
    ...vm(24, 'Ubuntu 24.04 LTS'),
    port: 443,
    protocol: 'https',
    needs: ['was-order', 'opensearch', 'auth'],
  },
  {
    service: 'chat-gateway',
    tenant: 'messaging',
    role: 'gateway',
    ...box(30),
    port: 443,
    protocol: 'https',
    needs: ['auth', 'kafka', 'redis-session'],
  },
  {
    service: 'chat-store',
    tenant: 'messaging',
    role: 'api',
    ...box(24, 'eclipse-temurin 21'),
    port: 8443,
    protocol: 'https',
    needs: ['kafka', 'object-store'],
  },
  {
    service: 'map-tile',
    tenant: 'map',
    role: 'web',
    ...vm(12, 'Ubuntu 24.04 LTS'),
    port: 443,
    protocol: 'https',
    needs: ['object-store'],
  },
  {
    service: 'ads-bid',
    tenant: 'ads',
    role: 'api',
    ...box(21),
    port: 8443,
    protocol: 'https',
    needs: ['kafka', 'redis-session'],
  },
  {
    service: 'media-transcode',
    tenant: 'media',
    role: 'worker',
    ...vm(18, 'Ubuntu 24.04 LTS'),
    port: 8080,
    protocol: 'http',
    needs: ['object-store', 'kafka'],
  },
  {
    service: 'metric-store',
    tenant: 'observability',
    role: 'tsdb',
    ...vm(12),
    port: 9090,
    protocol: 'http',
    needs: ['object-store'],
  },
  {
    service: 'ci-runner',
    tenant: 'build',
    role: 'worker',
    ...box(42, 'node 24'),
    port: 8080,
    protocol: 'http',
    needs: ['object-store', 'vault'],
  },
]
export const workloads: readonly Workload[] = plans

export function addTenants(sample: Sample): Map<string, string> {
  return new Map(
    tenants.map(([name, group], index) => [
      name,
      sample.add('Tenant', name, {
        fields: { group, tenantId: hex(mix(600_000 + index), 8).repeat(4) },
        owner: `team-${name}`,
        contact: `${name}@example.net`,
      }),
    ]),
  )
}

export function addImages(sample: Sample): Map<string, string> {
  return new Map(
    systems.map(([name, sizeBytes], index) => [
      name,
      sample.add('Image', name, { fields: { osName: name, sizeBytes, imageId: `img-${1001 + index}` } }),
    ]),
  )
}

export function addServices(
  sample: Sample,
  instances: readonly Instance[],
  tenantKeys: ReadonlyMap<string, string>,
): void {
  const keys = new Map<string, string>()
  for (const plan of plans) {
    const carriers = instances.filter(({ service }) => service === plan.service)
    const endpoint = addEndpoint(sample, plan, carriers[0]?.address)
    const key = sample.add('Service', plan.service, {
      fields: { role: plan.role, environment: 'prod' },
      links: [
        ...carriers.map((carrier) => ['RUNS_ON', carrier.key] as const),
        ...plan.needs.map((name) => ['DEPENDS_ON', keys.get(name) as string] as const),
        ['EXPOSES', endpoint],
        ['OWNED_BY', tenantKeys.get(plan.tenant) as string],
      ],
      labels: { env: 'prod', tier: plan.role },
      owner: `team-${plan.tenant}`,
      contact: `${plan.tenant}-oncall@example.net`,
    })
    keys.set(plan.service, key)
  }
}

function addEndpoint(sample: Sample, plan: ServicePlan, address: string | undefined): string {
  const url = `${plan.protocol}://${plan.service}.example.net:${plan.port}`
  return sample.add('Endpoint', url, {
    fields: { url, port: plan.port, protocol: plan.protocol, ...(address ? { address } : {}) },
  })
}
