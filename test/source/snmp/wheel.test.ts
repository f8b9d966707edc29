import { describe, expect, it } from 'vitest'
import { Waiter, startWheel, type Wheel } from '../../../src/source/snmp/protocol/wheel.ts'
import {
  compareOids,
  encodeOid,
  formatOid,
  isOidContent,
  isUnder,
  parseOid,
} from '../../../src/source/snmp/protocol/oid.ts'
import { seeded } from './fuzz.ts'

describe('the wheel', () => {
  it('wakes each once, none early, none that was taken off', async () => {
    const random = seeded(3)
    const woken = new Map<Waiter, number>()
    let left = 0
    const removed = new Set<Waiter>()
    await new Promise<void>((resolve) => {
      const wheel: Wheel<Waiter> = startWheel({
        tickMs: 1,
        expired: (waiter) => {
          expect(performance.now()).toBeGreaterThanOrEqual(waiter.wakeAt)
          woken.set(waiter, (woken.get(waiter) ?? 0) + 1)
          if (--left === 0) resolve()
        },
      })
      const waiters = Array.from({ length: 500 }, () => new Waiter())
      for (const waiter of waiters) {
        // Longer than one round of the ring for some.
        waiter.wakeAt = performance.now() + random() * 60
        wheel.add(waiter)
      }
      for (const waiter of waiters.filter((_, i) => i % 5 === 0)) {
        wheel.remove(waiter)
        removed.add(waiter)
      }
      left = wheel.size
      expect(left).toBe(400)
    })
    expect([...woken.values()].every((times) => times === 1)).toBe(true)
    expect([...removed].some((waiter) => woken.has(waiter))).toBe(false)
  })

  it('keeps what belongs to a later round', async () => {
    let clock = 0
    const woken: number[] = []
    let told: () => void = () => undefined
    const wheel = startWheel<Waiter>({
      tickMs: 1,
      now: () => clock,
      expired: (waiter) => {
        woken.push(waiter.wakeAt)
        told()
      },
    })
    for (const wakeAt of [5, 5 + 1_024, 5 + 2_048]) {
      const waiter = new Waiter()
      waiter.wakeAt = wakeAt
      wheel.add(waiter)
    }
    for (const time of [7, 1_031, 9_000]) {
      const one = new Promise<void>((resolve) => (told = resolve))
      clock = time
      await one
    }
    expect(woken).toEqual([5, 1_029, 2_053])
    expect(wheel.size).toBe(0)
    wheel.close()
  })
})

describe('OIDs', () => {
  it('are ordered as their arcs are', () => {
    const random = seeded(11)
    const arc = () => Math.floor(2 ** (random() * 32))
    const oids = Array.from({ length: 300 }, () => [
      1,
      3,
      ...Array.from({ length: Math.floor(random() * 4) }, arc),
    ])
    const byArcs = (a: number[], b: number[]): number => {
      for (let i = 0; i < Math.min(a.length, b.length); i++)
        if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
      return a.length - b.length
    }
    for (const a of oids)
      for (const b of oids.slice(0, 60)) {
        const [x, y] = [encodeOid(a), encodeOid(b)]
        expect(Math.sign(compareOids(x, 0, x.length, y, 0, y.length))).toBe(Math.sign(byArcs(a, b)))
      }
    for (const oid of oids) expect(formatOid(encodeOid(oid))).toBe(oid.join('.'))
  })

  it('are read strictly', () => {
    expect(parseOid('.1.3.6')).toEqual([1, 3, 6])
    for (const bad of ['', '1', '1..3', '1.3.x', '1.40', '3.1', '1.3.4294967296', `1.3${'.1'.repeat(127)}`])
      expect(() => parseOid(bad), bad).toThrow(RangeError)
    const isContent = (...bytes: number[]) => isOidContent(Uint8Array.from(bytes), 0, bytes.length)
    expect(isContent(0x2b, 6, 0x8f, 0xff, 0xff, 0xff, 0x7f)).toBe(true)
    expect(isContent(0x2b, 6, 0x90, 0x80, 0x80, 0x80, 0x00)).toBe(false)
    expect(isContent(0x2b, 0x80, 0x01)).toBe(false)
    expect(isContent(0x2b, 0x81)).toBe(false)
    expect(isContent()).toBe(false)
    const column = encodeOid('1.3.6.1.2')
    expect(isUnder(column, encodeOid('1.3.6.1.2.1'), 0, 5)).toBe(true)
    expect(isUnder(column, column, 0, column.length)).toBe(false)
    expect(isUnder(column, encodeOid('1.3.6.1.3.1'), 0, 5)).toBe(false)
  })
})
