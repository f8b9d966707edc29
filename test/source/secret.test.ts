/** Secrets: where they come from, and that they are told nowhere. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSecret, Redactor } from '../../src/source/secret.ts'
import { SourceError } from '../../src/source/source.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plenum-secret-'))
  writeFileSync(join(folder, 'token'), 'from a file\n')
  writeFileSync(join(folder, 'empty'), '\n')
  process.env['PLENUM_TEST_SECRET'] = 'from the environment'
})
afterAll(() => {
  rmSync(folder, { recursive: true })
  delete process.env['PLENUM_TEST_SECRET']
})

test('env, file and command', async () => {
  expect(await readSecret('env:PLENUM_TEST_SECRET')).toBe('from the environment')
  expect(await readSecret(`file:${join(folder, 'token')}`)).toBe('from a file')
  expect(await readSecret(`command:printf 'from a command\\nand more'`)).toBe('from a command')
})

test.each([
  ['hunter2', /by reference/],
  ['env:PLENUM_NOT_THERE', /no PLENUM_NOT_THERE/],
  ['file:/nowhere/token', /ENOENT/],
  ['command:exit 3 # hunter2', /command:exit … ended with 3/],
  ['command:echo hunter2 >&2; exit 1', /command:echo … ended with 1/],
  ['command:true', /is empty/],
])('%s is told, without what it is', async (reference, told) => {
  const error = await readSecret(reference).catch((failure: unknown) => failure)
  expect(error).toBeInstanceOf(SourceError)
  expect(error).toMatchObject({ failure: 'denied', message: expect.stringMatching(told) })
  expect((error as Error).cause).toBeUndefined()
  if (reference !== 'env:PLENUM_NOT_THERE') expect((error as Error).message).not.toContain('hunter2')
})

test('an empty file is no secret', async () => {
  await expect(readSecret(`file:${join(folder, 'empty')}`)).rejects.toThrow(/is empty/)
})

test('what was read is taken out of texts, things and errors, also as it is written in URLs, headers and JSON', () => {
  const redactor = new Redactor()
  const secret = 'p"ä$$w/rd'
  redactor.add(secret)
  const basic = Buffer.from(secret).toString('base64')
  const text = redactor.clean(`${secret} ${encodeURIComponent(secret)} ${basic}`)
  expect(text).toBe('*** *** ***')
  expect(redactor.cleanAll({ a: [{ b: `x ${secret} y` }], n: 1 })).toEqual({ a: [{ b: 'x *** y' }], n: 1 })
  const same = { a: 'harmless' }
  expect(redactor.cleanAll(same)).toBe(same)
  const error = redactor.cleanError(
    new SourceError('busy', `no ${secret}`, { cause: secret, retryAfterMs: 5 }),
  )
  expect(error).toMatchObject({ failure: 'busy', message: 'no ***', retryAfterMs: 5 })
  expect(error.cause).toBeUndefined()
})
