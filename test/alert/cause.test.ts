/** Which cause alerts have: a small datacenter, faults in it, and that the order in which alerts come changes nothing. */
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { Failure } from '../../src/alert/alert.ts'
import { findGroups, type AlertFact } from '../../src/alert/cause.ts'
import { findHealing, planIncidents, type Member } from '../../src/alert/incident/plan.ts'
import type { IncidentImage } from '../../src/alert/alert.ts'
import type { Vertex } from '../../src/graph/graph.ts'
import { Sketch } from '../support/graphql.ts'

/** Two racks with a leaf each under two spines, three servers a rack with VMs and a service; every device polled by one source. */
function build() {
  const sketch = new Sketch()
  const named = new Map<string, Vertex>()
  const source = sketch.add('Source', 'snmp', { fields: { driver: 'snmp', control: false } })
  named.set('snmp', source)
  const add = (kind: Parameters<Sketch['add']>[0], name: string, fields: Record<string, unknown> = {}) => {
    const vertex = sketch.add(kind, name, { fields, sources: [source.id] })
    named.set(name, vertex)
    return vertex
  }
  let cables = 0
  const cable = (one: Vertex, other: Vertex) => {
    const number = ++cables
    const [a, b] = [
      add('NetworkInterface', `${one.name}:${other.name}:${number}`),
      add('NetworkInterface', `${other.name}:${one.name}:${number}`),
    ]
    sketch.link('PART_OF', a, one)
    sketch.link('PART_OF', b, other)
    sketch.link('CONNECTED_TO', a, b)
    return [a, b] as const
  }
  let addresses = 0
  const addressOf = (port: Vertex): string => {
    const address = `10.255.0.${addresses++}`
    sketch.link('ASSIGNED_TO', add('IpAddress', address, { address }), port)
    return address
  }
  const spines = ['spine1', 'spine2'].map((name) => add('Switch', name, { role: 'spine' }))
  const service = add('Service', 'shop')
  for (const rackName of ['r1', 'r2']) {
    const rack = add('Rack', rackName)
    const pdu = add('Pdu', `${rackName}-pdu`)
    sketch.link('LOCATED_IN', pdu, rack)
    const leaf = add('Switch', `${rackName}-leaf`, { role: 'leaf' })
    sketch.link('LOCATED_IN', leaf, rack)
    for (const spine of spines) {
      const [up, down] = cable(leaf, spine)
      const [mine, theirs] = [
        add('BgpPeer', `bgp:${leaf.name}:${spine.name}`, { neighborAddress: addressOf(down) }),
        add('BgpPeer', `bgp:${spine.name}:${leaf.name}`, { neighborAddress: addressOf(up) }),
      ]
      sketch.link('PART_OF', mine, leaf)
      sketch.link('PART_OF', theirs, spine)
      // What SNMP says of a session is only the address that is spoken with.
      if (spine !== spines[0]) continue
      sketch.link('PEERS_WITH', mine, spine)
      sketch.link('PEERS_WITH', theirs, leaf)
    }
    for (const number of [1, 2, 3]) {
      const server = add('Server', `${rackName}-s${number}`)
      sketch.link('LOCATED_IN', server, rack)
      sketch.link('POWERED_BY', server, pdu)
      const sensor = add('Component', `${server.name}-temp`)
      sketch.link('PART_OF', sensor, server)
      cable(leaf, server)
      const vm = add('VirtualMachine', `${server.name}-vm`)
      sketch.link('RUNS_ON', vm, server)
      sketch.link('RUNS_ON', service, vm)
    }
  }
  return { graph: sketch.graph, named, source }
}

const { graph, named, source } = build()
const idOf = (name: string): number => {
  const found = named.get(name) ?? [...named].find(([key]) => key.startsWith(name))?.[1]
  if (found === undefined) throw new Error(name)
  return found.id
}
const nameOf = (id: number): string => graph.get(id)!.name

let next = 1
const alert = (name: string, failure: Failure, state: 'PENDING' | 'FIRING' = 'FIRING'): AlertFact => ({
  id: next++,
  resourceId: idOf(name),
  sourceId: source.id,
  failure,
  state,
})

/** What a dead leaf makes its neighbours say. */
const deadLeaf = (rack: string, isAsked = true): AlertFact[] => [
  ...(isAsked ? [alert(`${rack}-leaf`, 'DOWN')] : []),
  ...['spine1', 'spine2'].flatMap((spine) => [
    alert(`${spine}:${rack}-leaf`, 'LINK'),
    alert(`bgp:${spine}:${rack}-leaf`, 'SESSION'),
  ]),
  ...[1, 2, 3].flatMap((number) => [
    alert(`${rack}-s${number}:${rack}-leaf`, 'LINK'),
    alert(`${rack}-s${number}`, 'DOWN'),
    alert(`${rack}-s${number}-vm`, 'DOWN'),
  ]),
]
const causesOf = (alerts: readonly AlertFact[]) =>
  findGroups(graph, alerts).map(
    ({ causeId, failure, alertIds }) => `${failure} ${nameOf(causeId)} ${alertIds.length}`,
  )

