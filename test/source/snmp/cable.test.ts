/** What stays known of the cable of a port that went dead. */
import { describe, expect, it } from 'vitest'
import type { Observation } from '../../../src/resource/resource.ts'
import { Cables } from '../../../src/source/snmp/cable.ts'

const port = (name: string, operStatus: string): Observation => ({
  key: `leaf/interface/${name}`,
  kind: 'NetworkInterface',
  name,
  fields: { operStatus },
})
const heard = (chassis: string, at: string): Observation[] => [
  { key: `neighbor/${chassis}`, kind: 'Device', name: chassis, hearsay: true },
  {
    key: `neighbor/${chassis}/interface/eth0`,
    kind: 'NetworkInterface',
    name: 'eth0',
    hearsay: true,
    links: [
      { type: 'PART_OF', to: { source: 'snmp', key: `neighbor/${chassis}` } },
      { type: 'CONNECTED_TO', to: { source: 'snmp', key: `leaf/interface/${at}` } },
    ],
  },
]
const day = 24 * 3_600_000
const keysOf = (told: readonly Observation[]) => told.map(({ key }) => key).sort()

describe('the cable of a port', () => {
  it.each(['DOWN', 'LOWER_LAYER_DOWN', 'NOT_PRESENT'])('stays known while the port is %s', (state) => {
    const cables = new Cables()
    const whole = [port('swp1', 'UP'), ...heard('host1', 'swp1')]
    expect(cables.keep(whole, 0)).toEqual(whole)
    for (const at of [1, 2, day - 1])
      expect(keysOf(cables.keep([port('swp1', state)], at))).toEqual(keysOf(whole))
    expect(keysOf(cables.keep([port('swp1', state)], day))).toEqual(['leaf/interface/swp1'])
  })
  it('is gone when the port carries and nobody is heard, and does not come back', () => {
    const cables = new Cables()
    cables.keep([port('swp1', 'UP'), ...heard('host1', 'swp1')], 0)
    expect(cables.keep([port('swp1', 'UP')], 1)).toHaveLength(1)
    expect(cables.keep([port('swp1', 'DOWN')], 2)).toHaveLength(1)
  })
  it('is gone with its port', () => {
    const cables = new Cables()
    cables.keep([port('swp1', 'UP'), ...heard('host1', 'swp1')], 0)
    expect(cables.keep([], 1)).toEqual([])
    expect(cables.keep([port('swp1', 'DOWN')], 2)).toHaveLength(1)
  })
  it('is where its far end is heard now', () => {
    const cables = new Cables()
    cables.keep([port('swp1', 'UP'), port('swp2', 'DOWN'), ...heard('host1', 'swp1')], 0)
    const moved = [port('swp1', 'DOWN'), port('swp2', 'UP'), ...heard('host1', 'swp2')]
    expect(cables.keep(moved, 1)).toEqual(moved)
  })
  it('does not tell the far device twice', () => {
    const cables = new Cables()
    const two = heard('spine', 'swp1')
    const [device, end] = heard('spine', 'swp2').map((one) => ({
      ...one,
      key: one.key.replace('eth0', 'eth1'),
    }))
    cables.keep([port('swp1', 'UP'), port('swp2', 'UP'), ...two, end!], 0)
    const told = cables.keep([port('swp1', 'DOWN'), port('swp2', 'UP'), device!, end!], 1)
    expect(keysOf(told).filter((key) => key === 'neighbor/spine')).toHaveLength(1)
    expect(told).toHaveLength(5)
  })
})
