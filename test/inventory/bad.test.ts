import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatOfFile, type InventoryFormat } from '../../src/inventory/index.ts'
import { PlenumError } from '../../src/errors.ts'
import { faultsOf, readAll } from './reading.ts'

/** What each file of the folder is told. */
const folder = join(import.meta.dirname, 'bad')
const messages: Readonly<Record<string, string[]>> = {
  'unknown-kind.bad.yaml': ['line 2, kind: there is no kind Servr; did you mean Server?'],
  'unknown-section.bad.yaml': ['line 2, kind: there is no kind Racks; did you mean Rack?'],
  'unknown-field.bad.yaml': [
    'line 4, serialnumber: Server has no field serialnumber; did you mean serialNumber?',
    'line 8, hosts: hosts of Cluster follows from other links and cannot be set: state it at the other end',
  ],
  'duplicate-key.bad.yaml': ['line 3: this is not YAML: Map keys must be unique'],
  'indentation.bad.yaml': ['line 5: this is not YAML: Nested mappings are not allowed in compact mappings'],
  'no-item.bad.yaml': ['line 1: an item ("- ") or a kind ("Rack:") is needed here, not name: r07'],
  'flow.bad.yaml': [
    'line 1: write the outer list with dashes, one item after the other; lists in [ ] and maps in { } are read as JSON',
  ],
  'anchor-elsewhere.bad.yaml': ['line 4: the anchor shared is not in this item'],
  'alias-bomb.bad.yaml': ['line 4: an item may unfold to at most 20000 values'],
  'merge-key.bad.yaml': ['line 4: merge keys (<<) are not read: write the fields out'],
  'no-name.bad.yaml': ['line 1: this Rack has no name', 'line 3: this item has no kind'],
  'links.bad.yaml': [
    'line 3, links[0]: there is no link type RUN_ON; did you mean RUNS_ON?',
    'line 3, links[1]: "nothing" is no Ref: write an id (1042), a natural key (Rack:name=r07) or a source\'s key (netbox:dcim.rack.7)',
    'line 3, links[2]: a link has no target: type, to, direction, attributes',
    'line 3, links[2]: a link needs what it is to, a text such as Rack:name=r07, not undefined',
    'line 3, links[3]: direction is in or out',
    'line 10, rack: one is needed here, not a list',
    'line 12, rack: There is no kind Rak (in the ref "Rak:name=r07")',
  ],
  'two-places.bad.yaml': [
    'line 1: this stands in several places: state the nearest only (the rack), the others follow from it',
  ],
  'columns.bad.csv': [
    'line 1, column 3: there is no column serial_number; did you mean serialNumber?',
    'line 1, column 4: the column name comes twice',
  ],
  'cells.bad.csv': ['line 3: this row has 2 cells, the header has 3'],
  'rack-of-tenant.bad.csv': ['line 3, column heightUnits: Tenant has no field heightUnits'],
  'quote.bad.csv': ['line 3: this is not CSV: the quote that opens in this line is never closed'],
  'after-quote.bad.csv': ['line 2: this is not CSV: after a closing quote comes the next cell'],
  'inner-quote.bad.csv': [
    'line 2: this is not CSV: a cell with a quote in it stands in quotes, and the quote twice',
  ],
  'no-kind.bad.csv': ['line 1: a column kind is needed, or one kind for the whole file'],
  'attribute-twice.bad.csv': ['line 2, column attribute.a.b: a.b is stated twice'],
  'empty.bad.csv': ['line 1: a CSV file begins with a header'],
  'broken-line.bad.ndjson': [
    "line 2: this is not JSON: Expected ',' or '}' after property value in JSON at position 32 (line 1 column 33)",
    'line 4: the key name comes twice',
    'line 5: an item is a map of fields, not 7',
  ],
  'comma.bad.json': ['line 3: this is not JSON: an item is missing at the comma'],
  'end.bad.json': ['line 2: this is not JSON: the end is missing'],
  'more.bad.json': ['line 3: this is not JSON: there is more after the end: ['],
  'text.bad.json': ['line 1: this is not JSON: an inventory is a list of items, or a map from kind to list'],
}

describe('a file that is wrong', () => {
  it.each(Object.entries(messages))('%s', async (file, wanted) => {
    expect(await faultsOf(formatOfFile(file), readFileSync(join(folder, file)))).toEqual(wanted)
  })

  it('has its message here', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(messages).sort())
  })
})

describe.each<InventoryFormat>(['yaml', 'csv', 'ndjson', 'json'])('%s', (format) => {
  it('names the byte that is not UTF-8, wherever it comes', async () => {
    const [before, after] = [Buffer.from(format === 'json' ? '["é. ' : '#[é. '), Buffer.from('"\n')]
    for (const wrong of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80]]) {
      const bytes = Buffer.concat([before, Buffer.from(wrong), after])
      await expect(readAll(format, bytes, { pieceBytes: 3 })).rejects.toThrow(/not UTF-8: byte 6 /)
    }
    const cut = Buffer.concat([before, Buffer.from([0xe2, 0x82])])
    await expect(readAll(format, cut, { pieceBytes: 2 })).rejects.toThrow(/not UTF-8: byte 6 /)
  })

  it('refuses an item of 10 MB', async () => {
    const huge = 'x'.repeat(10 * 1024 * 1024)
    const texts = {
      yaml: `- kind: Server\n  name: ${huge}`,
      csv: `kind,name\nServer,${huge}\n`,
      ndjson: `{"kind":"Server","name":"${huge}"}`,
      json: `[{"kind":"Server","name":"${huge}"}]`,
    }
    await expect(readAll(format, texts[format])).rejects.toThrow(
      'an item may have at most 1048576 characters',
    )
  })

  it('stops at an aborted signal', async () => {
    const { readInventory } = await import('../../src/inventory/index.ts')
    const aborted = AbortSignal.abort(new Error('gone'))
    const body = (async function* () {
      yield '- kind: Server\n'
    })()
    await expect(readInventory(format, body, aborted).next()).rejects.toThrow('gone')
  })
})

it('tells the first hundred faults', async () => {
  const text = Array.from({ length: 500 }, () => '{"kind":"Nothing"}').join('\n')
  await expect(readAll('ndjson', text)).rejects.toSatisfy(
    (error) => error instanceof PlenumError && error.details.problems?.length === 100,
  )
})

it('gives no item after a fault', async () => {
  const good = Array.from({ length: 150 }, (_, index) => `{"kind":"Server","name":"s${index}"}`)
  const { readInventory } = await import('../../src/inventory/index.ts')
  const body = (async function* () {
    yield [...good, '{"kind":"Nothing"}', ...good, ...good].join('\n')
  })()
  let count = 0
  const reading = (async () => {
    for await (const batch of readInventory('ndjson', body, new AbortController().signal))
      count += batch.length
  })()
  await expect(reading).rejects.toThrow('line 151, kind: there is no kind Nothing')
  expect(count).toBe(100)
})
