/** Checks what sources and people state, and brings it into canonical form. All faults of an input are told at once, up to a bound. */
import { invalidInput, PlenumError } from '../errors.ts'
import { enums } from './kind/enum.ts'
import { canonical } from './kind/format.ts'
import { getKind, isKindName, kindNames, propertiesOf } from './kind/index.ts'
import type { KindDefinition, Property } from './kind/kind.ts'
import { linkTypes } from './kind/link.ts'
import { statuses, type LinkClaim, type Observation } from './resource.ts'

const longestText = 65_536
const mostProblems = 100

export interface Problem {
  path: string
  message: string
}

/** Collects faults; `end` throws them together. */
export class Problems {
  #found: Problem[] = []

  add(path: string, message: string): void {
    if (this.#found.length < mostProblems) this.#found.push({ path, message })
  }

  get isEmpty(): boolean {
    return this.#found.length === 0
  }

  get isFull(): boolean {
    return this.#found.length >= mostProblems
  }

  end(): void {
    const [first] = this.#found
    if (first === undefined) return
    const more = this.#found.length > 1 ? ` (and ${this.#found.length - 1} more, see problems)` : ''
    throw new PlenumError('INVALID_INPUT', `${first.path}: ${first.message}${more}`, {
      path: first.path,
      problems: this.#found,
    })
  }
}

/** The observation in canonical form; faults are added to `problems`, and then the result is not to be used. `part`: only what changes is stated, so that nothing is asked for. */
export function checkObservation<T extends Omit<Observation, 'key'>>(
  item: T,
  path: string,
  problems: Problems,
  extent: 'whole' | 'part' = 'whole',
): T {
  if (!isKindName(item.kind)) {
    problems.add(
      `${path}.kind`,
      `there is no kind "${shown(item.kind)}"${didYouMean(String(item.kind), kindNames)}`,
    )
    return item
  }
  if (typeof item.name !== 'string' || item.name.trim() === '')
    problems.add(`${path}.name`, 'a name is needed')
  checkText(item.name, `${path}.name`, problems)
  if (item.status != null && !statuses.includes(item.status))
    problems.add(`${path}.status`, `"${shown(item.status)}" is no status: one of ${statuses.join(', ')}`)
  for (const field of ['owner', 'contact'] as const) {
    if (item[field] != null) checkText(item[field], `${path}.${field}`, problems)
  }
  checkLabels(item.labels, path, problems, extent)
  if (item.attributes !== undefined) checkJson(item.attributes, `${path}.attributes`, problems)
  item.links?.forEach((link, index) => checkLink(link, `${path}.links[${index}]`, problems))
  return {
    ...item,
    ...(item.fields === undefined
      ? {}
      : { fields: checkFields(getKind(item.kind), item.fields ?? {}, path, problems, extent) }),
  }
}

const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function checkText(value: unknown, path: string, problems: Problems): boolean {
  const fault = faultOfText(value)
  if (fault !== undefined) problems.add(path, fault)
  return fault === undefined
}

function faultOfText(value: unknown): string | undefined {
  if (typeof value !== 'string') return `a text is needed, not ${shown(value)}`
  if (value.length > longestText) return `the text has ${value.length} characters, more than ${longestText}`
  if (value.includes('\u0000')) return 'the text has a NUL character, which cannot be kept'
  return value.isWellFormed() ? undefined : 'the text has half of a surrogate pair, which is no character'
}

function checkLabels(labels: unknown, path: string, problems: Problems, extent: 'whole' | 'part'): void {
  if (labels === undefined) return
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels))
    return problems.add(`${path}.labels`, 'labels are an object of texts')
  for (const [key, value] of Object.entries(labels)) {
    if (!/^[\w./-]{1,200}$/.test(key))
      problems.add(`${path}.labels`, `"${shown(key)}" is no label key: letters, digits, _ . / - only`)
    if (!(value === null && extent === 'part')) checkText(value, `${path}.labels.${key}`, problems)
  }
}

function checkJson(value: unknown, path: string, problems: Problems): void {
  const waiting: [unknown, string][] = [[value, path]]
  for (let next = waiting.pop(); next !== undefined && !problems.isFull; next = waiting.pop()) {
    const [part, at] = next
    if (typeof part === 'string') checkText(part, at, problems)
    else if (typeof part === 'object' && part !== null) {
      for (const [key, inner] of Object.entries(part)) {
        checkText(key, at, problems)
        waiting.push([inner, `${at}.${key}`])
      }
    }
  }
}

function checkLink(link: LinkClaim, path: string, problems: Problems): void {
  if (!linkTypes.includes(link.type))
    problems.add(
      `${path}.type`,
      `there is no link type "${shown(link.type)}"${didYouMean(String(link.type), linkTypes)}`,
    )
  if (link.direction !== undefined && link.direction !== 'out' && link.direction !== 'in')
    problems.add(`${path}.direction`, 'a direction is out or in')
  if (link.attributes !== undefined) checkJson(link.attributes, `${path}.attributes`, problems)
}

