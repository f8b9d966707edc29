/**
 * The steps of BGP neighbours in a real bgpd, whose shell fails before and after each change, makes it late, and is asked twice; and with the process killed between any two
 * rows of the log. What is looked at is what runs there, not the tables.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { nameOf } from '../../src/allocation/step/name.ts'
import type { NewStep } from '../../src/operation/index.ts'
import { frr } from '../../src/source/frr/index.ts'
import { hasBgpd, startBgpd, type Bgpd } from '../source/frr/bgpd.ts'
import { startFaulty, type Faulty } from '../source/frr/faulty.ts'
import type { Fault } from '../source/openstack/tenant.ts'
import { Lives, Reaper, type Run, type World } from './lives.ts'

interface RouterWorld extends World {
  faulty: Faulty
}

const step = (number: number, address = `10.255.0.${number}`): NewStep => ({
  kind: 'neighbor',
  name: nameOf({ member: number, index: 0 }, 'neighbor-1'),
  parameters: { source: 'fabric', router: 'leaf1', address, remoteAs: 'external', bfd: false },
})
const steps = [step(7), step(8)]
/** The third is somebody else's already. */
const broken = [...steps, step(9, '10.255.0.1')]
const whole = ['SUCCEEDED', ['10.255.0.7', '10.255.0.8']]
const nothing = ['FAILED', []]

describe.runIf(hasBgpd)('in the router is all of it, or nothing', () => {
  let bgpd: Bgpd
  let lives: Lives<RouterWorld>
  let before: string
  beforeAll(async () => {
    bgpd = await startBgpd([
      'frr defaults datacenter',
      'hostname leaf1',
      'router bgp 4200000101',
      ' bgp router-id 10.0.0.13',
      ' neighbor 10.255.0.1 remote-as 65000',
    ])
    before = running()
    lives = await Lives.open(start)
  }, 60_000)
  afterAll(async () => {
    await lives?.close()
    await bgpd?.close()
  })
  afterEach(clear)

  async function start(): Promise<RouterWorld> {
    const faulty = startFaulty(bgpd.command)
    const settings = frr.parseSettings({ routers: { leaf1: { command: faulty.command } } })
    const source = await frr.open(settings, {
      name: 'fabric',
      control: true,
      log: { debug: () => {}, warn: () => {} },
      secret: async () => '',
      shards: { count: 1, mine: () => [0], onChange: () => () => {} },
      addresses: async () => [],
    })
    return {
      ...{ source, faulty },
      fault: (what, how) => faulty.fault(what, how),
      async close() {
        await source.close()
        faulty.close()
      },
    }
  }
  const running = () => bgpd.vtysh('show running-config')
  const groups = () =>
    [...running().matchAll(/^ neighbor (plenum-\S+) peer-group$/gm)].map(([, name]) => name!)
  const members = () =>
    [...running().matchAll(/^ neighbor (\S+) peer-group plenum-\S+$/gm)].map(([, one]) => one!).sort()
  function clear(): void {
    const commands = groups().map((name) => `no neighbor ${name} peer-group`)
    if (commands.length > 0) bgpd.vtysh('configure terminal', 'router bgp 4200000101', ...commands)
    expect(running()).toBe(before)
  }
  async function run(given: Run<RouterWorld>) {
    const { state } = await lives.run(given)
    // What is not whole is nothing at all.
    if (members().length === 0) expect(running()).toBe(before)
    return [state, members()]
  }

  const making = ['make', 'make 2']
  const cases = (faults: readonly Fault[], all: readonly string[]): [string, Fault][] =>
    all.flatMap((what) => faults.map((fault): [string, Fault] => [what, fault]))

  test.each(cases(['before', 'after'], making))('%s fails %s its effect, each time', async (what, fault) => {
    // What runs there after all is looked at before it is told again.
    expect(await run({ steps, faults: { [what]: fault } })).toEqual(fault === 'after' ? whole : nothing)
  })

  test.each(cases(['before, once', 'after, once'], making))(
    '%s fails %s: the next try makes it',
    async (what, fault) => {
      expect(await run({ steps, faults: { [what]: fault } })).toEqual(whole)
    },
  )

  test.each(cases(['before, once', 'after, once', 'after'], ['end', 'end 2']))(
    'while it is undone %s fails %s: the next try ends it',
    async (what, fault) => {
      expect(await run({ steps: broken, faults: { [what]: fault } })).toEqual(nothing)
    },
  )

  test('what cannot be ended is stuck, and is not said to be gone', async () => {
    expect(await run({ steps: broken, faults: { end: 'before' } })).toEqual(['STUCK', whole[1]])
  })

  test.each(making)('%s is run after its undo: it is found by its name, and ended', async (what) => {
    const told = await run({
      steps,
      faults: { [what]: 'late' },
      async then(world) {
        expect(running()).toBe(before)
        world.faulty.deliver()
        expect(members()).toEqual([what === 'make' ? '10.255.0.7' : '10.255.0.8'])
        world.faulty.heal()
        await lives.sweep(world)
      },
    })
    expect(told).toEqual(nothing)
  })

  test('every step twice, and every undo', async () => {
    expect(await run({ steps, repeats: 2 })).toEqual(whole)
    clear()
    expect(await run({ steps: broken, repeats: 2 })).toEqual(nothing)
  })

  test.each([
    ['made', steps, whole],
    ['undone', broken, nothing],
  ])(
    'killed between any two rows of the log while it is %s',
    async (_, given, expected) => {
      for (let at = 0; ; at++) {
        const reaper = new Reaper(at)
        expect([at, ...(await run({ steps: given, reaper }))]).toEqual([at, ...expected])
        clear()
        if (!reaper.signal.aborted) break
      }
    },
    180_000,
  )
})
