/** Any record that a resource can give comes back from every format as it was. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { enums } from '../../src/resource/kind/enum.ts'
import { getKind, kindNames, propertiesOf } from '../../src/resource/kind/index.ts'
import type { Property } from '../../src/resource/kind/kind.ts'
import { checkObservation, Problems } from '../../src/resource/check.ts'
import { statuses } from '../../src/resource/resource.ts'
import type { InventoryItem } from '../../src/resource/verbs.ts'
import { inventoryFormats, type InventoryFormat } from '../../src/inventory/index.ts'
import { statableLinks } from '../../src/inventory/link.ts'
import { Faults } from '../../src/inventory/read/fault.ts'
import { toItem } from '../../src/inventory/read/record.ts'
import { parseWhole } from '../../src/inventory/read/yaml-item.ts'
import { parsePlain } from '../../src/inventory/read/yaml-plain.ts'
import { formatRecords } from '../../src/inventory/write/index.ts'
import type { ItemRecord } from '../../src/inventory/write/record.ts'
import { readAll } from './reading.ts'

const nasty = [
  '007',
  '1.0',
  'true',
  'null',
  '~',
  '- a',
  'a: b',
  '# x',
  '"q"',
  "'",
  'a,b;c\td',
  ' blank ',
  '\r\n',
  'é\u2028😀',
  '[1]',
  '{}',
  '=1+1',
  '@',
  '*x',
  '&y',
  '!t',
  '%d',
  '---',
  '...',
  '|',
  '>-',
  '\uFEFF',
  '1e3',
  '0x1F',
  '2024-01-01',
  'yes',
  '.inf',
]
const text = fc
  .oneof(
    fc.constantFrom(...nasty),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
    fc.string({ minLength: 1, maxLength: 12 }),
  )
  .filter((value) => value.trim() !== '' && !value.includes('\0') && value.isWellFormed())

function valueOf(property: Property): fc.Arbitrary<unknown> {
  if (property.list) return fc.array(text, { minLength: 1, maxLength: 3 })
  if (property.format !== undefined) {
    const known = {
      mac: '00:1b:21:3a:4f:10',
      ip: '2001:db8::1',
      cidr: '10.0.0.0/24',
      uuid: '4c4c4544-0042-3510-8052-b4c04f4e3732',
    }
    return fc.constant(known[property.format])
  }
  switch (property.type) {
    case 'String':
      return text
    case 'Int':
      return fc.integer({ min: -2_147_483_647 })
    case 'BigInt':
      return fc.oneof(fc.maxSafeInteger(), fc.constant('9223372036854775807'))
    case 'Float':
      return fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .map((value) => (Object.is(value, -0) ? 0 : value))
    case 'Boolean':
      return fc.boolean()
    case 'DateTime':
      return fc
        .date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
        .map((date) => date.toISOString())
    default:
      return fc.constantFrom(...enums[property.type])
  }
}

const label = fc.tuple(fc.stringMatching(/^[a-z][\w./-]{0,10}$/), fc.oneof(text, fc.constant('')))
const attributes = fc.dictionary(
  fc.constantFrom('a', 'b', 'x.y', 'long name'),
  fc.oneof(
    fc.integer(),
    // JSON has no negative zero.
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((value) => value + 0),
    fc.boolean(),
    text,
    fc.array(text, { minLength: 1, maxLength: 2 }),
  ),
  { maxKeys: 3 },
)

const record: fc.Arbitrary<ItemRecord> = fc
  .constantFrom(...kindNames)
  .filter((kind) => kind !== 'Source')
  .chain((kind) => {
    const definition = getKind(kind)
    const properties = Object.fromEntries(
      propertiesOf(definition).map(([name, property]) => [name, valueOf(property)]),
    )
    const needed = propertiesOf(definition).flatMap(([name, property]) => (property.nonNull ? [name] : []))
    const links = Object.fromEntries(
      [...statableLinks(definition)]
        // One place only; what is a link and a place is taken as a place.
        .filter(
          ([, { type }], index, all) =>
            type !== 'LOCATED_IN' || all.findIndex(([, other]) => other.type === 'LOCATED_IN') === index,
        )
        .map(([name, { isMany, to }]) => {
          const target = text.map((value) =>
            value.includes(':') || value.includes('"') ? `${to}:name=x` : `key:${value}`,
          )
          return [name, isMany ? fc.array(target, { minLength: 1, maxLength: 2 }) : target]
        }),
    )
    return fc.record(
      {
        kind: fc.constant(kind),
        name: text,
        key: text,
        status: fc.constantFrom(...statuses),
        labels: fc.array(label, { minLength: 1, maxLength: 3 }).map((list) => Object.fromEntries(list)),
        owner: text,
        contact: text,
        ...properties,
        ...links,
        links: fc.constant([{ type: 'DEPENDS_ON', to: 'Server:name=x', attributes: { a: [1, { b: '2' }] } }]),
        attributes,
      },
      { requiredKeys: ['kind', 'name', ...needed] as never[], noNullPrototype: true },
    ) as fc.Arbitrary<ItemRecord>
  })

const itemOf = (value: ItemRecord): InventoryItem => {
  const faults = new Faults()
  const item = toItem({ value, path: '', at: (key) => key }, faults)
  faults.end()
  return item as InventoryItem
}

/** As the tables take it: cells are texts until then. */
function settled({ path: _, attributes: free, ...item }: InventoryItem): object {
  const problems = new Problems()
  const checked = checkObservation(item, 'item', problems)
  problems.end()
  const { labels, links } = checked
  const written = (link: object) => JSON.stringify(link)
  return {
    ...checked,
    ...(links ? { links: links.map(written).sort() } : {}),
    ...(labels ? { labels: Object.fromEntries(Object.entries(labels).sort()) } : {}),
    ...(free && Object.keys(free).length > 0 ? { attributes: free } : {}),
  }
}