describe('the cause', () => {
  it('of a dead switch is the switch', () => {
    const alerts = [...deadLeaf('r1'), alert('shop', 'DOWN')]
    expect(causesOf(alerts)).toEqual([`DOWN r1-leaf ${alerts.length}`])
  })
  it('of a switch that was not asked yet is the switch too, when all its neighbours say so', () => {
    expect(causesOf(deadLeaf('r1', false))).toEqual([`DOWN r1-leaf ${deadLeaf('r1', false).length}`])
  })
  it('of some neighbours is not the switch that answers', () => {
    expect(causesOf([alert('r1-s1:r1-leaf', 'LINK'), alert('r1-s2:r1-leaf', 'LINK')])).toHaveLength(2)
  })
  it('of two dead switches are two', () => {
    const alerts = [...deadLeaf('r1'), ...deadLeaf('r2')]
    expect(causesOf(alerts)).toEqual([
      `DOWN r1-leaf ${alerts.length / 2}`,
      `DOWN r2-leaf ${alerts.length / 2}`,
    ])
  })
  it('of a dead switch while something else is broken elsewhere: two', () => {
    expect(causesOf([...deadLeaf('r1'), alert('r2-s2', 'DOWN'), alert('r2-s2-vm', 'DOWN')])).toEqual([
      `DOWN r1-leaf ${deadLeaf('r1').length}`,
      'DOWN r2-s2 2',
    ])
  })
  it('of a pulled cable are both ends and their session, once', () => {
    const groups = findGroups(graph, [
      alert('spine1:r1-leaf', 'LINK'),
      alert('r1-leaf:spine1', 'LINK'),
      alert('bgp:spine1:r1-leaf', 'SESSION'),
      alert('bgp:r1-leaf:spine1', 'SESSION'),
    ])
    expect(groups.map(({ failure, alertIds }) => [failure, alertIds.length])).toEqual([['LINK', 4]])
  })
  it.each(['spine1', 'spine2'])('of a switch whose routing daemon stopped is the switch: %s', (spine) => {
    const lost = ['r1-leaf', 'r2-leaf'].map((leaf) => alert(`bgp:${leaf}:${spine}`, 'SESSION'))
    expect(causesOf(lost)).toEqual([`SESSION ${spine} 2`])
    const own = ['r1-leaf', 'r2-leaf'].map((leaf) => alert(`bgp:${spine}:${leaf}`, 'SESSION'))
    expect(causesOf([...lost, ...own])).toEqual([`SESSION ${spine} 4`])
  })
  it('of sessions that ended is not the switch with which others still have theirs', () => {
    expect(causesOf([alert('bgp:r1-leaf:spine1', 'SESSION')])).toEqual(['SESSION bgp:r1-leaf:spine1 1'])
  })
  it('of a dead server is the server, not the port of its switch', () => {
    expect(
      causesOf([alert('r1-s1', 'DOWN'), alert('r1-leaf:r1-s1', 'LINK'), alert('r1-s1-vm', 'DOWN')]),
    ).toEqual(['DOWN r1-s1 3'])
  })
  it('of a poller that is cut off is its source, not all that it asks', () => {
    const alerts = [
      alert('snmp', 'SILENT'),
      ...['spine1', 'spine2', 'r1-leaf', 'r2-leaf', 'r1-s1', 'r2-s3'].map((name) => alert(name, 'DOWN')),
    ]
    expect(causesOf(alerts)).toEqual(['SILENT snmp 7'])
  })
  it('of a rack without cooling is the rack', () => {
    expect(causesOf(['r1-s1-temp', 'r1-s2-temp', 'r1-s3-temp'].map((name) => alert(name, 'HOT')))).toEqual([
      'HOT r1 3',
    ])
  })
  it("of one hot server is the server's own sensor", () => {
    expect(causesOf([alert('r1-s1-temp', 'HOT')])).toEqual(['HOT r1-s1-temp 1'])
  })
  it('of a dead PDU is the PDU though nobody asks it', () => {
    expect(causesOf(['r1-s1', 'r1-s2', 'r1-s3'].map((name) => alert(name, 'DOWN')))).toEqual([
      'DOWN r1-pdu 3',
    ])
  })
  it('of what spreads to nothing is itself', () => {
    expect(
      causesOf([alert('r1-s1', 'NONE'), alert('r1-s2', 'NONE'), alert('r1-s1-vm', 'DOWN')]),
    ).toHaveLength(3)
  })
  it('explains by the links that lead to it', () => {
    const vm = alert('r1-s1-vm', 'DOWN')
    const [group] = findGroups(graph, [...deadLeaf('r1'), vm])
    const hops = group!.via.get(vm.id)!
    expect(hops.map(({ type }) => type)).toEqual(['RUNS_ON', 'PART_OF', 'CONNECTED_TO', 'PART_OF'])
  })
  it('tolerates alerts whose resource is gone', () => {
    expect(findGroups(graph, [{ ...alert('r1-s1', 'DOWN'), resourceId: 99_999 }])).toEqual([])
  })
})

