/** One text for what says the same: JSON with the keys of every object in order. Marks of observations are made of it and kept, so that it must not change. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((part) => canonicalIn(part) ?? 'null').join(',')}]`
  const keys = inOrder(Object.keys(value))
  // Keys that are numbers come first in an object, by their value: JSON.stringify has it so.
  if ('toJSON' in value || keys.some(isNumber)) return canonicalByJson(value)
  const parts: string[] = []
  for (const key of keys) {
    const part = canonicalIn((value as Record<string, unknown>)[key])
    if (part !== undefined) parts.push(`${quoted(key)}:${part}`)
  }
  return `{${parts.join(',')}}`
}

/** Most objects are of few shapes, whose keys come in order or nearly so. */
function inOrder(keys: string[]): string[] {
  for (let at = 1; at < keys.length; at++) if (keys[at - 1]! > keys[at]!) return keys.sort()
  return keys
}

const mostQuoted = 10_000
const quotes = new Map<string, string>()

/** Keys come again and again. */
function quoted(key: string): string {
  let text = quotes.get(key)
  if (text === undefined) {
    if (quotes.size >= mostQuoted) quotes.clear()
    quotes.set(key, (text = JSON.stringify(key)))
  }
  return text
}

/** Undefined for what JSON leaves out. */
const canonicalIn = (value: unknown): string | undefined => canonical(value) as string | undefined

const isNumber = (key: string): boolean => key.charCodeAt(0) >= 48 && key.charCodeAt(0) <= 57

const canonicalByJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
