import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Reached, Vertex } from '../../src/graph/graph.ts'
import { isOfType, type KindName } from '../../src/resource/kind/index.ts'
import { linkDefinition, type LinkType } from '../../src/resource/kind/link.ts'
import { Datacenter } from '../support/datacenter.ts'

const names = (reached: readonly Reached[]): string[] => reached.map(({ vertex }) => vertex.name)
const chainOf = ({ via }: Reached): string[] =>
  via.map(({ type, from, to }) => `${type} ${from.name}-${to.name}`)

describe('dependents', () => {
  it('go along links by what each says about failure, nearest first, with the shortest chain', async () => {
    const dc = new Datacenter()
    const rack = dc.add('Rack', 'rack')
    const server = dc.add('Server', 'server')
    const vm = dc.add('VirtualMachine', 'vm')
    const service = dc.add('Service', 'service')
    const front = dc.add('Service', 'front')
    const endpoint = dc.add('Endpoint', 'endpoint')
    const volume = dc.add('Volume', 'volume')
    const tenant = dc.add('Tenant', 'tenant')
    const cluster = dc.add('Cluster', 'cluster')
    dc.link('LOCATED_IN', server, rack)
    dc.link('RUNS_ON', vm, server)
    dc.link('RUNS_ON', service, vm)
    dc.link('DEPENDS_ON', front, service)
    dc.link('DEPENDS_ON', service, front)
    dc.link('EXPOSES', front, endpoint)
    dc.link('ATTACHED_TO', volume, vm)
    dc.link('OWNED_BY', vm, tenant)
    dc.link('MEMBER_OF', server, cluster)
    const graph = await dc.load()
    const hit = graph.dependents(graph.get(rack)!)
    expect(hit.map(({ vertex, depth }) => [vertex.name, depth])).toEqual([
      ['server', 1],
      ['vm', 2],
      ['service', 3],
      ['front', 4],
      ['endpoint', 5],
    ])
    expect(chainOf(hit[3]!)).toEqual([
      'LOCATED_IN server-rack',
      'RUNS_ON vm-server',
      'RUNS_ON service-vm',
      'DEPENDS_ON front-service',
    ])
    expect(names(graph.dependents(graph.get(volume)!))).toEqual(['vm', 'service', 'front', 'endpoint'])
    expect(names(graph.dependents(graph.get(tenant)!))).toEqual([])
    expect(names(graph.dependents(graph.get(cluster)!))).toEqual([])
    expect(names(graph.dependencies(graph.get(endpoint)!))).toEqual([
      'front',
      'service',
      'vm',
      'server',
      'volume',
      'rack',
    ])
    expect(names(graph.dependents(graph.get(rack)!, { depth: 2 }))).toEqual(['server', 'vm'])
    expect(names(graph.dependents(graph.get(rack)!, { kind: ['Service', 'Machine'] }))).toEqual([
      'server',
      'vm',
      'service',
      'front',
    ])
    expect(names(graph.dependents(graph.get(rack)!, { visible: ({ name }) => name !== 'vm' }))).not.toContain(
      'vm',
    )
  })

  it('of a failing switch are the hosts on its cables, by the cable and its port', async () => {
    const dc = new Datacenter()
    const leaf = dc.add('Switch', 'leaf', { role: 'leaf' })
    const server = dc.add('Server', 'server')
    const storage = dc.add('Device', 'storage', { role: 'storage' })
    const [port, nic] = dc.cable(leaf, server)
    dc.link('CONNECTED_TO', storage, dc.port(leaf, 'direct'))
    dc.link('RUNS_ON', dc.add('VirtualMachine', 'vm'), server)
    dc.link('ASSIGNED_TO', dc.add('IpAddress', 'address'), nic)
    const graph = await dc.load()
    const hit = graph.dependents(graph.get(leaf)!)
    const shown = hit.filter(({ vertex }) => !vertex.name.includes('to-'))
    expect(shown.map(({ vertex, depth }) => [vertex.name, depth])).toEqual([
      ['direct', 1],
      ['storage', 2],
      ['server', 3],
      ['address', 3],
      ['vm', 4],
    ])
    const reached = hit.find(({ vertex }) => vertex.id === server)!
    expect(reached.via.map(({ type }) => type)).toEqual(['PART_OF', 'CONNECTED_TO', 'PART_OF'])
    expect(reached.via[1]).toMatchObject({ from: { id: port }, to: { id: nic } })
    expect(names(graph.dependents(graph.get(server)!))).not.toContain('leaf')
    expect(graph.dependents(graph.get(nic)!).map(({ vertex }) => vertex.name)).toEqual(['address'])
    expect(names(graph.dependents(graph.get(port)!))).toContain('server')
    expect(names(graph.dependencies(graph.get(server)!))).toContain('leaf')
  })

  it('of a failing spine are the leaves that have no other uplink', async () => {
    const dc = new Datacenter()
    const [spine1, spine2] = [
      dc.add('Switch', 'spine1', { role: 'spine' }),
      dc.add('Switch', 'spine2', { role: 'spine' }),
    ]
    const both = dc.add('Switch', 'both', { role: 'leaf' })
    const only = dc.add('Switch', 'only', { role: 'ToR' })
    const core = dc.add('Device', 'core', { role: 'core router' })
    const unknown = dc.add('Switch', 'unknown')
    const row = dc.add('Location', 'row')
    dc.cable(spine1, both)
    dc.cable(spine2, both)
    dc.cable(only, spine1)
    dc.cable(core, spine1)
    dc.cable(spine1, spine2)
    dc.cable(spine1, unknown)
    dc.link('LOCATED_IN', spine1, row)
    dc.link('LOCATED_IN', spine2, row)
    const behindBoth = dc.add('Server', 'behind-both')
    const behindOnly = dc.add('Server', 'behind-only')
    dc.cable(both, behindBoth)
    dc.cable(only, behindOnly)
    const graph = await dc.load()
    const hitBy = (id: number) => graph.dependents(graph.get(id)!, { kind: ['Switch', 'Server', 'Device'] })
    expect(names(hitBy(spine1))).toEqual(['only', 'behind-only'])
    expect(names(hitBy(spine2))).toEqual([])
    expect(names(hitBy(row)).toSorted()).toEqual([
      'behind-both',
      'behind-only',
      'both',
      'only',
      'spine1',
      'spine2',
    ])
    expect(names(hitBy(core))).toEqual(['spine1', 'only', 'behind-only'])
    expect(names(hitBy(both))).toEqual(['behind-both'])
    expect(names(graph.dependencies(graph.get(behindBoth)!, { kind: ['Switch', 'Device'] }))).toEqual([
      'both',
      'spine1',
      'spine2',
      'core',
    ])
  })

  it('of a failing line card leave the switch standing', async () => {
    const dc = new Datacenter()
    const chassis = dc.add('Switch', 'chassis', { role: 'leaf' })
    const card = dc.add('Component', 'card', { role: 'module' })
    dc.link('PART_OF', card, chassis)
    const server = dc.add('Server', 'server')
    const nic = dc.port(server, 'nic')
    dc.link('CONNECTED_TO', dc.port(card, 'xe0'), nic)
    const graph = await dc.load()
    expect(names(graph.dependents(graph.get(card)!))).toEqual(['xe0', 'nic', 'server'])
    expect(names(graph.dependents(graph.get(chassis)!))).toEqual(['card', 'xe0', 'nic', 'server'])
    expect(names(graph.dependencies(graph.get(server)!))).toEqual(['xe0', 'card', 'chassis'])
  })

  it('are refused beyond the bound, and stop at the signal', async () => {
    const dc = new Datacenter()
    const rack = dc.add('Rack', 'rack')
    for (let index = 0; index < 10; index++) dc.link('LOCATED_IN', dc.add('Server', `s${index}`), rack)
    const graph = await dc.load(10)
    expect(() => graph.dependents(graph.get(rack)!)).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED', details: { limit: { name: 'visited', limit: 10 } } }),
    )
    expect(() => graph.dependents(graph.get(rack)!, { signal: AbortSignal.abort() })).toThrow('abort')
  })
})

