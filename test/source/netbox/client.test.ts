import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readNetbox } from '../../../src/source/netbox/index.ts'

const read = (...chunks: (string | Buffer)[]) =>
  readNetbox(Readable.from(chunks), {}, new AbortController().signal)

describe('reading a dump', () => {
  it('takes UTF-8 in any pieces, with a byte order mark', async () => {
    const text = '\uFEFF[{"model": "dcim.site", "pk": 1, "fields": {"name": "Zürich", "status": "active"}}]'
    const bytes = Buffer.from(text)
    const pieces = Array.from({ length: bytes.length }, (_, index) => bytes.subarray(index, index + 1))
    const { items, count } = await read(...pieces)
    const batches: unknown[][] = []
    for await (const batch of items) batches.push(batch)
    expect(count).toBe(1)
    expect(batches.flat()).toEqual([
      { key: 'dcim.site.1', kind: 'Site', name: 'Zürich', status: 'ACTIVE', path: 'dcim.site.1' },
    ])
  })

  it.each([
    ['[{"model": "dcim.site",\n  "pk": 1 oops', /not JSON: line 2, column 11/],
    ['{"results": []}', /is a JSON list of rows .* this is object/],
    ['', /not JSON: line 1/],
    ['[1]', /\[0\]: a row is an object/],
  ])('refuses %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message)
  })

  it('names the byte that is not UTF-8', async () => {
    await expect(read(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]))).rejects.toThrow('byte 2 is wrong')
  })
})
