/** Prefixes and addresses are recognised within their VRF, whatever else they are members of, in whatever order that is told. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Observation } from '../../src/resource/resource.ts'
import { up } from '../../migrations/0010-vrf-scope.ts'
import { openWorld, partitionOf, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.end())

const cidr = '10.20.0.0/24'
const vlan: Observation = { key: 'vlan', kind: 'Vlan', name: 'v100', fields: { vid: 100 } }
const red: Observation = { key: 'red', kind: 'Vrf', name: 'red', fields: { rd: '65000:1' } }
const prefix = (key: string, ...members: string[]): Observation => ({
  key,
  kind: 'Prefix',
  name: cidr,
  fields: { cidr },
  links: members.map((to) => ({ type: 'MEMBER_OF', to: { key: to } })),
})
const ofNetbox = [vlan, prefix('prefix', 'vlan')]
const ofNeutron = [prefix('subnet')]

test.each(['inventory first', 'cloud first'])('a VLAN is no scope: %s', async (order) => {
  const [netbox, neutron] = [await world.source('netbox'), await world.source('neutron')]
  const write = [() => world.sync(netbox, ofNetbox), () => world.sync(neutron, ofNeutron)]
  for (const one of order === 'cloud first' ? write.reverse() : write) await one()
  expect(await partitionOf(world)).toContainEqual(['netbox/prefix', 'neutron/subnet'])
})

test.each([
  ['the VRF after the VLAN', ['vlan', 'red']],
  ['the VRF before the VLAN', ['red', 'vlan']],
])('in a VRF it is another prefix, whatever else it belongs to: %s', async (_, members) => {
  const [netbox, neutron] = [await world.source('netbox'), await world.source('neutron')]
  await world.sync(netbox, [prefix('prefix', ...members), vlan, red])
  await world.sync(neutron, [...ofNeutron, { ...red, key: 'own' }, prefix('inside', 'own')])
  const found = await partitionOf(world)
  expect(found).toContainEqual(['netbox/prefix', 'neutron/inside'])
  expect(found).toContainEqual(['neutron/subnet'])
})

test('a VRF that is named by a ref, and one that is known only later', async () => {
  const neutron = await world.source('neutron')
  await world.say([
    { kind: 'Vlan', name: 'v100', fields: { vid: 100 } },
    { kind: 'Vrf', name: 'red', fields: { rd: '65000:1' } },
  ])
  const links: Observation['links'] = [
    { type: 'MEMBER_OF', to: { ref: 'Vlan:name=v100' } },
    { type: 'MEMBER_OF', to: { ref: 'Vrf:rd="65000:1"' } },
  ]
  await world.say([{ kind: 'Prefix', name: cidr, fields: { cidr }, links }])
  await world.sync(neutron, [prefix('inside', 'own')])
  expect(await partitionOf(world)).toContainEqual(['neutron/inside'])
  await world.sync(neutron, [prefix('inside', 'own'), { ...red, key: 'own' }])
  expect((await partitionOf(world)).some((one) => one.length === 2 && one.includes('neutron/inside'))).toBe(
    true,
  )
})

test('what was within a VLAN before is joined when it is listed again', async () => {
  const [netbox, neutron] = [await world.source('netbox'), await world.source('neutron')]
  await world.sync(netbox, ofNetbox)
  const { db } = world.database
  // As it was written before.
  const { id } = await world.named('v100')
  await db('identity')
    .where({ type: 'cidr' })
    .update({ scope: `r:${id}` })
  await world.sync(neutron, ofNeutron)
  expect(await partitionOf(world)).toContainEqual(['neutron/subnet'])
  await up(db)
  await world.sync(netbox, ofNetbox)
  expect(await partitionOf(world)).toContainEqual(['netbox/prefix', 'neutron/subnet'])
})
