/**
 * Who guesses tokens is told to wait, by address: what it shows is then not looked up any more. Tokens that were good before are let in from there all the same, as others may
 * share the address.
 */
import { isIPv6 } from 'node:net'
import { PlenumError } from '../errors.ts'

export interface Guesses {
  /** RATE_LIMITED when this address has shown too many bad tokens of late, unless what it shows now is known to be good. */
  check(address: string, isKnown: () => boolean): void
  failed(address: string): void
  /** Addresses that are remembered. */
  readonly size: number
}

interface Share {
  left: number
  at: number
}

/** An address that is forgotten begins anew: with so many, guessing gains little by that. */
const mostAddresses = 10_000

/** `perMinute` refusals of one address go by; then one each time that the minute allows. */
export function createGuesses(perMinute: number, now: () => number = () => performance.now()): Guesses {
  const shares = new Map<string, Share>()
  const perMs = perMinute / 60_000

  function refilled(share: Share): Share {
    const at = now()
    share.left = Math.min(perMinute, share.left + (at - share.at) * perMs)
    share.at = at
    return share
  }

  return {
    check(address, isKnown) {
      const share = shares.get(groupOf(address))
      if (share === undefined || refilled(share).left >= 1 || isKnown()) return
      const retryAfterSeconds = Math.ceil((1 - share.left) / perMs / 1_000)
      throw new PlenumError('RATE_LIMITED', 'Too many bad tokens came from this address: wait', {
        retryAfterSeconds,
        limit: { name: 'refusedLogins', limit: perMinute },
      })
    },
    failed(address) {
      const group = groupOf(address)
      const share = refilled(shares.get(group) ?? { left: perMinute, at: now() })
      share.left = Math.max(0, share.left - 1)
      shares.delete(group)
      shares.set(group, share)
      if (shares.size > mostAddresses) shares.delete(shares.keys().next().value as string)
    },
    get size() {
      return shares.size
    },
  }
}

/** Whoever has one IPv6 address has as many as it likes of the same /64. */
function groupOf(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = (address.split('%', 1)[0] as string).split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0')
  return [...front, ...zeros, ...back].slice(0, 4).join(':')
}
