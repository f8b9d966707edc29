/** A graph that does not fit into memory: refused with the numbers, instead of a process that dies. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'
import { runProgram, startProgram } from '../support/program.ts'

const resources = 200_000
let database: TestDatabase

beforeAll(async () => {
  database = await createDatabase()
  await database.db.raw(
    `insert into resource (id, kind, name, labels, fields, created_at, updated_at)
     select nextval('resource_id'), 'Server', 'server-' || n, jsonb_build_object('n', n::text), jsonb_build_object('serialNumber', md5(n::text), 'model', md5('m' || n)), now(), now()
     from generate_series(1, ?::int) n`,
    [resources],
  )
})
afterAll(() => database.close())

const environment = (heapMiB: number) => ({
  PORT: '0',
  DATABASE_URL: database.url,
  NODE_OPTIONS: `--max-old-space-size=${heapMiB}`,
})

test('says in one line what it took and what to give', async () => {
  const { code, stdout, stderr } = await runProgram(['serve'], environment(150))
  expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 1, stdout: '', lines: 1 })
  const [, loaded, used, limit, more] =
    /^plenum: The graph does not fit into memory: with (\d+) resources loaded, (\d+) MiB of the heap limit of (\d+) MiB .*--max-old-space-size=(\d+)\n$/
      .exec(stderr)!
      .map(Number)
  expect(loaded).toBeGreaterThan(10_000)
  expect(loaded).toBeLessThan(resources)
  expect(used).toBeGreaterThan(limit! / 2)
  expect(more).toBeGreaterThan(limit!)
})

test('with what it asks for it starts, and its banner states the limit', async () => {
  const program = startProgram(['serve'], environment(1_000))
  const [, mebibytes] = await program.saw(/Heap limit\s+(\d+) MiB/)
  expect(Number(mebibytes)).toBeGreaterThanOrEqual(1_000)
  program.kill('SIGTERM')
  expect((await program.ended).code).toBe(0)
})
