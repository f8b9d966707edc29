/**
 * A well-behaved client beside hostile ones: its latency, and the memory of the process, before, while and after somebody sends all the hostile requests of the
 * tests again and again. Writes lab/results/hostile-DATE.json.
 *   npm run lab hostile [-- --seconds N] [--at-once N]
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { fillDatacenter, sizes } from '../bench/datacenter.ts'
import { migrate, openDb } from '../src/db.ts'
import { startPostgres } from '../src/postgres/index.ts'
import type { Order, Report } from './hostile/attacker.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '40' }, 'at-once': { type: 'string', default: '2' } },
})
const seconds = Number(values.seconds)
const most = { sockets: 20, subscriptions: 50, waiting: 100 }
const perSecond = 50
const admin = 'plenum_token_of_the_hostile_lab'
const question =
  '{ servers(first: 20) { nodes { name status rack { name site { name } } interfaces(first: 5) { nodes { name macAddress } } } } }'
const limits = {
  requestSeconds: 5,
  headerSeconds: 2,
  rows: 5_000,
  refusedLogins: 60,
  requestsPerSecond: 200,
  socketsPerToken: most.sockets,
  socketsWaiting: most.waiting,
  subscriptionsPerToken: most.subscriptions,
}

interface Figures {
  requests: number
  failed: number
  p50Milliseconds: number
  p99Milliseconds: number
  rssMaxMiB: number
}

interface Answer {
  data?: { createToken?: { secret: string } }
  errors?: unknown
}

async function ask(url: string, token: string, query: string): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  })
  return (await response.json()) as Answer
}

const rssMiB = (pid: number): number =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024)

/** Asks at a steady rate, whether answers are there or not. */
async function behave(url: string, token: string, pid: number, forSeconds: number): Promise<Figures> {
  const times: number[] = []
  let failed = 0
  let rssMaxMiB = 0
  const running: Promise<void>[] = []
  const began = performance.now()
  for (let index = 0; index < forSeconds * perSecond; index++) {
    const due = began + (index * 1_000) / perSecond
    await pause(Math.max(0, due - performance.now()))
    running.push(
      ask(url, token, question).then(
        ({ errors }) => {
          times.push(performance.now() - due)
          if (errors) failed++
        },
        () => void failed++,
      ),
    )
    if (index % 10 === 0) rssMaxMiB = Math.max(rssMaxMiB, rssMiB(pid))
  }
  await Promise.all(running)
  times.sort((one, other) => one - other)
  const at = (share: number): number => Math.round(times[Math.floor(times.length * share)]! * 10) / 10
  return { requests: times.length, failed, p50Milliseconds: at(0.5), p99Milliseconds: at(0.99), rssMaxMiB }
}

async function attackWhile<T>(order: Order, work: () => Promise<T>): Promise<{ result: T; report: Report }> {
  const attacker = fork(join(import.meta.dirname, 'hostile', 'attacker.ts'))
  attacker.send(order)
  const result = await work()
  attacker.send('enough')
  const [report] = (await once(attacker, 'message')) as [Report]
  return { result, report }
}

async function makeToken(url: string, name: string, role: 'VIEWER' | 'OPERATOR'): Promise<string> {
  const { data, errors } = await ask(
    url,
    admin,
    `mutation { createToken(input: { name: "${name}", role: ${role} }) { secret } }`,
  )
  if (errors) throw new Error(JSON.stringify(errors))
  return data!.createToken!.secret
}

async function measure(url: string, pid: number) {
  const [good, bad] = [await makeToken(url, 'good', 'VIEWER'), await makeToken(url, 'bad', 'OPERATOR')]
  await behave(url, good, pid, 5)
  const before = await behave(url, good, pid, seconds / 2)
  const order = { url, token: bad, atOnce: Number(values['at-once']), most }
  const { result: beside, report } = await attackWhile(order, () => behave(url, good, pid, seconds))
  await pause(3_000)
  const after = await behave(url, good, pid, seconds / 4)
  const ratio = Math.round((beside.p99Milliseconds / before.p99Milliseconds) * 100) / 100
  return { hostile: report, before, beside, after, p99Ratio: ratio }
}

const folder = mkdtempSync(join(tmpdir(), 'plenum-hostile-'))
const postgres = await startPostgres({ folder, durable: false })
try {
  await postgres.ensureDatabase('hostile')
  const db = openDb({ url: postgres.url('hostile') })
  await migrate(db)
  await fillDatacenter(db, sizes.kakao)
  await db.destroy()
  const config = join(folder, 'plenum.yaml')
  writeFileSync(config, JSON.stringify({ limits, sample: false }))
  const server = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, '..', 'src', 'main.ts'), 'serve'],
    {
      env: {
        ...process.env,
        DATABASE_URL: postgres.url('hostile'),
        PORT: '0',
        PLENUM_CONFIG: config,
        PLENUM_ADMIN_TOKEN: admin,
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  try {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    let text = ''
    server.stdout.on('data', (chunk) => {
      text += String(chunk)
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0]
      if (url !== undefined) resolve(url)
    })
    server.once('exit', () => reject(new Error(text)))
    const figures = await measure(await promise, server.pid!)
    const result = {
      name: 'hostile',
      machine: `${cpus().length} x ${cpus()[0]!.model.trim()}, Node ${process.versions.node}`,
      graph: 'kakao',
      perSecond,
      ...figures,
    }
    process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
    const results = join(import.meta.dirname, 'results')
    mkdirSync(results, { recursive: true })
    writeFileSync(
      join(results, `hostile-${new Date().toISOString().slice(0, 10)}.json`),
      `${JSON.stringify(result, undefined, 2)}\n`,
    )
    const isWell =
      figures.p99Ratio <= 3 &&
      figures.beside.failed === 0 &&
      Object.keys(figures.hostile.strange).length === 0
    process.exitCode = isWell ? 0 : 1
  } finally {
    server.kill('SIGTERM')
    await once(server, 'exit')
  }
} finally {
  await postgres.close()
  rmSync(postgres.folder, { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
}