/** A network of a few layers, hosts and what they carry, drawn at random. */
const kinds: readonly [KindName, string | null][] = [
  ['Switch', 'core'],
  ['Switch', 'spine'],
  ['Switch', 'leaf'],
  ['Switch', null],
  ['Device', 'firewall'],
  ['Device', 'storage'],
  ['Server', null],
  ['VirtualMachine', null],
  ['Service', null],
  ['Component', 'module'],
]
const drawing = fc.record({
  things: fc.array(fc.constantFrom(...kinds), { minLength: 2, maxLength: 9 }),
  cables: fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 10 }),
  links: fc.array(
    fc.tuple(
      fc.constantFrom<LinkType>('PART_OF', 'RUNS_ON', 'DEPENDS_ON', 'EXPOSES', 'OWNED_BY'),
      fc.nat(20),
      fc.nat(20),
    ),
    { maxLength: 8 },
  ),
})

function draw({
  things,
  cables,
  links,
}: typeof drawing extends fc.Arbitrary<infer T> ? T : never): Datacenter {
  const dc = new Datacenter()
  const ids = things.map(([kind, role], index) =>
    dc.add(kind, `${kind}${index}`, role === null ? {} : { role }),
  )
  const at = (index: number): number => ids[index % ids.length]!
  for (const [a, b] of cables) if (at(a) !== at(b)) dc.cable(at(a), at(b))
  const seen = new Set<string>()
  for (const [type, a, b] of links) {
    // a part has one whole, and no whole is a part of its part
    const [from, to] = type === 'PART_OF' ? [Math.max(at(a), at(b)), Math.min(at(a), at(b))] : [at(a), at(b)]
    const key = type === 'PART_OF' ? `${type}.${from}` : `${type}.${from}.${to}`
    if (from === to || seen.has(key)) continue
    seen.add(key)
    dc.link(type, from, to)
  }
  return dc
}

