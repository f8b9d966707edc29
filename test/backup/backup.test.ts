/** A backup of one database into another: the same content, a log of its own, ids that were never given. */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { backUp, restore } from '../../src/backup/index.ts'
import { sampleInventory } from '../../src/demo/index.ts'
import { readHead } from '../../src/event/index.ts'
import { startResources } from '../../src/resource/index.ts'
import type { Db } from '../../src/db.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createDatabase, type TestDatabase } from '../support/postgres.ts'

const folder = mkdtempSync(join(tmpdir(), 'plenum-backup-'))
const file = join(folder, 'whole')
const signal = new AbortController().signal
let from: TestDatabase
let into: TestDatabase

beforeAll(async () => {
  from = await createDatabase()
  into = await createDatabase()
  await startResources({ db: from.db }).importInventory(
    { source: 'sample', mode: 'merge', dryRun: false, items: sampleInventory(), signal },
    { name: 'test' },
  )
  // Samples are left where they are.
  await from.db.raw(
    `create table sample_chunk_20260203 partition of sample_chunk for values from ('2026-02-03') to ('2026-02-04');
     insert into sample_chunk values (1, '2026-02-03 10:00Z', 1, false, 'x')`,
  )
  await backUp(from.db, file, signal)
})
afterAll(async () => {
  await from.close()
  await into.close()
  rmSync(folder, { recursive: true })
})

/** Every row of every table, but the log's head, its last event and whose turn it is. */
async function contentOf(db: Db): Promise<Record<string, unknown>> {
  const { rows } = await db.raw<{ rows: { name: string }[] }>(
    `select relname as name from pg_class where relkind = 'r' and not relispartition and relnamespace = 'public'::regnamespace
       and relname !~ '^knex' and relname not in ('log_head', 'turn') order by 1`,
  )
  const content: Record<string, unknown> = {}
  for (const { name } of rows) {
    const found = await db.raw<{ rows: unknown[] }>(
      `select md5(string_agg(t::text, e'\\n' order by t::text)) as hash, count(*) from ?? t where to_jsonb(t) ->> 'type' is distinct from 'LogRestored'`,
      [name],
    )
    content[name] = found.rows[0]
  }
  return content
}

test('a running server takes over what is restored under it, tells the gap, and goes on', async () => {
  const app = await startTestApp({ database: into })
  const cursor = await cursorOf(app)
  await into.db('token').delete()
  const { rows, tables } = await restore(into.db, file, signal)
  // All that have rows of their own, and the log's head.
  expect(tables).toBe(Object.keys(await contentOf(from.db)).length + 1)
  expect(rows).toBeGreaterThan(2_000)
  expect(await contentOf(into.db)).toEqual(await contentOf(from.db))
  await into.db('token').insert(tokenOf(app))

  const [old, restored] = [await readHead(from.db), await readHead(into.db)]
  expect(restored.epoch).not.toBe(old.epoch)
  expect(restored.seq).toBe(old.seq + 1)

  await settled(app, cursor)
  expect(await app.query('{ servers { totalCount } }')).toMatchObject({
    data: { servers: { totalCount: 72 } },
  })
  const added = await app.query<{ importInventory: { resources: { id: string }[] } }>(
    `mutation { importInventory(input: { items: [{ kind: Site, name: "new" }] }) { resources { id } } }`,
  )
  expect(added.errors).toBeUndefined()
  const last = await from.db.raw<{ rows: { last_value: string }[] }>('select last_value from resource_id')
  const ids = added.data!.importInventory.resources.map(({ id }) => Number(id))
  expect(Math.min(...ids)).toBeGreaterThan(Number(last.rows[0]!.last_value) + 2 ** 24)
  await app.close()
})

const cursorOf = async (app: TestApp): Promise<string> =>
  (await app.query<{ cursor: string }>('{ cursor }')).data!.cursor

/** A token that the server remembers; the tables lost it by the restore. */
function tokenOf(app: TestApp): Record<string, unknown> {
  const hash = createHash('sha256').update(app.token).digest()
  return { name: 'again', role: 'admin', hash, created_at: new Date() }
}

