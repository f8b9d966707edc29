/** Documents and variables that cost more than they look, or are made to confuse. */
import { query, type Hostile } from './target.ts'

const repeat = (text: string, times: number): string => text.repeat(times)
const nested = (levels: number): string =>
  `{ sites ${repeat('{ nodes { racks ', levels)}{ totalCount }${repeat(' } }', levels)} }`
const laughs = Array.from(
  { length: 25 },
  (_, index) =>
    `fragment f${index} on Site { a: labels { key } ...f${index + 1} b: labels { key } ...f${index + 1} }`,
)
const list = (length: number): string => Array.from({ length }, (_, index) => `"${index + 1}"`).join()
const filter = (levels: number): string => `${repeat('{ not: ', levels)}{}${repeat(' }', levels)}`
const refused = '400 LIMIT_EXCEEDED'
const invalid = '400 INVALID_INPUT'
/** Executed, and the field refused. */
const failed = (code: string): string => `200 ${code}`

const all: readonly [string, string, string, unknown?][] = [
  ['fields nested deeper than the limit', refused, nested(40)],
  [
    'fields nested so deeply that the stack would not do',
    refused,
    repeat('{ a ', 50_000) + repeat('}', 50_000),
  ],
  [
    'values nested so deeply that the stack would not do',
    refused,
    `{ resource(ref: ${repeat('[', 14_000)}${repeat(']', 14_000)}) { id } }`,
  ],
  [
    'depth by fragments',
    refused,
    `{ sites { nodes { ...a0 } } } ${Array.from({ length: 40 }, (_, index) => `fragment a${index} on Site { racks { nodes { site { ...a${index + 1} } } } }`).join(' ')} fragment a40 on Site { id }`,
  ],
  [
    'more aliases than the limit',
    refused,
    `{ ${Array.from({ length: 201 }, (_, index) => `a${index}: cursor`).join(' ')} }`,
  ],
  [
    'aliases of what costs',
    refused,
    `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: resources(first: 1000) { nodes { id } }`).join(' ')} }`,
  ],
  [
    'aliases hidden in fragments',
    refused,
    `{ ...a } fragment a on Query { ${Array.from({ length: 201 }, (_, index) => `a${index}: cursor`).join(' ')} }`,
  ],
  ['a field again and again', refused, `{ ${repeat('cursor ', 6_000)} }`],
  [
    'one field a hundred times with what differs beneath',
    refused,
    `{ sites { ${repeat('nodes { id } ', 200)} } }`,
  ],
  ['a fragment that spreads itself', invalid, '{ ...a } fragment a on Query { cursor ...a }'],
  [
    'three fragments in a circle',
    invalid,
    '{ ...a } fragment a on Query { ...b } fragment b on Query { ...c } fragment c on Query { ...a }',
  ],
  [
    'a circle through an inline fragment',
    invalid,
    '{ ...a } fragment a on Query { ... on Query { viewer { name } ...a } }',
  ],
  [
    'fragments that double themselves twenty-five times',
    refused,
    `{ sites { nodes { ...f0 } } } ${laughs.join(' ')} fragment f25 on Site { id }`,
  ],
  ['ten thousand directives', refused, `{ cursor ${repeat('@include(if: true) ', 10_000)} }`],
  [
    'a thousand directives where one may stand',
    refused,
    `{ cursor ${repeat('@include(if: true) ', 1_000)} }`,
  ],
  ['directives that are not there', refused, `{ cursor ${repeat('@nothing ', 2_000)} }`],
  ['more tokens than the limit', refused, `{ ${repeat('a ', 20_000)} }`],
  [
    'a thousand faults at once',
    invalid,
    `{ viewer { ${Array.from({ length: 1_000 }, (_, index) => `x${index}`).join(' ')} } }`,
  ],
  ['more operations than one, and no name', invalid, 'query A { cursor } query B { cursor }'],
  [
    'fields of introspection that multiply',
    invalid,
    `{ __schema { types ${repeat('{ fields { type ', 12)}{ name }${repeat(' } }', 12)} } }`,
  ],
  ['a page of a million', failed('LIMIT_EXCEEDED'), '{ sites(first: 1000000) { nodes { id } } }'],
  ['a page of less than nothing', failed('INVALID_INPUT'), '{ sites(first: -1) { nodes { id } } }'],
  ['a number that is none of 32 bits', invalid, '{ sites(first: 99999999999) { nodes { id } } }'],
  ['a cursor that was made up', failed('INVALID_INPUT'), '{ sites(after: "AAAA") { nodes { id } } }'],
  [
    'more refs than may be asked for',
    failed('LIMIT_EXCEEDED'),
    `{ resourcesByRef(refs: [${list(1_001)}]) { id } }`,
  ],
  [
    'rows beyond what may be answered',
    refused,
    `{ resourcesByRef(refs: [${list(1_000)}]) { labels { key } origins { key } drift { path } conflicts { value } } }`,
  ],
  [
    'a filter nested deeper than it may',
    failed('INVALID_INPUT'),
    `{ resources(filter: ${filter(24)}) { totalCount } }`,
  ],
  [
    'a pattern that would run away',
    '200 OK',
    '{ resources(filter: { name: { glob: "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b" } }) { totalCount } }',
  ],
  ['a text with a zero', invalid, '{ resource(ref: "inventory:\\u0000") { id } }'],
  ['half a character', invalid, '{ resource(ref: "inventory:\\ud800") { id } }'],
  ['a key of an object’s ancestors for an enum', invalid, '{ count(groupBy: [__proto__]) { count } }'],
  ['a ref to a kind of an object’s ancestors', '200 OK', '{ resource(ref: "constructor:name=x") { id } }'],
  [
    'an attribute at a path of an object’s ancestors',
    '200 OK',
    '{ resources(filter: { attribute: [{ path: "__proto__.polluted", exists: true }] }) { totalCount } }',
  ],
  ['SQL for a name', '200 OK', `{ resource(ref: "Site:name='; drop table resource; --") { id } }`],
  ['a subscription where none can be', invalid, 'subscription { events { type } }'],
  [
    'variables nested deeper than they may',
    invalid,
    'query ($f: ResourceFilter) { resources(filter: $f) { totalCount } }',
    JSON.parse(`{"f":${repeat('{"and":[', 300)}${repeat(']}', 300)}}`),
  ],
  [
    'a hundred thousand items for a list',
    refused,
    'query ($refs: [Ref!]!) { resourcesByRef(refs: $refs) { id } }',
    { refs: Array.from({ length: 100_000 }, () => 7.5) },
  ],
  [
    'variables that nobody asked for',
    '200 OK',
    '{ cursor }',
    Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`v${index}`, index])),
  ],
  [
    'variables with keys of an object’s ancestors',
    '200 OK',
    'query ($n: Int) { sites(first: $n) { totalCount } }',
    JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"n":1}'),
  ],
  [
    'labels with keys of an object’s ancestors',
    '200 OK',
    'mutation ($i: ImportInput!) { importInventory(input: $i) { cursor } }',
    {
      i: {
        dryRun: true,
        items: [{ kind: 'Site', name: 'p', attributes: JSON.parse('{"__proto__":{"polluted":1}}') }],
      },
    },
  ],
]

export const documents: readonly Hostile[] = all.map(([name, due, document, variables]) => ({
  name,
  due,
  send: query(document, variables),
}))