const columnsOf = (records: readonly ItemRecord[]): string[] => {
  const keys = new Set(records.flatMap((one) => Object.keys(one)))
  const labels = new Set(records.flatMap((one) => Object.keys((one['labels'] ?? {}) as object)))
  keys.delete('labels')
  return ['labels', ...keys, ...[...labels].map((key) => `label.${key}`)]
}

async function pass(format: InventoryFormat, records: ItemRecord[]): Promise<object[]> {
  const batches = (async function* () {
    yield records
  })()
  const pieces: string[] = []
  for await (const piece of formatRecords(batches, format, () => columnsOf(records))) pieces.push(piece)
  return (await readAll(format, pieces.join(''))).map(settled)
}

it.each(inventoryFormats)('%s', async (format) => {
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 4 }), async (records) => {
      expect(await pass(format, records)).toEqual(records.map(itemOf).map(settled))
    }),
    { numRuns: 150 },
  )
})

/** The item of each record, by the quick reader of plain YAML (undefined: not plain) and by the real one. */
function bothWays(text: string): [unknown, unknown] {
  const faults = new Faults()
  const plain = parsePlain(text.replace(/\n+$/, '').split('\n'))
  const [whole] = [...parseWhole(text, 1, undefined, faults)]
  return [plain, faults.any ? 'not YAML' : whole?.value]
}

it('plain YAML means the same to the quick reader', () => {
  const word = fc.constantFrom(
    ...[
      'word',
      '12',
      '-5',
      '0x1',
      '1e3',
      '12:30',
      'a b',
      'a #b',
      'x: y',
      '-',
      '--',
      '-x',
      '/p',
      '1_0',
      '+1',
      'null',
      'NULL',
      'y',
      '"q"',
      '',
    ],
  )
  const key = fc.constantFrom(
    'a: ',
    'b: ',
    'c: ',
    'kind: ',
    'd:\n    e: ',
    'f:\n    - ',
    'g:\n  - ',
    '  h: ',
    'i:',
  )
  const line = fc
    .tuple(key, fc.oneof(word, word, word, text))
    .map((parts) => parts.join('').replace(/\r/g, ' '))
  const written = fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => `- ${lines.join('\n  ')}`)
  let plainCount = 0
  fc.assert(
    fc.property(written, (yaml) => {
      const [plain, whole] = bothWays(yaml)
      if (plain === undefined) return
      plainCount += 1
      expect((plain as { value: unknown }).value).toEqual(whole)
    }),
    { numRuns: 3_000 },
  )
  expect(plainCount).toBeGreaterThan(100)
})
