import { describe, expect, test } from 'vitest'
import { addressNumber, addressText, canonical, type Format } from '../../../src/resource/kind/format.ts'

describe('canonical forms', () => {
  test.each<[Format, string, string | undefined]>([
    ['mac', '00-1B-21-3A-4F-10', '00:1b:21:3a:4f:10'],
    ['mac', '001b.213a.4f10', '00:1b:21:3a:4f:10'],
    ['mac', '001B213A4F10', '00:1b:21:3a:4f:10'],
    ['mac', '00:1b:21:3a:4f', undefined],
    ['ip', '10.0.0.5', '10.0.0.5'],
    ['ip', '2001:DB8:0:0::1', '2001:db8::1'],
    ['ip', '::ffff:10.0.0.1', '::ffff:a00:1'],
    ['ip', 'fe80::1%eth0', undefined],
    ['ip', '010.0.0.5', undefined],
    ['ip', '10.0.0.5/24', undefined],
    ['cidr', '10.0.0.5/24', '10.0.0.0/24'],
    ['cidr', '0.0.0.0/0', '0.0.0.0/0'],
    ['cidr', '2001:db8:0:1::5/64', '2001:db8:0:1::/64'],
    ['cidr', '10.0.0.0/33', undefined],
    ['cidr', '10.0.0.0', undefined],
    ['uuid', '{4C4C4544-0042-4A10-8048-B4C04F4B3332}', '4c4c4544-0042-4a10-8048-b4c04f4b3332'],
    ['uuid', 'nonsense', undefined],
  ])('%s %s', (format, text, shown) => expect(canonical(format, text)).toBe(shown))

  test('a text of any length is no trouble', () =>
    expect(canonical('ip', '1'.repeat(10_000_000))).toBeUndefined())

  test.each(['0.0.0.0', '255.255.255.255', '::', '2001:db8::1', '::1', '1:2:3:4:5:6:7:8'])(
    '%s as a number and back',
    (address) => expect(addressText(addressNumber(address), address.includes(':') ? 6 : 4)).toBe(address),
  )
})
