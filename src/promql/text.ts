/** String literals as PromQL writes them: in double, single or back quotes, with Go's escapes. */
import { BadQuery } from './expression.ts'

const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}
const escape = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.?))/gs

export function parseText(literal: string): string {
  const body = literal.slice(1, -1)
  if (literal.startsWith('`')) return body
  return body.replace(escape, (whole, hex, short, long, octal, plain: string) => {
    const code = hex ?? short ?? long
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code as string, 16))
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal as string, 8))
    const value = simple[plain]
    if (value === undefined)
      throw new BadQuery(`${whole} is no escape in a string: write \\\\ for a backslash`)
    return value
  })
}
