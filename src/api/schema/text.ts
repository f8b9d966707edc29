/** What no table can hold, found before anything is tried. */
import { invalidInput } from '../../errors.ts'

const deepest = 100

/** INVALID_INPUT with its place when a text anywhere in the value, keys included, has a NUL character or half a surrogate pair, or when it nests too deep. */
export function checkTexts(value: unknown, path: string, depth = 0): void {
  if (typeof value === 'string') return checkText(value, path)
  if (typeof value !== 'object' || value === null) return
  if (depth === deepest) throw invalidInput(`A value nests at most ${deepest} deep`, path)
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkTexts(item, `${path}[${index}]`, depth + 1)
    return
  }
  for (const [key, item] of Object.entries(value)) {
    checkText(key, path)
    checkTexts(item, `${path}.${key}`, depth + 1)
  }
}

function checkText(text: string, path: string): void {
  if (text.includes('\0')) throw invalidInput('A text cannot hold a NUL character', path)
  if (!text.isWellFormed()) throw invalidInput('A text is no valid Unicode: half a surrogate pair', path)
}
