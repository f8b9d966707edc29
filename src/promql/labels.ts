/** The labels of series. A set is sorted by name and has no empty values; never changed once made. */
export type Labels = Readonly<Record<string, string>>

export const nameLabel = '__name__'
export const noLabels: Labels = Object.freeze({})

export function toLabels(entries: Iterable<readonly [string, string]>): Labels {
  const kept = [...entries].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.freeze(Object.assign(Object.create(null), Object.fromEntries(kept)) as Labels)
}

export const withoutName = (labels: Labels): Labels => without(labels, [nameLabel])

export const only = (labels: Labels, names: readonly string[]): Labels =>
  toLabels(Object.entries(labels).filter(([name]) => names.includes(name)))

export const without = (labels: Labels, names: readonly string[]): Labels =>
  toLabels(Object.entries(labels).filter(([name]) => !names.includes(name)))

export const withLabels = (labels: Labels, more: Readonly<Record<string, string>>): Labels =>
  toLabels(Object.entries({ ...labels, ...more }))

/** The same for equal sets only. */
export const signature = (labels: Labels): string => JSON.stringify(Object.entries(labels))

/** As Prometheus shows them: `{a="b"}`. */
export function showLabels(labels: Labels): string {
  const { [nameLabel]: name = '', ...rest } = labels
  const inner = Object.entries(rest).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return `${name}{${inner.join(', ')}}`
}
