import { describe, expect, test } from 'vitest'
import { getKind, kindNames } from '../../../src/resource/kind/index.ts'
import { claimsOf, isPlaceholder, isSharedMac } from '../../../src/resource/reconcile/identity.ts'
import type { Observation } from '../../../src/resource/resource.ts'

const nowhere = () => undefined
const claims = (observation: Partial<Observation>, parentOf: Parameters<typeof claimsOf>[2] = nowhere) =>
  claimsOf({ key: 'k', kind: 'Server', name: 'srv', ...observation }, 'source', parentOf)
const strongOf = (observation: Partial<Observation>, parent?: number) =>
  claims(observation, () => parent)
    .filter((claim) => claim.strong)
    .map(({ type, scope, value }) => `${type}|${scope}|${value}`)

test.each([
  '0000',
  'To be filled by O.E.M.',
  ' Not Specified ',
  'Default string',
  'None',
  'N/A',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '03000200-0400-0500-0006-000700080009',
  'System Serial Number',
  '........',
  '',
])('%j identifies nothing', (value) => {
  expect(isPlaceholder(value)).toBe(true)
  expect(strongOf({ fields: { serialNumber: value, manufacturer: 'Dell', assetTag: value } })).toEqual([])
})

test.each(['CN74', '7', 'A1', '4c4c4544-0042-3510-8052-b4c04f564433'])('%j identifies', (value) => {
  expect(isPlaceholder(value)).toBe(value === '7')
})

test('a maker writes its name in many ways, and a serial number is its own in any of them', () => {
  const serials = ['Dell Inc.', 'DELL', 'dell'].map(
    (manufacturer) => strongOf({ fields: { serialNumber: 'CN74', manufacturer } })[0],
  )
  expect(new Set(serials).size).toBe(1)
  expect(strongOf({ fields: { serialNumber: 'CN74', manufacturer: 'HPE' } })).not.toEqual([serials[0]])
})

test.each([
  ['00:00:5e:00:01:0a', 'VRRP'],
  ['00:00:5e:00:02:0a', 'VRRP for IPv6'],
  ['00:00:0c:07:ac:01', 'HSRP'],
  ['00:00:0c:9f:f0:01', 'HSRP 2'],
  ['00:05:73:a0:00:01', 'HSRP for IPv6'],
  ['00:07:b4:00:01:01', 'GLBP'],
  ['ff:ff:ff:ff:ff:ff', 'broadcast'],
  ['01:00:5e:00:00:01', 'multicast'],
  ['00:00:00:00:00:00', 'zero'],
])('%s (%s) is nobody’s own', (mac) => {
  expect(isSharedMac(mac)).toBe(true)
  expect(
    claims({ kind: 'NetworkInterface', name: 'eth0', fields: { macAddress: mac } }).filter(
      (claim) => claim.type === 'mac',
    ),
  ).toEqual([])
})

test('a locally administered MAC counts only within its source, a maker’s everywhere', () => {
  const scopeOf = (macAddress: string) =>
    claims({ kind: 'NetworkInterface', name: 'eth0', fields: { macAddress } }).find(
      (claim) => claim.type === 'mac',
    )?.scope
  expect(scopeOf('02:42:ac:11:00:02')).toBe('source')
  expect(scopeOf('fa:16:3e:00:00:01')).toBe('source')
  expect(scopeOf('00:1b:21:3a:4f:10')).toBe('')
})

describe('parts', () => {
  test('an interface is its device’s, and without a device it is recognised by nothing', () => {
    const eth0: Partial<Observation> = { kind: 'NetworkInterface', name: 'eth0' }
    expect(strongOf(eth0, 12)).toEqual(['interface|r:12|eth0'])
    expect(strongOf(eth0)).toEqual([])
  })

  test('an address without a VRF is in the global table', () => {
    const address: Partial<Observation> = {
      kind: 'IpAddress',
      name: '10.0.0.5',
      fields: { address: '10.0.0.5' },
    }
    expect(strongOf(address)).toEqual(['address||10.0.0.5'])
    expect(strongOf(address, 9)).toEqual(['address|r:9|10.0.0.5'])
  })

  test('a module that bears its chassis’ serial number is not taken for the chassis', () => {
    const fields = { serialNumber: 'CN74', manufacturer: 'Cisco' }
    const typesOf = (kind: 'Component' | 'Switch') =>
      strongOf({ kind, fields }).map((text) => text.split('|')[0])
    expect(typesOf('Switch')).toEqual(['serial'])
    expect(typesOf('Component')).toEqual(['componentSerial'])
  })
})

test('every identity rule names a property of its kind', () => {
  for (const name of kindNames) {
    const kind = getKind(name)
    for (const { property } of kind.identities) {
      expect(property === 'name' || kind.fields[property]?.from === 'property', `${name}.${property}`).toBe(
        true,
      )
    }
  }
})
