/** From spans and prices to records. Pure; counts in whole milliseconds and bytes, so that nothing is lost by adding. */
import type { ResourceId } from '../resource/resource.ts'
import {
  usedClasses,
  type Price,
  type Span,
  type UsageKey,
  type UsageRecord,
  type UsedClass,
} from './usage.ts'

const hourMs = 3_600_000

/** How many of what a span says are one unit of the class. */
const unitOf: Readonly<Record<UsedClass, number>> = { VCPU: 1, MEMORY_MB: 2 ** 20, DISK_GB: 2 ** 30 }

interface Sum {
  record: UsageRecord
  milliseconds: number
  amount: bigint
  /** By price. */
  priced: Map<Price, { amount: bigint; unit: number }>
}

/** `idOf`: the tenant that a former one has become. */
export function account(
  spans: readonly Span[],
  prices: readonly Price[],
  by: readonly UsageKey[],
  idOf: (tenantId: ResourceId) => ResourceId = (id) => id,
): UsageRecord[] {
  const sums = new Map<string, Sum>()
  const has = new Set(by)
  const sumOf = (span: Span, own: UsedClass | null): Sum => {
    const record = {
      tenantId: has.has('tenant') ? idOf(span.tenantId) : null,
      kind: has.has('kind') ? span.kind : null,
      flavor: has.has('flavor') ? span.flavor : null,
      class: own,
    }
    const name = JSON.stringify(Object.values(record))
    let sum = sums.get(name)
    if (sum === undefined) {
      const empty = { ...record, hours: 0, amountHours: null, cost: null }
      sums.set(name, (sum = { record: empty, milliseconds: 0, amount: 0n, priced: new Map() }))
    }
    return sum
  }
  for (const span of spans) {
    const whole = sumOf(span, null)
    whole.milliseconds += span.milliseconds
    const price = priceOf(prices, span, undefined)
    if (price !== undefined) addPrice(whole, price, BigInt(span.milliseconds), 1)
    for (const [name, amount] of amountsOf(span)) {
      const sum = has.has('class') ? sumOf(span, name) : whole
      const used = amount * BigInt(span.milliseconds)
      if (sum !== whole) {
        sum.milliseconds += span.milliseconds
        sum.amount += used
      }
      // Who pays for the whole does not pay for its parts.
      const own = price === undefined ? priceOf(prices, span, name) : undefined
      if (own !== undefined) addPrice(sum, own, used, unitOf[name])
    }
  }
  return [...sums.values()].map(finish).sort(compare)
}

function amountsOf({ cores, memoryBytes, diskBytes }: Span): [UsedClass, bigint][] {
  const told = { VCPU: cores, MEMORY_MB: memoryBytes, DISK_GB: diskBytes }
  return usedClasses.flatMap((name): [UsedClass, bigint][] => {
    const text = told[name]
    return text !== null && /^\d+$/.test(text) && text !== '0' ? [[name, BigInt(text)]] : []
  })
}

/** The first that fits and holds already. */
function priceOf(
  prices: readonly Price[],
  { at, kind, flavor }: Span,
  name: UsedClass | undefined,
): Price | undefined {
  return prices.find(
    (price) =>
      price.class === name &&
      (price.kind === undefined || price.kind === kind) &&
      (price.flavor === undefined || price.flavor === flavor) &&
      (price.from === undefined || price.from <= at),
  )
}

function addPrice({ priced }: Sum, price: Price, amount: bigint, unit: number): void {
  const known = priced.get(price)
  if (known === undefined) priced.set(price, { amount, unit })
  else known.amount += amount
}

function finish({ record, milliseconds, amount, priced }: Sum): UsageRecord {
  const parts = [...priced].map(
    ([{ perHour }, { amount: used, unit }]) => perHour * (Number(used) / unit / hourMs),
  )
  return {
    ...record,
    hours: milliseconds / hourMs,
    amountHours: record.class === null ? null : Number(amount) / unitOf[record.class] / hourMs,
    cost: parts.length === 0 ? null : parts.reduce((sum, part) => sum + part, 0),
  }
}

const order = ({ tenantId, kind, flavor, class: name }: UsageRecord): string =>
  [String(tenantId ?? '').padStart(16, '0'), kind ?? '', flavor ?? '', name ?? ''].join('\0')
function compare(one: UsageRecord, other: UsageRecord): number {
  const [a, b] = [order(one), order(other)]
  return a < b ? -1 : a > b ? 1 : 0
}
