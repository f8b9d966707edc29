/**
 * The datacenter that all contenders answer from: in Plenum's own tables, and, made out of these, in plain tables with foreign keys and an index
 * on each, as somebody would draw them who uses PostGraphile or writes SQL.
 */
import type { Db } from '../../src/db.ts'
import { fillDatacenter, sizes, type Size } from '../datacenter.ts'

/** A multiple of a Kakao-sized datacenter: each server, rack and switch has the same around it, whatever the factor. */
export function scaled(factor: number): Size {
  const size: Size = { ...sizes.kakao }
  for (const name of Object.keys(size) as (keyof Size)[]) size[name] *= factor
  return size
}

/** Fills empty tables. Two cables from each server to two switches of its rack; an interface and one or two addresses for each machine. */
export async function fillPeers(db: Db, size: Size): Promise<{ resources: number; links: number }> {
  await fillDatacenter(db, size)
  await db.transaction(async (trx) => {
    await trx.raw('set local session_replication_role = replica')
    await trx.raw("set local work_mem = '256MB'")
    for (const statement of cabling(size)) await trx.raw(statement)
    for (const statement of networking(size)) await trx.raw(statement)
  })
  await db.raw(`select setval('resource_id', (select max(id) from resource))`)
  await db.raw('vacuum analyze resource, link')
  const { rows } = await db.raw<{ rows: { resources: string; links: string }[] }>(
    'select (select count(*) from resource) as resources, (select count(*) from link) as links',
  )
  return { resources: Number(rows[0]!.resources), links: Number(rows[0]!.links) }
}

const first = (kind: string): string => `(select min(id) from resource where kind = '${kind}')`

const insertInterfaces = (count: number, name: string, mac: string, site: string): string =>
  `insert into resource (id, kind, name, status, labels, site_id, fields, sources, created_at, updated_at)
   select base.id + n, 'NetworkInterface', ${name}, 'ACTIVE', '{}', ${site},
     jsonb_build_object('type', 'virtual', 'macAddress', '02:${mac}:' || substr(hex, 1, 2) || ':' || substr(hex, 3, 2) || ':' || substr(hex, 5, 2) || ':' || substr(hex, 7, 2),
       'mtu', 9000, 'operStatus', 'UP'), '{}', now(), now()
   from (select max(id) + 1 as id from resource) as base, generate_series(0, ${count - 1}) as n, lpad(to_hex(n), 8, '0') as hex`

const link = (type: string, from: string, to: string, rest: string): string =>
  `insert into link (type, from_id, to_id, since) select '${type}', ${from}, ${to}, now() from ${rest}`

/** Server `n` stands in rack `n % racks`; its interfaces are `n` and `n + devices`. */
function cabling({ racks, servers, switches }: Size): string[] {
  const [devices, ports, pair] = [servers + switches, servers / racks, switches / racks]
  const downlinks = `(select max(id) + 1 - ${switches * ports} from resource)`
  const far = `ports.first + ((n % ${racks}) + ${racks} * (nic % ${pair})) * ${ports} + n / ${racks}`
  const near = `nics.first + nic * ${devices} + n`
  return [
    `delete from link where type = 'CONNECTED_TO' and (from_id in (select ${first('NetworkInterface')} + n + nic * ${devices} from generate_series(0, ${servers - 1}) as n, generate_series(0, 6) as nic))`,
    insertInterfaces(switches * ports, `'Downlink' || n % ${ports} + 1`, 'd0', 'null'),
    link(
      'PART_OF',
      'ports.first + n',
      `devices.first + n / ${ports}`,
      `(select ${downlinks} as first) as ports, (select ${first('Switch')} as first) as devices, generate_series(0, ${switches * ports - 1}) as n`,
    ),
    link(
      'CONNECTED_TO',
      `least(${near}, ${far})`,
      `greatest(${near}, ${far})`,
      `(select ${downlinks} as first) as ports, (select ${first('NetworkInterface')} as first) as nics, generate_series(0, ${servers - 1}) as n, generate_series(0, 1) as nic`,
    ),
  ]
}

function networking({ machines, addresses }: Size): string[] {
  const nics = `(select max(id) + 1 - ${machines} as first from resource) as nics`
  return [
    `delete from link where type = 'ASSIGNED_TO'`,
    insertInterfaces(machines, `'eth0'`, 'e0', 'null'),
    link(
      'PART_OF',
      'nics.first + n',
      'vms.first + n',
      `${nics}, (select ${first('VirtualMachine')} as first) as vms, generate_series(0, ${machines - 1}) as n`,
    ),
    link(
      'ASSIGNED_TO',
      'ips.first + n',
      `nics.first + n % ${machines}`,
      `${nics}, (select ${first('IpAddress')} as first) as ips, generate_series(0, ${addresses - 1}) as n`,
    ),
  ]
}

const resource = (kind: string, columns: string, joins = ''): string =>
  `select r.id::int as id, r.name, ${columns} from resource as r ${joins} where r.kind = '${kind}'`
