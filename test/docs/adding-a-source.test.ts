/** docs/adding-a-source.md, followed: its driver is taken from the page, put where it says, and run. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Driver } from '../../src/source/source.ts'
import { startFront, type Front } from '../conformance/driver/front.ts'
import { createDatabase, startProcess, type Process, type TestDatabase } from '../source/scripted.ts'

const root = join(import.meta.dirname, '..', '..')
const page = readFileSync(join(root, 'docs', 'adding-a-source.md'), 'utf8')
const code = /```ts\n(\/\/ src\/source\/shelf\/index\.ts\n.*?)```/s.exec(page)![1]!
// Not among the real drivers, where other tests would look at it; its imports lead where they would lead there.
const folder = join(import.meta.dirname, `shelf-${process.pid}`)
const moved = code
  .replaceAll("from '../../", "from '../../../src/")
  .replaceAll(/from '\.\.\/(?!\.)/g, "from '../../../src/source/")

let database: TestDatabase
let front: Front
let running: Process
let driver: Driver

const boxes = Array.from({ length: 7 }, (_, index) => ({
  id: index,
  name: `box${index}`,
  rack: `r${index % 2}`,
  unit: index + 1,
  serial: `AC-${index}`,
}))

beforeAll(async () => {
  mkdirSync(folder)
  writeFileSync(join(folder, 'index.ts'), moved)
  driver = ((await import(pathToFileURL(join(folder, 'index.ts')).href)) as { shelf: Driver }).shelf
  database = await createDatabase()
  front = await startFront({
    answer(request, response) {
      if (request.headers.authorization !== 'Bearer open sesame') return void response.writeHead(401).end()
      const start = Number(new URL(request.url!, front.url).searchParams.get('start') ?? 0)
      const next = start + 3 < boxes.length ? `boxes?start=${start + 3}` : null
      response.end(JSON.stringify({ boxes: boxes.slice(start, start + 3), next }))
    },
  })
  process.env['SHELF_PASSWORD'] = 'open sesame'
  running = await startProcess(
    database,
    driver,
    {
      shelf: {
        driver: 'shelf',
        url: front.url,
        password: 'env:SHELF_PASSWORD',
        deadline: 0.5,
        interval: 0.2,
      },
    },
    {},
  )
})
afterAll(async () => {
  await running?.close()
  await front?.close()
  await database?.close()
  rmSync(folder, { recursive: true, force: true })
  delete process.env['SHELF_PASSWORD']
})

const servers = () => running.holder.graph.ofType('Server')

test('it is short, its things are in the graph, and a failure is told without its secret', async () => {
  expect(code.split('\n').length).toBeLessThan(150)
  await running.until(async () => servers().length === 7)
  expect(running.holder.graph.ofType('Rack')).toHaveLength(2)
  expect(servers()[0]!.fields).toMatchObject({ position: 1, serialNumber: 'AC-0' })
  front.be('echo')
  const failure = await running.until(async () => {
    const states = await running.resources.sourceStates()
    return [...states.values()].find((state) => state.failure)?.failure
  })
  expect(failure).toBe('GET boxes: 500')
  expect(servers()).toHaveLength(7)
})