/** The rules once more, said plainly over the rows: repeated until nothing changes. */
function naiveHits(dc: Datacenter, start: number): Set<number> {
  const kindOf = (id: number) => dc.resources[id - 1]!.kind
  const roleOf = (id: number) => String(dc.resources[id - 1]!.fields['role'] ?? '')
  const isNetwork = (id: number) => kindOf(id) === 'Switch' || roleOf(id) === 'firewall'
  const height = (id: number) => ['leaf', 'agg', 'spine', 'core'].indexOf(roleOf(id))
  const ownerOf = (id: number): number => {
    if (kindOf(id) !== 'NetworkInterface' && kindOf(id) !== 'Component') return id
    const whole = dc.links.find((link) => link.type === 'PART_OF' && link.from === id)
    return whole === undefined ? id : ownerOf(whole.to)
  }
  const cables = dc.links
    .filter(({ type }) => type === 'CONNECTED_TO')
    .flatMap(({ from, to }) => [
      { near: from, far: to },
      { near: to, far: from },
    ])
  const hits = new Set([start])
  const isPlainlyHit = (id: number) =>
    dc.links.some(({ type, from, to }) => {
      const { impact } = linkDefinition(type)
      return (
        (impact === 'from' && from === id && hits.has(to)) || (impact === 'to' && to === id && hits.has(from))
      )
    })
  const uplinksOf = (id: number) =>
    cables.filter(
      ({ near, far }) => ownerOf(near) === id && height(id) >= 0 && height(ownerOf(far)) > height(id),
    )
  const isCutOff = (id: number) => {
    const own = ownerOf(id)
    const isReached = (cable: { near: number; far: number }) =>
      hits.has(cable.far) && isNetwork(ownerOf(cable.far))
    if (!isNetwork(own))
      return cables.some(
        (cable) => isReached(cable) && (cable.near === id || (own === id && ownerOf(cable.near) === id)),
      )
    const uplinks = own === id && isNetwork(id) ? uplinksOf(id) : []
    return (
      uplinks.some(({ far }) => hits.has(far)) &&
      uplinks.every(({ near, far }) => hits.has(near) || hits.has(far) || hits.has(ownerOf(far)))
    )
  }
  for (let size = 0; size !== hits.size;) {
    size = hits.size
    for (const { id } of dc.resources) if (isPlainlyHit(id) || isCutOff(id)) hits.add(id)
  }
  hits.delete(start)
  return hits
}

