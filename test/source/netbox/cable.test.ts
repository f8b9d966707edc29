import { describe, expect, it } from 'vitest'
import { cable, connected, device, find, keyOf, map, port, type Short } from './rows.ts'

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
