/**
 * Many WebSocket subscribers of the same alerts, beside graphql-ws as it comes, mercurius, and a bare write of ready bytes in the same run.
 *   npm run bench -- subscribe [--json FILE] [--subscribers 1000,5000,10000] [--rate 20] [--seconds 5]
 * Plenum is told by the log, which this process writes to; the others by a message of this process, from their own memory.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { migrate, openDb, type Db } from '../src/db.ts'
import { startResources } from '../src/resource/index.ts'
import { writeAlerts } from '../src/alert/store.ts'
import { tellFigures, type Figures } from './figure.ts'
import { adminToken } from './peers/contender.ts'
import { readCpu } from './peers/cpu.ts'
import { installPeers } from './peers/install.ts'
import { withPostgres } from './peers/site.ts'
import { measureAlerts, ruleText } from './subscribe/alert.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    subscribers: { type: 'string', default: '1000,5000,10000' },
    rate: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '5' },
  },
})
const [rate, seconds] = [Number(values.rate), Number(values.seconds)]
const query = `subscription { alertChanged { cursor at alert { id ruleName state severity summary startsAt resource { id kind name } } } }`
const here = join(import.meta.dirname, 'subscribe')

interface Server {
  name: string
  child: ChildProcess
  port: number
  tell(summary: string): Promise<void>
}

async function started(name: string, child: ChildProcess, tell: Server['tell']): Promise<Server> {
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return { name, child, port, tell }
}

const bySending = (child: ChildProcess) => async (summary: string) => void child.send(summary)
const env = { ...process.env, NODE_ENV: 'production' }
const execArgv = ['--disable-warning=ExperimentalWarning']
function startDefault(): Promise<Server> {
  const child = fork(join(here, 'default.mjs'), { env, execArgv })
  return started('graphql-ws', child, bySending(child))
}

function startMercurius(): Promise<Server> {
  const { folder } = installPeers()
  cpSync(join(here, 'schema.mjs'), join(folder, 'subscribe-schema.mjs'))
  const child = fork(join(folder, 'mercurius-live.mjs'), { env, execArgv, cwd: folder })
  return started('mercurius', child, bySending(child))
}

/** The floor of one write for each message. */
function startBare(): Promise<Server> {
  const child = fork(join(here, 'bare.mjs'), { env, execArgv })
  return started('bare', child, bySending(child))
}

async function startPlenum(folder: string, url: string, db: Db): Promise<Server> {
  const config = join(folder, 'plenum.yaml')
  writeFileSync(
    config,
    'limits: { socketsPerToken: 20000, subscriptionsPerToken: 20000, socketsWaiting: 20000, requestsPerSecond: 100000 }\n' +
      ruleText,
  )
  const own = { DATABASE_URL: url, PLENUM_ADMIN_TOKEN: adminToken, PLENUM_CONFIG: config }
  const child = fork(join(import.meta.dirname, 'peers', 'plenum.ts'), { env: { ...env, ...own }, execArgv })

  return started('plenum', child, async (summary) => {
    const now = Date.now()
    const times = { startsAt: now, firedAt: now, endsAt: null }
    const of = { rule: 'Bench', resourceId, tenantId: null, siteId: null, sourceId: 0, value: null }
    const what = { state: 'FIRING', severity: 'INFO', failure: 'NONE' } as const
    const image = { ...of, ...what, ...times, summary, runbookUrl: null, labels: {} }
    // It stays one alert, which is told again as something of it changes.
    const { images } = await writeAlerts(
      db,
      [],
      [
        {
          image: known === undefined ? image : { ...image, id: known },
          fingerprint: 'bench',
          life: null,
          isTold: true,
        },
      ],
      'bench',
    )
    known ??= [...images.values()][0]!.id
  })
}

const prefixes = { plenum: '', 'graphql-ws': 'default', mercurius: 'mercurius', bare: 'bare' } as const
let resourceId = 0
let known: number | undefined

interface Measured {
  messages: number
  p50Ms: number
  p99Ms: number
  cpuSeconds: number
  share: number
}

