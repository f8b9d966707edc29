/** A node of bare metal as a step, over HTTP against an Ironic that fails before and after each effect, serves late, is asked twice; with the process killed between any two rows of the log. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseBlueprint } from '../../src/allocation/blueprint/index.ts'
import type { NewStep } from '../../src/operation/index.ts'
import { MetalCloud } from '../source/openstack/metal.ts'
import type { Fault } from '../source/openstack/tenant.ts'
import { inCloud, Lives, Reaper, type CloudWorld } from './lives.ts'

let lives: Lives<CloudWorld<MetalCloud>>
beforeAll(async () => {
  lives = await Lives.open(inCloud(() => new MetalCloud()))
})
afterAll(() => lives.close())

const instanceInfo = { image_source: 'http://images/debian.img', root_gb: 20 }
const steps: NewStep[] = [
  {
    kind: 'node',
    name: (id, epoch) => `plenum-${epoch}-${id}-1-0-node`,
    parameters: { source: 'cloud', node: 'bm-1', resourceClass: 'metal', traits: [], instanceInfo },
  },
]
/** An instant of another step that fails, so that what stands is undone. */
const failing: NewStep = {
  kind: 'volume',
  name: (id, epoch) => `plenum-${epoch}-${id}-1-1`,
  parameters: { source: 'cloud', sizeGb: 0 },
}

const stateOf = (cloud: MetalCloud) => {
  const [{ provision_state: state, instance_uuid: instance, instance_info: info }] = cloud.nodes as [any]
  return {
    state: state === 'cleaning' ? 'available' : state,
    isTaken: instance !== null,
    info,
    claims: cloud.allocations.length,
  }
}
const free = { state: 'available', isTaken: false, info: {}, claims: 0 }
const deployed = { state: 'active', isTaken: true, info: instanceInfo, claims: 1 }

async function run(
  faults: Record<string, Fault>,
  all = steps,
  repeats = 1,
  then?: Parameters<typeof lives.run>[0]['then'],
) {
  const { state, world } = await lives.run({ steps: all, faults, repeats, ...(then && { then }) })
  return [state, stateOf(world.cloud)]
}

describe('a node is deployed, or is free', () => {
  test('claimed by our name, with its image; released it is clean', async () => {
    const { world, id } = await lives.run({ steps })
    expect(stateOf(world.cloud)).toEqual(deployed)
    expect(world.cloud.allocations[0]).toMatchObject({
      name: expect.stringMatching(new RegExp(`^plenum-\\w+-${id}-1-0-node$`)),
    })
    expect(world.cloud.changes).toEqual(['POST allocations', 'PATCH nodes', 'PUT active'])
  })

  test.each(
    ['POST allocations', 'PATCH nodes', 'PUT active'].flatMap((what) =>
      (['before', 'after'] as const).map((fault) => [what, fault] as const),
    ),
  )('%s fails %s its effect', async (what, fault) => {
    // What has had its effect is found when it is tried again; a patch is only made again.
    const isOver = fault === 'before' || what === 'PATCH nodes'
    const [state, left] = await run({ [what]: fault })
    expect([state, left]).toEqual(isOver ? ['FAILED', free] : ['SUCCEEDED', deployed])
  })

  test.each(
    ['PUT deleted', 'DELETE allocations'].flatMap((what) =>
      (['before, once', 'after, once'] as const).map((fault) => [what, fault] as const),
    ),
  )('the undo fails: %s %s', async (what, fault) => {
    expect(await run({ [what]: fault }, [...steps, failing])).toEqual(['FAILED', free])
    expect(await run({ [what]: fault, 'PUT active': 'before' })).toEqual(['FAILED', free])
  })

  test.each(['POST allocations', 'PUT active'])(
    '%s is served after its undo: it is found and taken back',
    async (what) => {
      const told = await run({ [what]: 'late' }, steps, 1, async (world) => {
        world.cloud.deliver()
        world.cloud.faults.clear()
        await lives.sweep(world)
      })
      expect(told).toEqual(['FAILED', free])
    },
  )

  test('twice, and undone twice', async () => {
    expect(await run({}, steps, 2)).toEqual(['SUCCEEDED', deployed])
    expect(await run({}, [...steps, failing], 2)).toEqual(['FAILED', free])
  })

  test.each([
    ['made', steps, 'SUCCEEDED', deployed],
    ['undone', [...steps, failing], 'FAILED', free],
  ] as const)(
    'killed between any two rows of the log while it is %s',
    async (_, all, expected, left) => {
      for (let at = 0; ; at++) {
        const reaper = new Reaper(at)
        const { state, world } = await lives.run({ steps: all, reaper })
        expect([at, state, stateOf(world.cloud)]).toEqual([at, expected, left])
        if (!reaper.signal.aborted) break
      }
    },
    120_000,
  )
})

test('a deployment that fails is told in Ironic’s words, and the node is free again', async () => {
  const { state, error, world } = await lives.run({
    steps,
    prepare: ({ cloud }) => void (cloud.deployed = 'deploy failed'),
  })
  expect([state, error?.message, stateOf(world.cloud)]).toEqual([
    'FAILED',
    'bm-1 is not deployed: no boot device',
    free,
  ])
})

test('a node that is somebody else’s stays theirs', async () => {
  const theirs = { provision_state: 'active', instance_uuid: 'theirs', instance_info: { image_source: 'x' } }
  const { state, error, world } = await lives.run({
    steps,
    prepare: ({ cloud }) => void Object.assign(cloud.nodes[0]!, theirs),
  })
  expect([state, error?.message]).toEqual(['FAILED', 'bm-1 is not to be had: no available nodes match'])
  expect(world.cloud.nodes[0]).toMatchObject(theirs)
  expect(world.cloud.changes).not.toContain('PUT deleted')
})

test('the shipped blueprint takes a racked server to a hypervisor', async () => {
  const { readFile } = await import('node:fs/promises')
  const text = await readFile('src/allocation/blueprint/shipped/hypervisor.yaml', 'utf8')
  const { claims, steps: own } = parseBlueprint(text, 'hypervisor.yaml')
  expect(claims.map((claim) => claim.class)).toEqual(['CUSTOM_SERVER', 'IPV4_ADDRESS'])
  expect(own.flatMap((step) => Object.keys(step))).toEqual(['node', 'neighbor', 'check'])
})
