import { describe, expect, it } from 'vitest'
import type { LinkClaim, Observation } from '../../../src/resource/resource.ts'
import { demoRows, hasDemo, mapRows, type FixtureRow } from './dump.ts'

/** NetBox's own content types in the demo's cable paths; checked against the dump below. */
const modelOfType: Readonly<Record<string, string>> = {
  '15': 'circuits.circuittermination',
  '18': 'circuits.providernetwork',
  '19': 'dcim.cable',
  '30': 'dcim.frontport',
  '32': 'dcim.interface',
  '39': 'dcim.poweroutlet',
  '42': 'dcim.powerport',
  '47': 'dcim.rearport',
}

const keyOfNode = (node: string): string => {
  const [type = '', pk] = node.split(':')
  return `${modelOfType[type]}.${pk}`
}

const keyOfTarget = (claim: LinkClaim): string => ('key' in claim.to ? claim.to.key : '')
const pairOf = (one: string, other: string): string => [one, other].sort().join(' ')

describe.skipIf(!hasDemo)('the NetBox demo dump', () => {
  const rows = hasDemo ? demoRows() : []
  const { observations, report } = mapRows(hasDemo ? rows : [])
  const byKey = new Map(observations.map((observation) => [observation.key, observation]))
  const countRows = (...models: string[]) => rows.filter(({ model }) => models.includes(model)).length
  const countKind = (kind: string) => observations.filter((observation) => observation.kind === kind).length
  const connections = observations.flatMap(({ key, links = [] }) =>
    links.filter(({ type }) => type === 'CONNECTED_TO').map((claim) => ({ key, claim })),
  )

  it.each([
    ['Region', ['dcim.region']],
    ['Site', ['dcim.site']],
    ['Location', ['dcim.location']],
    ['Rack', ['dcim.rack']],
    ['NetworkInterface', ['dcim.interface', 'virtualization.vminterface']],
    ['Prefix', ['ipam.prefix']],
    ['IpAddress', ['ipam.ipaddress']],
    ['Vlan', ['ipam.vlan']],
    ['Vrf', ['ipam.vrf']],
    ['Tenant', ['tenancy.tenant']],
    ['Cluster', ['virtualization.cluster']],
    ['VirtualMachine', ['virtualization.virtualmachine']],
    ['PowerFeed', ['dcim.powerfeed']],
    ['Network', ['circuits.circuit', 'circuits.providernetwork']],
  ])('has as many %s as the dump', (kind, models) => {
    expect(countKind(kind)).toBe(countRows(...models))
    expect(countKind(kind)).toBeGreaterThan(0)
  })

  it('has each device once, as a switch, server, PDU or device', () => {
    const kinds = ['Switch', 'Server', 'Pdu', 'Device']
    expect(kinds.map(countKind)).toEqual([26, 1, 13, 32])
    expect(kinds.reduce((sum, kind) => sum + countKind(kind), 0)).toBe(countRows('dcim.device'))
  })

  it('has every port and module as a component', () => {
    const models = [
      'consoleport',
      'powerport',
      'poweroutlet',
      'frontport',
      'rearport',
      'modulebay',
      'module',
      'devicebay',
    ]
    expect(countKind('Component')).toBe(countRows(...models.map((model) => `dcim.${model}`)))
  })

  it('gives keys once, names always, and links that end in the dump', () => {
    expect(byKey.size).toBe(observations.length)
    for (const { key, name, links = [] } of observations) {
      expect(name, key).not.toBe('')
      for (const claim of links) expect(byKey.has(keyOfTarget(claim)), `${key} ${claim.type}`).toBe(true)
    }
  })

  it('accounts for every row of the dump', () => {
    const told = [...report.mapped, ...report.folded, ...report.unmapped]
    expect(told.reduce((sum, { count }) => sum + count, 0)).toBe(rows.length)
    for (const { model, reason, count } of report.unmapped) {
      expect(reason, model).not.toBe('')
      expect(count, model).toBeGreaterThan(0)
    }
    expect(report.unmapped.filter(({ reason }) => reason.includes('no place'))).toEqual([])
  })

  it('agrees with every complete cable path that NetBox computed', () => {
    const paths = rows.filter(
      ({ model, fields }) => model === 'dcim.cablepath' && fields['is_complete'] === true,
    )
    const expected = new Map<string, string>()
    for (const { pk, fields } of paths) {
      const path = fields['path'] as string[][]
      for (const one of path[0] ?? [])
        for (const other of path.at(-1) ?? [])
          expected.set(pairOf(keyOfNode(one), keyOfNode(other)), `cablepath ${pk}`)
    }
    const complete = (key: string) => !/^dcim\.(front|rear)port|^circuits\.circuit\./.test(key)
    const found = new Set(
      connections
        .filter(({ key, claim }) => complete(key) && complete(keyOfTarget(claim)))
        .map(({ key, claim }) => pairOf(key, keyOfTarget(claim))),
    )
    const missing = [...expected].filter(([pair]) => !found.has(pair))
    const extra = [...found].filter((pair) => !expected.has(pair))
    const recall = (expected.size - missing.length) / expected.size
    const precision = (found.size - extra.length) / found.size
    console.log(
      `cable paths: ${expected.size} expected, ${found.size} found, recall ${recall}, precision ${precision}`,
    )
    expect({ missing, extra }).toEqual({ missing: [], extra: [] })
    expect(expected.size).toBeGreaterThan(60)
  })

  it('goes the same way as NetBox, step by step', () => {
    const ways = new Map<string, string[]>()
    for (const { key, claim } of connections) {
      const steps = ((claim.attributes?.['path'] ?? []) as Record<string, string>[]).map(
        (step) => step['cable'] ?? step['port'] ?? step['circuit'] ?? '',
      )
      ways.set(`${key} ${keyOfTarget(claim)}`, steps)
      ways.set(`${keyOfTarget(claim)} ${key}`, steps.toReversed())
    }
    const circuitOf = new Map(
      rows
        .filter(({ model }) => model === 'circuits.circuittermination')
        .map(({ model, pk, fields }) => [`${model}.${pk}`, `circuits.circuit.${String(fields['circuit'])}`]),
    )
    for (const { fields } of rows.filter(
      ({ model, fields: { is_complete } }) => model === 'dcim.cablepath' && is_complete,
    )) {
      const nodes = (fields['path'] as string[][]).flat().map(keyOfNode)
      const inner = nodes.slice(1, -1).map((node) => circuitOf.get(node) ?? node)
      const steps = inner.filter((node, index) => node !== inner[index - 1])
      expect(ways.get(`${nodes[0]} ${nodes.at(-1)}`)).toEqual(steps)
    }
  })

  it('loses no cable', () => {
    const told = new Set(
      connections.flatMap(({ claim }) =>
        ((claim.attributes?.['path'] ?? []) as Record<string, string>[]).map((step) => step['cable']),
      ),
    )
    const all = rows.filter(({ model }) => model === 'dcim.cable').map(({ pk }) => `dcim.cable.${pk}`)
    expect(all.filter((key) => !told.has(key))).toEqual([])
  })

  const deviceOf = (key: string): Observation | undefined => {
    const part = byKey.get(key)?.links?.find(({ type }) => type === 'PART_OF')
    return part && byKey.get(keyOfTarget(part))
  }

  it.each([
    [
      'ncsu-coreswitch1',
      'xe-0/0/0',
      ['PP:B117', 'Port 1'],
      ['PP:MDF', 'Port 1'],
      'ncsu117-distswitch1',
      'xe-0/0/0',
    ],
    [
      'ncsu-coreswitch2',
      'xe-0/0/3',
      ['PP:B118', 'Port 4'],
      ['PP:MDF', 'Port 4'],
      'ncsu118-distswitch1',
      'xe-0/0/3',
    ],
    [
      'ncsu-coreswitch2',
      'xe-0/0/4',
      ['PP:B128', 'Port 3'],
      ['PP:MDF', 'Port 3'],
      'ncsu128-distswitch1',
      'xe-0/0/2',
    ],
  ])(
    'follows the cable of %s %s through %j and %j to %s %s',
    (device, port, first, second, farDevice, farPort) => {
      const isEnd = (key: string, ofDevice: string, name: string) =>
        byKey.get(key)?.name === name && deviceOf(key)?.name === ofDevice
      const ways = connections.flatMap(({ key, claim }) => {
        const ends = [key, keyOfTarget(claim)]
        const near = ends.findIndex((end) => isEnd(end, device, port))
        const steps = (claim.attributes?.['path'] ?? []) as Record<string, string>[]
        return near < 0 ? [] : [{ far: ends[1 - near] ?? '', steps: near === 0 ? steps : steps.toReversed() }]
      })
      expect(ways).toHaveLength(1)
      const fronts = ways[0]?.steps.filter(({ role }) => role === 'front port') ?? []
      expect(fronts.map((step) => [step['device'], step['name']])).toEqual([first, second])
      expect(isEnd(ways[0]?.far ?? '', farDevice, farPort)).toBe(true)
    },
  )

  it('powers devices from the PDUs that they are cabled to', () => {
    const powered = observations.flatMap(({ key, links = [] }) =>
      links.filter(({ type }) => type === 'POWERED_BY').map((claim) => [key, keyOfTarget(claim)]),
    )
    const cables = rows.filter(
      ({ model, fields }) => model === 'dcim.powerport' && (fields as FixtureRow['fields'])['cable'] !== null,
    )
    expect(cables.length).toBe(26)
    expect(powered.length).toBe(26)
    for (const [, supply] of powered) expect(byKey.get(supply ?? '')?.kind).toBe('Pdu')
  })

  it('puts each address into the longest prefix around it, within its VRF', () => {
    const addresses = observations.filter(({ kind }) => kind === 'IpAddress')
    const inPrefix = addresses.filter(({ links = [] }) => links.some(({ type }) => type === 'PART_OF'))
    expect(inPrefix.length).toBe(addresses.length)
    for (const { key, links = [] } of inPrefix) {
      const prefix = byKey.get(keyOfTarget(links.find(({ type }) => type === 'PART_OF') as LinkClaim))
      const vrfOf = (list: readonly LinkClaim[] = []) =>
        list.map(keyOfTarget).find((target) => target.startsWith('ipam.vrf.'))
      expect(vrfOf(prefix?.links), key).toBe(vrfOf(links))
    }
  })
})
