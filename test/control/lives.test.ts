/**
 * Moves and drains by enumeration, in a cloud over HTTP: each change fails before or after its effect, every step and undo comes twice, the process dies between any
 * two rows of its log and another follows. What is looked at is the cloud: every machine is on one host and at rest, and the host is open unless it is empty.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { controlSteps } from '../../src/control/index.ts'
import { drainSteps, moveStep } from '../../src/control/move.ts'
import { resizeSteps } from '../../src/control/resize.ts'
import type { Db } from '../../src/db.ts'
import { inCloud, Lives, Reaper, type CloudWorld, type Run } from '../operation/lives.ts'
import { ControlCloud } from '../source/openstack/control.ts'
import { uuid } from '../source/openstack/fake.ts'
import type { Fault } from '../source/openstack/tenant.ts'

let lives: Lives<World>
const statuses: (string | null)[] = []
beforeAll(async () => {
  lives = await Lives.open(inCloud(() => new ControlCloud({ machines: 3 })))
})
afterAll(() => lives.close())

type World = CloudWorld<ControlCloud>

const kinds = ({ source }: World, db: Db) =>
  controlSteps({
    db,
    // What is written in our own tables has its own tests.
    resources: {
      update: async ({ items }) => {
        statuses.push(items[0]!.set.status ?? null)
        return {} as never
      },
    },
    powerOf: () => source.power!,
    moverOf: () => source.mover!,
    resizerOf: () => source.resizer!,
  })
const host = { sourceId: 1, key: 'hypervisor/RegionOne/node1' }
const drained = drainSteps(
  host,
  { id: 1, was: null },
  [1, 2, 3].map((index) => ({ id: index, key: `server/${uuid(index)}`, name: `vm${index}` })),
)
const moved = [moveStep({ sourceId: 1, key: `server/${uuid(1)}` }, { from: host.key, what: 'vm1' })]

/** One is off, so that both ways of moving are tried. */
const prepare = ({ cloud }: World) => void (cloud.server('vm2')['status'] = 'SHUTOFF')

interface Seen {
  state: string
  host: string
  left: string[]
  unrest: string[]
  status: string | null
}
async function see(run: Omit<Run<World>, 'kinds'>): Promise<Seen> {
  statuses.length = 0
  let seen: Omit<Seen, 'state'> | undefined
  const { state } = await lives.run({
    kinds,
    ...run,
    prepare: (world) => {
      prepare(world)
      run.prepare?.(world)
    },
    async then({ cloud }) {
      seen = {
        host: cloud.hosts[0]!['status'],
        left: cloud.on('node1').sort(),
        unrest: cloud.servers
          .filter(({ status }) => !['ACTIVE', 'SHUTOFF'].includes(status))
          .map((one) => one['name']),
        status: statuses.at(-1) ?? null,
      }
      expect(cloud.server('vm2')['status']).toBe('SHUTOFF')
    },
  })
  return { state, ...seen! }
}
const empty: Seen = { state: 'SUCCEEDED', host: 'disabled', left: [], unrest: [], status: 'MAINTENANCE' }
const open = { state: 'FAILED', host: 'enabled', unrest: [], status: null }

const changes = ['PUT disabled', 'POST os-migrateLive', 'POST migrate', 'POST confirmResize']
test.each(
  changes.flatMap((what) =>
    (['before, once', 'after, once'] as const).map((fault) => [what, fault] as const),
  ),
)(
  '%s fails %s: it is tried again',
  async (what, fault) => {
    expect(await see({ steps: drained, faults: { [what]: fault } })).toEqual(empty)
  },
  60_000,
)

test.each([
  ['PUT disabled', 'before', ['vm1', 'vm2', 'vm3']],
  ['POST os-migrateLive', 'before', ['vm1', 'vm3']],
  ['POST migrate', 'before', ['vm2']],
  // What waits to be confirmed goes back.
  ['POST confirmResize', 'before', ['vm2']],
] satisfies [string, Fault, string[]][])(
  '%s fails for good: the others go, and the host is open again',
  async (what, fault, left) => {
    expect(await see({ steps: drained, faults: { [what]: fault } })).toEqual({ ...open, left })
  },
  60_000,
)

