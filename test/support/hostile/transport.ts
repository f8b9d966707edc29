/** HTTP that is not what it says, or more of it than anybody needs. */
import { gzipSync } from 'node:zlib'
import { ask, raw, type Hostile, type Sent, type Target } from './target.ts'

const good = JSON.stringify({ query: '{ cursor }' })
const post =
  (sent: Sent): Hostile['send'] =>
  (target) =>
    ask(target, { body: good, ...sent })
const typed = (type: string | undefined, body: Sent['body'] = good): Hostile['send'] =>
  post({ headers: { 'content-type': type }, body: body as string })
const head = (target: Target, ...lines: string[]): string =>
  [
    `POST /graphql HTTP/1.1`,
    `Host: ${new URL(target.url).host}`,
    `Authorization: Bearer ${target.token}`,
    'Content-Type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n')

const all: readonly [string, string, Hostile['send']][] = [
  ['a batch', '400 INVALID_INPUT', post({ body: `[${good},${good}]` })],
  [
    'a batch of a thousand',
    '400 INVALID_INPUT',
    post({ body: `[${Array.from({ length: 1_000 }, () => good).join()}]` }),
  ],
  ['an empty batch', '400 INVALID_INPUT', post({ body: '[]' })],
  [
    'a body above the limit',
    '413 LIMIT_EXCEEDED or cut off',
    post({ body: JSON.stringify({ query: '{ cursor }', x: 'x'.repeat(11_000_000) }) }),
  ],
  [
    'a length of a terabyte',
    '413',
    (target) => raw(target, head(target, 'Content-Length: 1000000000000'), '{'),
  ],
  [
    'a body in endless chunks',
    '413 or cut off',
    (target) =>
      raw(
        target,
        head(target, 'Transfer-Encoding: chunked'),
        ...Array.from({ length: 180 }, () => `10000\r\n${'x'.repeat(65_536)}\r\n`),
      ),
  ],
  [
    'a bomb of gzip',
    '415 INVALID_INPUT',
    post({
      body: gzipSync(Buffer.alloc(5_000_000)) as Uint8Array<ArrayBuffer>,
      headers: { 'content-encoding': 'gzip' },
    }),
  ],
  ['brotli that is none', '415 INVALID_INPUT', post({ headers: { 'content-encoding': 'br' } })],
  ['a form', '415 INVALID_INPUT', typed('application/x-www-form-urlencoded', 'query={cursor}')],
  ['files', '415 INVALID_INPUT', typed('multipart/form-data; boundary=x', '--x\r\n\r\n--x--')],
  ['plain text', '415 INVALID_INPUT', typed('text/plain')],
  ['a type that only begins well', '415 INVALID_INPUT', typed('application/jsonp')],
  ['two types in one', '400 INVALID_INPUT', typed('text/plain, application/json')],
  [
    'bytes that are no UTF-8',
    '400 INVALID_INPUT',
    post({ body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]) as Uint8Array<ArrayBuffer> }),
  ],
  ['a body that is no JSON', '400 INVALID_INPUT', post({ body: '{"query":' })],
  ['a body that is a number', '400 INVALID_INPUT', post({ body: '7' })],
  ['no body', '400 INVALID_INPUT', post({ body: '' })],
  ['a query that is no text', '400 INVALID_INPUT', post({ body: '{"query":{"toString":1}}' })],
  ['JSON nested ten thousand deep', '400 INVALID_INPUT', post({ body: '{"query":'.repeat(10_000) })],
  [
    'keys of an object’s ancestors around the query',
    '200 OK',
    post({ body: '{"__proto__":{"query":"{ tokens { name } }"},"query":"{ cursor }"}' }),
  ],
  [
    'no query but that of an ancestor',
    '400 INVALID_INPUT',
    post({ body: '{"__proto__":{"query":"{ cursor }"}}' }),
  ],
  [
    'a mutation by GET',
    '405 INVALID_INPUT',
    post({
      method: 'GET',
      body: undefined as never,
      path: `/graphql?query=${encodeURIComponent('mutation { deleteResources(input: { items: [] }) { cursor } }')}`,
    }),
  ],
  [
    'an address of a hundred kilobytes',
    '431',
    (target) => raw(target, `GET /graphql?query=${'x'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
  ],
  [
    'a header of a hundred kilobytes',
    '431',
    (target) => raw(target, head(target, `X-Large: ${'x'.repeat(100_000)}`, 'Content-Length: 0')),
  ],
  [
    'ten thousand headers',
    '431',
    (target) =>
      raw(
        target,
        head(target, ...Array.from({ length: 10_000 }, (_, index) => `X-${index}: 1`), 'Content-Length: 0'),
      ),
  ],
  [
    'a length and chunks at once',
    '400',
    (target) => raw(target, head(target, 'Content-Length: 5', 'Transfer-Encoding: chunked'), '0\r\n\r\n'),
  ],
  [
    'two lengths',
    '400',
    (target) => raw(target, head(target, 'Content-Length: 5', 'Content-Length: 6'), 'xxxxx'),
  ],
  [
    'chunks of no length',
    '400',
    (target) => raw(target, head(target, 'Transfer-Encoding: chunked'), 'zz\r\n'),
  ],
  [
    'a header with a line of its own',
    '400',
    (target) => raw(target, `POST /graphql HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n`),
  ],
  ['no host', '400', (target) => raw(target, 'GET / HTTP/1.1\r\n\r\n')],
  [
    'another protocol',
    '400',
    (target) => raw(target, Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00])),
  ],
  [
    'a way out of the folder',
    '404',
    (target) => raw(target, 'GET /graphiql/../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n'),
  ],
  ['a method that changes things', '404 NOT_FOUND', post({ method: 'DELETE' })],
  ['an import of what is no inventory', '415 INVALID_INPUT', post({ method: 'PUT', path: '/import' })],
  [
    'a header that begins and never ends',
    '408',
    (target) => raw(target, 'POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow: '),
  ],
  [
    'a body that never comes, for an event stream',
    'cut off',
    (target) => raw(target, head(target, 'Accept: text/event-stream', 'Content-Length: 1000'), '{'),
  ],
  [
    'a mutation by GET, for an event stream',
    '400 INVALID_INPUT',
    post({
      method: 'GET',
      body: undefined as never,
      headers: { accept: 'text/event-stream' },
      path: `/graphql?query=${encodeURIComponent('mutation { deleteResources(input: { items: [] }) { cursor } }')}`,
    }),
  ],
  [
    'alerts that are none',
    '400 INVALID_INPUT',
    post({ path: '/api/v2/alerts', body: '[{"labels":{"__proto__":7}}]' }),
  ],
  [
    'ten thousand alerts and one',
    '400 LIMIT_EXCEEDED',
    post({
      path: '/api/v2/alerts',
      body: `[${Array.from({ length: 10_001 }, () => '{"labels":{"a":"b"}}').join()}]`,
    }),
  ],
  ['a body that never comes', 'cut off', (target) => raw(target, head(target, 'Content-Length: 1000'), '{')],
]

export const transport: readonly Hostile[] = all.map(([name, due, send]) => ({ name, due, send }))
