import { describe, expect, it } from 'vitest'
import { toTopology, type Topology } from '../../src/graph/topology.ts'
import { Datacenter } from '../support/datacenter.ts'

/** Two spines, three leaves, a server with two cables to the first leaf, a VM on it, all in two racks. */
async function fabric() {
  const dc = new Datacenter()
  const site = dc.add('Site', 'site')
  const [rack1, rack2] = [dc.add('Rack', 'rack1'), dc.add('Rack', 'rack2')]
  dc.link('LOCATED_IN', rack1, site)
  dc.link('LOCATED_IN', rack2, site)
  const spines = [1, 2].map((n) => dc.add('Switch', `spine${n}`, { role: 'spine' }, { siteId: site }))
  const leaves = [1, 2, 3].map((n) => dc.add('Switch', `leaf${n}`, {}, { siteId: site }))
  for (const leaf of leaves) for (const spine of spines) dc.cable(leaf, spine, { speedBps: 100e9 })
  const server = dc.add('Server', 'server', {}, { siteId: site })
  dc.cable(leaves[0]!, server, { speedBps: 25e9 })
  dc.cable(server, leaves[0]!, { speedBps: 10e9 })
  const vm = dc.add('VirtualMachine', 'vm')
  dc.link('RUNS_ON', vm, server)
  dc.link('LOCATED_IN', server, rack1)
  dc.link('LOCATED_IN', leaves[0]!, rack2)
  return { dc, site, rack1, rack2, spines, leaves, server, vm, graph: await dc.load() }
}

const shown = ({ nodes }: Topology) => nodes.map(({ vertex, depth }) => `${vertex.name}:${depth}`)
const lines = ({ links }: Topology) =>
  links.map(({ type, from, to, count }) => `${type} ${from.name}-${to.name} x${count}`).toSorted()

describe('topology', () => {
  it('shows what is within the depth, each with its distance, and all links between', async () => {
    const { graph, server } = await fabric()
    const found = toTopology(graph, { root: [graph.get(server)!], type: ['RUNS_ON', 'LOCATED_IN'] })
    expect(shown(found)).toEqual(['server:0', 'rack1:1', 'vm:1', 'site:2'])
    expect(lines(found)).toEqual([
      'LOCATED_IN rack1-site x1',
      'LOCATED_IN server-rack1 x1',
      'RUNS_ON vm-server x1',
    ])
    expect(found.truncated).toBe(false)
  })

  it('joins through collapsed kinds, one line for all cables between the same two', async () => {
    const { graph, server, spines } = await fabric()
    const found = toTopology(graph, {
      root: [graph.get(server)!],
      collapse: ['NetworkInterface'],
      type: ['PART_OF', 'CONNECTED_TO'],
    })
    expect(shown(found)).toEqual(['server:0', 'leaf1:1', 'spine1:2', 'spine2:2'])
    expect(lines(found)).toEqual([
      'CONNECTED_TO leaf1-server x2',
      'CONNECTED_TO spine1-leaf1 x1',
      'CONNECTED_TO spine2-leaf1 x1',
    ])
    const trunk = found.links.find(({ to }) => to.id === server)!
    expect(trunk.members.map(({ type }) => type)).toEqual(['CONNECTED_TO', 'CONNECTED_TO'])
    expect(trunk.speedBps).toBe(35e9)
    expect(trunk.id).toBe(`CONNECTED_TO.${spines[1]! + 1}.${server}`)
  })

  it('shows every line between what is shown, also at its border', async () => {
    const { graph, leaves } = await fabric()
    const root = leaves.map((id) => graph.get(id)!)
    const found = toTopology(graph, { root, depth: 1, collapse: ['NetworkInterface'], kind: ['Switch'] })
    expect(shown(found)).toEqual(['leaf1:0', 'leaf2:0', 'leaf3:0', 'spine1:1', 'spine2:1'])
    expect(found.links).toHaveLength(6)
    const border = toTopology(graph, {
      root: [graph.get(leaves[0]!)!],
      depth: 2,
      collapse: ['NetworkInterface'],
      kind: ['Switch'],
    })
    expect(border.links).toHaveLength(6)
  })

  it('counts what maxDegree leaves out, and tells when limit does', async () => {
    const { graph, spines } = await fabric()
    const ask = {
      root: [graph.get(spines[0]!)!],
      depth: 1,
      collapse: ['NetworkInterface' as const],
      kind: ['Switch' as const],
    }
    const few = toTopology(graph, { ...ask, maxDegree: 2 })
    expect(shown(few)).toEqual(['spine1:0', 'leaf1:1', 'leaf2:1'])
    expect(few.nodes.map(({ omitted }) => omitted)).toEqual([1, 0, 0])
    expect(few.truncated).toBe(false)
    const cut = toTopology(graph, { ...ask, limit: 2 })
    expect(shown(cut)).toEqual(['spine1:0', 'leaf1:1'])
    expect(cut.nodes[0]!.omitted).toBe(2)
    expect(cut.truncated).toBe(true)
  })

  it('tells the group that holds each, and the rank of each', async () => {
    const { graph, vm, rack1, rack2, site } = await fabric()
    const ask = {
      root: [graph.get(vm)!],
      depth: 4,
      collapse: ['NetworkInterface' as const],
      type: ['RUNS_ON', 'PART_OF', 'CONNECTED_TO'] as const,
    }
    const byRack = toTopology(graph, { ...ask, groupBy: 'Rack' })
    const groups = Object.fromEntries(byRack.nodes.map(({ vertex, group }) => [vertex.name, group]))
    expect(groups).toMatchObject({ vm: rack1, server: rack1, leaf1: rack2, spine1: null })
    const bySite = toTopology(graph, { ...ask, groupBy: 'Site' })
    expect(bySite.nodes.find(({ vertex }) => vertex.name === 'server')?.group).toBe(site)
    const layers = Object.fromEntries(byRack.nodes.map(({ vertex, layer }) => [vertex.name, layer]))
    expect(layers).toEqual({ vm: 12, server: 10, leaf1: 9, spine1: 7, spine2: 7, leaf2: 8, leaf3: 8 })
  })

  it('shows nothing that may not be seen, and passes through nothing of it', async () => {
    const { graph, server, leaves } = await fabric()
    const visible = ({ name }: { name: string }) => !name.startsWith('from-')
    const found = toTopology(graph, {
      root: [graph.get(server)!],
      collapse: ['NetworkInterface'],
      kind: ['Switch', 'Server'],
      visible,
    })
    expect(shown(found)).toEqual(['server:0'])
    expect(toTopology(graph, { root: [graph.get(leaves[0]!)!], visible: () => false }).nodes).toEqual([])
  })

  it('is refused when it would look at too much', async () => {
    const { dc, spines } = await fabric()
    const graph = await dc.load(3)
    expect(() => toTopology(graph, { root: [graph.get(spines[0]!)!] })).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED' }),
    )
  })
})
