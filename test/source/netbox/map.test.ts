import { describe, expect, it } from 'vitest'
import type { LinkClaim, Observation } from '../../../src/resource/resource.ts'
import { fixture, mapRows, type FixtureRow } from './dump.ts'

type Short = [string, number, Record<string, unknown>]

const base: Short[] = [
  ['dcim.site', 1, { name: 'S1', status: 'active' }],
  ['dcim.manufacturer', 1, { name: 'Acme' }],
  ['dcim.devicetype', 1, { manufacturer: 1, model: 'A1', u_height: '1.5' }],
  ['dcim.devicerole', 1, { name: 'Web Server', slug: 'web-server' }],
]
const device = (pk: number, fields: Record<string, unknown> = {}): Short => [
  'dcim.device',
  pk,
  { name: `d${pk}`, device_type: 1, role: 1, site: 1, status: 'active', ...fields },
]
const port = (model: string, pk: number, onDevice: number, fields: Record<string, unknown> = {}): Short => [
  `dcim.${model}`,
  pk,
  { name: `${model}${pk}`, device: onDevice, enabled: true, ...fields },
]
/** A cable with its ends, each `model pk`. */
function cable(pk: number, a: string[], b: string[]): Short[] {
  const ends = [...a.map((end) => ['A', end] as const), ...b.map((end) => ['B', end] as const)]
  const terminations = ends.map(([side, end], index): Short => {
    const [model = '', target] = end.split(' ')
    const [app, name] = model.split('.')
    const fields = {
      cable: pk,
      cable_end: side,
      termination_type: [app, name],
      termination_id: Number(target),
    }
    return ['dcim.cabletermination', pk * 100 + index, fields]
  })
  return [['dcim.cable', pk, { status: 'connected', type: 'cat6' }], ...terminations]
}

const map = (...rows: Short[]) => mapRows(fixture(...base, ...rows))
const find = (observations: Observation[], key: string) => observations.find((one) => one.key === key)
const keyOf = (claim: LinkClaim) => ('key' in claim.to ? claim.to.key : '')
const connected = (observations: Observation[]) =>
  observations.flatMap(({ key, links = [] }) =>
    links.filter(({ type }) => type === 'CONNECTED_TO').map((claim) => `${key} - ${keyOf(claim)}`),
  )

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

