import { describe, expect, it } from 'vitest'
import { sampleInventory, sampleItems } from '../../src/demo/sample.ts'
import { checkObservation, Problems } from '../../src/resource/check.ts'
import { defaultKeyOf } from '../../src/resource/key.ts'
import { isOfType, type KindName } from '../../src/resource/kind/index.ts'
import { linkDefinition } from '../../src/resource/kind/link.ts'
import type { LinkClaim } from '../../src/resource/resource.ts'
import { addressNumber } from '../../src/resource/kind/format.ts'

const items = sampleItems()
const byKey = new Map(items.map((item) => [item.key as string, item]))
const keyOf = (claim: LinkClaim) => ('key' in claim.to ? claim.to.key : '')
const linksOf = (key: string | undefined, type: string) =>
  (byKey.get(key ?? '')?.links ?? []).filter((claim) => claim.type === type).map(keyOf)
const ofKind = (kind: KindName) => items.filter((item) => item.kind === kind)
const deviceOf = (port: string) => byKey.get(linksOf(port, 'PART_OF')[0] ?? '')
const cables = items.flatMap((item) =>
  linksOf(item.key, 'CONNECTED_TO').map((to) => [item.key as string, to] as const),
)

describe('the sample datacenter', () => {
  it('is the same every time, in batches', async () => {
    const again = []
    for await (const batch of sampleInventory()) again.push(...batch)
    expect(again).toEqual(items)
  })

  it('has what a datacenter has', () => {
    const counts = Object.fromEntries(
      [...Map.groupBy(items, ({ kind }) => kind)].map(([kind, list]) => [kind, list.length]),
    )
    expect(counts).toMatchObject({
      Region: 2,
      Site: 3,
      Rack: 6,
      Server: 72,
      Switch: 18,
      Pdu: 12,
      PowerFeed: 12,
      Tenant: 12,
      Service: 20,
      Container: 150,
    })
    expect(counts['VirtualMachine']).toBeGreaterThanOrEqual(200)
  })

  it('holds only items that are taken as they are', () => {
    const problems = new Problems()
    for (const item of items) expect(checkObservation(item, item.path, problems)).toEqual(item)
    problems.end()
  })

  it('gives each key once, the one that it would have without', () => {
    expect(byKey.size).toBe(items.length)
    for (const { key, ...item } of items) expect(defaultKeyOf(item)).toBe(key)
  })

  it('links only to what is there, of a kind that the link allows', () => {
    for (const { key, kind, links = [] } of items) {
      for (const claim of links) {
        const other = byKey.get(keyOf(claim))
        const { from, to } = linkDefinition(claim.type)
        expect(other, `${key} ${claim.type} ${keyOf(claim)}`).toBeDefined()
        expect(
          from.some((type) => isOfType(kind, type)),
          `${kind} ${claim.type}`,
        ).toBe(true)
        expect(
          to.some((type) => isOfType(other?.kind as KindName, type)),
          `${claim.type} ${other?.kind}`,
        ).toBe(true)
      }
    }
  })

  it('has at most one cable in a port, between ports of different devices: data to data, power to power', () => {
    const ends = cables.flat()
    expect(new Set(ends).size).toBe(ends.length)
    for (const [one, other] of cables) {
      expect(deviceOf(one)).not.toBe(deviceOf(other))
      const roles = [one, other].map((end) => byKey.get(end)?.fields?.['role'] ?? byKey.get(end)?.kind)
      expect([
        ['NetworkInterface', 'NetworkInterface'],
        ['power port', 'power outlet'],
      ]).toContainEqual(roles)
    }
  })

  it('plugs every server and switch into both PDUs of its rack', () => {
    for (const device of [...ofKind('Server'), ...ofKind('Switch')]) {
      const supplies = cables.flatMap(([one, other]) =>
        deviceOf(one)?.key === device.key ? deviceOf(other) : [],
      )
      const pdus = supplies.flatMap((supply) => (supply?.kind === 'Pdu' ? [supply.key] : []))
      expect(pdus.sort()).toEqual(linksOf(device.key, 'POWERED_BY').sort())
      expect(pdus).toHaveLength(2)
    }
  })

  it('cables every server to both leaves of its rack, and every leaf to both spines of its site', () => {
    const neighbors = Map.groupBy(
      cables.flatMap(([one, other]) => [
        [deviceOf(one)?.key, deviceOf(other)?.key] as const,
        [deviceOf(other)?.key, deviceOf(one)?.key] as const,
      ]),
      ([device]) => device,
    )
    const of = (key: string | undefined) =>
      (neighbors.get(key) ?? [])
        .map(([, other]) => other as string)
        .filter((other) => !other.startsWith('Pdu:'))
    const switches = ofKind('Switch')
    for (const server of ofKind('Server')) {
      const [rack] = linksOf(server.key, 'LOCATED_IN')
      const leaves = switches.filter(
        ({ key, fields }) => fields?.['role'] === 'leaf' && linksOf(key, 'LOCATED_IN')[0] === rack,
      )
      expect(leaves).toHaveLength(2)
      expect(of(server.key).sort()).toEqual(leaves.map(({ key }) => key).sort())
    }
    for (const leaf of switches.filter(({ fields }) => fields?.['role'] === 'leaf')) {
      const site = leaf.name.split('-')[0]
      const spines = of(leaf.key).filter((key) => key.includes('spine'))
      expect(spines.sort()).toEqual([`Switch:${site}-spine1`, `Switch:${site}-spine2`])
    }
  })

  it('has a BGP session from both ends, with 4-byte AS numbers that agree', () => {
    const peers = ofKind('BgpPeer')
    const asnOf = (key: string | undefined) => byKey.get(key ?? '')?.fields?.['asn']
    const sessions = new Set(
      peers.map(({ key }) => `${linksOf(key, 'PART_OF')[0]} ${linksOf(key, 'PEERS_WITH')[0]}`),
    )
    for (const { key, fields } of peers) {
      const [[local], [remote]] = [linksOf(key, 'PART_OF'), linksOf(key, 'PEERS_WITH')]
      expect([fields?.['localAs'], fields?.['peerAs']]).toEqual([asnOf(local), asnOf(remote)])
      expect(fields?.['localAs']).toBeGreaterThan(4_200_000_000)
      expect(sessions.has(`${remote} ${local}`)).toBe(true)
      const neighbor = items.find(
        ({ name, kind }) => kind === 'IpAddress' && name === fields?.['neighborAddress'],
      )
      expect(deviceOf(linksOf(neighbor?.key, 'ASSIGNED_TO')[0] ?? '')?.key).toBe(remote)
    }
    expect(peers.length).toBe(54)
  })

  it('puts nothing into the same unit of a rack twice', () => {
    const units = items
      .filter(({ fields }) => typeof fields?.['position'] === 'number')
      .map((item) => `${linksOf(item.key, 'LOCATED_IN')[0]} ${item.fields?.['position']}`)
    expect(new Set(units).size).toBe(units.length)
  })

  it('has every address once in its VRF, inside the prefix that it is a part of', () => {
    for (const { key, fields } of ofKind('IpAddress')) {
      const [base = '', length] = String(byKey.get(linksOf(key, 'PART_OF')[0] ?? '')?.fields?.['cidr']).split(
        '/',
      )
      const shift = BigInt(32 - Number(length))
      expect(addressNumber(String(fields?.['address'])) >> shift, key).toBe(addressNumber(base) >> shift)
    }
  })

  it.each([
    'serialNumber',
    'assetTag',
    'systemUuid',
    'macAddress',
    'chassisId',
    'instanceId',
    'containerId',
    'volumeId',
  ])('gives each %s once', (property) => {
    const values = items.flatMap(({ fields }) => fields?.[property] ?? [])
    expect(values.length).toBeGreaterThan(0)
    expect(new Set(values).size).toBe(values.length)
  })
})
