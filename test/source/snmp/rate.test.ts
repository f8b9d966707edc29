import { describe, expect, it } from 'vitest'
import { encodeArcs, tag, type Cell } from '../../../src/source/snmp/protocol/index.ts'
import { CounterTable } from '../../../src/source/snmp/rate.ts'

const cell = (index: string, value: bigint, type: number = tag.counter64): Cell => ({
  type,
  number: () => Number(value),
  low32: () => Number(value & 0xffffffffn),
  high32: () => Number(value >> 32n),
  value: () => Number(value),
  index: () => index,
  indexArcs: () => [Number(index)],
  isIndex: (arcs) => Buffer.from(encodeArcs([Number(index)])).equals(arcs),
})

describe('rates', () => {
  it('are exact above 2^53, for each column and row', () => {
    const table = new CounterTable(['1', '2'], 2)
    table.begin(1_000)
    table.take(0, cell('1', 18_446_744_073_709_551_000n))
    table.take(1, cell('2', 4_294_967_295n))
    expect([...table.rates]).toEqual([NaN, NaN, NaN, NaN])
    table.begin(11_000)
    table.take(1, cell('2', 4_294_967_305n))
    table.take(0, cell('1', 18_446_744_073_709_551_610n))
    expect([...table.rates]).toEqual([61, NaN, NaN, 1])
  })

  it('go over the wrap of a 32-bit counter, and leave out the reset of any', () => {
    const table = new CounterTable(['1', '2', '3'], 1)
    table.begin(0)
    table.take(0, cell('1', 4_294_967_290n, tag.counter32))
    table.take(0, cell('2', 2_000_000_000n, tag.counter32))
    table.take(0, cell('3', 9_000_000_000_000n))
    table.begin(1_000)
    table.take(0, cell('1', 4n, tag.counter32))
    table.take(0, cell('2', 100n, tag.counter32))
    table.take(0, cell('3', 100n))
    expect([...table.rates]).toEqual([10, NaN, NaN])
    table.begin(2_000)
    table.take(0, cell('2', 107n, tag.counter32))
    table.take(0, cell('3', 105n))
    expect([...table.rates]).toEqual([NaN, 7, 5])
  })

  it('leave out the first poll after a restart, but not after sysUpTime has wrapped', () => {
    const table = new CounterTable(['1'], 1)
    table.begin(0, 4_294_967_000)
    table.take(0, cell('1', 5n))
    table.begin(10_000, 704)
    table.take(0, cell('1', 15n))
    expect([...table.rates]).toEqual([1])
    table.begin(20_000, 300)
    table.take(0, cell('1', 9_999_999n))
    expect([...table.rates]).toEqual([NaN])
    table.begin(30_000, 1_300)
    table.take(0, cell('1', 10_000_009n))
    expect([...table.rates]).toEqual([1])
  })

  it('need a value in two polls that follow each other, of a row that is known', () => {
    const table = new CounterTable(['1'], 1)
    table.begin(0)
    expect(table.take(0, cell('1', 1n))).toBe(true)
    expect(table.take(0, cell('7', 1n))).toBe(false)
    table.begin(1_000)
    expect(table.take(0, cell('1', 1n, tag.noSuchInstance))).toBe(false)
    table.begin(2_000)
    table.take(0, cell('1', 3n))
    expect([...table.rates]).toEqual([NaN])
  })
})
