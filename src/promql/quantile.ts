/** The q-quantile of values, interpolated; as Prometheus has it at its ends. */
export function quantile(q: number, values: readonly number[]): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const sorted = [...values].sort(byValue)
  const rank = q * (sorted.length - 1)
  const low = Math.max(0, Math.floor(rank))
  const high = Math.min(sorted.length - 1, low + 1)
  const weight = rank - Math.floor(rank)
  return sorted[low]! * (1 - weight) + sorted[high]! * weight
}

/** NaN first. */
export function byValue(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1
  return Number.isNaN(b) ? 1 : a - b
}

/** Sum of squared distances from the mean over their count. */
export function variance(values: readonly number[]): number {
  let [count, mean, squares] = [0, 0, 0]
  for (const value of values) {
    count++
    const distance = value - mean
    mean += distance / count
    squares += distance * (value - mean)
  }
  return squares / count
}

/** With the error carried along (Neumaier), so that the order of large and small does not matter. */
export function sum(values: readonly number[]): number {
  let [total, lost] = [0, 0]
  for (const value of values) {
    const next = total + value
    if (!Number.isFinite(next)) lost = 0
    else lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total
    total = next
  }
  return total + lost
}
