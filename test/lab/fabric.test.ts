/**
 * A fabric of real daemons (eight nodes; snmpd, lldpd, FRR in network namespaces), polled by a whole Plenum from inside. What is true comes from
 * the plan of the fabric, never from SNMP.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  Follower,
  isWhole,
  linkTraps,
  portIs,
  sessionIs,
  untilFound,
  Witness,
} from '../../lab/fabric/check.ts'
import {
  missingForFabric,
  planFabric,
  small,
  startFabric,
  type Fabric,
  type FabricPort,
} from '../../lab/fabric/index.ts'
import {
  faultsOf,
  Hook,
  telling,
  undergo,
  type Notification,
  type SeenIncident,
} from '../../lab/fabric/incident.ts'
import { startPlenum, type FabricPlenum } from '../../lab/fabric/plenum.ts'
import { snmpSource } from '../../lab/fabric/source.ts'
import { formatScores } from '../../lab/fabric/truth.ts'

const missing = missingForFabric()
if (missing !== undefined) console.warn(`skipped: the fabric, ${missing}`)

const wholeMs = 90_000
const plan = planFabric(small)
const portOf = (node: string, port: string): FabricPort =>
  plan.nodes.find(({ name }) => name === node)!.ports.find(({ name }) => name === port)!
/** From a leaf with v2c to a spine with v3, and the other way round. */
const cables = [portOf('leaf1', 'up2'), portOf('leaf2', 'up1')]

function expectToldOnce(sent: Notification[], { id }: SeenIncident, labels: Record<string, string>): void {
  const told = sent.map(({ status, commonLabels }) => ({ status, ...commonLabels }))
  expect(told).toEqual([
    { status: 'firing', incident: id, ...labels },
    { status: 'resolved', incident: id, ...labels },
  ])
}

let fabric: Fabric
beforeAll(async () => {
  if (missing === undefined) fabric = await startFabric(plan)
}, 120_000)
afterAll(async () => fabric?.close(), 60_000)

describe.skipIf(missing !== undefined)('with traps, polled every thirty seconds', () => {
  let plenum: FabricPlenum
  let witness: Witness
  beforeAll(async () => {
    witness = new Witness(fabric)
    await witness.ready()
    plenum = await startPlenum(fabric, snmpSource(plan, { traps: true, intervalSeconds: 30 }))
  }, 120_000)
  afterAll(async () => {
    await witness?.close()
    await plenum?.close()
  }, 60_000)

  test('every node, cable, session, port, address is found, and nothing is invented', async () => {
    const { scores, tookMs } = await untilFound(plenum, fabric, wholeMs)
    console.info(`${formatScores(scores)}\nafter ${(tookMs / 1000).toFixed(1)} s`)
    expect(scores.filter((score) => !isWhole([score]))).toEqual([])
  }, 120_000)

  test.each(cables)(
    'a link that goes down is told because of its trap, long before it would be polled, and heals',
    async (port) => {
      const follower = new Follower(plenum)
      try {
        for (const [state, isUp] of [
          ['DOWN', false],
          ['UP', true],
        ] as const) {
          const began = Date.now()
          fabric.setLink(port, isUp)
          for (const end of [port, port.far]) {
            const arrived = await witness.until(began, end.node, isUp ? linkTraps.up : linkTraps.down)
            const told = await follower.until(began, portIs(end, state), 20_000)
            console.info(
              `${end.node.name} ${end.name} ${state}: told ${told.at - arrived} ms after the trap, ${told.at - began} ms after the cable`,
            )
            // It takes a part of a second (`npm run lab fabric` insists on that); here others use the same cores.
            expect(told.at - arrived).toBeLessThanOrEqual(10_000)
            await follower.until(began, sessionIs(end, isUp), 20_000)
          }
        }
      } finally {
        follower.close()
      }
      const { scores } = await untilFound(plenum, fabric, wholeMs)
      expect(scores.filter((score) => !isWhole([score]))).toEqual([])
    },
    180_000,
  )
})

