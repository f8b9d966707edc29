/** Which streams are those of a resource, and what is asked of them. Pure. */
import type { LogOwner } from '../source.ts'

/** Where a label's value comes from: `name`, `fields.NAME`, `labels.NAME`. */
export const pathShape = /^(?:name|fields\.[A-Za-z][A-Za-z0-9]*|labels\.[^\s]{1,200})$/

export interface Streams {
  kind: readonly string[]
  /** Labels of the streams by where their values come from. */
  labels: Readonly<Record<string, string>>
  /** Labels with values of their own. */
  fixed: Readonly<Record<string, string>>
}

/** The selector of its streams; undefined when the configuration names none, or a value is missing. */
export function selectorOf(owner: LogOwner, streams: readonly Streams[]): string | undefined {
  const own = streams.find(({ kind }) => kind.includes(owner.kind))
  if (own === undefined) return undefined
  const parts = Object.entries(own.fixed)
  for (const [label, path] of Object.entries(own.labels)) {
    const value = valueAt(owner, path)
    if (value === undefined) return undefined
    parts.push([label, value])
  }
  return `{${parts.map(([label, value]) => `${label}=${quote(value)}`).join(',')}}`
}

function valueAt({ name, fields, labels }: LogOwner, path: string): string | undefined {
  const [first, ...rest] = path.split('.')
  const value =
    first === 'name' ? name : first === 'fields' ? fields[rest[0]!] : labels[path.slice('labels.'.length)]
  return typeof value === 'string' && value !== ''
    ? value
    : typeof value === 'number'
      ? `${value}`
      : undefined
}

/** As strings of LogQL are written, those of Go: what is not plain is escaped. */
const quote = (text: string): string =>
  `"${text.replaceAll(/["\\\p{Cc}]/gu, (one) => `\\u${one.codePointAt(0)!.toString(16).padStart(4, '0')}`)}"`

/** Lines that have all these words in them, in either case; which of them begin with it is seen later. */
export const withWords = (selector: string, words: readonly string[]): string =>
  [selector, ...words.map((word) => `|~ ${quote(`(?i)${escapePattern(word)}`)}`)].join(' ')

const escapePattern = (word: string): string => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

const levelOfWord: Readonly<Record<string, number>> = {
  ...{ emerg: 0, emergency: 0, panic: 0, alert: 1, crit: 2, critical: 2, fatal: 2 },
  ...{ err: 3, error: 3, eror: 3, warn: 4, warning: 4, notice: 5 },
  ...{ info: 6, information: 6, informational: 6, debug: 7, trace: 7 },
}

/** By the label that senders set, else by what Loki found in the line itself. */
export function levelOf(labels: Readonly<Record<string, string>>): number | null {
  const word = labels['level'] ?? labels['severity'] ?? labels['detected_level'] ?? ''
  return levelOfWord[word.toLowerCase()] ?? null
}
