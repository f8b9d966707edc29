/** JSON.parse lets the last of two equal keys win, silently; this finds them. The text must be valid JSON. */
export function findDuplicateKey(text: string): string | undefined {
  const scopes: (Set<string> | undefined)[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at]
    if (char === '{') scopes.push(new Set())
    else if (char === '[') scopes.push(undefined)
    else if (char === '}' || char === ']') scopes.pop()
    else if (char === '"') {
      const end = endOfString(text, at)
      const keys = scopes.at(-1)
      if (keys && isKey(text, end)) {
        const key = text.slice(at, end)
        const name = key.includes('\\') ? (JSON.parse(key) as string) : key.slice(1, -1)
        if (keys.has(name)) return name
        keys.add(name)
      }
      at = end
      continue
    }
    at += 1
  }
  return undefined
}

/** The place after the closing quote. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text[end - 1 - slashes] === '\\') slashes += 1
    if (slashes % 2 === 0) return end + 1
  }
  return text.length
}

function isKey(text: string, at: number): boolean {
  let next = at
  while (/\s/.test(text[next] ?? 'x')) next += 1
  return text[next] === ':'
}
