import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonical } from '../../src/resource/write/canonical.ts'

/** What marks that are kept were made by. */
const slow = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )

test('the text is that of sorted keys, to the letter', () => {
  const key = fc.oneof(fc.string(), fc.constantFrom('10', '9', '__proto__', 'toJSON', 'é', ''))
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom(null, undefined, NaN, -0, new Date(0)),
      fc.array(tie('value')),
      fc.dictionary(key, tie('value')),
    ),
  }))
  fc.assert(
    fc.property(value, (one) => {
      expect(canonical(one)).toBe(slow(one))
    }),
    { numRuns: 3_000 },
  )
})

test('the order of keys does not matter', () => {
  expect(canonical({ b: [{ d: 1, c: 2 }], a: undefined })).toBe(canonical({ b: [{ c: 2, d: 1 }] }))
})
