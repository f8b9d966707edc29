import { describe, expect, it } from 'vitest'
import type { InventoryFormat } from '../../src/inventory/index.ts'
import { readAll } from './reading.ts'

const yaml = `# two ways to write the same
Rack:
  - name: r07
    site: icn1
    heightUnits: 42

Server:
- name: 007 # a text all the same
  status: active
  labels: { env: prod, tier: 1 }
  owner: team-a
  rack: r07
  tenant: Tenant:name=shop
  serialNumber: 0123
  memoryBytes: 68719476736
  purchasedAt: 2024-03-01
  attributes: { a: { b: 1.50 }, list: [1, x] }
  links:
    - type: DEPENDS_ON
      to: netbox:dcim.device.7
      attributes: { why: boot }
    - { type: CONNECTED_TO, to: "key:Server:x", direction: OUT }
`

const csv = `kind,name,status,label.env,label.tier,owner,rack,tenant,site,serialNumber,memoryBytes,purchasedAt,heightUnits,attributes,links
Rack,r07,,,,,,,icn1,,,,42,,
Server,007,active,prod,1,team-a,r07,Tenant:name=shop,,0123,68719476736,2024-03-01,,"{""a"":{""b"":1.5},""list"":[1,""x""]}","[{""type"":""DEPENDS_ON"",""to"":""netbox:dcim.device.7"",""attributes"":{""why"":""boot""}},{""type"":""CONNECTED_TO"",""to"":""key:Server:x"",""direction"":""OUT""}]"
`

const server = {
  kind: 'Server',
  name: '007',
  status: 'active',
  labels: { env: 'prod', tier: 1 },
  owner: 'team-a',
  rack: 'r07',
  tenant: 'Tenant:name=shop',
  serialNumber: '0123',
  memoryBytes: 68719476736,
  purchasedAt: '2024-03-01',
  attributes: { a: { b: 1.5 }, list: [1, 'x'] },
  links: [
    { type: 'DEPENDS_ON', to: 'netbox:dcim.device.7', attributes: { why: 'boot' } },
    { type: 'CONNECTED_TO', to: 'key:Server:x', direction: 'OUT' },
  ],
}
const rack = { kind: 'Rack', name: 'r07', site: 'icn1', heightUnits: 42 }
const ndjson = `${JSON.stringify(rack)}\n\n${JSON.stringify(server)}`
const json = JSON.stringify([rack, server], null, 2)
const byKind = JSON.stringify({ Rack: [{ ...rack, kind: undefined }], Switch: [], Server: [server] })

const expected = [
  {
    kind: 'Rack',
    name: 'r07',
    fields: { heightUnits: 42 },
    links: [{ type: 'LOCATED_IN', to: { ref: 'Site:name=icn1' } }],
  },
  {
    kind: 'Server',
    name: '007',
    status: 'ACTIVE',
    labels: { env: 'prod', tier: '1' },
    owner: 'team-a',
    attributes: { a: { b: 1.5 }, list: [1, 'x'] },
    fields: { serialNumber: '0123', memoryBytes: 68719476736, purchasedAt: '2024-03-01' },
    links: [
      { type: 'LOCATED_IN', to: { ref: 'Rack:name=r07' } },
      { type: 'OWNED_BY', to: { ref: 'Tenant:name=shop' } },
      { type: 'DEPENDS_ON', to: { source: 'netbox', key: 'dcim.device.7' }, attributes: { why: 'boot' } },
      { type: 'CONNECTED_TO', to: { key: 'Server:x' }, direction: 'out' },
    ],
  },
]
/** Cells are texts: what takes the items knows which are numbers. */
const asTexts = expected.map((item) => ({
  ...item,
  fields: Object.fromEntries(Object.entries(item.fields).map(([key, value]) => [key, String(value)])),
}))

const without = (items: { path: string }[]) => items.map(({ path: _, ...item }) => item)

describe.each<[InventoryFormat, string, string, unknown[], string[]]>([
  ['yaml', 'a map from kind to list', yaml, expected, ['line 3', 'line 8']],
  [
    'yaml',
    'with carriage returns and a byte order mark',
    `\uFEFF---\r\n${yaml.replaceAll('\n', '\r\n')}`,
    expected,
    ['line 4', 'line 9'],
  ],
  ['csv', 'by RFC 4180', csv, asTexts, ['line 2', 'line 3']],
  [
    'csv',
    'with carriage returns and a byte order mark',
    `\uFEFF${csv.replaceAll('\n', '\r\n')}`,
    asTexts,
    ['line 2', 'line 3'],
  ],
  [
    'csv',
    'with semicolons',
    'kind;name;rack\nServer;"a;b";r07',
    [{ kind: 'Server', name: 'a;b', links: [{ type: 'LOCATED_IN', to: { ref: 'Rack:name=r07' } }] }],
    ['line 2'],
  ],
  [
    'csv',
    'with tabs and line breaks in cells',
    'kind\tname\nServer\t"a\nb"\n\nServer\tc\n',
    [
      { kind: 'Server', name: 'a\nb' },
      { kind: 'Server', name: 'c' },
    ],
    ['line 2', 'line 5'],
  ],
  ['ndjson', 'one item a line', ndjson, expected, ['line 1', 'line 3']],
  ['json', 'a list', json, expected, ['line 2', 'line 8']],
  ['json', 'a map from kind to list', byKind, expected, ['line 1', 'line 1']],
])('%s, %s', (format, _, text, wanted, paths) => {
  it.each([undefined, 1, 7])('is read in pieces of %s bytes', async (pieceBytes) => {
    const items = await readAll(format, text, pieceBytes === undefined ? {} : { pieceBytes })
    expect(without(items)).toEqual(wanted)
    expect(items.map(({ path }) => path)).toEqual(paths)
  })
})

