/**
 * A server is allocated in a fabric of real daemons: its switch gets it as BGP neighbour by FRR's shell, SNMP sees the session stand, then it is active; a release, and
 * what fails, leaves the switch as it was. What is looked at is FRR.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isWhole, untilFound } from '../../lab/fabric/check.ts'
import {
  missingForFabric,
  planFabric,
  startFabric,
  type Fabric,
  type FabricNode,
} from '../../lab/fabric/index.ts'
import { startPlenum, type FabricPlenum } from '../../lab/fabric/plenum.ts'
import { snmpSource } from '../../lab/fabric/source.ts'

const missing = missingForFabric()
if (missing !== undefined) console.warn(`skipped: neighbours in the fabric, ${missing}`)

const plan = planFabric({ spines: 1, leaves: 1, hostsPerLeaf: 2, guestsPerHost: 1 })
const nodeOf = (name: string): FabricNode => plan.nodes.find((node) => node.name === name)!
const [leaf, host] = [nodeOf('leaf1'), nodeOf('host2')]
const [uplink] = host.ports as [(typeof host.ports)[0]]

const blueprint = (name: string, within: number) => `
blueprint: ${name}
description: A whole server that speaks BGP with the switch above it.
claims:
  - { class: CUSTOM_SERVER, amount: 1 }
steps:
  - neighbor: { source: switches, timers: { keepalive: 1, hold: 3, connect: 1 }, within: ${within} }
`

interface Operation {
  id: string
  state: string
  error: { message: string } | null
  steps: { kind: string; state: string }[]
  allocation: { id: string; state: string }
}

describe.skipIf(missing !== undefined)('a server above which a switch does not know it yet', () => {
  let fabric: Fabric
  let plenum: FabricPlenum
  let folder: string
  let before: string
  beforeAll(async () => {
    fabric = await startFabric(plan)
    folder = mkdtempSync(join(tmpdir(), 'blueprints-'))
    writeFileSync(join(folder, 'routed.yaml'), blueprint('routed', 60))
    writeFileSync(join(folder, 'impatient.yaml'), blueprint('impatient', 3))
    const switches = {
      driver: 'frr',
      control: true,
      perSecond: 100,
      routers: { [leaf.name]: { command: fabric.vtysh(leaf) } },
    }
    plenum = await startPlenum(
      fabric,
      { ...snmpSource(plan, { traps: true, intervalSeconds: 5 }), switches },
      {
        allocation: {
          pools: { servers: { kind: 'Server', where: { name: [host.name], status: ['NONE'] } } },
          blueprints: folder,
        },
      },
    )
    const { scores } = await untilFound(plenum, fabric, 90_000)
    expect(scores.filter((score) => !isWhole([score]))).toEqual([])
    await plenum.ask(
      'mutation { importInventory(input: { items: [{ kind: Tenant, name: "blue", status: ACTIVE }] }) { cursor } }',
    )
    vtysh(leaf, 'configure terminal', `router bgp ${leaf.asn}`, `no neighbor ${uplink.address}`)
    before = running()
    expect(before).not.toContain(uplink.address)
  }, 240_000)
  afterAll(async () => {
    await plenum?.close()
    await fabric?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  function vtysh(node: FabricNode, ...commands: string[]): string {
    const [program = '', ...words] = fabric.vtysh(node)
    return execFileSync(program, [...words, ...commands.flatMap((one) => ['-c', one])], { encoding: 'utf8' })
  }
  const running = () => vtysh(leaf, 'show running-config')
  const stateInFrr = (): string | undefined => {
    const told = JSON.parse(vtysh(leaf, `show bgp neighbors ${uplink.address} json`)) as Record<
      string,
      { bgpState?: string }
    >
    return told[uplink.address]?.bgpState
  }

  async function ended(id: string): Promise<Operation> {
    const { operation } = await plenum.ask<{ operation: Operation }>(
      `{ operation(id: "${id}", wait: "PT50S") { id state error { message } steps { kind state } allocation { id state } } }`,
    )
    return operation
  }
  async function allocate(name: string, from: string): Promise<Operation> {
    const { allocate: begun } = await plenum.ask<{ allocate: { operation: { id: string } } }>(
      `mutation { allocate(input: { request: { tenant: "Tenant:name=blue", name: "${name}", blueprint: "${from}" } }) { operation { id } } }`,
    )
    return ended(begun.operation.id)
  }

  test('its switch gets it as a neighbour, it is active when SNMP sees the session, and a release takes it away', async () => {
    const given = await allocate('db', 'routed')
    expect(given).toMatchObject({
      state: 'SUCCEEDED',
      steps: [
        { kind: 'neighbor', state: 'DONE' },
        { kind: 'session', state: 'DONE' },
      ],
      allocation: { state: 'ACTIVE' },
    })
    expect(stateInFrr()).toBe('Established')
    expect(running()).toMatch(
      new RegExp(
        `neighbor ${uplink.address.replaceAll('.', '\\.')} peer-group plenum-\\w+-\\d+-1-0-neighbor-1`,
      ),
    )

    const { release } = await plenum.ask<{ release: { operation: { id: string } } }>(
      `mutation { release(input: { allocation: "${given.allocation.id}" }) { operation { id } } }`,
    )
    expect(await ended(release.operation.id)).toMatchObject({
      state: 'SUCCEEDED',
      allocation: { state: 'RELEASED' },
    })
    expect(running()).toBe(before)
    expect(stateInFrr()).toBeUndefined()
  }, 150_000)

  test('a session that does not come up is undone on the switch, whatever was known of it before', async () => {
    const own = uplink.far.address
    vtysh(host, 'configure terminal', `router bgp ${host.asn}`, `neighbor ${own} shutdown`)
    const failed = await allocate('dead', 'impatient')
    expect(failed).toMatchObject({ state: 'FAILED', allocation: { state: 'FAILED' } })
    expect(failed.error!.message).toContain('is not established within 3 s')
    expect(failed.steps.map(({ state }) => state)).toEqual(['UNDONE', 'UNDONE'])
    expect(running()).toBe(before)
    vtysh(host, 'configure terminal', `router bgp ${host.asn}`, `no neighbor ${own} shutdown`)
    expect(await allocate('alive', 'routed')).toMatchObject({ state: 'SUCCEEDED' })
    expect(stateInFrr()).toBe('Established')
  }, 150_000)
})
