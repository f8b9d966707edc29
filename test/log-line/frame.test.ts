import { expect, it } from 'vitest'
import { FrameError, Frames, longestCount } from '../../src/syslog/frame.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

/** What comes out, whatever the pieces that it comes in. */
function read(stream: string, pieceBytes: number, mostBytes = 100): string[] {
  const frames = new Frames(mostBytes)
  const whole = bytes(stream)
  const found: Uint8Array[] = []
  for (let at = 0; at < whole.length; at += pieceBytes)
    found.push(...frames.read(whole.subarray(at, at + pieceBytes)))
  found.push(...frames.end())
  return found.map((one) => new TextDecoder().decode(one))
}

it.each([1, 2, 3, 7, 1_000])('reads counted messages and lines out of pieces of %i bytes', (size) => {
  expect(read('10 <13>a\nb c <14>two\n<15>three\0\n\n12 <16>four xxx<17>last', size)).toEqual([
    '<13>a\nb c ',
    '<14>two',
    '<15>three',
    '<16>four xxx',
    '<17>last',
  ])
  expect(read('10x is a line\n3 <1>', size)).toEqual(['10x is a line', '<1>'])
})

it.each([1, 64, 10_000])('keeps of a long message as much as it may, in pieces of %i bytes', (size) => {
  const long = 'x'.repeat(5_000)
  expect(read(`5000 ${long}<1>next\n${long}\n<1>end`, size, 10)).toEqual([
    'x'.repeat(11),
    '<1>next',
    'x'.repeat(11),
    '<1>end',
  ])
})

it('gives up a stream that announces too much, and a message that was not ended by its count', () => {
  expect(() => read(`${longestCount + 1} x`, 100)).toThrow(FrameError)
  expect(read('100 <13>half', 5)).toEqual([])
})
