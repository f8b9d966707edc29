/**
 * How long answers take while resources change, and whether any answer shows two versions of one resource.
 *   npm run bench -- change [--json FILE] [--changes 500] [--commits 10] [--rate 100] [--seconds 15]
 * Changes come from a process of its own through the same pipeline as a source's. A reader asks one machine by several ways, with a source of a millisecond between them.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { tellFigures } from './figure.ts'
import { toRequest } from './peers/client.ts'
import { adminToken, startContender, type Contender } from './peers/contender.ts'
import { measureCost, measureLatency, type Latency } from './peers/measure.ts'
import { readSamples } from './peers/sample.ts'
import { fill, withPostgres } from './peers/site.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    changes: { type: 'string', default: '500' },
    commits: { type: 'string', default: '10' },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '15' },
  },
})
const machines = 1_200
const [seconds, rate] = [Number(values.seconds), Number(values.rate)]

const said = `id name role osName labels { key value }`
const everyWay = `query Ways($id: ID!) {
  first: node(id: $id) { ... on VirtualMachine { ${said} load: attribute(path: "bench.load")
    host { virtualMachines { nodes { ${said} load: attribute(path: "bench.load") host { virtualMachines { nodes { ${said} } } } } } } } }
  last: node(id: $id) { ... on VirtualMachine { ${said} } }
}`

interface Machine {
  id: string
  role: string | null
  osName: string | null
  labels: { key: string; value: string }[]
}

/** Every mention of a machine in an answer. */
function* mentions(value: unknown): Generator<Machine> {
  if (typeof value !== 'object' || value === null) return
  if ('osName' in value) yield value as Machine
  for (const inner of Object.values(value)) yield* mentions(inner)
}

/** The machines of which an answer shows more than one version. */
function mixed(data: unknown): string[] {
  const versions = new Map<string, Set<string>>()
  for (const { id, role, osName, labels } of mentions(data)) {
    const label = labels.find(({ key }) => key === 'version')?.value ?? null
    const seen = versions.get(id) ?? new Set()
    versions.set(id, seen)
    for (const version of [role, osName, label]) seen.add(version ?? '')
  }
  return [...versions].filter(([, seen]) => seen.size > 1).map(([id]) => id)
}

interface Checked {
  answers: number
  mixed: number
  /** Different versions that it saw: that something flowed. */
  versions: number
}

async function check(plenum: Contender, ids: number[], signal: AbortSignal): Promise<Checked> {
  const connection = await plenum.connect()
  const found: Checked = { answers: 0, mixed: 0, versions: 0 }
  const versions = new Set<string>()
  while (!signal.aborted) {
    const id = String(ids[found.answers % ids.length])
    const request = toRequest(
      plenum.port,
      '/graphql',
      { query: everyWay, variables: { id } },
      { authorization: `Bearer ${adminToken}` },
    )
    const { data, errors } = JSON.parse((await connection.ask(request)).body.toString()) as {
      data: { last: Machine }
      errors?: unknown
    }
    if (errors !== undefined) throw new Error(JSON.stringify(errors))
    found.answers++
    found.mixed += mixed(data).length
    versions.add(`${id} ${data.last.role}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  connection.close()
  return { ...found, versions: versions.size }
}

interface Flow {
  changed: number
  commits: number
  seconds: number
}

await withPostgres(async (postgres) => {
  const filled = await fill(postgres, 1, machines)
  const samples = await readSamples(filled.db)
  const plenum = await startContender({ name: 'plenum', folder: '', samples, ...filled })
  try {
    // points and lists in turn
    const [points, lists] = [plenum.requests('q1'), plenum.requests('q2')]
    const requests = points.flatMap((point, index) => [point, lists[index]!])
    await measureCost(filled.db, plenum, requests, 3)
    const quiet = await underWatch(() => measureLatency(plenum, requests, rate, seconds))
    let flow: Flow = { changed: 0, commits: 0, seconds: 1 }
    const perCommit = Math.round(Number(values.changes) / Number(values.commits))
    const writer = fork(join(import.meta.dirname, 'peers', 'writer.ts'), [
      filled.url,
      String(perCommit),
      values.commits,
      String(machines),
    ])
    await once(writer, 'message')
    writer.on('message', (message: Flow) => (flow = message))
    const busy = await underWatch(() => measureLatency(plenum, requests, rate, seconds))
    writer.disconnect()
    await once(writer, 'exit')
    await tellFigures(
      'change',
      {
        changedPerSecond: flow.changed / flow.seconds,
        commitsPerSecond: flow.commits / flow.seconds,
        requestsPerSecond: rate,
        quietP50Milliseconds: quiet.p50Ms,
        quietP99Milliseconds: quiet.p99Ms,
        busyP50Milliseconds: busy.p50Ms,
        busyP99Milliseconds: busy.p99Ms,
        p99Ratio: busy.p99Ms / quiet.p99Ms,
        checkedAnswers: busy.answers,
        checkedVersions: busy.versions,
        mixedAnswers: busy.mixed,
      },
      values.json,
    )
  } finally {
    await plenum.close()
    await filled.db.destroy()
  }

  /** The reader reads all the while, so that only the changes differ. */
  async function underWatch(work: () => Promise<Latency>): Promise<Latency & Checked> {
    const stop = new AbortController()
    const checked = check(plenum, samples.mutable, stop.signal)
    const latency = await work()
    stop.abort()
    return { ...latency, ...(await checked) }
  }
})
