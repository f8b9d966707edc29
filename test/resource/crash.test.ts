/** All or nothing, once and only once: under kill -9, under repetition, under rivals. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDb } from '../../src/db.ts'
import { startResources } from '../../src/resource/index.ts'
import type { WriteResult } from '../../src/resource/verbs.ts'
import { by, each, forever, openWorld, partitionOf, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.end())

interface Importer {
  child: ChildProcess
  /** Resolves with the rest of the line when the process says the word. */
  said(word: string): Promise<string>
}

function startImporter(count: number, key: string): Importer {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'importer.ts'), world.database.url, String(count), key],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: child.stdout! })
  return {
    child,
    said: (word) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      lines.on('line', (line) => line.startsWith(word) && resolve(line.slice(word.length + 1)))
      child.once('exit', () => reject(new Error(`ended without saying ${word}`)))
      return promise
    },
  }
}

const serverCount = async () => (await world.images()).filter((image) => image.kind === 'Server').length

test(
  'kill -9 while 20,000 are written leaves nothing; the same call again does all of it',
  { timeout: 240_000 },
  async () => {
    const { child, said } = startImporter(20_000, 'k1')
    await said('writing')
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    expect(await serverCount()).toBe(0)
    const again = startImporter(20_000, 'k1')
    const first = JSON.parse(await again.said('done')) as WriteResult
    expect(first.created).toBe(20_000)
    expect(await serverCount()).toBe(20_000)
    const repeated = startImporter(20_000, 'k1')
    expect(JSON.parse(await repeated.said('done'))).toEqual(first)
  },
)

test('rivals with one key and one input: one writes, all get its answer; another input is refused', async () => {
  const others = Array.from({ length: 4 }, () => openDb({ url: world.database.url }))
  const rivals = [world.resources, ...others.map((db) => startResources({ db }))]
  const write = (resources: World['resources'], owner: string) =>
    resources.importInventory(
      {
        source: 'inventory',
        mode: 'merge',
        dryRun: false,
        items: each([[{ kind: 'Rack' as const, name: 'r1', owner, path: 'items[0]' }]]),
        signal: forever,
      },
      { ...by, idempotency: { actor: 'tester', key: 'one', action: 'importInventory', input: { owner } } },
    )
  const answers = await Promise.all(rivals.map((resources) => write(resources, 'ops')))
  for (const answer of answers) expect(answer).toEqual(answers[0])
  expect(answers[0]!.created).toBe(1)
  await expect(write(world.resources, 'dev')).rejects.toMatchObject({
    code: 'CONFLICT',
    details: { reason: 'KEY_REUSED' },
  })
  expect((await world.named('r1')).owner).toBe('ops')
  for (const db of others) await db.destroy()
})

test('two inventories that state the same things at once make one resource each', async () => {
  const other = openDb({ url: world.database.url })
  const rival = startResources({ db: other })
  const names = Array.from({ length: 200 }, (_, index) => `s${index}`)
  const write = (resources: World['resources'], source: string) =>
    resources.importInventory(
      {
        source,
        mode: 'merge',
        dryRun: false,
        items: each([
          names.map((name, index) => ({
            kind: 'Server' as const,
            name,
            fields: { manufacturer: 'Dell', serialNumber: `SN-${name}` },
            path: `items[${index}]`,
          })),
        ]),
        signal: forever,
      },
      by,
    )
  await Promise.all([
    write(world.resources, 'left'),
    write(rival, 'right'),
    write(world.resources, 'left'),
    write(rival, 'right'),
  ])
  await other.destroy()
  expect(await serverCount()).toBe(names.length)
  expect(await partitionOf(world)).toEqual(
    names.map((name) => [`left/Server:${name}`, `right/Server:${name}`]).sort(),
  )
})
