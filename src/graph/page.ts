/**
 * Pages of lists by keyset: a cursor holds the values that the list is sorted by, so that inserts and deletes elsewhere neither repeat nor skip anything.
 * A cursor also holds a mark of its query (field, owner, filter, order) and is refused by any other.
 */
import { createHash } from 'node:crypto'
import { invalidInput, limitExceeded } from '../errors.ts'
import type { Order, SortValue } from './order.ts'

export interface PageArguments {
  first?: number | null | undefined
  after?: string | null | undefined
  last?: number | null | undefined
  before?: string | null | undefined
}

/** Where to stand and how many to take. */
export interface PageRequest {
  count: number
  fromEnd: boolean
  after: SortValue[] | undefined
  before: SortValue[] | undefined
  /** Whether the size is the default one: cutting the list is then told to the caller. */
  isDefault: boolean
}

export const defaultPageSize = 100

/** Checks page arguments. INVALID_INPUT names the argument, LIMIT_EXCEEDED the limit. */
export function toPageRequest(args: PageArguments, mark: () => string, pageSize: number): PageRequest {
  const { first, last } = args
  if (first != null && last != null) throw invalidInput('Ask for first or last, not both', 'last')
  const count = first ?? last ?? Math.min(defaultPageSize, pageSize)
  const name = last != null ? 'last' : 'first'
  if (count < 0) throw invalidInput(`${name} must be 0 or more; it is ${count}`, name)
  if (count > pageSize) {
    throw limitExceeded(
      'pageSize',
      pageSize,
      `${name} may be at most ${pageSize}; it is ${count}: ask page by page`,
      count,
    )
  }
  return {
    count,
    fromEnd: last != null,
    after: args.after == null ? undefined : parsePageCursor(args.after, mark(), 'after'),
    before: args.before == null ? undefined : parsePageCursor(args.before, mark(), 'before'),
    isDefault: first == null && last == null,
  }
}

/** A short mark of what decides a list: the same parts give the same mark. */
export function markOf(...parts: unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify(parts.map(sorted)))
    .digest('base64url')
    .slice(0, 10)
}

/** Objects with their keys in order, sets as lists. */
function sorted(value: unknown): unknown {
  if (value instanceof Set) return [...value].map(sorted)
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
  )
}

export function formatPageCursor(mark: string, keys: readonly SortValue[]): string {
  return Buffer.from(JSON.stringify([mark, ...keys])).toString('base64url')
}

export function parsePageCursor(text: string, mark: string, argument: string): SortValue[] {
  const parts = decode(text)
  if (parts === undefined) throw invalidInput(`${argument} is no cursor that a connection gave`, argument)
  if (parts[0] !== mark) {
    throw invalidInput(
      `${argument} is a cursor of another query: it is good only for the same field with the same filter and order`,
      argument,
    )
  }
  return parts.slice(1)
}

function decode(text: string): SortValue[] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    const isValid =
      Array.isArray(parts) &&
      parts.length > 1 &&
      parts.every((one) => one === null || typeof one === 'string' || typeof one === 'number')
    return isValid ? (parts as SortValue[]) : undefined
  } catch {
    return undefined
  }
}

export interface Listing<T> {
  items: readonly T[]
  /** What the list leaves out; absent: nothing. */
  test?: ((item: T) => boolean) | undefined
  order: Order<T>
}

export interface PageOf<T> {
  items: T[]
  hasNextPage: boolean
  hasPreviousPage: boolean
}

/** One page of a list, without sorting more of it than is shown. */
export function takePage<T>(listing: Listing<T>, request: PageRequest): PageOf<T> {
  const { items, before, after } = listing.order.natural
    ? walkInOrder(listing, request)
    : select(listing, request)
  const { count, fromEnd } = request
  const cut = items.length > count
  const shown = cut ? items.slice(0, count) : items
  if (fromEnd) shown.reverse()
  return {
    items: shown,
    hasNextPage: fromEnd ? after : cut || after,
    hasPreviousPage: fromEnd ? cut || before : before,
  }
}

interface Taken<T> {
  /** Up to one more than asked for, from the end that was asked. */
  items: T[]
  /** Whether something matches before `after` or after `before`. */
  before: boolean
  after: boolean
}

/** The list is in order already: stops as soon as the page is full. */
function walkInOrder<T>(listing: Listing<T>, request: PageRequest): Taken<T> {
  const { items, test, order } = listing
  const from = request.after ? bound(items, order, request.after, true) : 0
  const to = request.before ? bound(items, order, request.before, false) : items.length
  const taken: Taken<T> = {
    items: [],
    before: someIn(items, 0, from, test),
    after: someIn(items, to, items.length, test),
  }
  const step = request.fromEnd ? -1 : 1
  for (let index = request.fromEnd ? to - 1 : from; index >= from && index < to; index += step) {
    const item = items[index]!
    if (test && !test(item)) continue
    taken.items.push(item)
    if (taken.items.length > request.count) break
  }
  return taken
}

function someIn<T>(items: readonly T[], from: number, to: number, test?: (item: T) => boolean): boolean {
  for (let index = from; index < to; index++) if (!test || test(items[index]!)) return true
  return false
}

/** First index whose keys are greater than (`past`) or not less than `keys`. */
function bound<T>(items: readonly T[], order: Order<T>, keys: readonly SortValue[], past: boolean): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const compared = order.compareKeys(order.keys(items[middle]!), keys)
    if (compared < 0 || (past && compared === 0)) low = middle + 1
    else high = middle
  }
  return low
}

/** Keeps the best of an unordered list: n·log(page), not n·log(n). */
function select<T>(listing: Listing<T>, request: PageRequest): Taken<T> {
  const { items, test, order } = listing
  const sign = request.fromEnd ? -1 : 1
  const compare = (a: { keys: SortValue[] }, b: { keys: SortValue[] }) =>
    sign * order.compareKeys(a.keys, b.keys)
  const room = request.count + 1
  const taken: Taken<T> = { items: [], before: false, after: false }
  let kept: { item: T; keys: SortValue[] }[] = []
  let worst: { keys: SortValue[] } | undefined
  for (const item of items) {
    if (test && !test(item)) continue
    const entry = { item, keys: order.keys(item) }
    if (request.after && order.compareKeys(entry.keys, request.after) <= 0) taken.before = true
    else if (request.before && order.compareKeys(entry.keys, request.before) >= 0) taken.after = true
    else if (worst === undefined || compare(entry, worst) < 0) kept.push(entry)
    if (kept.length >= room * 2 + 64) {
      kept = kept.sort(compare).slice(0, room)
      worst = kept[room - 1]
    }
  }
  taken.items = kept
    .sort(compare)
    .slice(0, room)
    .map(({ item }) => item)
  return taken
}
