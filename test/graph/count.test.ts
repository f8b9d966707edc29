import { describe, expect, it } from 'vitest'
import { countBy } from '../../src/graph/count.ts'
import { candidates, select } from '../../src/graph/filter.ts'
import { Datacenter, namesOf, noScope, since, toEvents, toImage } from '../support/datacenter.ts'

async function racks() {
  const dc = new Datacenter()
  const [near, far] = [dc.add('Rack', 'near'), dc.add('Rack', 'far')]
  const server = dc.add('Server', 's')
  const machines = [1, 2].map((n) => dc.add('VirtualMachine', `v${n}`, {}, { labels: { env: 'prod' } }))
  dc.add('VirtualMachine', 'loose', {}, { labels: { env: 'test' } })
  dc.add('Server', 'other', {}, { labels: { env: 'prod' } })
  dc.link('LOCATED_IN', server, near)
  for (const machine of machines) dc.link('RUNS_ON', machine, server)
  const graph = await dc.load()
  const count = () =>
    countBy(graph, graph.ofType('VirtualMachine'), ['rack']).map((one) => [one.group[0]!.value, one.count])
  return { graph, count, near, far, server }
}

describe('a count by rack', () => {
  it('goes up from what runs to what stands, and is right again after a move', async () => {
    const { graph, count, near, far, server } = await racks()
    const before = [
      ['near', 2],
      ['', 1],
    ]
    expect(count()).toEqual(before)
    expect(count()).toEqual(before)
    graph.apply(
      toEvents(0, [
        {
          type: 'LinkRemoved',
          link: { type: 'LOCATED_IN', from: server, to: near, since },
          from: noScope,
          to: noScope,
        },
        {
          type: 'LinkAdded',
          link: { type: 'LOCATED_IN', from: server, to: far, since },
          from: noScope,
          to: noScope,
        },
      ]),
    )
    expect(count()).toEqual([
      ['far', 2],
      ['', 1],
    ])
  })

  it('shows the name that the rack has now', async () => {
    const { graph, count, near } = await racks()
    count()
    graph.apply(
      toEvents(0, [
        { type: 'ResourceUpdated', resource: toImage(near, 'Rack', 'renamed'), before: noScope, changes: [] },
      ]),
    )
    expect(count()[0]).toEqual(['renamed', 2])
  })

  it('of two keys tells the groups apart by both', async () => {
    const { graph } = await racks()
    const groups = countBy(graph, graph.ofType('Resource'), ['label.env', 'kind'])
    expect(groups.map(({ group, count }) => [...group.map(({ value }) => value), count])).toContainEqual([
      'prod',
      'VirtualMachine',
      2,
    ])
  })
})

describe('a filter of a kind and a label', () => {
  it('looks into the index of that kind only', async () => {
    const { graph } = await racks()
    const labels = [{ key: 'env', value: 'prod' }]
    const filter = { kind: new Set(['VirtualMachine'] as const), labels }
    expect(namesOf(candidates(graph, 'Resource', filter))).toEqual(['v1', 'v2'])
    expect(namesOf(select(graph, 'Resource', filter))).toEqual(['v1', 'v2'])
    expect(namesOf(select(graph, 'Resource', { labels }))).toEqual(['v1', 'v2', 'other'])
    expect(select(graph, 'Server', filter)).toEqual([])
  })
})
