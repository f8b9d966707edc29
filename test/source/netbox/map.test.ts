import { describe, expect, it } from 'vitest'
import type { Observation } from '../../../src/resource/resource.ts'
import { fixture, mapRows, type FixtureRow } from './dump.ts'
import { base, device, find, keyOf, map, port, type Short } from './rows.ts'

describe('devices', () => {
  const kindOf = (role: string, rules?: Parameters<typeof mapRows>[1]) => {
    const rows = fixture(...base, ['dcim.devicerole', 2, { name: role, slug: 'x' }], device(1, { role: 2 }))
    const { kind, fields } = mapRows(rows, rules).observations.at(-1) as Observation
    return [kind, fields?.['role']]
  }

  it.each([
    ['Access Switch', 'Switch', 'access'],
    ['Spine', 'Switch', 'spine'],
    ['PDU', 'Pdu', undefined],
    ['Application Server', 'Server', 'application'],
    ['Console Server', 'Device', 'console server'],
    ['KVM Switch', 'Device', 'kvm'],
    ['Router', 'Device', 'router'],
    ['Patch Panel', 'Device', 'patch panel'],
    ['UPS', 'Device', 'ups'],
    ['Coffee Machine', 'Device', 'coffee machine'],
  ])('a %s is a %s with role %s', (role, kind, shown) => {
    expect(kindOf(role)).toEqual([kind, shown])
  })

  it('lets rules of the config go before the table', () => {
    expect(kindOf('Router', { kindRules: [{ kind: 'Switch', role: '^router$', as: 'edge' }] })).toEqual([
      'Switch',
      'edge',
    ])
  })

  it('keeps asset facts of custom fields as fields, and the others as attributes', () => {
    const custom = {
      'Purchase Date': '2024-03-01',
      warranty_end: '2027-03-01',
      cost_centre: 4711,
      owner: 'team-x',
      tier: 'gold',
    }
    const rows = device(1, {
      serial: 'SN1',
      asset_tag: 'A-1',
      position: '10.5',
      custom_field_data: custom,
      status: 'failed',
    })
    expect(find(map(rows).observations, 'dcim.device.1')).toMatchObject({
      kind: 'Server',
      status: 'MAINTENANCE',
      owner: 'team-x',
      fields: {
        serialNumber: 'SN1',
        assetTag: 'A-1',
        purchasedAt: '2024-03-01T00:00:00.000Z',
        warrantyEndsAt: '2027-03-01T00:00:00.000Z',
        costCenter: '4711',
        position: 10,
        heightUnits: 2,
      },
      attributes: { status: 'failed', position: 10.5, heightUnits: 1.5, customFields: { tier: 'gold' } },
    })
  })

  it('puts a blade into its chassis and a nameless member under its virtual chassis', () => {
    const { observations } = map(
      device(1, { virtual_chassis: 1, vc_position: 1 }),
      device(2, { name: null, virtual_chassis: 1, vc_position: 2 }),
      ['dcim.virtualchassis', 1, { name: 'stack', master: 1 }],
      ['dcim.devicebay', 1, { name: 'Bay 1', device: 1, installed_device: 2 }],
    )
    const member = find(observations, 'dcim.device.2')
    expect(member?.name).toBe('stack:2 (2)')
    expect(member?.links).toContainEqual({
      type: 'PART_OF',
      to: { source: 'netbox', key: 'dcim.device.1' },
      attributes: { bay: 'Bay 1' },
    })
    expect(member?.links?.filter(({ type }) => type === 'MEMBER_OF').map(keyOf)).toEqual(['dcim.device.1'])
  })

  it('turns units into bytes and kilobits into bits', () => {
    const { observations } = map(
      ['virtualization.cluster', 1, { name: 'c' }],
      ['virtualization.virtualmachine', 1, { name: 'vm', cluster: 1, vcpus: '2.00', memory: 4096, disk: 50 }],
      device(1),
      port('interface', 1, 1, { speed: 1000000, enabled: false, mac_address: '00:11:22:33:44:55' }),
    )
    expect(find(observations, 'virtualization.virtualmachine.1')?.fields).toEqual({
      cpuCores: 2,
      memoryBytes: 4_294_967_296,
      diskBytes: 50_000_000_000,
    })
    expect(find(observations, 'dcim.interface.1')?.fields).toMatchObject({
      speedBps: 1e9,
      adminStatus: 'DOWN',
    })
  })
})

describe('addresses', () => {
  it('stand in the longest prefix of their VRF, and prefixes in each other', () => {
    const { observations } = map(
      ['ipam.vrf', 1, { name: 'blue', rd: '65000:1' }],
      ['ipam.prefix', 1, { prefix: '10.0.0.0/8' }],
      ['ipam.prefix', 2, { prefix: '10.1.0.0/16' }],
      ['ipam.prefix', 3, { prefix: '10.1.0.0/16', vrf: 1 }],
      ['ipam.prefix', 4, { prefix: '2001:db8::/32' }],
      ['ipam.ipaddress', 1, { address: '10.1.2.3/24' }],
      ['ipam.ipaddress', 2, { address: '10.1.2.3/24', vrf: 1 }],
      ['ipam.ipaddress', 3, { address: '10.2.2.3/24', vrf: 1, nat_inside: 1 }],
      ['ipam.ipaddress', 4, { address: '2001:db8::5/64' }],
    )
    const partOf = (key: string) =>
      find(observations, key)
        ?.links?.filter(({ type }) => type === 'PART_OF')
        .map(keyOf)
    expect(partOf('ipam.prefix.2')).toEqual(['ipam.prefix.1'])
    expect(partOf('ipam.ipaddress.1')).toEqual(['ipam.prefix.2'])
    expect(partOf('ipam.ipaddress.2')).toEqual(['ipam.prefix.3'])
    expect(partOf('ipam.ipaddress.3')).toEqual([])
    expect(partOf('ipam.ipaddress.4')).toEqual(['ipam.prefix.4'])
    expect(find(observations, 'ipam.ipaddress.3')?.fields?.['floating']).toBe(true)
  })
})

describe('a dump that is wrong', () => {
  const dangling: Short[] = [
    device(1, { site: 99 }),
    port('interface', 1, 7),
    ['extras.taggeditem', 1, { content_type: ['dcim', 'site'], object_id: 5, tag: 3 }],
  ]

  it('is refused with every row that refers to nothing', () => {
    expect(() => map(...dangling)).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT',
        details: expect.objectContaining({
          problems: [
            { path: '[6] extras.taggeditem.1', message: 'tag is extras.tag 3, which is not in the dump' },
            {
              path: '[6] extras.taggeditem.1',
              message: 'object_id is dcim.site 5, which is not in the dump',
            },
            { path: '[4] dcim.device.1', message: 'site is dcim.site 99, which is not in the dump' },
            { path: '[5] dcim.interface.1', message: 'device is dcim.device 7, which is not in the dump' },
          ],
        }) as unknown,
      }) as Error,
    )
  })

  it('is refused when a pk comes twice', () => {
    expect(() => map(device(1), device(1))).toThrow(/there is already a dcim\.device with pk 1 at \[4\]/)
  })

  it.each([
    [{ model: 'dcim.device', fields: {} }, /\[0\]: this dcim.device has no pk/],
    [{ pk: 1, fields: {} }, /\[0\]: a row has a model/],
    [{ model: 'dcim.device', pk: 1 }, /\[0\]: this dcim.device has no fields/],
  ])('is refused when a row is %j', (row, message) => {
    expect(() => mapRows([row as FixtureRow])).toThrow(message)
  })
})
