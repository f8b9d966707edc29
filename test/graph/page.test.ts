import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Order, SortValue } from '../../src/graph/order.ts'
import {
  formatPageCursor,
  markOf,
  parsePageCursor,
  takePage,
  toPageRequest,
  type PageArguments,
} from '../../src/graph/page.ts'

interface Item {
  id: number
  rank: number | null
}

const compareKeys = (left: readonly SortValue[], right: readonly SortValue[]): number => {
  for (const [index, a] of left.entries()) {
    const b = right[index] ?? null
    if (a === b) continue
    if (a === null) return 1
    if (b === null) return -1
    return a < b ? -1 : 1
  }
  return 0
}
const byRank: Order<Item> = { natural: false, keys: ({ id, rank }) => [rank, id], compareKeys }
const byId: Order<Item> = { natural: true, keys: ({ id }) => [id], compareKeys }

const mark = 'query'
const request = (args: PageArguments) => toPageRequest(args, () => mark, 1_000)
const pageOf = (items: Item[], order: Order<Item>, args: PageArguments, test?: (item: Item) => boolean) =>
  takePage({ items, order, test }, request(args))

const lists = fc
  .uniqueArray(fc.record({ id: fc.nat(200), rank: fc.option(fc.nat(5)) }), {
    selector: (item) => item.id,
    maxLength: 60,
  })
  .map((items) => items.sort((a, b) => a.id - b.id))

describe('pages', () => {
  test.each([
    ['an unordered list', byRank],
    ['a list in its order', byId],
  ])('of %s give every item once, in order, in both directions', (_, order) => {
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 7 }), fc.boolean(), (items, size, backwards) => {
        const even = (item: Item): boolean => item.id % 2 === 0
        const expected = items.filter(even).sort((a, b) => compareKeys(order.keys(a), order.keys(b)))
        const found: Item[] = []
        let cursor: string | undefined
        for (let more = true; more;) {
          const args = backwards ? { last: size, before: cursor } : { first: size, after: cursor }
          const page = pageOf(items, order, args, even)
          const shown = page.items
          found.splice(backwards ? 0 : found.length, 0, ...shown)
          more = backwards ? page.hasPreviousPage : page.hasNextPage
          const edge = backwards ? page.items[0] : page.items.at(-1)
          expect(backwards ? page.hasNextPage : page.hasPreviousPage).toBe(cursor !== undefined)
          if (edge) cursor = formatPageCursor(mark, order.keys(edge))
        }
        expect(found).toEqual(expected)
      }),
    )
  })

  test('neither repeat nor skip what was there all the time when others come and go between them', () => {
    fc.assert(
      fc.property(lists, lists, fc.integer({ min: 1, max: 5 }), (before, after, size) => {
        const first = pageOf(before, byRank, { first: size })
        const last = first.items.at(-1)
        if (!last) return
        const rest = pageOf(after, byRank, { first: 1_000, after: formatPageCursor(mark, byRank.keys(last)) })
        const stayed = after.filter(({ id, rank }) =>
          before.some((item) => item.id === id && item.rank === rank),
        )
        const seen = [...first.items, ...rest.items].map(({ id }) => id)
        for (const { id } of stayed) expect(seen.filter((one) => one === id)).toEqual([id])
      }),
    )
  })

  test('go on where a deleted item stood', () => {
    const items = [1, 2, 3, 4].map((id) => ({ id, rank: 0 }))
    const after = formatPageCursor(mark, [2])
    const page = pageOf(
      items.filter(({ id }) => id !== 2),
      byId,
      { first: 1, after },
    )
    expect(page).toMatchObject({ items: [{ id: 3 }], hasNextPage: true, hasPreviousPage: true })
  })

  test('of no items say so', () => {
    const items = [{ id: 1, rank: 0 }]
    expect(pageOf(items, byId, { first: 0 })).toEqual({
      items: [],
      hasNextPage: true,
      hasPreviousPage: false,
    })
    expect(pageOf([], byRank, { last: 3 })).toEqual({ items: [], hasNextPage: false, hasPreviousPage: false })
  })
})

describe('page arguments', () => {
  test.each([
    [{ first: -1 }, 'INVALID_INPUT', 'first must be 0 or more; it is -1'],
    [{ last: -5 }, 'INVALID_INPUT', 'last must be 0 or more; it is -5'],
    [{ first: 1, last: 1 }, 'INVALID_INPUT', 'first or last, not both'],
    [{ first: 1_001 }, 'LIMIT_EXCEEDED', 'at most 1000; it is 1001'],
    [{ after: 'bm9uc2Vuc2U' }, 'INVALID_INPUT', 'after is no cursor'],
    [{ before: '%%%' }, 'INVALID_INPUT', 'before is no cursor'],
    [{ after: formatPageCursor('other', [1]) }, 'INVALID_INPUT', 'cursor of another query'],
    [{ after: Buffer.from('["query",{"a":1}]').toString('base64url') }, 'INVALID_INPUT', 'no cursor'],
  ])('%j are refused', (args, code, message) => {
    expect(() => request(args)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    )
  })

  test('name the limit that they hit', () => {
    const limit = { name: 'pageSize', limit: 1_000, asked: 5_000 }
    expect(() => request({ last: 5_000 })).toThrow(expect.objectContaining({ details: { limit } }))
  })

  test('without a size are the default size, and say so', () => {
    expect(request({})).toMatchObject({ count: 100, isDefault: true })
    expect(request({ first: 100 })).toMatchObject({ count: 100, isDefault: false })
    expect(toPageRequest({}, () => mark, 10)).toMatchObject({ count: 10 })
  })
})

test('a mark depends on what is in its parts, not on the order of their keys', () => {
  expect(markOf('a', { x: 1, y: [2] })).toBe(markOf('a', { y: [2], x: 1 }))
  expect(markOf('a', { x: 1 })).not.toBe(markOf('a', { x: 2 }))
  expect(markOf('a', ['b', 'c'])).not.toBe(markOf('a', ['c', 'b']))
})

test('a cursor gives back its values', () => {
  const values = ['ß"\\', 1.5, null, -3]
  expect(parsePageCursor(formatPageCursor(mark, values), mark, 'after')).toEqual(values)
})
