/** How often lines of a pattern come: what is counted, what a rule makes of it, and what a configuration may say. */
import { createSocket } from 'node:dgram'
import pino from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { parseRule } from '../../src/alert/index.ts'
import { logsShape, startLogLines, startLogRates, type NewLine } from '../../src/log-line/index.ts'
import type { Sample } from '../../src/metric/metric.ts'
import { startTurns } from '../../src/turn.ts'
import { startTestApp } from '../support/app.ts'
import { freePort } from '../support/neighbour.ts'
import { createDatabase } from '../support/postgres.ts'

const log = pino({ level: 'silent' })
const ending: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

interface Told {
  defined: string[]
  rounds: Sample[][]
}

async function rates(patterns: unknown, lines: readonly Partial<NewLine>[], processes = 1): Promise<Told[]> {
  const database = await createDatabase()
  ending.push(() => database.close())
  const { db } = database
  const kept = startLogLines({ db, log, waitingLines: 1_000 })
  for (const line of lines)
    kept.add({
      ...{ at: Date.now(), toldAt: null, resourceId: 1, interfaceId: null, tenantId: null, level: 6 },
      ...{ program: null, text: '' },
      ...line,
    })
  await kept.close()
  const told: Told[] = []
  for (let count = 0; count < processes; count++) {
    const own: Told = { defined: [], rounds: [] }
    told.push(own)
    const turns = startTurns({ db, log })
    const loop = startLogRates({
      ...{ db, log, turns, everyMs: 20, patterns: logsShape.parse({ patterns }).patterns },
      metrics: {
        define: async (metrics) => void own.defined.push(...metrics.map(({ name }) => name)),
        record: (_, samples) => void own.rounds.push([...samples]),
      },
    })
    ending.push(
      () => turns.close(),
      () => loop.close(),
    )
  }
  return told
}

const ago = (seconds: number) => Date.now() - seconds * 1_000

test('lines of the last minute, by words and severity, of each resource that had one lately', async () => {
  const [own] = await rates({ link_down: { contains: 'state to down', severity: ['critical', 'warning'] } }, [
    { at: ago(5), level: 3, text: 'Gi0/1 changed state to down' },
    { at: ago(20), level: 4, text: 'Gi0/2 changed State to DOWN' },
    { at: ago(20), level: 6, text: 'told for information: state to down' },
    { at: ago(20), level: 3, text: 'changed state to up' },
    { at: ago(300), level: 3, text: 'Gi0/1 changed state to down', resourceId: 2 },
    { at: ago(3_000), level: 3, text: 'Gi0/1 changed state to down', resourceId: 3 },
  ])
  await vi.waitFor(() => expect(own!.rounds.length).toBeGreaterThan(1), { timeout: 60_000 })
  expect(own!.defined).toEqual(['log.link_down.rate'])
  const values = own!.rounds[0]!.map(({ resourceId, metric, value }) => [resourceId, metric, value])
  // The second had none in the last minute, which ends its alert; of the third nothing is told any more.
  expect(values.sort()).toEqual([
    [1, 'log.link_down.rate', 2],
    [2, 'log.link_down.rate', 0],
  ])
})

test('of several processes one counts', async () => {
  const told = await rates({ any: { contains: 'x' } }, [{ at: ago(5), text: 'x' }], 3)
  await vi.waitFor(() => expect(Math.max(...told.map(({ rounds }) => rounds.length))).toBeGreaterThan(5), {
    timeout: 60_000,
  })
  expect(told.filter(({ rounds }) => rounds.length > 0)).toHaveLength(1)
})

test('a rule looks at it: an alert when lines come too often', { timeout: 120_000 }, async () => {
  const udp = await freePort()
  const { rule } = parseRule(
    {
      name: 'LinkDown',
      metric: 'log.link_down.rate',
      selector: { kind: ['Switch'] },
      condition: { type: 'threshold', above: 2 },
      severity: 'WARNING',
      summary: '{{resource.name}} told {{value}} times in a minute that a link is down',
    },
    'CONFIG',
  )
  const patterns = { link_down: { contains: 'state to down' } }
  const app = await startTestApp({ syslog: { udp }, logs: { patterns }, rules: [rule!] })
  ending.push(() => app.close())
  const { errors } = await app.query(
    'mutation { importInventory(input: { source: "test", items: [{ kind: Switch, name: "leaf-1" }] }) { cursor } }',
  )
  expect(errors).toBeUndefined()
  const socket = createSocket('udp4')
  for (const port of [1, 2, 3])
    await new Promise((sent) =>
      socket.send(
        `<11>Oct 11 22:14:15 leaf-1 kernel: Gi0/${port} changed state to down`,
        udp,
        '127.0.0.1',
        sent,
      ),
    )
  socket.close()
  await vi.waitFor(
    async () => {
      const { data } = await app.query<any>('{ alerts { nodes { summary resource { name } } } }')
      expect(data.alerts.nodes).toMatchObject([
        { summary: 'leaf-1 told 3 times in a minute that a link is down', resource: { name: 'leaf-1' } },
      ])
    },
    { timeout: 90_000, interval: 200 },
  )
})

test.each([
  [{ 'Link-Down': { contains: 'x' } }, 'small letters'],
  [{ down: { contains: '---' } }, 'a word is needed'],
  [{ down: { contains: 'x', severity: [] } }, 'severity'],
  [{ down: { contains: 'x', often: 3 } }, 'often'],
  [Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`p${at}`, { contains: 'x' }])), 'at most 50'],
])('%j is refused', (patterns, why) => {
  const { success, error } = logsShape.safeParse({ patterns })
  expect(success).toBe(false)
  expect(JSON.stringify(error!.issues)).toContain(why)
})