/** Until the server follows the new log: asked again and again, as the change is told by the log alone. */
async function settled(app: TestApp, before: string): Promise<void> {
  const [epoch] = before.split('.')
  for (;;) {
    const now = await cursorOf(app)
    if (!now.startsWith(`${epoch}.`)) return
  }
}

test('a backup while others write holds each write whole or not at all', async () => {
  const [busy, again] = [await createDatabase(), await createDatabase()]
  const app = await startTestApp({ database: busy })
  const online = join(folder, 'online')
  const acknowledged: string[] = []
  let isOver = false
  const writing = (async () => {
    for (let count = 0; !isOver; count++) {
      const items = ['left', 'right'].map((side) => ({ kind: 'Image', name: `${side}-${count}` }))
      const { errors } = await app.query(
        'mutation ($input: ImportInput!) { importInventory(input: $input) { cursor } }',
        { input: { items } },
      )
      expect(errors).toBeUndefined()
      acknowledged.push(`left-${count}`)
    }
  })()
  try {
    while (acknowledged.length < 20) await new Promise(setImmediate)
    let before: string[]
    // A small database is read fast: again, until something was written meanwhile.
    do {
      rmSync(online, { force: true })
      before = [...acknowledged]
      await backUp(busy.db, online, signal)
    } while (acknowledged.length === before.length)
    isOver = true
    await writing
    await restore(again.db, online, signal)
    const { rows } = await again.db.raw<any>(`select name from resource where kind = 'Image'`)
    const names = new Set<string>(rows.map(({ name }: any) => name))
    expect(before.filter((name) => !names.has(name))).toEqual([])
    const halves = [...names].filter(
      (name) => !names.has(name.replace(/^(left|right)/, (side) => (side === 'left' ? 'right' : 'left'))),
    )
    expect(halves).toEqual([])
    // The log is as dense as ever.
    const { rows: log } = await again.db.raw<any>(
      `select count(*)::int as count, (max(seq) - min(seq) + 1)::int as span from event`,
    )
    expect(log[0].count).toBe(log[0].span)
  } finally {
    isOver = true
    await writing.catch(() => {})
    await app.close()
    await busy.close()
    await again.close()
  }
})

test('a database that holds something is not overwritten', async () => {
  const before = await contentOf(from.db)
  await expect(restore(from.db, file, signal)).rejects.toMatchObject({
    code: 'CONFLICT',
    details: { reason: 'STATE' },
  })
  expect(await contentOf(from.db)).toEqual(before)
})

test('a broken backup changes nothing, whatever is broken', async () => {
  const empty = await createDatabase()
  const before = await contentOf(empty.db)
  const content = gunzipSync(readFileSync(file))
  const broken: [string, Buffer, RegExp][] = [
    ['cut', gzipSync(content.subarray(0, content.length - 100)), /cut off/],
    ['torn', readFileSync(file).subarray(0, 5_000), /no whole backup/],
    ['other', Buffer.from('kind,name\nSite,kr1\n'), /no whole backup/],
    ['row', gzipSync(replaceOnce(content, 'intent', 'intend')), /source_role_check/],
    ['newer', gzipSync(replaceOnce(content, '"migration":"0', '"migration":"9')), /newer Plenum/],
  ]
  for (const [name, bytes, message] of broken) {
    const path = join(folder, name)
    writeFileSync(path, bytes)
    await expect(restore(empty.db, path, signal)).rejects.toThrow(message)
    expect(await contentOf(empty.db)).toEqual(before)
  }
  await empty.close()
})

function replaceOnce(bytes: Buffer, text: string, by: string): Buffer {
  const copy = Buffer.from(bytes)
  // The last one: what stands in a table's rows comes after what stands in its head.
  const at = text === 'intent' ? copy.lastIndexOf(`\t${text}\t`) + 1 : copy.indexOf(text)
  expect(at).toBeGreaterThan(0)
  copy.write(by, at)
  return copy
}

test('a backup that is interrupted leaves no file', async () => {
  const controller = new AbortController()
  const path = join(folder, 'interrupted')
  controller.abort(new Error('enough'))
  await expect(backUp(from.db, path, controller.signal)).rejects.toThrow()
  expect(existsSync(path) || existsSync(`${path}.part`)).toBe(false)
  // The pool goes on with another connection.
  await from.db.raw('select 1')
})
