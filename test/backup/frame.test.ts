import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFrames, encodeFrame, type Frame, type Head } from '../../src/backup/frame.ts'

const head: Head = {
  format: 'plenum-backup',
  version: 1,
  madeAt: '2026-01-01T00:00:00.000Z',
  migration: '0001-resource',
  seq: 7,
  sequences: { resource_id: 12 },
}
const frames: Frame[] = [
  { type: 'head', head },
  { type: 'table', table: { table: 'resource', columns: ['id', 'name'] } },
  { type: 'rows', bytes: Buffer.from('1\tkr1\n2\t부산\n') },
  { type: 'end' },
]
const whole = Buffer.concat(frames.map(encodeFrame))

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0
  for (const size of sizes) {
    yield bytes.subarray(at, at + size)
    at += size
  }
  yield bytes.subarray(at)
}

const decode = (bytes: Buffer, sizes: readonly number[] = []) =>
  Array.fromAsync(decodeFrames(cut(bytes, sizes)))

test('what was written is read, however it is cut on the way', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 20 }), async (sizes) => {
      expect(await decode(whole, sizes)).toEqual(frames)
    }),
  )
})

test('a file that ends too early is told, wherever it ends', async () => {
  for (let length = 0; length < whole.length; length += 1) {
    await expect(decode(whole.subarray(0, length))).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  }
})

test('what is no backup is told', async () => {
  const wrong: [Buffer, RegExp][] = [
    [Buffer.from('{"kind":"Site","name":"kr1"}'), /holds something else/],
    [Buffer.concat([whole, whole]), /after its end/],
    [whole.subarray(encodeFrame(frames[0]!).length), /head is not where/],
    [
      encodeFrame({ type: 'head', head: { ...head, format: 'dump' as 'plenum-backup' } }),
      /does not begin as one/,
    ],
    [encodeFrame({ type: 'head', head: { ...head, version: 2 as 1 } }), /version 2.*newer Plenum/],
  ]
  for (const [bytes, message] of wrong) await expect(decode(bytes)).rejects.toThrow(message)
})
