import { expect, it } from 'vitest'
import { parseMessage } from '../../src/syslog/parse.ts'
import { Chance } from '../support/chance.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const parse = (text: string, most = 8_192) => parseMessage(bytes(text), most)
const at = Date.parse('2026-11-23T15:00:00.123Z')

it.each([
  [
    '<165>1 2026-11-23T15:00:00.123Z leaf-1.example.net bgpd 812 ID47 [a@1 b="c\\"]"][x] \uFEFFneighbor down',
    { level: 5, toldAt: at, hostname: 'leaf-1.example.net', program: 'bgpd', text: 'neighbor down' },
  ],
  [
    '<11>1 2026-11-24T00:00:00.123+09:00 - - - - - text',
    { level: 3, toldAt: at, hostname: null, program: null, text: 'text' },
  ],
  [
    '<34>Oct 11 22:14:15 mymachine su[123]: failed for lonvick',
    { level: 2, toldAt: null, hostname: 'mymachine', program: 'su', text: 'failed for lonvick' },
  ],
  [
    '<13>Nov  3 01:02:03 sshd: without a host',
    { level: 5, toldAt: null, hostname: null, program: 'sshd', text: 'without a host' },
  ],
  [
    '<187>*Mar  1 18:46:11.123: %LINK-3-UPDOWN: Interface Gi0/1, changed state to down',
    {
      ...{ level: 3, toldAt: null, hostname: null, program: null },
      text: '%LINK-3-UPDOWN: Interface Gi0/1, changed state to down',
    },
  ],
  [
    '<30>2026-11-23T15:00:00.123Z host app: exact',
    { level: 6, toldAt: at, hostname: 'host', program: 'app', text: 'exact' },
  ],
  ['no priority', { level: 5, toldAt: null, hostname: null, program: null, text: 'no priority' }],
  ['<999>x', { level: 5, toldAt: null, hostname: null, program: null, text: '<999>x' }],
  ['<13>1 nonsense', { level: 5, toldAt: null, hostname: null, program: null, text: '1 nonsense' }],
  [
    '<13>1 2026-11-23T15:00:00Z h a - - [broken text',
    {
      ...{ level: 5, toldAt: null, hostname: null, program: null },
      text: '1 2026-11-23T15:00:00Z h a - - [broken text',
    },
  ],
  ['<13>', { level: 5, toldAt: null, hostname: null, program: null, text: '' }],
])('reads %j', (text, expected) => {
  expect(parse(text)).toEqual(expected)
})

it('shows what would change how a line is read', () => {
  expect(parse('<13>a\nOct 1\u001b[2K\0\u202Eb\t\u0085').text).toBe(
    'a\\u000aOct 1\\u001b[2K\\u0000\\u202eb \\u0085',
  )
})

it('cuts what is too long and bears what is no text', () => {
  expect(parse(`<13>${'é'.repeat(400)}`, 103).text).toBe(`${'é'.repeat(49)}\uFFFD …`)
  expect(parseMessage(new Uint8Array([60, 49, 51, 62, 0xff, 0xfe, 65]), 100).text).toBe('\uFFFD\uFFFDA')
})

it('gives a line for any bytes, without control characters and no longer than it may be', () => {
  const chance = new Chance(7)
  const parts = [
    '<13>',
    '1 ',
    '- ',
    '[a b="',
    '"]',
    'Oct 11 22:14:15 ',
    '\0',
    '\n',
    '\u202e',
    'x: ',
    ' ',
    '😀',
  ]
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: 12 }, () => chance.pick(parts)).join('')
    const raw = bytes(text).map((byte) => (chance.is(0.05) ? chance.below(256) : byte))
    const message = parseMessage(raw, 60)
    expect(message.level).toBeGreaterThanOrEqual(0)
    expect(message.level).toBeLessThanOrEqual(7)
    for (const one of [message.text, message.program ?? '']) expect(one).not.toMatch(/[\p{Cc}\u202e]/u)
  }
})
