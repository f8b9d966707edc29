/** Texts with places: `{{name}}-{{member}}`. A place is a name and nothing else: no expressions, no files, no environment. Pure. */

export type Values = Readonly<Record<string, string | number | boolean>>

const place = /\{\{([^{}]*)\}\}/g

/** Names of the places of a text, as they stand. */
export const placesOf = (text: string): string[] => [...text.matchAll(place)].map(([, name]) => name!.trim())

/** What stands beside those is not a place: an opening or closing without its other half. */
export const isBroken = (text: string): boolean => /\{\{|\}\}/.test(text.replace(place, ''))

/** With its values; a place whose value is not there stays empty: loading has seen to it that there is none. */
export const fill = (text: string, values: Values): string =>
  text.replace(place, (_, name: string) => String(values[name.trim()] ?? ''))

/** As `fill`; a text that is one place and nothing else has its value as it is, a number or yes and no as well. */
export function fillValue(text: string, values: Values): string | number | boolean {
  const name = /^\{\{([^{}]*)\}\}$/.exec(text)?.[1]?.trim()
  return name === undefined ? fill(text, values) : (values[name] ?? '')
}

/** Everything that is filled, at any depth. */
export function fillAll<T>(value: T, values: Values): T {
  if (typeof value === 'string') return fill(value, values) as T
  if (Array.isArray(value)) return value.map((item) => fillAll(item as unknown, values)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fillAll(item as unknown, values)]),
  ) as T
}

/** Every text in a value, with the keys that lead to it. */
export function* textsOf(
  value: unknown,
  path: readonly PropertyKey[] = [],
): Generator<{ text: string; path: readonly PropertyKey[] }> {
  if (typeof value === 'string') yield { text: value, path }
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value))
      yield* textsOf(item, [...path, Array.isArray(value) ? Number(key) : key])
}