describe('fields that are links', () => {
  it('may be lists, and go to what their kind says', async () => {
    const text = `
- kind: Service
  name: shop
  instances: [VirtualMachine:name=a, "key:Container:b", plain]
  dependsOn: db
  endpoints: ["https://shop.example.net:443"]
- { kind: IpAddress, address: "2001:db8::1", vrf: blue, prefix: "2001:db8::/64", interface: "NetworkInterface:name=eth0,device=s1" }
`
    const [service, address] = await readAll('yaml', text)
    expect(service?.links).toEqual([
      { type: 'RUNS_ON', to: { ref: 'VirtualMachine:name=a' } },
      { type: 'RUNS_ON', to: { key: 'Container:b' } },
      { type: 'RUNS_ON', to: { ref: 'Resource:name=plain' } },
      { type: 'DEPENDS_ON', to: { ref: 'Service:name=db' } },
      { type: 'EXPOSES', to: { ref: 'Endpoint:url=https://shop.example.net:443' } },
    ])
    expect(address).toMatchObject({
      name: '2001:db8::1',
      links: [
        { type: 'MEMBER_OF', to: { ref: 'Vrf:name=blue' } },
        { type: 'PART_OF', to: { ref: 'Prefix:cidr=2001:db8::/64' } },
        { type: 'ASSIGNED_TO', to: { ref: 'NetworkInterface:name=eth0,device=s1' } },
      ],
    })
  })

  it('in CSV are lists with semicolons between, or JSON', async () => {
    const rows = await readAll('csv', 'name,dependsOn,instances\na,b; c,"[""VirtualMachine:name=x;y""]"\n', {
      kind: 'Service',
    })
    expect(rows[0]?.links).toEqual([
      { type: 'DEPENDS_ON', to: { ref: 'Service:name=b' } },
      { type: 'DEPENDS_ON', to: { ref: 'Service:name=c' } },
      { type: 'RUNS_ON', to: { ref: 'VirtualMachine:name=x;y' } },
    ])
  })
})

describe('YAML', () => {
  it('knows anchors within an item, block texts, and empty lists', async () => {
    const text = `Rack: []
Server:
  - name: a
    attributes:
      one: &x { k: v }
      two: *x
      text: |
        - not an item
        # not a comment
Switch:
`
    const items = await readAll('yaml', text)
    expect(items[0]?.attributes).toEqual({
      one: { k: 'v' },
      two: { k: 'v' },
      text: '- not an item\n# not a comment\n',
    })
  })

  it('of nothing is nothing', async () => {
    expect(await readAll('yaml', '# only a comment\n---\n')).toEqual([])
    expect(await readAll('ndjson', '\n \n')).toEqual([])
    expect(await readAll('json', ' [ ] \n')).toEqual([])
    expect(await readAll('csv', 'kind,name\n')).toEqual([])
  })
})

describe('asset facts', () => {
  it('are columns', async () => {
    const text =
      'kind,name,assetTag,serialNumber,purchasedAt,warrantyEndsAt,costCenter,owner\nServer,s,A1,SN1,2024-01-02,2029-01-02,CC-1,ops\n'
    expect(await readAll('csv', text)).toMatchObject([
      {
        owner: 'ops',
        fields: {
          assetTag: 'A1',
          serialNumber: 'SN1',
          purchasedAt: '2024-01-02',
          warrantyEndsAt: '2029-01-02',
          costCenter: 'CC-1',
        },
      },
    ])
  })
})

it('gives batches as they arrive, in bounded memory', async () => {
  const before = process.memoryUsage().heapUsed
  let peak = 0
  let count = 0
  const { readInventory } = await import('../../src/inventory/index.ts')
  async function* body(): AsyncGenerator<string> {
    for (let block = 0; block < 200; block++) {
      const lines = Array.from({ length: 250 }, (_, index) =>
        JSON.stringify({
          kind: 'Server',
          name: `s${block * 250 + index}`,
          attributes: { text: 'x'.repeat(400) },
        }),
      )
      yield `${lines.join('\n')}\n`
    }
  }
  for await (const batch of readInventory('ndjson', body() as never, new AbortController().signal)) {
    count += batch.length
    if (count % 5_000 === 0) peak = Math.max(peak, process.memoryUsage().heapUsed - before)
  }
  expect(count).toBe(50_000)
  // The text alone has 24 MB, its items several times as much.
  expect(peak).toBeLessThan(200 * 1024 * 1024)
})
