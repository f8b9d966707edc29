/** Addresses and prefixes: what a seed names, what lies in a prefix, which addresses a prefix has. */
import { lookup } from 'node:dns/promises'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { SourceError } from '../source.ts'

export class Prefixes {
  readonly #list = new BlockList()

  constructor(prefixes: readonly string[]) {
    for (const prefix of prefixes) {
      const [address = '', length = ''] = prefix.split('/')
      this.#list.addSubnet(address, Number(length), isIPv4(address) ? 'ipv4' : 'ipv6')
    }
  }

  has(address: string): boolean {
    const family = isIP(address)
    return family !== 0 && this.#list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

export const mostScanned = 4_096

/** All addresses of IPv4 prefixes, without those of network and broadcast where there are such. */
export function addressesOf(prefixes: readonly string[]): string[] {
  const all: string[] = []
  for (const prefix of prefixes) {
    const [address = '', length = '32'] = prefix.split('/')
    if (!isIPv4(address)) throw new SourceError('bad', `${prefix} cannot be scanned: only IPv4 prefixes can`)
    const size = 2 ** (32 - Number(length))
    if (all.length + size > mostScanned + 2)
      throw new SourceError('bad', `scan may hold ${mostScanned} addresses in all: ${prefix} is too much`)
    const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
    const first = Math.floor(number / size) * size
    const [skip, end] = size > 2 ? [1, size - 1] : [0, size]
    for (let at = skip; at < end; at++) all.push(toText(first + at))
  }
  return all
}

const toText = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')

/** The address that a name has now; an address is itself. */
export async function resolveAddress(name: string): Promise<string> {
  if (isIP(name.split('%', 1)[0]!) !== 0) return name
  try {
    return (await lookup(name)).address
  } catch (cause) {
    throw new SourceError(
      'unreachable',
      `the seed ${name} has no address (${(cause as NodeJS.ErrnoException).code ?? 'unknown'})`,
      { cause },
    )
  }
}