function checkFields(
  kind: KindDefinition,
  fields: Record<string, unknown>,
  path: string,
  problems: Problems,
  extent: 'whole' | 'part',
): Record<string, unknown> {
  const checked: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    const field = Object.hasOwn(kind.fields, name) ? kind.fields[name] : undefined
    if (field === undefined) {
      problems.add(
        `${path}.${name}`,
        `${kind.name} has no field "${shown(name)}"${didYouMean(
          name,
          propertiesOf(kind).map(([property]) => property),
        )}`,
      )
    } else if (field.from !== 'property') {
      problems.add(
        `${path}.${name}`,
        `${name} of ${kind.name} follows from links and cannot be set: state the link`,
      )
    } else if (value === null) {
      if (field.nonNull) problems.add(`${path}.${name}`, `${name} cannot be null`)
      checked[name] = null
    } else if (value !== undefined) {
      checked[name] = field.list
        ? checkList(field, value, `${path}.${name}`, problems)
        : checkValue(field, value, `${path}.${name}`, problems)
    }
  }
  for (const [name, property] of extent === 'part' ? [] : propertiesOf(kind)) {
    if (property.nonNull && checked[name] === undefined)
      problems.add(`${path}.${name}`, `${kind.name} needs ${name}`)
  }
  return checked
}

function checkList(property: Property, value: unknown, path: string, problems: Problems): unknown {
  if (Array.isArray(value))
    return value.map((one, index) => checkValue(property, one, `${path}[${index}]`, problems))
  problems.add(path, `a list is needed, not ${shown(value)}`)
  return undefined
}

function checkValue(property: Property, value: unknown, path: string, problems: Problems): unknown {
  const result = parseValue(property, value)
  if ('fault' in result) problems.add(path, result.fault)
  return 'value' in result ? result.value : undefined
}

type Parsed = { value: unknown } | { fault: string }

function parseValue(property: Property, value: unknown): Parsed {
  switch (property.type) {
    case 'String':
      return parseText(property, value)
    case 'Int':
      return parseNumber(
        value,
        (number) => Number.isInteger(number) && Math.abs(number) <= 2_147_483_647,
        'a whole number of at most 32 bits',
      )
    case 'Float':
      return parseNumber(value, Number.isFinite, 'a number')
    case 'BigInt':
      return parseBigInt(value)
    case 'Boolean':
      return value === true || value === 'true'
        ? { value: true }
        : value === false || value === 'false'
          ? { value: false }
          : { fault: `true or false is needed, not ${shown(value)}` }
    case 'DateTime':
      return parseTime(value)
    default: {
      const values: readonly string[] = enums[property.type]
      return typeof value === 'string' && values.includes(value.toUpperCase())
        ? { value: value.toUpperCase() }
        : { fault: `"${shown(value)}" is none of ${values.join(', ')}` }
    }
  }
}

function parseText(property: Property, value: unknown): Parsed {
  const text = typeof value === 'number' ? String(value) : value
  const fault = faultOfText(text)
  if (fault !== undefined) return { fault }
  if (property.format === undefined) return { value: text }
  const form = canonical(property.format, text as string)
  return form === undefined
    ? { fault: `"${shown(text)}" is no ${formatNames[property.format]}` }
    : { value: form }
}

const formatNames = {
  mac: 'MAC address (00:1b:21:3a:4f:10)',
  ip: 'IP address without prefix length',
  cidr: 'prefix such as 10.0.0.0/24',
  uuid: 'UUID',
} as const

function parseNumber(value: unknown, fits: (number: number) => boolean, wanted: string): Parsed {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && fits(number)
    ? { value: number }
    : { fault: `${wanted} is needed, not ${shown(value)}` }
}

function parseBigInt(value: unknown): Parsed {
  const text = typeof value === 'bigint' || typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !/^-?\d{1,19}$/.test(text))
    return { fault: `a whole number is needed, not ${shown(value)}` }
  const number = Number(text)
  return { value: Number.isSafeInteger(number) ? number : text }
}

function parseTime(value: unknown): Parsed {
  const isTime =
    typeof value === 'string' && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(value)
  const time = isTime ? Date.parse(value) : Number.NaN
  return Number.isNaN(time)
    ? { fault: `"${shown(value)}" is no time: write 2026-02-03 or 2026-02-03T04:05:06Z` }
    : { value: new Date(time).toISOString() }
}

export function didYouMean(word: string, known: readonly string[]): string {
  const lower = word.toLowerCase()
  const near = known
    .map((one) => [distance(lower, one.toLowerCase().slice(0, 64)), one] as const)
    .sort((a, b) => a[0] - b[0])[0]
  return near !== undefined && near[0] <= Math.max(1, Math.floor(lower.length / 3))
    ? `; did you mean ${near[1]}?`
    : ''
}

/** Levenshtein distance; long words are only told to be far. */
function distance(a: string, b: string): number {
  if (a.length > 64) return a.length
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}

export function checkKey(key: unknown, path: string): string {
  const fault = faultOfText(key)
  if (fault !== undefined || key === '' || (key as string).length > 1_000)
    throw invalidInput(
      `a key is a text of 1 to 1,000 characters${fault === undefined ? '' : `: ${fault}`}`,
      path,
    )
  return key as string
}
