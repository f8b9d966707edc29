/** Syslog messages, as untrusted bytes: RFC 5424, RFC 3164, and whatever else comes. Pure. */
import { visible } from '../log-line/index.ts'

export interface Message {
  /** 0..7 */
  level: number
  /** What the line says of when it was written; null where it has no zone or no sense. */
  toldAt: number | null
  hostname: string | null
  program: string | null
  text: string
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: false })
/** What a message without a priority is taken for: notice. */
const unknownLevel = 5
const longestName = 255

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'
/** `5424 is: VERSION TIMESTAMP HOST APP PROCID MSGID`, then structured data. */
const modern = /^1 (\S{1,64}) (\S{1,255}) (\S{1,255}) (\S{1,128}) (\S{1,128}) /
const classic = new RegExp(
  String.raw`^(?:\d+: )?[*.]?(?:${months.replaceAll(' ', '|')}) [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [A-Z]{3,4})?:? `,
)
/** What rsyslog writes in the place of the classic time when it is told to be exact. */
const exact = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) /
const tag = /^([\w./-]{1,64})(?:\[[^\]]{0,64}\])?: ?/

/** Never throws: what is no syslog message is a text. Longer than `mostBytes` is cut. */
export function parseMessage(bytes: Uint8Array, mostBytes: number): Message {
  const isCut = bytes.length > mostBytes
  const whole = decoder.decode(isCut ? bytes.subarray(0, mostBytes) : bytes)
  const [priority = '', digits] = /^<(\d{1,3})>/.exec(whole) ?? []
  const isPriority = digits !== undefined && Number(digits) <= 191
  const level = isPriority ? Number(digits) & 7 : unknownLevel
  const rest = isPriority ? whole.slice(priority.length) : whole
  const read = (isPriority ? readModern(rest) : undefined) ?? readClassic(rest)
  return { ...read, level, text: visible(read.text.trimEnd()) + (isCut ? ' …' : '') }
}

type Read = Omit<Message, 'level'>

function readModern(rest: string): Read | undefined {
  const head = modern.exec(rest)
  if (head === null) return undefined
  const [all, time, hostname, program] = head
  const data = skipData(rest, all.length)
  if (data === undefined) return undefined
  return {
    toldAt: toInstant(time!),
    hostname: named(hostname!),
    program: named(program!),
    // rsyslog has a space of its own there, of what was behind the tag.
    text: rest.slice(data).replace(/^ \uFEFF? ?/, ''),
  }
}

/** The place behind the structured data; undefined where it is none. */
function skipData(text: string, from: number): number | undefined {
  if (text[from] === '-') return from + 1
  let at = from
  while (text[at] === '[') {
    let isQuoted = false
    for (at++; at < text.length; at++) {
      if (isQuoted && text[at] === '\\') at++
      else if (text[at] === '"') isQuoted = !isQuoted
      else if (text[at] === ']' && !isQuoted) break
    }
    if (at >= text.length) return undefined
    at++
  }
  return at === from ? undefined : at
}

function readClassic(text: string): Read {
  const time = classic.exec(text)?.[0]
  const stamp = time === undefined ? exact.exec(text)?.[0] : undefined
  const head = time ?? stamp
  const body = head === undefined ? text : text.slice(head.length)
  const host = head === undefined ? undefined : /^([\w.:-]{1,255}) (?!:)/.exec(body)
  // `Jan  1 00:00:00 tag: text`: there is no host.
  const isHost = host !== null && host !== undefined && !host[1]!.endsWith(':')
  const after = isHost ? body.slice(host[0].length) : body
  const named = tag.exec(after)
  return {
    toldAt: stamp === undefined ? null : toInstant(stamp.trim()),
    hostname: isHost ? host[1]! : null,
    program: named?.[1] ?? null,
    text: named === null ? after : after.slice(named[0].length),
  }
}

const named = (text: string): string | null =>
  text === '-' || text.length > longestName ? null : visible(text)

function toInstant(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(text)) return null
  const at = Date.parse(text)
  return Number.isNaN(at) || at < 0 ? null : at
}
