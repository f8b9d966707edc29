/** Answers as Prometheus gives them, on the same samples: 200 generated queries, at an instant and over a range. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { Chance } from '../../support/chance.ts'
import { hasPrometheus, startPrometheus, type Prometheus } from '../../support/prometheus.ts'
import { vectorQuery } from '../../support/promql.ts'
import { fill, seen, type Filled } from './data.ts'

/** Always the same: where values are rounded, two right answers may differ in the last bit and then by a whole. */
const seed = Number(process.env['PLENUM_SEED'] ?? 7)
const queries = Number(process.env['PLENUM_QUERIES'] ?? 200)
let app: TestApp
let oracle: Prometheus
let filled: Filled

interface Asked {
  status: string
  errorType?: string
  error?: string
  data?: { resultType: string; result: Series[] }
}
interface Series {
  metric: Record<string, string>
  value?: [number, string]
  values?: [number, string][]
}

describe.skipIf(!hasPrometheus)('beside Prometheus', () => {
  beforeAll(async () => {
    app = await startTestApp({ env: { TEST_LOG: process.env['TEST_LOG'] ?? 'silent' } })
    filled = await fill(app, seed)
    const labels = new Map((await seen(app)).map((one) => [`${one['id']} ${one['__name__']}`, one]))
    const names: Record<string, string> = {
      'hw.power': 'hw_power_watts',
      'system.cpu.utilization': 'system_cpu_utilization_ratio',
      'hw.network.io': 'hw_network_io_bytes_total',
    }
    const all = Map.groupBy(filled.samples, ({ resourceId, metric }) => `${resourceId} ${names[metric]}`)
    expect([...labels.keys()].sort()).toEqual([...all.keys()].sort())
    oracle = await startPrometheus(
      [...all].map(([name, samples]) => ({ labels: labels.get(name)!, samples })),
    )
  })
  afterAll(async () => {
    await oracle?.close()
    await app?.close()
  })

  const ours = (path: string, parameters: Record<string, string>) =>
    ask(`${app.url}/api/v1${path}`, parameters, app.token)
  const theirs = (path: string, parameters: Record<string, string>) =>
    ask(`${oracle.url}/api/v1${path}`, parameters)

  test(`${queries} queries (PLENUM_SEED=${seed})`, async () => {
    const chance = new Chance(seed)
    let answered = 0
    for (let round = 0; round < queries; round++) {
      const query = vectorQuery(chance)
      // Subqueries step at whole seconds, samples are at odd milliseconds: nothing is at the very edge of a window.
      const seconds = Math.floor(filled.from / 1_000) + 1_800 + chance.below(7_000)
      const time = `${seconds}.500`
      const instant = { query, time }
      const range = {
        query,
        start: time,
        end: `${seconds + 600}.500`,
        step: chance.pick(['17', '60', '2m']),
      }
      for (const [path, parameters] of [
        ['/query', instant],
        ['/query_range', range],
      ] as const) {
        const [mine, other] = await Promise.all([ours(path, parameters), theirs(path, parameters)])
        compare(mine, other, `${path} ${JSON.stringify(parameters)}`)
        if ((other.data?.result.length ?? 0) > 0) answered++
      }
    }
    // Most find something: the comparison is of answers, not of empty lists.
    expect(answered).toBeGreaterThan(queries)
  })
})

async function ask(url: string, parameters: Record<string, string>, token?: string): Promise<Asked> {
  const response = await fetch(url, {
    method: 'POST',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: new URLSearchParams(parameters),
  })
  return (await response.json()) as Asked
}

function compare(mine: Asked, other: Asked, about: string): void {
  if (other.status === 'error')
    return expect(mine, `${about}: ${other.error}`).toMatchObject({ status: 'error' })
  expect(mine, `${about}: ${mine.error}`).toMatchObject({
    status: 'success',
    data: { resultType: other.data!.resultType },
  })
  const [a, b] = [mine, other].map(
    ({ data }) =>
      new Map(data!.result.map((one) => [JSON.stringify(Object.entries(one.metric).sort()), one])),
  )
  expect([...a!.keys()].sort(), about).toEqual([...b!.keys()].sort())
  for (const [name, one] of b!)
    near(
      points(a!.get(name)!),
      points(one),
      `${about} ${name}`,
      /std|deriv|predict|timestamp/.test(about) ? 1e-5 : 1e-9,
    )
}

const points = ({ value, values }: Series): [number, string][] => values ?? [value!]

function near(mine: [number, string][], other: [number, string][], about: string, share: number): void {
  expect(mine.map(([time]) => time).join(), about).toEqual(other.map(([time]) => time).join())
  for (const [index, [, text]] of other.entries()) {
    const [a, b] = [toNumber(mine[index]![1]), toNumber(text)]
    if (Object.is(a, b) || a === b) continue
    expect(Math.abs(a - b), `${about}: ${a} where Prometheus has ${b}`).toBeLessThanOrEqual(
      share * Math.max(Math.abs(a), Math.abs(b), 1e-6),
    )
  }
}

const toNumber = (text: string): number =>
  text.endsWith('Inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text)
