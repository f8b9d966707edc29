import { describe, expect, it } from 'vitest'
import { derivationNames, derive, type PowerOutlet } from '../../src/graph/derive.ts'
import type { RackUnit } from '../../src/graph/rack.ts'
import { kinds } from '../../src/resource/kind/index.ts'
import { Datacenter } from '../support/datacenter.ts'

it('there is a function for every derived field, and a field for every function', () => {
  const used = [...kinds.values()].flatMap((kind) =>
    Object.values(kind.fields).flatMap((field) =>
      field.from === 'derived' && field.by !== 'sourceState' ? [field.by] : [],
    ),
  )
  expect([...new Set(used)].toSorted()).toEqual(derivationNames.toSorted())
})

describe('a rack', () => {
  async function rackWith(rack: Record<string, unknown>, contents: Record<string, unknown>[]) {
    const dc = new Datacenter()
    const id = dc.add('Rack', 'rack', rack)
    for (const [index, fields] of contents.entries())
      dc.link('LOCATED_IN', dc.add('Server', `s${index}`, fields), id)
    const graph = await dc.load()
    const units = derive('elevation', graph, graph.get(id)!) as RackUnit[] | null
    const free = derive('freeUnits', graph, graph.get(id)!)
    return {
      free,
      units: units?.map(({ unit, face, resource }) => [unit, face, resource?.name ?? null]) ?? null,
    }
  }

  it('shows its units from the top, both faces where both are filled', async () => {
    const { units, free } = await rackWith({ heightUnits: 5 }, [
      { position: 4, heightUnits: 2 },
      { position: 2, face: 'REAR' },
      { position: 2, face: 'FRONT' },
      { position: 1, heightUnits: 0 },
      {},
    ])
    expect(units).toEqual([
      [5, null, 's0'],
      [4, null, 's0'],
      [3, null, null],
      [2, 'FRONT', 's2'],
      [2, 'REAR', 's1'],
      [1, null, null],
    ])
    expect(free).toBe(2)
  })

  it('of unknown height ends with what stands in it, and has no number of free units', async () => {
    expect(await rackWith({}, [{ position: 2 }])).toEqual({
      free: null,
      units: [
        [2, null, 's0'],
        [1, null, null],
      ],
    })
    expect(await rackWith({}, [])).toEqual({ free: null, units: null })
  })

  it('is not broken by positions that cannot be', async () => {
    const { units, free } = await rackWith({ heightUnits: 2 }, [
      { position: 1_000_000_000 },
      { position: 2, heightUnits: 1e12 },
      { position: -3 },
    ])
    expect(units).toEqual([
      [2, null, 's1'],
      [1, null, null],
    ])
    expect(free).toBe(1)
  })
})

describe('a prefix', () => {
  async function prefixWith(cidr: string, addresses: string[], children: string[] = []) {
    const dc = new Datacenter()
    const id = dc.add('Prefix', cidr, { cidr })
    for (const address of addresses) dc.link('PART_OF', dc.add('IpAddress', address, { address }), id)
    for (const child of children) dc.link('PART_OF', dc.add('Prefix', child, { cidr: child }), id)
    const graph = await dc.load()
    return [derive('utilization', graph, graph.get(id)!), derive('freeAddresses', graph, graph.get(id)!)]
  }

  it('counts usable addresses: no network nor broadcast address for IPv4 up to /30', async () => {
    expect(await prefixWith('10.0.0.0/30', ['10.0.0.1', '10.0.0.0', '10.0.0.3'])).toEqual([0.5, 1])
    expect(await prefixWith('10.0.0.0/31', ['10.0.0.0'])).toEqual([0.5, 1])
    expect(await prefixWith('10.0.0.1/32', [])).toEqual([0, 1])
    expect(await prefixWith('0.0.0.0/0', [])).toEqual([0, 2 ** 32 - 2])
  })

  it('counts an address once, one elsewhere not, and child prefixes whole', async () => {
    expect(await prefixWith('10.0.0.0/24', ['10.0.0.5', '10.0.0.5', '10.9.9.9', 'x'])).toEqual([1 / 254, 253])
    expect(
      await prefixWith('10.0.0.0/24', ['10.0.0.200', '10.0.0.1'], ['10.0.0.128/25', '10.0.0.128/26']),
    ).toEqual([128 / 254, 126])
  })

  it('is exact for IPv6', async () => {
    expect(await prefixWith('2001:db8::/64', ['2001:db8::1'])).toEqual([
      2 ** -64,
      (2n ** 64n - 1n).toString(),
    ])
    expect(await prefixWith('2001:db8::/127', ['2001:db8::'])).toEqual([0.5, 1])
  })

  it('that cannot be read has neither', async () => {
    expect(await prefixWith('10.0.0.0/99', [])).toEqual([null, null])
    expect(await prefixWith('nonsense', [])).toEqual([null, null])
  })
})

it('a PDU has its outlets, with what hangs on each', async () => {
  const dc = new Datacenter()
  const pdu = dc.add('Pdu', 'pdu')
  const outlets = ['o1', 'o2', 'o3'].map((name) => dc.add('Component', name, { role: 'power outlet' }))
  const fan = dc.add('Component', 'fan', { role: 'fan' })
  for (const part of [...outlets, fan]) dc.link('PART_OF', part, pdu)
  const server = dc.add('Server', 'server')
  const port = dc.add('Component', 'psu1', { role: 'power port' })
  dc.link('PART_OF', port, server)
  dc.link('CONNECTED_TO', outlets[0]!, port)
  dc.link('POWERED_BY', server, outlets[1]!)
  const graph = await dc.load()
  const found = derive('outlets', graph, graph.get(pdu)!) as PowerOutlet[]
  expect(found.map(({ name, feeds }) => [name, feeds?.name ?? null])).toEqual([
    ['o1', 'server'],
    ['o2', 'server'],
    ['o3', null],
  ])
  expect(derive('powerWatts', graph, graph.get(pdu)!)).toBeNull()
  expect(() => derive('nothing', graph, graph.get(pdu)!)).toThrow('nothing derives nothing')
})
