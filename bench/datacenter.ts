/** Fills the tables with a datacenter of a given size, by SQL alone. The same size gives the same rows. */
import type { Db } from '../src/db.ts'

export interface Size {
  regions: number
  racks: number
  servers: number
  switches: number
  /** Spread over servers and switches in turn. */
  interfaces: number
  /** Links of interfaces to VLANs. */
  memberships: number
  addresses: number
  vlans: number
  prefixes: number
  tenants: number
  machines: number
  containers: number
  services: number
}

export const sizes = {
  /** The size that the project's users have: 3 regions, 60 racks, 1,200 servers, 120 switches of 48 ports, 8,000 VMs, 20,000 containers. */
  kakao: {
    regions: 3,
    racks: 60,
    servers: 1_200,
    switches: 120,
    interfaces: 120 * 48 + 1_200 * 2,
    memberships: 5_760,
    addresses: 10_000,
    vlans: 200,
    prefixes: 300,
    tenants: 964,
    machines: 8_000,
    containers: 20_000,
    services: 600,
  },
  /** 70 % interfaces, 15 % addresses, two million links. */
  million: {
    regions: 10,
    racks: 2_000,
    servers: 20_000,
    switches: 2_000,
    interfaces: 700_000,
    memberships: 700_000,
    addresses: 150_000,
    vlans: 4_000,
    prefixes: 4_000,
    tenants: 5_000,
    machines: 50_000,
    containers: 58_000,
    services: 4_980,
  },
  threeMillion: {
    regions: 20,
    racks: 6_000,
    servers: 60_000,
    switches: 6_000,
    interfaces: 2_100_000,
    memberships: 1_120_000,
    addresses: 450_000,
    vlans: 8_000,
    prefixes: 12_000,
    tenants: 10_000,
    machines: 150_000,
    containers: 180_000,
    services: 17_960,
  },
} as const satisfies Record<string, Size>
export type SizeName = keyof typeof sizes

interface Block {
  kind: string
  count: number
  /** Expressions over `n`, counted from 0. */
  name: string
  fields: string
  site?: string
  tenant?: string
}

interface LinkBlock {
  type: string
  count: number
  from: string
  to: string
}

/** Ids ascend in this order, which is also that of the blocks. */
const order = [
  'regions',
  'racks',
  'servers',
  'switches',
  'interfaces',
  'addresses',
  'vlans',
  'prefixes',
  'tenants',
  'machines',
  'containers',
  'services',
  'sites',
] as const

/** First id of each. */
function firstIds(size: Size): Record<string, number> {
  let next = 1
  const ids: Record<string, number> = {}
  for (const name of order) {
    ids[name] = next
    next += name === 'sites' ? size.regions : size[name]
  }
  return ids
}

const pad = (text: string, width: number): string => `lpad((${text})::text, ${width}, '0')`
const hex = (text: string): string => `lpad(to_hex(${text}), 2, '0')`