/** Events at the rate for some seconds; the first second is for getting warm. */
async function measure(server: Server, subscribers: number): Promise<Measured> {
  const crowd = fork(join(here, 'crowd.ts'), [String(server.port), String(subscribers), adminToken, query], {
    execArgv,
  })
  await once(crowd, 'message')
  const ask = async (): Promise<Measured> => {
    crowd.send('tell')
    return ((await once(crowd, 'message')) as [Measured])[0]
  }
  await flow(server, 1)
  await settled(ask)
  const before = readCpu(server.child.pid!)!
  const events = await flow(server, seconds)
  const all = await settled(ask)
  const cpuSeconds = readCpu(server.child.pid!)! - before
  crowd.disconnect()
  await once(crowd, 'exit')
  return { ...all, cpuSeconds, share: all.messages / (events * subscribers) }
}

async function flow(server: Server, forSeconds: number): Promise<number> {
  const began = performance.now()
  let events = 0
  for (; events < rate * forSeconds; events++) {
    const wait = began + (events / rate) * 1_000 - performance.now()
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait))
    await server.tell(`sentAt=${(performance.timeOrigin + performance.now()).toFixed(3)}`)
  }
  return events
}

/** What arrived, when nothing more arrives for half a second. */
async function settled(ask: () => Promise<Measured>): Promise<Measured> {
  let sum = 0
  let best: Measured | undefined
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    const next = await ask()
    if (next.messages === 0) return { ...(best ?? next), messages: sum }
    if (best === undefined || next.messages > best.messages) best = next
    sum += next.messages
  }
}

await withPostgres(async (postgres) => {
  await postgres.ensureDatabase('bench')
  const url = postgres.url('bench')
  const db = openDb({ url })
  await migrate(db)
  const items = (async function* () {
    yield [{ path: 'item 0', kind: 'Server' as const, name: 'bench-1', key: 'bench-1' }] as never
  })()
  const signal = AbortSignal.timeout(60_000)
  await startResources({ db }).importInventory(
    { source: 'bench', mode: 'merge', dryRun: false, items, signal },
    { name: 'bench' },
  )
  resourceId = Number((await db('resource').where({ name: 'bench-1' }).first('id')).id)
  const folder = mkdtempSync(join(tmpdir(), 'plenum-subscribe-'))
  const figures: Figures = {}
  for (const subscribers of values.subscribers.split(',').map(Number)) {
    const size = `${subscribers / 1_000}k`
    const cost: Record<string, number> = {}
    for (const start of [() => startPlenum(folder, url, db), startDefault, startMercurius, startBare]) {
      const server = await start()
      const { messages, cpuSeconds, p50Ms, p99Ms, share } = await measure(server, subscribers)
      cost[server.name] = (cpuSeconds / messages) * 1e6
      const prefix = prefixes[server.name as keyof typeof prefixes]
      const name = (key: string): string =>
        prefix === '' ? key : `${prefix}${key[0]!.toUpperCase()}${key.slice(1)}`
      figures[name(`cpuMicrosPerMessage${size}`)] = cost[server.name]!
      figures[name(`p50Milliseconds${size}`)] = p50Ms
      figures[name(`p99Milliseconds${size}`)] = p99Ms
      figures[name(`deliveredPerSecond${size}`)] = messages / seconds
      figures[name(`deliveredShare${size}`)] = share
      server.child.disconnect()
      await once(server.child, 'exit')
    }
    figures[`cpuRatioDefault${size}`] = cost['plenum']! / cost['graphql-ws']!
    figures[`cpuRatioMercurius${size}`] = cost['plenum']! / cost['mercurius']!
    if (subscribers === 1_000) figures['cpuRatioDefault'] = figures['cpuRatioDefault1k']!
  }
  const plenum = await startPlenum(folder, url, db)
  const latencies = await measureAlerts(db, plenum.port, adminToken, resourceId)
  figures['alertP50Milliseconds'] = latencies[Math.floor(latencies.length * 0.5)]!
  figures['alertP99Milliseconds'] = latencies[Math.floor(latencies.length * 0.99)]!
  plenum.child.disconnect()
  await once(plenum.child, 'exit')
  rmSync(folder, { recursive: true, force: true })
  await db.destroy()
  await tellFigures('subscribe', figures, values.json)
})
