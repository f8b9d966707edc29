/** Addresses as numbers, and which prefix holds them: the longest that matches within the VRF. */
import { isIP } from 'node:net'

export interface Block {
  family: 4 | 6
  /** The first address. */
  first: bigint
  length: number
}

/** `10.0.0.5/24`, or without a length for one address; undefined when it is neither. Host bits are kept out of `first`. */
export function parseBlock(text: string): (Block & { address: string }) | undefined {
  const [address = '', bits] = text.split('/')
  const family = isIP(address)
  if (family !== 4 && family !== 6) return undefined
  const width = family === 4 ? 32 : 128
  const length = bits === undefined ? width : Number(bits)
  if (!Number.isInteger(length) || length < 0 || length > width) return undefined
  return { address, family, first: mask(toNumber(address, family), width, length), length }
}

function toNumber(address: string, family: 4 | 6): bigint {
  if (family === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address)
  const text = dotted ? `${dotted[1]}${hexPair(dotted[2] as string)}` : address
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n)
}

function hexPair(dotted: string): string {
  const number = toNumber(dotted, 4)
  return `${(number >> 16n).toString(16)}:${(number & 0xffffn).toString(16)}`
}

const mask = (number: bigint, width: number, length: number): bigint => {
  const host = BigInt(width - length)
  return (number >> host) << host
}

/** Blocks of several scopes, found by what they hold. */
export class BlockIndex<T> {
  readonly #lengths = new Map<string, Set<number>>()
  readonly #blocks = new Map<string, T>()

  add(scope: string, block: Block, value: T): void {
    const group = `${scope}|${block.family}`
    const lengths = this.#lengths.get(group) ?? new Set<number>()
    this.#lengths.set(group, lengths.add(block.length))
    const key = `${group}|${block.length}|${block.first}`
    if (!this.#blocks.has(key)) this.#blocks.set(key, value)
  }

  /** The longest block that holds all of `block`; `shorter`: not one of the same length. */
  longest(scope: string, block: Block, shorter = false): T | undefined {
    const group = `${scope}|${block.family}`
    const width = block.family === 4 ? 32 : 128
    const lengths = [...(this.#lengths.get(group) ?? [])].sort((a, b) => b - a)
    for (const length of lengths) {
      if (length > block.length || (shorter && length === block.length)) continue
      const found = this.#blocks.get(`${group}|${length}|${mask(block.first, width, length)}`)
      if (found !== undefined) return found
    }
    return undefined
  }
}