/** Alerts as they come, one after the other, with incidents kept after each. */
function arrive(alerts: readonly AlertFact[]): IncidentImage[] {
  let open: IncidentImage[] = []
  const merged = new Map<number, IncidentImage>()
  let nextId = 1
  const there: AlertFact[] = []
  for (const one of alerts) {
    there.push(one)
    const members = new Map(
      there.map(({ id, resourceId, failure }): [number, Member] => [
        id,
        {
          id,
          resourceId: resourceId!,
          isFiring: true,
          severity: 'CRITICAL',
          failure,
          summary: String(resourceId),
          runbookUrl: null,
        },
      ]),
    )
    const writes = planIncidents({
      groups: findGroups(graph, there),
      members,
      open,
      late: [],
      ended: [],
      describe: ({ causeId }) => ({ summary: String(causeId), tenantId: null }),
      now: there.length,
    })
    for (const write of writes) {
      const image = { ...write, id: write.id ?? nextId++ } as IncidentImage
      open = open.filter(({ id }) => id !== image.id)
      if (image.endsAt === null) open.push(image)
      else merged.set(image.id, image)
      const own = new Set(image.alertIds)
      if (image.endsAt === null)
        open = open.map((other) =>
          other === image ? other : { ...other, alertIds: other.alertIds.filter((id) => !own.has(id)) },
        )
    }
    open.sort((a, b) => a.id - b.id)
  }
  return open
}

const toMember = ({ id, resourceId, failure }: AlertFact): [number, Member] => [
  id,
  {
    ...{ id, resourceId: resourceId!, failure, isFiring: true, severity: 'CRITICAL' as const },
    ...{ summary: String(resourceId), runbookUrl: null },
  },
]

/** What becomes of an incident of which some alerts are left, and some are new. */
function heal(
  incident: IncidentImage,
  all: readonly AlertFact[],
  left: readonly AlertFact[],
  endedAt: number,
) {
  const [open, now] = [[incident], 1_000_000]
  const ended = all
    .filter((one) => !left.includes(one))
    .map(({ id, resourceId, failure }) => ({ id, resourceId, failure, endsAt: now + endedAt }))
  return planIncidents({
    groups: findGroups(graph, left, findHealing(open, ended, now)),
    members: new Map(left.map(toMember)),
    ...{ open, ended, now },
    late: [],
    describe: () => ({ summary: 'another', tenantId: null }),
  })
}

const shownOf = (incidents: readonly IncidentImage[]) =>
  incidents
    .map(({ causeId, failure, alertIds }) => ({ cause: nameOf(causeId), failure, alertIds }))
    .sort((a, b) => (`${a.cause}${a.failure}` < `${b.cause}${b.failure}` ? -1 : 1))

const faults: (() => AlertFact[])[] = [
  () => deadLeaf('r1'),
  () => deadLeaf('r2', false),
  () => [alert('r2-s1', 'DOWN'), alert('r2-leaf:r2-s1', 'LINK')],
  () => [alert('spine1:r1-leaf', 'LINK'), alert('r1-leaf:spine1', 'LINK')],
  () => ['r1-leaf', 'r2-leaf'].map((leaf) => alert(`bgp:${leaf}:spine2`, 'SESSION')),
  () => ['r1-s1-temp', 'r1-s2-temp', 'r1-s3-temp'].map((name) => alert(name, 'HOT')),
  () => [alert('snmp', 'SILENT'), alert('spine2', 'DOWN')],
  () => [alert('shop', 'NONE')],
]

test('the order in which alerts come changes nothing', () => {
  fc.assert(
    fc.property(
      fc.subarray(faults, { minLength: 1 }).chain((chosen) => {
        const alerts = [
          ...new Map(
            chosen.flatMap((make) => make()).map((one) => [`${one.resourceId}/${one.failure}`, one]),
          ).values(),
        ]
        return fc.tuple(
          fc.constant(alerts),
          fc.shuffledSubarray(alerts, { minLength: alerts.length, maxLength: alerts.length }),
        )
      }),
      ([alerts, shuffled]) => {
        expect(shownOf(arrive(shuffled))).toEqual(shownOf(arrive(alerts)))
        expect(causesOf(shuffled)).toEqual(causesOf(alerts))
      },
    ),
    { numRuns: 150 },
  )
})