function blocksOf(size: Size, ids: Record<string, number>): Block[] {
  const { regions, racks, servers, switches, tenants } = size
  const siteOfRack = (rack: string) => `${ids['sites']} + (${rack}) % ${regions}`
  const devices = servers + switches
  const tenant = `${ids['tenants']} + n % ${tenants}`
  const mac = `'02:' || ${hex('(n >> 24) & 255')} || ':' || ${hex('(n >> 16) & 255')} || ':' || ${hex('(n >> 8) & 255')} || ':' || ${hex('n & 255')} || ':01'`
  return [
    { kind: 'Region', count: regions, name: `'region-' || n`, fields: `'{}'` },
    {
      kind: 'Rack',
      count: racks,
      name: `'r' || ${pad('n', 5)}`,
      fields: `jsonb_build_object('heightUnits', 42, 'assetTag', 'RK' || n)`,
      site: siteOfRack('n'),
    },
    {
      kind: 'Server',
      count: servers,
      name: `'srv-' || ${pad('n', 6)}`,
      fields: `jsonb_build_object('position', 1 + n / ${racks}, 'heightUnits', 1, 'manufacturer', 'Dell Inc.', 'model', 'PowerEdge R' || (640 + n % 4 * 10), 'serialNumber', 'CN' || ${pad('n * 7919', 10)}, 'assetTag', 'AT' || n, 'cpuCores', 64, 'memoryBytes', 549755813888, 'powerState', 'ON', 'systemUuid', md5('server' || n)::uuid)`,
      site: siteOfRack(`n % ${racks}`),
    },
    {
      kind: 'Switch',
      count: switches,
      name: `'sw-' || ${pad('n', 5)}`,
      fields: `jsonb_build_object('position', 42 - n / ${racks}, 'heightUnits', 1, 'manufacturer', 'Arista', 'model', '7050SX3', 'serialNumber', 'SSJ' || ${pad('n', 8)}, 'role', case when n % 40 = 0 then 'spine' else 'leaf' end, 'asn', 4200000000 + n)`,
      site: siteOfRack(`n % ${racks}`),
    },
    {
      kind: 'NetworkInterface',
      count: size.interfaces,
      name: `'Ethernet' || (n / ${devices} + 1)`,
      fields: `jsonb_build_object('ifIndex', n / ${devices} + 1, 'type', '25gbase-x-sfp28', 'macAddress', ${mac}, 'mtu', 9000, 'speedBps', 25000000000, 'adminStatus', 'UP', 'operStatus', case when n % 3 = 0 then 'DOWN' else 'UP' end)`,
      site: siteOfRack(`(n % ${devices}) % ${racks}`),
    },
    {
      kind: 'IpAddress',
      count: size.addresses,
      name: `'10.' || (n / 65536) || '.' || (n / 256 % 256) || '.' || n % 256`,
      fields: `jsonb_build_object('address', '10.' || (n / 65536) || '.' || (n / 256 % 256) || '.' || n % 256, 'prefixLength', 24)`,
    },
    {
      kind: 'Vlan',
      count: size.vlans,
      name: `'vlan-' || n`,
      fields: `jsonb_build_object('vid', 1 + n % 4094)`,
    },
    {
      kind: 'Prefix',
      count: size.prefixes,
      name: `'10.' || (n / 256) || '.' || n % 256 || '.0/24'`,
      fields: `jsonb_build_object('cidr', '10.' || (n / 256) || '.' || n % 256 || '.0/24')`,
    },
    {
      kind: 'Tenant',
      count: tenants,
      name: `'tenant-' || n`,
      fields: `jsonb_build_object('tenantId', replace(md5('tenant' || n), '-', ''))`,
    },
    {
      kind: 'VirtualMachine',
      count: size.machines,
      name: `'vm-' || ${pad('n', 6)}`,
      fields: `jsonb_build_object('instanceId', md5('vm' || n)::uuid, 'cpuCores', 4, 'memoryBytes', 17179869184, 'powerState', 'ON', 'flavor', 'm1.' || n % 8, 'availabilityZone', 'az-' || n % 3, 'vmState', 'active')`,
      site: siteOfRack(`(n % ${servers}) % ${racks}`),
      tenant,
    },
    {
      kind: 'Container',
      count: size.containers,
      name: `'app-' || n % 600 || '-' || substr(md5('pod' || n), 1, 10)`,
      fields: `jsonb_build_object('containerId', md5('c' || n) || md5('d' || n), 'namespace', 'ns-' || n % 50, 'imageName', 'registry/app-' || n % 600, 'imageTag', 'v' || n % 20, 'state', 'RUNNING', 'restartCount', n % 3)`,
      site: siteOfRack(`(n % ${size.machines} % ${servers}) % ${racks}`),
      tenant: `${ids['tenants']} + n % ${size.machines} % ${tenants}`,
    },
    {
      kind: 'Service',
      count: size.services,
      name: `'service-' || n`,
      fields: `jsonb_build_object('role', 'web', 'environment', 'production')`,
    },
    {
      kind: 'Site',
      count: regions,
      name: `'site-' || n`,
      fields: `jsonb_build_object('facility', 'DC' || n)`,
    },
  ]
}