describe.skipIf(missing !== undefined)('without traps, polled every five seconds', () => {
  const intervalSeconds = 5
  let plenum: FabricPlenum
  let hook: Hook
  beforeAll(async () => {
    const people = await Hook.start(fabric)
    hook = people.hook
    // Rules as they are shipped, but for the time that an alert waits.
    const rest = telling({ url: people.url, wait: '8s', for: '2s' })
    plenum = await startPlenum(fabric, snmpSource(plan, { traps: false, intervalSeconds }), rest)
  }, 120_000)
  afterAll(async () => {
    await plenum?.close()
    await hook?.close()
  }, 60_000)

  test('a link that goes down is told within one interval, and heals', async () => {
    await untilFound(plenum, fabric, wholeMs)
    const follower = new Follower(plenum)
    const [port] = cables as [FabricPort]
    try {
      for (const [state, isUp] of [
        ['DOWN', false],
        ['UP', true],
      ] as const) {
        const began = Date.now()
        fabric.setLink(port, isUp)
        // One interval and the second in which snmpd looks at its interfaces; another interval for others who use the same cores.
        const patienceMs = 2 * intervalSeconds * 1000 + 1_000
        const told = await Promise.all(
          [port, port.far].map((end) => follower.until(began, portIs(end, state), patienceMs)),
        )
        console.info(`${state}: told ${told.map(({ at }) => at - began).join(' and ')} ms after the cable`)
      }
    } finally {
      follower.close()
    }
    const { scores } = await untilFound(plenum, fabric, wholeMs)
    expect(scores.filter((score) => !isWhole([score]))).toEqual([])
  }, 180_000)

  test('a switch whose links all go down is one incident with it as the cause, told once, and heals', async () => {
    const { incident, sent } = await undergo(plenum, hook, faultsOf(fabric).switch, wholeMs)
    expect(incident).toMatchObject({ state: 'OPEN', summary: 'Switch leaf1 does not answer' })
    expect(new Set(incident.alerts.nodes.map(({ ruleName }) => ruleName))).toEqual(
      new Set(['NotAnswering', 'LinkDown', 'BgpNotEstablished']),
    )
    const servers = incident.impact.nodes.filter(({ kind }) => kind === 'Server')
    expect(servers.map(({ name }) => name).sort()).toEqual(['host1', 'host2'])
    expectToldOnce(sent, incident, { cause: 'leaf1', cause_kind: 'Switch', severity: 'critical' })
  }, 300_000)

  test('a switch whose FRR stops is one incident with it as the cause, told once, and heals', async () => {
    const { incident, sent } = await undergo(plenum, hook, faultsOf(fabric).routing, wholeMs)
    expect(incident.cause).toEqual({ kind: 'Switch', name: 'spine1' })
    expect(incident.alerts.nodes.map(({ ruleName }) => ruleName)).toEqual(
      incident.alerts.nodes.map(() => 'BgpNotEstablished'),
    )
    expect(incident.impact.totalCount).toBeGreaterThan(0)
    expectToldOnce(sent, incident, { cause: 'spine1', cause_kind: 'Switch', severity: 'warning' })
    const { scores } = await untilFound(plenum, fabric, wholeMs)
    expect(scores.filter((score) => !isWhole([score]))).toEqual([])
  }, 300_000)

  test('a host whose agent is killed is stale and not up; nothing is deleted', async () => {
    const host = plan.nodes.find(({ name }) => name === 'host3')!
    interface Answer {
      servers: {
        nodes: { origins: { stale: boolean; hearsay: boolean }[]; readings: { value: number }[] }[]
      }
      networkInterfaces: { totalCount: number }
      ipAddresses: { totalCount: number }
    }
    const look = async () => {
      const { servers, ...rest } = await plenum.ask<Answer>(
        `{ servers(filter: { name: { eq: "${host.name}" } }) { nodes { origins { stale hearsay } readings(metric: ["up"]) { value } } }
           networkInterfaces { totalCount } ipAddresses { totalCount } }`,
      )
      const [server] = servers.nodes
      // What its neighbours go on saying of it is another origin.
      const own = server?.origins.find(({ hearsay }) => !hearsay)
      return { stale: own?.stale, up: server?.readings[0]?.value, ...rest }
    }
    const before = await look()
    expect(before).toMatchObject({ stale: false, up: 1 })
    fabric.killAgent(host)
    const deadline = Date.now() + 90_000
    let after = await look()
    while (Date.now() < deadline && !(after.stale && after.up === 0)) after = await look()
    expect(after).toMatchObject({ stale: true, up: 0 })
    expect(after.networkInterfaces).toEqual(before.networkInterfaces)
    expect(after.ipAddresses).toEqual(before.ipAddresses)
    const { scores } = await untilFound(plenum, fabric, 0)
    const [nodes, links] = scores
    expect([nodes, links].filter((score) => !isWhole([score!]))).toEqual([])
  }, 180_000)
})
