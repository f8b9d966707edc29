/** Others on the same agents, where they are installed: Debian's snmpbulkget, and snmp_exporter. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Target } from '../../src/source/snmp/protocol/index.ts'
import { base, columnNumbers, indexes, rows } from './agents.ts'
import { costOf, type Cost } from './cost.ts'

const run = promisify(execFile)
const isInstalled = (program: string): boolean => {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`]).length > 0
  } catch {
    return false
  }
}

/** One process a poll, as a script would do it; without MIB files, its answers thrown away. Null: not installed. */
export async function pollSnmpBulkGet(targets: readonly Target[], polls: number): Promise<Cost | null> {
  if (!isInstalled('snmpbulkget')) return null
  const oids = columnNumbers.map((column) => `${base}.${column}`).join(' ')
  const lines = Array.from({ length: polls }, (_, i) => {
    const { address, port } = targets[i % targets.length] as Target
    return `snmpbulkget -v2c -c public -m '' -On -Cn0 -Cr${rows} ${address}:${port} ${oids} >/dev/null`
  })
  const wall = performance.now()
  // `times` tells what the shell's children used.
  const { stdout } = await run('bash', ['-c', `${lines.join('\n')}\ntimes`], { maxBuffer: 1 << 26 })
  const seconds = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s))
  const [, , user = 0, system = 0] = seconds
  return { polls, cpuSeconds: user + system, wallSeconds: (performance.now() - wall) / 1_000 }
}

const exporter = 'prometheus-snmp-exporter'

/** Scraped over HTTP as Prometheus would; CPU of the exporter alone. Null: not installed. */
export async function pollExporter(
  targets: readonly Target[],
  polls: number,
  module: 'counters' | 'switch',
): Promise<Cost | null> {
  if (!isInstalled(exporter)) return null
  const folder = await mkdtemp(join(tmpdir(), 'exporter-'))
  const file = join(folder, 'snmp.yml')
  await writeFile(file, JSON.stringify({ counters: counterModule(), switch: switchModule() }))
  const port = await freePort()
  const child = spawn(exporter, [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: 'ignore',
  })
  try {
    await untilUp(port)
    const url = (i: number): string => {
      const target = targets[i % targets.length] as Target
      return `http://127.0.0.1:${port}/snmp?module=${module}&target=${target.address}:${target.port}`
    }
    const scrape = async (i: number): Promise<void> => {
      const text = await (await fetch(url(i))).text()
      const found = text.match(/^bench\d+\{/gm)?.length ?? 0
      const wanted = columnNumbers.length * (module === 'switch' ? indexes.length : rows)
      if (found !== wanted) throw new Error(`snmp_exporter told ${found} of ${wanted} values`)
    }
    for (let i = 0; i < 20; i++) await scrape(i)
    const start = (i: number, done: () => void): void => void scrape(i).then(done, fail)
    return await costOf(polls, start, () => cpuSecondsOf(child), 16)
  } finally {
    child.kill()
    await rm(folder, { recursive: true })
  }
}

const fail = (error: unknown): never => {
  throw error
}

const metricOf = (column: number) => ({
  name: `bench${column}`,
  oid: `${base}.${column}`,
  type: 'counter',
  help: 'a counter',
  indexes: [{ labelname: 'ifIndex', type: 'gauge' }],
})

/** The same 64 counters, by GET, because it knows no GETBULK without a walk. */
const counterModule = () => ({
  get: columnNumbers.flatMap((column) => indexes.slice(0, rows).map((index) => `${base}.${column}.${index}`)),
  metrics: columnNumbers.map(metricOf),
  version: 2,
  auth: { community: 'public' },
})

const switchModule = () => ({
  walk: columnNumbers.map((column) => `${base}.${column}`),
  metrics: columnNumbers.map(metricOf),
  version: 2,
  max_repetitions: 48,
  auth: { community: 'public' },
})

/** Fields 14 and 15 of stat are ticks of a hundredth of a second. */
function cpuSecondsOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function untilUp(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (up) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('snmp_exporter does not start')
}
