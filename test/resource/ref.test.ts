import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatNaturalRef, formatVersionId, parseRef, parseVersionId } from '../../src/resource/ref.ts'

describe('refs', () => {
  test.each([
    ['1042', { by: 'id', id: 1042 }],
    ['1042@2026-02-03T04:05:06.789Z', { by: 'id', id: 1042, instant: Date.UTC(2026, 1, 3, 4, 5, 6, 789) }],
    ['Server:serialNumber=CN74', { by: 'natural', type: 'Server', keys: { serialNumber: 'CN74' } }],
    [
      'IpAddress:address=fe80::1,vrf=blue',
      { by: 'natural', type: 'IpAddress', keys: { address: 'fe80::1', vrf: 'blue' } },
    ],
    ['Rack:name="a, \\"b\\" = c"', { by: 'natural', type: 'Rack', keys: { name: 'a, "b" = c' } }],
    [
      'Rack: name = row 4 , assetTag=7',
      { by: 'natural', type: 'Rack', keys: { name: 'row 4', assetTag: '7' } },
    ],
    ['Prefix:cidr=10.0.0.0/8,vrf=', { by: 'natural', type: 'Prefix', keys: { cidr: '10.0.0.0/8', vrf: '' } }],
    ['Hardware:assetTag=A1', { by: 'natural', type: 'Hardware', keys: { assetTag: 'A1' } }],
    ['netbox:dcim.rack.7', { by: 'source', source: 'netbox', key: 'dcim.rack.7' }],
    ['openstack-kr1:a=b:c', { by: 'source', source: 'openstack-kr1', key: 'a=b:c' }],
    ['inventory:Server:srv-1', { by: 'source', source: 'inventory', key: 'Server:srv-1' }],
  ])('%s', (text, ref) => expect(parseRef(text)).toEqual(ref))

  test.each([
    '',
    'r07',
    ':x',
    'Rack:',
    '-1',
    '0',
    '1.5',
    'Rack:name="a',
    'Rack:name=a,',
    'Rack:name=a,name=b',
    'Rack:name=a"b',
    '1042@yesterday',
    'Blade:name=x',
  ])('%j is refused', (text) =>
    expect(() => parseRef(text, 'ref')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' })),
  )

  test('an unknown kind is named', () =>
    expect(() => parseRef('Blade:name=x')).toThrow('There is no kind Blade'))

  test('natural keys are read as they are written', () => {
    const value = fc.string().filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(value, value, (name, assetTag) => {
        const ref = parseRef(formatNaturalRef('Rack', { name, assetTag }))
        expect(ref).toEqual({ by: 'natural', type: 'Rack', keys: { name, assetTag } })
      }),
    )
  })

  test('version ids are read as they are written', () => {
    expect(parseVersionId(formatVersionId(7, 0))).toEqual({ id: 7, instant: 0 })
    expect(parseVersionId(formatVersionId(7, null))).toEqual({ id: 7 })
    expect(parseVersionId('7@2026-13-40T00:00:00.000Z')).toBeUndefined()
  })
})