function linksOf(size: Size, ids: Record<string, number>): LinkBlock[] {
  const { racks, servers, switches, interfaces, regions } = size
  const devices = servers + switches
  const id = (name: string, text = 'n') => `${ids[name]} + ${text}`
  const device = id('servers', `n % ${devices}`)
  /** Ports of servers are cabled to ports of switches. */
  const perDevice = Math.floor(interfaces / devices)
  const cabled = Math.min(servers * 2, switches * (perDevice - 2))
  const nic = `(n / ${servers}) * ${devices} + n % ${servers}`
  const switchPort = `(n / ${switches}) * ${devices} + ${servers} + n % ${switches}`
  const uplinks = switches * 2
  const uplink = (offset: string) => `(${perDevice} - 1 - ${offset}) * ${devices} + ${servers}`
  return [
    { type: 'LOCATED_IN', count: regions, from: id('sites'), to: id('regions') },
    { type: 'LOCATED_IN', count: racks, from: id('racks'), to: id('sites', `n % ${regions}`) },
    { type: 'LOCATED_IN', count: devices, from: id('servers'), to: id('racks', `n % ${racks}`) },
    { type: 'PART_OF', count: interfaces, from: id('interfaces'), to: device },
    {
      type: 'CONNECTED_TO',
      count: cabled,
      from: `least(${id('interfaces', nic)}, ${id('interfaces', switchPort)})`,
      to: `greatest(${id('interfaces', nic)}, ${id('interfaces', switchPort)})`,
    },
    {
      type: 'CONNECTED_TO',
      count: uplinks,
      from: `least(${id('interfaces', `${uplink('0')} + n % ${switches}`)}, ${id('interfaces', `${uplink('1')} + (n * 7 / 40 * 40) % ${switches}`)})`,
      to: `greatest(${id('interfaces', `${uplink('0')} + n % ${switches}`)}, ${id('interfaces', `${uplink('1')} + (n * 7 / 40 * 40) % ${switches}`)})`,
    },
    {
      type: 'MEMBER_OF',
      count: size.memberships,
      from: id('interfaces'),
      to: id('vlans', `n % ${size.vlans}`),
    },
    {
      type: 'ASSIGNED_TO',
      count: size.addresses,
      from: id('addresses'),
      to: id('interfaces', `n % ${interfaces}`),
    },
    {
      type: 'PART_OF',
      count: size.addresses,
      from: id('addresses'),
      to: id('prefixes', `(n / 256) % ${size.prefixes}`),
    },
    { type: 'RUNS_ON', count: size.machines, from: id('machines'), to: id('servers', `n % ${servers}`) },
    {
      type: 'OWNED_BY',
      count: size.machines,
      from: id('machines'),
      to: id('tenants', `n % ${size.tenants}`),
    },
    {
      type: 'RUNS_ON',
      count: size.containers,
      from: id('containers'),
      to: id('machines', `n % ${size.machines}`),
    },
    {
      type: 'RUNS_ON',
      count: size.containers,
      from: id('services', `n % ${size.services}`),
      to: id('containers'),
    },
    {
      type: 'DEPENDS_ON',
      count: size.services * 2,
      from: id('services', `n % ${size.services}`),
      to: id('services', `(n * 31 + 1) % ${size.services}`),
    },
  ]
}

/** Number of resources and links that it made. The tables must be empty. */
export async function fillDatacenter(db: Db, size: Size): Promise<{ resources: number; links: number }> {
  const ids = firstIds(size)
  const blocks = blocksOf(size, ids)
  await db.transaction(async (trx) => {
    // the rows are right by construction: checking ten million ends one by one would take most of the time
    await trx.raw('set local session_replication_role = replica')
    for (const [index, name] of order.entries()) await trx.raw(insertBlock(ids[name]!, blocks[index]!))
    for (const block of linksOf(size, ids)) await trx.raw(insertLinks(block))
  })
  await db.raw(`select setval('resource_id', (select max(id) from resource))`)
  await db.raw('analyze resource, link')
  const { rows } = await db.raw<{ rows: { resources: string; links: string }[] }>(
    'select (select count(*) from resource) as resources, (select count(*) from link) as links',
  )
  return { resources: Number(rows[0]!.resources), links: Number(rows[0]!.links) }
}

const insertBlock = (first: number, block: Block): string =>
  `insert into resource (id, kind, name, status, labels, site_id, tenant_id, fields, sources, created_at, updated_at)
   select ${first} + n, '${block.kind}', ${block.name}, 'ACTIVE',
     jsonb_build_object('env', (array['prod','stage','dev'])[1 + n % 3], 'team', 'team-' || n % 40),
     ${block.site ?? 'null'}, ${block.tenant ?? 'null'}, jsonb_strip_nulls((${block.fields})::jsonb), '{}', now(), now()
   from generate_series(0, ${block.count - 1}) as n`

const insertLinks = (block: LinkBlock): string =>
  `insert into link (type, from_id, to_id, since)
   select '${block.type}', a, b, now() from (select ${block.from} as a, ${block.to} as b from generate_series(0, ${block.count - 1}) as n) as pairs
   where a <> b on conflict do nothing`
