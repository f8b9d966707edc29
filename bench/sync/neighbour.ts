/** A NetBox fake with many virtual machines, in a process of its own. `{ change: n }` changes so many of them. */
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

const token = 'benchbenchbenchbenchbenchbenchbenchbench'
const machines = Number(process.argv[2] ?? 8_000)
const perCluster = 400
const began = Date.parse('2026-01-01T00:00:00Z')

type Item = Record<string, unknown> & { id: number; last_updated: string }
const ref = (id: number) => ({ id, url: `http://netbox/${id}/`, display: `thing ${id}` })
const choice = (value: string) => ({ value, label: value })
const many = (count: number, make: (id: number) => Record<string, unknown>): Item[] =>
  Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    last_updated: new Date(began + index).toISOString(),
    ...make(index + 1),
  }))

const tables: Record<string, Item[]> = {
  'dcim/sites': many(2, (id) => ({ name: `dc${id}`, slug: `dc${id}`, status: choice('active') })),
  'virtualization/cluster-types': many(1, () => ({ name: 'KVM', slug: 'kvm' })),
  'virtualization/clusters': many(Math.ceil(machines / perCluster), (id) => ({
    name: `cluster${id}`,
    type: ref(1),
    status: choice('active'),
    site: ref(1 + (id % 2)),
  })),
  'virtualization/virtual-machines': many(machines, (id) => ({
    name: `vm${id}`,
    status: choice('active'),
    cluster: ref(Math.ceil(id / perCluster)),
    vcpus: 4,
    memory: 8_192,
    custom_fields: { owner: `team${id % 40}` },
    tags: [],
  })),
  'virtualization/interfaces': many(machines, (id) => ({
    name: 'eth0',
    virtual_machine: ref(id),
    enabled: true,
    mac_address: `02:00:${[24, 16, 8, 0].map((shift) => ((id >> shift) & 255).toString(16).padStart(2, '0')).join(':')}`,
  })),
  'ipam/ip-addresses': many(machines, (id) => ({
    address: `10.${id >> 16}.${(id >> 8) & 255}.${id & 255}/8`,
    status: choice('active'),
    assigned_object_type: 'virtualization.vminterface',
    assigned_object_id: id,
  })),
}

const server = createServer((request, response) => {
  const url = new URL(request.url!, 'http://netbox')
  const say = (status: number, body: object) => void response.writeHead(status).end(JSON.stringify(body))
  if (request.headers.authorization !== `Token ${token}`) return say(403, {})
  if (url.pathname === '/api/status/') return say(200, { 'netbox-version': '4.2.0' })
  const table = tables[url.pathname.slice('/api/'.length, -1)] ?? []
  const since = url.searchParams.get('last_updated__gte')
  const after = Number(url.searchParams.get('id__gt') ?? 0)
  const found = table.filter((item) => item.id > after && (since === null || item.last_updated >= since))
  return say(200, { count: found.length, results: found.slice(0, Number(url.searchParams.get('limit'))) })
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token })

process.on('message', ({ change }: { change: number }) => {
  const all = tables['virtualization/virtual-machines']!
  const now = new Date().toISOString()
  for (let index = 0; index < change; index++)
    Object.assign(all[index * 7]!, { memory: 16_384, last_updated: now })
  process.send!({ changed: change })
})
process.on('disconnect', () => process.exit())