const up = (type: string, kind: string, alias: string): string =>
  `left join (select l.from_id, l.to_id from link as l join resource as t on t.id = l.to_id where l.type = '${type}' and t.kind = '${kind}') as ${alias} on ${alias}.from_id = r.id`
const text = (name: string, column: string): string => `r.fields ->> '${name}' as ${column}`

const tables: [name: string, select: string, references: Record<string, string>][] = [
  ['region', resource('Region', 'r.status'), {}],
  [
    'site',
    resource('Site', `r.status, u.to_id::int as region_id`, up('LOCATED_IN', 'Region', 'u')),
    { region_id: 'region' },
  ],
  [
    'rack',
    resource(
      'Rack',
      `(r.fields ->> 'heightUnits')::int as height_units, ${text('assetTag', 'asset_tag')}, u.to_id::int as site_id`,
      up('LOCATED_IN', 'Site', 'u'),
    ),
    { site_id: 'site' },
  ],
  [
    'server',
    resource(
      'Server',
      `${text('serialNumber', 'serial_number')}, ${text('powerState', 'power_state')}, ${text('model', 'model')}, u.to_id::int as rack_id`,
      up('LOCATED_IN', 'Rack', 'u'),
    ),
    { rack_id: 'rack' },
  ],
  [
    'switch',
    resource(
      'Switch',
      `${text('role', 'role')}, ${text('serialNumber', 'serial_number')}, u.to_id::int as rack_id`,
      up('LOCATED_IN', 'Rack', 'u'),
    ),
    { rack_id: 'rack' },
  ],
  ['tenant', resource('Tenant', text('tenantId', 'project')), {}],
  [
    'virtual_machine',
    resource(
      'VirtualMachine',
      `${text('powerState', 'power_state')}, ${text('flavor', 'flavor')}, ${text('role', 'role')}, r.labels ->> 'env' as env, r.labels ->> 'team' as team, h.to_id::int as server_id, o.to_id::int as tenant_id`,
      `${up('RUNS_ON', 'Server', 'h')} ${up('OWNED_BY', 'Tenant', 'o')}`,
    ),
    { server_id: 'server', tenant_id: 'tenant' },
  ],
  [
    'container',
    resource(
      'Container',
      `${text('imageName', 'image_name')}, u.to_id::int as virtual_machine_id`,
      up('RUNS_ON', 'VirtualMachine', 'u'),
    ),
    { virtual_machine_id: 'virtual_machine' },
  ],
  [
    'network_interface',
    resource(
      'NetworkInterface',
      `${text('macAddress', 'mac_address')}, s.to_id::int as server_id, w.to_id::int as switch_id, v.to_id::int as virtual_machine_id, (select case when c.from_id = r.id then c.to_id else c.from_id end from link as c where c.type = 'CONNECTED_TO' and r.id in (c.from_id, c.to_id) limit 1)::int as peer_id`,
      `${up('PART_OF', 'Server', 's')} ${up('PART_OF', 'Switch', 'w')} ${up('PART_OF', 'VirtualMachine', 'v')}`,
    ),
    {
      server_id: 'server',
      switch_id: 'switch',
      virtual_machine_id: 'virtual_machine',
      peer_id: 'network_interface',
    },
  ],
  [
    'ip_address',
    resource(
      'IpAddress',
      `${text('address', 'address')}, u.to_id::int as network_interface_id`,
      up('ASSIGNED_TO', 'NetworkInterface', 'u'),
    ),
    { network_interface_id: 'network_interface' },
  ],
]

/** The same things in plain tables of the schema `dc`. */
export async function makeRelations(db: Db): Promise<void> {
  await db.raw('drop schema if exists dc cascade')
  await db.raw('create schema dc')
  for (const [name, select] of tables) {
    await db.raw(`create table dc.${name} as ${select} order by r.id`)
    await db.raw(`alter table dc.${name} add primary key (id)`)
  }
  for (const [name, , references] of tables) {
    for (const [column, target] of Object.entries(references)) {
      await db.raw(`alter table dc.${name} add foreign key (${column}) references dc.${target} (id)`)
      await db.raw(`create index on dc.${name} (${column})`)
    }
  }
  await db.raw('create index on dc.virtual_machine (flavor, id)')
  await db.raw('create index on dc.virtual_machine (env)')
  for (const statement of functions) await db.raw(statement)
  for (const [name] of tables) await db.raw(`vacuum analyze dc.${name}`)
}

/** What a schema of foreign keys alone does not say; PostGraphile shows them as fields. */
const functions = [
  `create function dc.virtual_machines_by_rack(env text) returns table (rack text, count integer) language sql stable as
   'select rack.name, count(*)::int from dc.virtual_machine as vm join dc.server on server.id = vm.server_id
    join dc.rack on rack.id = server.rack_id where vm.env = $1 group by rack.id'`,
]
