/** A NetBox over HTTP: serves a dump as NetBox' REST API shows it, with its filters, pages and tokens. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Dump, Row } from '../../../src/source/netbox/dump.ts'
import { endpoints } from '../../../src/source/netbox/rest/endpoint.ts'

const references = new Set(
  `site location rack tenant group parent device_role role manufacturer platform device_type module_type module_bay device installed_device rear_port power_port power_panel
   provider provider_account circuit provider_network vrf vlan cable primary_ip4 primary_ip6 oob_ip virtual_machine untagged_vlan tagged_vlans asns import_targets export_targets
   contact rir master virtual_chassis cluster region bridge lag vdcs wireless_lans interface_a interface_b user module termination_a termination_z wireless_link nat_inside`.split(
    /\s+/,
  ),
)
const choices = new Set(
  `status face airflow mode feed_leg phase supply width subdevice_role outer_unit weight_unit duplex poe_mode poe_type length_unit rf_role rf_channel priority term_side`.split(
    /\s+/,
  ),
)
/** Models whose `type` is another object, and whose `role` is a choice. */
const typed = new Set(['circuits.circuit', 'virtualization.cluster'])

export interface NetboxServer {
  url: string
  token: string
  /** Method and path with query, in the order of coming. */
  requests: string[]
  version: string
  /** Answers itself when it gives true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  items(model: string): Map<number, Record<string, any>>
  close(): Promise<void>
}

export async function serveDump(dump: Dump): Promise<NetboxServer> {
  const tables = toTables(dump)
  const server = createServer((request, response) => {
    fake.requests.push(`${request.method} ${request.url}`)
    if (fake.intercept?.(request, response)) return
    answer(tables, fake, request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const fake: NetboxServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: 'f00dfacef00dfacef00dfacef00dface',
    requests: [],
    version: '3.6.1',
    intercept: undefined,
    items: (model) => tables.get(model)!,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return fake
}

type Tables = ReadonlyMap<string, Map<number, Record<string, any>>>

const toTables = (dump: Dump): Tables =>
  new Map(Object.keys(endpoints).map((model) => [model, toItems(dump, model)]))

/** For a server of one's own. */
export function answerAsNetbox(dump: Dump, token: string) {
  const tables = toTables(dump)
  return (request: IncomingMessage, response: ServerResponse) =>
    answer(tables, { token, version: '4.2.3' }, request, response)
}

const byPath = new Map(Object.entries(endpoints).map(([model, path]) => [`/api/${path}/`, model]))

function answer(
  tables: Tables,
  { token, version }: { token: string; version: string },
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = new URL(request.url!, 'http://netbox')
  const say = (status: number, body: object) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (request.headers.authorization !== `Token ${token}`)
    return say(403, { detail: `Invalid token: ${request.headers.authorization}` })
  if (url.pathname === '/api/status/') return say(200, { 'netbox-version': version })
  const table = tables.get(byPath.get(url.pathname) ?? '')
  if (table === undefined) return say(404, { detail: 'Not found.' })
  return say(200, toPage(table, url))
}

const mostOfPage = 1_000

function toPage(table: Map<number, Record<string, any>>, url: URL): object {
  const filter = (name: string) => url.searchParams.get(name)
  const since = filter('last_updated__gte')
  const found = [...table.values()]
    .filter((item) => item['id'] > Number(filter('id__gt') ?? 0))
    .filter((item) => since === null || (item['last_updated'] ?? '') >= since)
    .sort((a, b) => a['id'] - b['id'])
  const limit = Math.min(Number(filter('limit') ?? 50), mostOfPage)
  return { count: found.length, next: null, previous: null, results: found.slice(0, limit) }
}

function toItems(dump: Dump, model: string): Map<number, Record<string, any>> {
  const tags = Map.groupBy(dump.rows('extras.taggeditem'), (row) => {
    const { content_type, object_id } = row.fields
    return `${dump.modelOf(row, content_type)}.${object_id}`
  })
  return new Map(
    dump.rows(model).map((row) => {
      const own = tags.get(`${model}.${row.pk}`) ?? []
      const inner = model === 'dcim.cable' ? toEnds(dump, row) : {}
      return [
        Number(row.pk),
        { ...toItem(dump, row), tags: own.map((one) => nested(one.fields['tag'])), ...inner },
      ]
    }),
  )
}

const nested = (id: unknown) => ({
  id,
  url: `http://netbox/api/x/${id}/`,
  display: `thing ${id}`,
  name: `thing ${id}`,
})

function toItem(dump: Dump, row: Row): Record<string, unknown> {
  const item: Record<string, unknown> = {
    id: row.pk,
    url: `http://netbox/${row.pk}/`,
    display: `it is ${row.pk}`,
  }
  for (const [name, value] of Object.entries(row.fields)) {
    if (name === 'custom_field_data') item['custom_fields'] = value
    else if (name.endsWith('_type') && /^(content|scope|assigned_object|object)_type$/.test(name))
      item[name] = value == null ? null : dump.modelOf(row, value)
    else item[name] = toShown(row.model, name, value)
  }
  return item
}

function toShown(model: string, name: string, value: unknown): unknown {
  if (value === null || value === undefined) return value
  const isChoice =
    choices.has(name) ||
    (name === 'type' && !typed.has(model)) ||
    (name === 'role' && model === 'ipam.ipaddress')
  if (isChoice) return value === '' ? null : { value, label: `${value}!` }
  if (!references.has(name) && !(name === 'type' && typed.has(model))) return value
  return Array.isArray(value) ? value.map(nested) : nested(value)
}

function toEnds(dump: Dump, cable: Row): Record<string, unknown> {
  const ends = dump.where('dcim.cabletermination', 'cable', cable.pk)
  const of = (side: string) =>
    ends
      .filter((end) => end.fields['cable_end'] === side)
      .map((end) => ({
        object_type: dump.modelOf(end, end.fields['termination_type']),
        object_id: end.fields['termination_id'],
        object: nested(end.fields['termination_id']),
      }))
  return { a_terminations: of('A'), b_terminations: of('B') }
}
