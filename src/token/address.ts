/** Ranges of addresses from which a token may be used. Pure. */
import { BlockList, isIP } from 'node:net'
import { invalidInput } from '../errors.ts'

const most = 100

/** INVALID_INPUT for what is neither an address nor a range such as 10.0.0.0/8. */
export function toRanges(texts: readonly string[], path: string): BlockList {
  if (texts.length > most) throw invalidInput(`At most ${most} ranges`, path)
  const ranges = new BlockList()
  for (const text of texts) {
    const [address = '', bits, ...rest] = text.split('/')
    const version = isIP(address)
    const width = version === 4 ? 32 : 128
    const length = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    if (version === 0 || rest.length > 0 || length < 0 || length > width)
      throw invalidInput(`"${text.slice(0, 60)}" is no address and no range such as 10.0.0.0/8`, path)
    ranges.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6')
  }
  return ranges
}

/** An IPv4 address may come written as IPv6. */
export function isWithin(ranges: BlockList, address: string): boolean {
  const plain = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address.split('%', 1)[0]!
  const version = isIP(plain)
  return version !== 0 && ranges.check(plain, version === 4 ? 'ipv4' : 'ipv6')
}