describe('any small datacenter', () => {
  it('is hit as the rules say, by chains that hold together', async () => {
    const property = fc.asyncProperty(drawing, fc.nat(30), async (drawn, at) => {
      const dc = draw(drawn)
      const graph = await dc.load()
      const start = graph.get(1 + (at % dc.resources.length))!
      const reached = graph.dependents(start)
      expect(reached.map(({ vertex }) => vertex.id).toSorted((a, b) => a - b)).toEqual(
        [...naiveHits(dc, start.id)].toSorted((a, b) => a - b),
      )
      expect(reached).toEqual(reached.toSorted((a, b) => a.depth - b.depth || a.vertex.id - b.vertex.id))
      for (const one of reached) {
        expect(one.via).toHaveLength(one.depth)
        const end = one.via.reduce<Vertex>((vertex, { from, to }) => {
          expect([from, to]).toContain(vertex)
          return from === vertex ? to : from
        }, start)
        expect(end).toBe(one.vertex)
      }
    })
    await fc.assert(property, { numRuns: 400, verbose: 1 })
  }, 60_000)

  it('needs what it is hit by', async () => {
    const property = fc.asyncProperty(drawing, async (drawn) => {
      const graph = await draw(drawn).load()
      for (const start of graph.ofType('Resource')) {
        for (const { vertex } of graph.dependents(start)) {
          expect(graph.dependencies(vertex).map((one) => one.vertex)).toContain(start)
        }
      }
    })
    await fc.assert(property, { numRuns: 200, verbose: 1 })
  }, 60_000)
})

describe('walk', () => {
  const steps = fc.array(
    fc.record(
      {
        type: fc.constantFrom<LinkType>('PART_OF', 'CONNECTED_TO', 'RUNS_ON', 'DEPENDS_ON'),
        direction: fc.constantFrom('out' as const, 'in' as const, 'both' as const),
        kind: fc.constantFrom(['Resource' as const], ['Hardware' as const, 'NetworkInterface' as const]),
        transitive: fc.constant(true as const),
      },
      { requiredKeys: ['type', 'direction'] },
    ),
    { minLength: 1, maxLength: 3 },
  )

  it('reaches what its steps say', async () => {
    const property = fc.asyncProperty(drawing, steps, fc.nat(30), async (drawn, walked, at) => {
      const dc = draw(drawn)
      const graph = await dc.load()
      const start = 1 + (at % dc.resources.length)
      const kindOf = (id: number) => dc.resources[id - 1]!.kind
      const near = (id: number, type: LinkType, direction: string) =>
        dc.links.flatMap((link) => {
          if (link.type !== type) return []
          const both = direction === 'both' || type === 'CONNECTED_TO'
          return [
            ...(link.from === id && (both || direction === 'out') ? [link.to] : []),
            ...(link.to === id && (both || direction === 'in') ? [link.from] : []),
          ]
        })
      let border = new Set([start])
      for (const { type, direction, kind, transitive } of walked) {
        const seen = new Set<number>(transitive ? border : [])
        let next = new Set([...border].flatMap((id) => near(id, type, direction)))
        const reached = new Set<number>()
        while (next.size > 0) {
          const fresh = [...next].filter((id) => !seen.has(id))
          for (const id of fresh) {
            seen.add(id)
            reached.add(id)
          }
          next = transitive ? new Set(fresh.flatMap((id) => near(id, type, direction))) : new Set()
        }
        border = new Set(
          [...reached].filter((id) => kind === undefined || kind.some((one) => isOfType(kindOf(id), one))),
        )
      }
      border.delete(start)
      const found = graph.walk(graph.get(start)!, walked).map(({ id }) => id)
      expect(found.toSorted((a, b) => a - b)).toEqual([...border].toSorted((a, b) => a - b))
      const last = walked.at(-1)!
      if (!last.transitive || last.direction !== 'out') expect(found).toEqual(found.toSorted((a, b) => a - b))
    })
    await fc.assert(property, { numRuns: 300, verbose: 1 })
  }, 60_000)
})