test('what comes again soon is the same incident; what is merged says into what', () => {
  const one = alert('r1-s1', 'DOWN')
  const [incident] = arrive([one])
  const member = (id: number): Member => ({
    id,
    resourceId: idOf('r1-s1'),
    isFiring: true,
    severity: 'CRITICAL',
    failure: 'DOWN',
    summary: String(idOf('r1-s1')),
    runbookUrl: null,
  })
  const plan = (open: IncidentImage[], late: IncidentImage[], alerts: AlertFact[]) =>
    planIncidents({
      groups: findGroups(graph, alerts),
      members: new Map(alerts.map(({ id }) => [id, member(id)])),
      open,
      late,
      ended: [],
      describe: () => ({ summary: 's', tenantId: null }),
      now: 9,
    })
  expect(plan([incident!], [], [])).toMatchObject([{ id: incident!.id, endsAt: 9, mergedInto: null }])
  const again = alert('r1-s1', 'DOWN')
  expect(plan([], [{ ...incident!, endsAt: 5 }], [again])).toMatchObject([{ id: incident!.id, endsAt: null }])
  const second = { ...incident!, id: 7, causeId: idOf('r1-s2'), alertIds: [one.id] }
  expect(plan([incident!, second], [], [one])).toMatchObject([{ id: 7, endsAt: 9, mergedInto: incident!.id }])
})

describe('an incident that heals', () => {
  const alerts = deadLeaf('r1')
  const [incident] = arrive(alerts)
  const cause = alerts[0]!
  const plan = (left: readonly AlertFact[], endedAt: number) => heal(incident!, alerts, left, endedAt)
  const rest = alerts.filter(({ failure }) => failure === 'LINK' || failure === 'SESSION')

  it('keeps its cause and makes no others while its cables and sessions come back', () => {
    expect(findGroups(graph, [...rest.slice(1)]).length).toBeGreaterThan(0)
    const links = rest.filter(({ failure }) => failure === 'LINK').slice(1)
    expect(findGroups(graph, links).length).toBeGreaterThan(1)
    expect(plan(links, -1_000)).toEqual([])
  })
  it('is what is left once that has had its time', () => {
    const links = rest.filter(({ failure }) => failure === 'LINK').slice(1)
    const writes = plan(links, -600_000)
    expect(writes).toHaveLength(findGroups(graph, links).length)
    expect(writes.map(({ causeId }) => causeId)).not.toContain(cause.resourceId)
  })
  it('does not take what is new, nor hold on to what fails again', () => {
    const own = rest.slice(0, 1)
    const other = alert('r2-s2', 'DOWN')
    const writes = plan([...own, other], -1_000)
    expect(writes.map(({ causeId }) => causeId)).toEqual([other.resourceId])
    expect(plan(alerts, -1_000)).toEqual([])
  })
  it('closes when nothing is left', () => {
    expect(plan([], -1_000)).toMatchObject([
      { id: incident!.id, causeId: cause.resourceId, endsAt: 1_000_000 },
    ])
  })
  it('takes what its cause fails in while it comes back: sessions that are made anew', () => {
    const there = [alert('bgp:r1-leaf:spine1', 'SESSION'), alert('bgp:r2-leaf:spine1', 'SESSION')]
    const [routing] = arrive(there)
    expect(routing).toMatchObject({ causeId: idOf('spine1'), failure: 'SESSION' })
    const anew = alert('bgp:spine1:r2-leaf', 'SESSION', 'PENDING')
    const left = [there[1]!, anew]
    // Also before anything has ended: its own sessions fail first, anew.
    const all = [...there, anew].map(({ resourceId, failure }) => ({
      resourceId,
      failure,
      startsAt: 900_000,
    }))
    expect(findHealing([routing!], [], 1_000_000, all)).toEqual([routing])
    expect(findHealing([routing!], [], 1_100_000, all)).toEqual([])
    expect(findHealing([routing!], [], 1_000_000, [])).toEqual([])
    const held = findGroups(graph, [...there, anew], [routing!])
    expect(held).toMatchObject([{ causeId: idOf('spine1'), failure: 'SESSION' }])
    // By itself it would be that session.
    expect(findGroups(graph, left)).toMatchObject([{ causeId: idOf('bgp:r2-leaf:spine1') }])
    expect(heal(routing!, there, left, -1_000)).toMatchObject([
      { id: routing!.id, causeId: idOf('spine1'), endsAt: null, alertIds: left.map(({ id }) => id) },
    ])
    // What is the cause of both is the cause: the switch is down after all.
    const down = alert('spine1', 'DOWN')
    expect(heal(routing!, there, [...left, down], -1_000)).toMatchObject([
      { id: routing!.id, causeId: idOf('spine1'), failure: 'DOWN' },
    ])
  })
})