test('every step twice, and every undo', async () => {
  expect(await see({ steps: drained, repeats: 2 })).toEqual(empty)
  expect(await see({ steps: drained, repeats: 2, faults: { 'POST migrate': 'before' } })).toEqual({
    ...open,
    left: ['vm2'],
  })
}, 60_000)

test('a host that somebody else has closed stays closed', async () => {
  const close = ({ cloud }: World) => {
    cloud.hosts[0]!['status'] = 'disabled'
    cloud.hosts[0]!['service'].disabled_reason = 'broken fan'
  }
  const faults = { 'POST migrate': 'before' } as const
  expect(await see({ steps: drained, prepare: close, faults })).toEqual({
    ...open,
    host: 'disabled',
    left: ['vm2'],
  })
}, 60_000)

test.each([
  ['drained', drained, {}, [empty]],
  ['drained in vain', drained, { 'POST migrate': 'before' }, [{ ...open, left: ['vm2'] }]],
  ['moved', moved, {}, [{ ...empty, host: 'enabled', status: null, left: ['vm2', 'vm3'] }]],
] satisfies [string, Run<World>['steps'], Record<string, Fault>, Seen[]][])(
  'killed between any two rows of the log while it is %s',
  async (_, steps, faults, [expected]) => {
    for (let at = 0; ; at++) {
      const reaper = new Reaper(at)
      expect([at, await see({ steps, faults, reaper })]).toEqual([at, expected])
      if (!reaper.signal.aborted) break
    }
  },
  120_000,
)

const resized = (index: number) =>
  resizeSteps(
    { sourceId: 1, key: `server/${uuid(index)}` },
    { from: { flavor: 'm1.nano' }, to: { flavor: 'm1.big' } },
  )
async function flavorAfter(run: Omit<Run<World>, 'kinds' | 'steps'>): Promise<unknown[]> {
  const told: unknown[] = []
  for (const index of [1, 2]) {
    const { state } = await lives.run({
      kinds,
      steps: resized(index),
      ...run,
      prepare: (world) => {
        prepare(world)
        run.prepare?.(world)
      },
      async then({ cloud }) {
        const one = cloud.server(`vm${index}`)
        told.push(one['flavor'].original_name, one['status'])
      },
    })
    told.push(state)
    // Once is for the one that runs.
    if (run.reaper !== undefined) break
  }
  return told
}
const big = ['m1.big', 'ACTIVE', 'SUCCEEDED', 'm1.big', 'SHUTOFF', 'SUCCEEDED']
const small = ['m1.nano', 'ACTIVE', 'FAILED', 'm1.nano', 'SHUTOFF', 'FAILED']

test.each(['POST resize', 'POST confirmResize'])(
  'a resize whose %s fails before or after its effect, once or for good',
  async (what) => {
    expect(await flavorAfter({ faults: { [what]: 'before, once' } })).toEqual(big)
    expect(await flavorAfter({ faults: { [what]: 'after, once' } })).toEqual(big)
    expect(await flavorAfter({ faults: { [what]: 'before' } })).toEqual(small)
    expect(await flavorAfter({ faults: { [what]: 'after' } })).toEqual(big)
  },
  60_000,
)

test('a resize for which there is no room, and each step and undo twice', async () => {
  const stuck = ({ cloud }: World) => void cloud.stuck.add('vm1').add('vm2')
  expect(await flavorAfter({ prepare: stuck })).toEqual(small)
  expect(await flavorAfter({ repeats: 2 })).toEqual(big)
  expect(await flavorAfter({ repeats: 2, faults: { 'POST confirmResize': 'before' } })).toEqual(small)
}, 60_000)

test.each([
  ['done', {}, big],
  ['undone', { 'POST confirmResize': 'before' }, small],
] satisfies [string, Record<string, Fault>, string[]][])(
  'killed between any two rows of the log while a resize is %s',
  async (_, faults, expected) => {
    for (let at = 0; ; at++) {
      const reaper = new Reaper(at)
      expect([at, await flavorAfter({ faults, reaper })]).toEqual([at, expected.slice(0, 3)])
      if (!reaper.signal.aborted) break
    }
  },
  120_000,
)
