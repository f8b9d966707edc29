import { beforeAll, describe, expect, test } from 'vitest'
import type { MemoryGraph } from '../../src/graph/memory.ts'
import { findByText } from '../../src/graph/search.ts'
import { Datacenter } from '../support/datacenter.ts'

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
  ])('%j', (text, expected) => {
    expect(findByText(graph, text).map(({ field, vertex }) => `${field} ${vertex.name}`)).toEqual(expected)
  })

  test('keeps to kinds, and to what the viewer may know of', () => {
    expect(findByText(graph, 'r07', { kind: ['Server'] })).toEqual([])
    expect(findByText(graph, 'r07', { kind: ['Rack', 'Rack'] })).toHaveLength(1)
    expect(findByText(graph, 'r07', { visible: () => false })).toEqual([])
  })
})
