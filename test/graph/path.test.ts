import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findPaths, type PathOptions } from '../../src/graph/path.ts'
import { Datacenter } from '../support/datacenter.ts'

/** A square a-b-d, a-c-d with a long way round a-e-f-d, and an island. */
async function square() {
  const dc = new Datacenter()
  const [a, b, c, d, e, f, island] = ['a', 'b', 'c', 'd', 'e', 'f', 'island'].map((name) =>
    dc.add('Device', name),
  ) as [number, number, number, number, number, number, number]
  for (const [from, to] of [
    [a, b],
    [b, d],
    [a, c],
    [c, d],
    [a, e],
    [e, f],
    [f, d],
  ] as const)
    dc.link('CONNECTED_TO', from, to)
  dc.link('DEPENDS_ON', a, d)
  const graph = await dc.load()
  const vertex = (id: number) => graph.get(id)!
  const names = (from: number, to: number, options: PathOptions) =>
    findPaths(graph, vertex(from), vertex(to), options).map((path) =>
      path.vertices.map(({ name }) => name).join(''),
    )
  return { a, d, f, island, graph, names, vertex }
}

describe('paths', () => {
  test('come shortest first, as many as are asked for', async () => {
    const { a, d, names } = await square()
    const cabled = { type: ['CONNECTED_TO'] as const }
    expect(names(a, d, { ...cabled, max: 1 })).toEqual(['abd'])
    expect(names(a, d, { ...cabled, max: 2 })).toEqual(['abd', 'acd'])
    expect(names(a, d, { ...cabled, max: 10 })).toEqual(['abd', 'acd', 'aefd'])
    expect(names(a, d, { max: 2 })).toEqual(['ad', 'abd'])
  })

  test('have the links between their resources', async () => {
    const { a, f, graph, vertex } = await square()
    const [path] = findPaths(graph, vertex(a), vertex(f), { max: 1, type: ['CONNECTED_TO'] })
    expect(path!.links.map(({ from, to }) => from.name + to.name)).toEqual(['ae', 'ef'])
  })

  test('to nowhere are none, to itself is one of no links', async () => {
    const { a, island, names } = await square()
    expect(names(a, island, { max: 3 })).toEqual([])
    expect(names(a, a, { max: 3 })).toEqual(['a'])
  })

  test('pass through nothing that the viewer may not know of', async () => {
    const { a, d, names } = await square()
    const visible = ({ name }: { name: string }): boolean => name !== 'b'
    expect(names(a, d, { max: 1, type: ['CONNECTED_TO'], visible })).toEqual(['acd'])
  })

  test('are the shortest of all there are', async () => {
    const drawing = fc.uniqueArray(
      fc.tuple(fc.nat(5), fc.nat(5), fc.constantFrom('RUNS_ON' as const, 'DEPENDS_ON' as const)),
      {
        maxLength: 12,
        selector: (link) => link.join(),
      },
    )
    const property = fc.asyncProperty(drawing, fc.integer({ min: 1, max: 6 }), async (drawn, max) => {
      const dc = new Datacenter()
      for (let id = 1; id <= 6; id++) dc.add('Service', `s${id}`)
      for (const [a, b, type] of drawn) if (a !== b) dc.link(type, a + 1, b + 1)
      const ways = (at: number, passed: readonly number[]): number[] =>
        at === 6
          ? [passed.length]
          : dc.links.flatMap(({ from, to }) => {
              const next = from === at ? to : to === at ? from : at
              return next === at || passed.includes(next) ? [] : ways(next, [...passed, at])
            })
      const graph = await dc.load()
      const found = findPaths(graph, graph.get(1)!, graph.get(6)!, { max })
      const lengths = ways(1, []).toSorted((a, b) => a - b)
      expect(found.map(({ links }) => links.length)).toEqual(lengths.slice(0, max))
      const marks = found.map(({ links }) =>
        links.map(({ type, from, to }) => `${type}${from.id}${to.id}`).join(),
      )
      expect(new Set(marks).size).toBe(found.length)
    })
    // Several links between the same two, on both legs.
    const manifold = [
      [2, 0, 'RUNS_ON'],
      [5, 2, 'RUNS_ON'],
      [2, 5, 'RUNS_ON'],
      [0, 2, 'DEPENDS_ON'],
      [0, 2, 'RUNS_ON'],
    ] satisfies [number, number, string][]
    await fc.assert(property, { numRuns: 300, verbose: 1, examples: [[manifold, 6]] })
  })

  test('are refused beyond the bound', async () => {
    const dc = new Datacenter()
    for (let id = 1; id <= 6; id++) dc.add('Service', `s${id}`)
    for (let id = 1; id < 6; id++) dc.link('DEPENDS_ON', id, id + 1)
    const graph = await dc.load(3)
    expect(() => findPaths(graph, graph.get(1)!, graph.get(6)!, { max: 1 })).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED' }),
    )
  })
})
