/** No GraphQL at all: a prepared statement that makes the JSON of each question in Postgres, behind node:http. */
import { createServer } from 'node:http'
import pg from 'pg'
import { readLive } from './live.mjs'
import { ready } from './ready.mjs'

const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  min: 10,
  max: 10,
  idleTimeoutMillis: 0,
})

const list = `select coalesce(json_agg(json_build_object(
    'id', vm.id, 'name', vm.name, 'powerState', vm.power_state,
    'host', json_build_object('name', server.name, 'rack', json_build_object('name', rack.name)),
    'tenant', json_build_object('name', tenant.name),
    'ipAddresses', (select coalesce(json_agg(json_build_object('address', ip.address) order by ip.id), '[]')
      from dc.network_interface as nic join dc.ip_address as ip on ip.network_interface_id = nic.id
      where nic.virtual_machine_id = vm.id)) order by vm.id), '[]')::text as json
  from (select * from dc.virtual_machine where flavor = $1 order by id limit 100) as vm
  join dc.server on server.id = vm.server_id join dc.rack on rack.id = server.rack_id join dc.tenant on tenant.id = vm.tenant_id`

const statements = {
  q1: `select json_build_object('id', server.id, 'name', server.name, 'serialNumber', server.serial_number, 'powerState', server.power_state,
      'rack', json_build_object('name', rack.name, 'heightUnits', rack.height_units, 'site', json_build_object('name', site.name)),
      'uplinks', (select coalesce(json_agg(json_build_object('id', u.id, 'name', u.name) order by u.id), '[]') from (
        select distinct switch.id, switch.name from dc.network_interface as near
        join dc.network_interface as far on far.id = near.peer_id join dc.switch on switch.id = far.switch_id
        where near.server_id = server.id) as u),
      'virtualMachines', (select coalesce(json_agg(json_build_object('id', vm.id, 'name', vm.name, 'powerState', vm.power_state,
        'tenant', json_build_object('name', tenant.name)) order by vm.id), '[]')
        from dc.virtual_machine as vm join dc.tenant on tenant.id = vm.tenant_id where vm.server_id = server.id))::text as json
    from dc.server join dc.rack on rack.id = server.rack_id join dc.site on site.id = rack.site_id where server.id = $1`,
  q2: list,
  q3: `select json_build_object('name', region.name, 'racks', (select coalesce(json_agg(json_build_object('name', rack.name, 'servers',
        (select coalesce(json_agg(json_build_object('id', server.id, 'name', server.name, 'virtualMachines',
          (select coalesce(json_agg(json_build_object('id', vm.id, 'name', vm.name, 'tenant', json_build_object('name', tenant.name)) order by vm.id), '[]')
            from dc.virtual_machine as vm join dc.tenant on tenant.id = vm.tenant_id where vm.server_id = server.id)) order by server.id), '[]')
          from dc.server where server.rack_id = rack.id)) order by rack.id), '[]')
      from (select rack.* from dc.rack join dc.site on site.id = rack.site_id where site.region_id = region.id order by rack.id limit 20) as rack))::text as json
    from dc.region where region.id = $1`,
  q4: list,
  q5: `with servers as (select distinct s.id, s.name from dc.network_interface as near
      join dc.network_interface as far on far.id = near.peer_id join dc.server as s on s.id = far.server_id where near.switch_id = $1),
    machines as (select vm.id, vm.name from dc.virtual_machine as vm join servers on servers.id = vm.server_id),
    boxes as (select c.id, c.name from dc.container as c join machines on machines.id = c.virtual_machine_id)
    select json_agg(json_build_object('id', id, 'name', name) order by id)::text as json
    from (select * from servers union all select * from machines union all select * from boxes) as hit`,
  q6: `select json_agg(json_build_object('rack', g.name, 'count', g.count))::text as json from (
      select rack.name, count(*) from dc.virtual_machine as vm join dc.server on server.id = vm.server_id
      join dc.rack on rack.id = server.rack_id where vm.env = $1 group by rack.id) as g`,
  q7: `update dc.virtual_machine set role = $2 where id = $1
    returning json_build_object('id', id, 'name', name, 'role', role)::text as json`,
}

async function answer(name, values) {
  const { rows } = await pool.query({ name, text: statements[name], values })
  if (name !== 'q4') return rows[0].json
  const machines = JSON.parse(rows[0].json)
  const loads = await readLive(machines.map(({ id }) => id))
  machines.forEach((machine, index) => (machine.load = loads[index]))
  return JSON.stringify(machines)
}

const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    answer(request.url.slice(1), JSON.parse(Buffer.concat(chunks))).then(
      (json) => {
        const body = Buffer.from(`{"data":${json}}`)
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
        response.end(body)
      },
      (error) => {
        response.writeHead(500)
        response.end(JSON.stringify({ errors: [{ message: error.message }] }))
      },
    )
  })
})
server.listen(0, '127.0.0.1', () => ready(server.address().port))
