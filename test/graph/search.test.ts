import { beforeAll, describe, expect, test } from 'vitest'
import type { MemoryGraph } from '../../src/graph/memory.ts'
import { findByText, mostHits, type SearchOptions } from '../../src/graph/search.ts'
import { Datacenter, toImage } from '../support/datacenter.ts'

let graph: MemoryGraph
beforeAll(async () => {
  const dc = new Datacenter()
  dc.add('Server', 'web-01', { serialNumber: 'CN7475', assetTag: 'A-1' })
  dc.add('Server', 'web-02', { serialNumber: 'CN7476' }, { labels: { role: 'database' } })
  dc.add('Server', 'old-web-03', {})
  dc.add('NetworkInterface', 'eth0', { macAddress: '00:1b:21:3a:4f:10' })
  dc.add('IpAddress', '2001:db8::1', { address: '2001:db8::1' })
  dc.add('Rack', 'r07')
  graph = await dc.load()
})

describe('search', () => {
  test.each([
    ['web-01', ['name web-01', 'name web-02']],
    ['WEB', ['name web-01', 'name web-02', 'name old-web-03']],
    ['cn747', ['serialNumber web-01', 'serialNumber web-02']],
    ['7475', ['serialNumber web-01']],
    ['a-1', ['assetTag web-01']],
    ['data', ['label.role web-02']],
    ['00-1B-21-3A-4F-10', ['macAddress eth0']],
    ['2001:0db8:0:0::1', ['name 2001:db8::1']],
    ['wbe-01', ['name web-01']],
    ['wb-01', ['name web-01']],
    ['webb-02', ['name web-02']],
    ['r77', []],
    ['nothing', []],
    ['  ', []],
  ])('%j', async (text, expected) => {
    const { hits } = await findByText(graph, text)
    expect(hits.map(({ field, vertex }) => `${field} ${vertex.name}`)).toEqual(expected)
  })

  test('keeps to kinds, and to what the viewer may know of', async () => {
    const find = async (options: SearchOptions) => (await findByText(graph, 'r07', options)).hits
    expect(await find({ kind: ['Server'] })).toEqual([])
    expect(await find({ kind: ['Rack', 'Rack'] })).toHaveLength(1)
    expect(await find({ visible: () => false })).toEqual([])
  })

  test('puts what the caller found by key first', async () => {
    const [rack] = graph.ofType('Rack')
    const { hits } = await findByText(graph, 'web', { keyMatches: [{ vertex: rack!, value: 'dcim.rack.7' }] })
    expect(hits[0]).toMatchObject({ vertex: { name: 'r07' }, field: 'key', value: 'dcim.rack.7' })
  })

  test('keeps the best of too many, and says so', async () => {
    const dc = new Datacenter()
    for (let id = 1; id <= mostHits + 10; id++) dc.resources.push(toImage(id, 'Vlan', `x-v${id}`))
    dc.resources.push(toImage(mostHits + 11, 'Server', 'v1'))
    const { hits, isCut } = await findByText(await dc.load(), 'v1')
    expect(hits[0]?.vertex.kind.name).toBe('Server')
    expect(isCut).toBe(false)
    const all = await findByText(await dc.load(), 'v')
    expect([all.hits.length, all.hits[0]?.vertex.name, all.isCut]).toEqual([mostHits, 'v1', true])
  })

  test('stops at the signal', async () => {
    const dc = new Datacenter()
    for (let id = 1; id <= 60_000; id++) dc.resources.push(toImage(id, 'Vlan', `vlan number ${id}`))
    await expect(
      findByText(await dc.load(), 'nothing like it', { signal: AbortSignal.abort() }),
    ).rejects.toThrow('abort')
  })
})