describe('cables', () => {
  const panel = (pk: number, positions: number): Short[] => [
    device(pk, { role: 1 }),
    port('rearport', pk, pk, { positions }),
    ...Array.from({ length: positions }, (_, index) =>
      port('frontport', pk * 10 + index + 1, pk, { rear_port: pk, rear_port_position: index + 1 }),
    ),
  ]
  const interfaces = [
    device(1),
    port('interface', 1, 1),
    port('interface', 2, 1),
    device(2),
    port('interface', 3, 2),
    port('interface', 4, 2),
  ]

  it('come out of a trunk at the position where they went in', () => {
    const { observations } = map(
      ...interfaces,
      ...panel(5, 2),
      ...panel(6, 2),
      ...cable(1, ['dcim.interface 2'], ['dcim.frontport 52']),
      ...cable(2, ['dcim.rearport 5'], ['dcim.rearport 6']),
      ...cable(3, ['dcim.frontport 62'], ['dcim.interface 3']),
      ...cable(4, ['dcim.frontport 61'], ['dcim.interface 4']),
    )
    expect(connected(observations).sort()).toEqual([
      // Nothing is plugged into the other end's first front port: the way ends there.
      'dcim.interface.2 - dcim.interface.3',
      'dcim.interface.4 - dcim.frontport.51',
      'dcim.rearport.5 - dcim.rearport.6',
    ])
  })

  it('go through trunks within trunks', () => {
    const { observations } = map(
      ...interfaces,
      ...[5, 6, 7, 8].flatMap((pk) => panel(pk, 2)),
      ...cable(1, ['dcim.interface 1'], ['dcim.frontport 51']),
      ...cable(2, ['dcim.rearport 5'], ['dcim.frontport 62']),
      ...cable(3, ['dcim.rearport 6'], ['dcim.rearport 7']),
      ...cable(4, ['dcim.frontport 72'], ['dcim.rearport 8']),
      ...cable(5, ['dcim.frontport 81'], ['dcim.interface 3']),
    )
    expect(connected(observations)).toContain('dcim.interface.1 - dcim.interface.3')
  })

  it('that split without a position end at the trunk', () => {
    const { observations } = map(
      ...interfaces,
      ...panel(5, 2),
      ...cable(1, ['dcim.interface 1'], ['dcim.rearport 5']),
    )
    expect(connected(observations)).toEqual(['dcim.interface.1 - dcim.rearport.5'])
  })

  it('with several ends join each with each', () => {
    const { observations } = map(
      ...interfaces,
      ...cable(1, ['dcim.interface 1'], ['dcim.interface 3', 'dcim.interface 4']),
    )
    expect(connected(observations)).toEqual([
      'dcim.interface.1 - dcim.interface.3',
      'dcim.interface.1 - dcim.interface.4',
    ])
  })

  it('in a ring of panels end', () => {
    const { observations } = map(
      ...panel(5, 1),
      ...panel(6, 1),
      ...cable(1, ['dcim.rearport 5'], ['dcim.rearport 6']),
      ...cable(2, ['dcim.frontport 51'], ['dcim.frontport 61']),
    )
    expect(connected(observations).sort()).toEqual([
      'dcim.frontport.51 - dcim.frontport.61',
      'dcim.rearport.5 - dcim.rearport.6',
    ])
  })

  it('go through circuits, and end at one that goes nowhere', () => {
    const circuit = (pk: number, ...sides: string[]): Short[] => [
      ['circuits.circuit', pk, { cid: `C${pk}`, provider: 1 }],
      ...sides.map((side, index): Short => [
        'circuits.circuittermination',
        pk * 10 + index,
        { circuit: pk, term_side: side, site: 1 },
      ]),
    ]
    const { observations } = map(
      ...interfaces,
      ['circuits.provider', 1, { name: 'Telco' }],
      ...circuit(1, 'A', 'Z'),
      ...circuit(2, 'A'),
      ...cable(1, ['dcim.interface 1'], ['circuits.circuittermination 10']),
      ...cable(2, ['circuits.circuittermination 11'], ['dcim.interface 3']),
      ...cable(3, ['dcim.interface 4'], ['circuits.circuittermination 20']),
    )
    expect(connected(observations)).toEqual([
      'dcim.interface.1 - dcim.interface.3',
      'dcim.interface.4 - circuits.circuit.2',
    ])
    const [claim] =
      find(observations, 'dcim.interface.1')?.links?.filter(({ type }) => type === 'CONNECTED_TO') ?? []
    expect((claim?.attributes?.['path'] as unknown[])[1]).toEqual({
      circuit: 'circuits.circuit.1',
      name: 'C1',
      provider: 'Telco',
    })
  })

  it('of power say who feeds whom', () => {
    const { observations } = map(
      ['dcim.devicerole', 2, { name: 'PDU' }],
      ['dcim.powerpanel', 1, { site: 1, name: 'P1' }],
      ['dcim.powerfeed', 1, { power_panel: 1, name: 'F1', voltage: 230, amperage: 16 }],
      device(1),
      device(2, { role: 2 }),
      port('powerport', 1, 1),
      port('powerport', 2, 2),
      port('poweroutlet', 1, 2, { power_port: 2 }),
      ...cable(1, ['dcim.powerport 1'], ['dcim.poweroutlet 1']),
      ...cable(2, ['dcim.powerfeed 1'], ['dcim.powerport 2']),
    )
    const powered = (key: string) =>
      find(observations, key)
        ?.links?.filter(({ type }) => type === 'POWERED_BY')
        .map(keyOf)
    expect(powered('dcim.device.1')).toEqual(['dcim.device.2'])
    expect(powered('dcim.device.2')).toEqual(['dcim.powerfeed.1'])
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
