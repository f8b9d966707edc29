/**
 * Plenum beside those whom people would take instead, on the same data in the same Postgres, with the same answers.
 *   npm run bench -- peers [--json FILE] [--only q1,q3] [--contender plenum,postgraphile] [--seconds 2] [--rounds 3]
 * Each contender is a process of its own; rounds are interleaved, and what is told is their median. See docs/benchmarks.md.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { Db } from '../src/db.ts'
import { startContender, type Contender } from './peers/contender.ts'
import { makeRelations } from './peers/data.ts'
import { installPeers } from './peers/install.ts'
import { hashAnswers, measureCost, measureLatency, median, type Cost } from './peers/measure.ts'
import { contenderNames, questionNames, type ContenderName, type QuestionName } from './peers/question.ts'
import { printTable, writeResults, type Results } from './peers/report.ts'
import { readSamples, type Samples } from './peers/sample.ts'
import { fill, withPostgres, type Filled } from './peers/site.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', default: questionNames.join() },
    contender: { type: 'string', default: contenderNames.join() },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
  },
})
const asked = choose(values.only, questionNames)
const named = choose(values.contender, contenderNames)
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)

function choose<T extends string>(list: string, all: readonly T[]): T[] {
  const unknown = list.split(',').filter((one) => !all.includes(one as T))
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}: one of ${all.join(', ')}`)
  return all.filter((one) => list.split(',').includes(one))
}

/** Before anything is measured: all give the same answer, and have answered often enough to be warm. */
async function checkEqual(
  db: Db,
  contenders: Contender[],
  question: QuestionName,
  samples: Samples,
): Promise<void> {
  const hashes = new Map<string, ContenderName[]>()
  for (const contender of contenders) {
    const hash = await hashAnswers(contender, question, samples)
    hashes.set(hash, [...(hashes.get(hash) ?? []), contender.name])
    await measureCost(db, contender, contender.requests(question), seconds / 2)
  }
  if (hashes.size > 1)
    throw new Error(
      `${question} is answered differently: ${JSON.stringify([...hashes].map(([hash, names]) => [hash.slice(0, 8), ...names]))}`,
    )
}

async function compare(
  db: Db,
  contenders: Contender[],
  question: QuestionName,
): Promise<Results[QuestionName]> {
  const costs = new Map(contenders.map((contender) => [contender, [] as Cost[]]))
  const requests = new Map(contenders.map((contender) => [contender, contender.requests(question)]))
  for (let round = 0; round < rounds; round++) {
    const turned = [
      ...contenders.slice(round % contenders.length),
      ...contenders.slice(0, round % contenders.length),
    ]
    for (const contender of turned)
      costs.get(contender)!.push(await measureCost(db, contender, requests.get(contender)!, seconds))
  }
  const row: NonNullable<Results[QuestionName]> = {}
  for (const contender of contenders) {
    const of = (key: keyof Cost) => median(costs.get(contender)!.map((cost) => cost[key]))
    const requestsPerSecond = of('requestsPerSecond')
    const latency = await measureLatency(
      contender,
      requests.get(contender)!,
      requestsPerSecond / 2,
      seconds * 1.5,
    )
    row[contender.name] = {
      requestsPerSecond,
      serverMs: of('serverMs'),
      postgresMs: of('postgresMs'),
      ...latency,
    }
  }
  return row
}

async function run({
  db,
  url,
  resources,
  links,
}: Filled): Promise<{ results: Results; about: Record<string, unknown> }> {
  const { folder, versions } = installPeers()
  await makeRelations(db)
  const samples = await readSamples(db)
  const { rows } = await db.raw<{ rows: { version: string; cost: string }[] }>(
    `select current_setting('server_version') as version, current_setting('random_page_cost') as cost`,
  )
  const contenders: Contender[] = []
  const results: Results = {}
  try {
    for (const name of named) contenders.push(await startContender({ name, db, url, folder, samples }))
    for (const question of asked) {
      await checkEqual(db, contenders, question, samples)
      results[question] = (await compare(db, contenders, question))!
      printTable({ [question]: results[question] })
    }
  } finally {
    for (const contender of contenders) await contender.close()
  }
  const about = {
    at: new Date().toISOString(),
    resources,
    links,
    seconds,
    rounds,
    postgres: rows[0],
    peers: versions,
    // figures of a machine that others use as well say less
    loadAverage: loadavg().map((value) => Number(value.toFixed(1))),
  }
  return { results, about }
}

await withPostgres(async (postgres) => {
  const filled = await fill(postgres)
  try {
    const { results, about } = await run(filled)
    if (values.json !== undefined) await writeResults(values.json, results, about)
  } finally {
    await filled.db.destroy()
  }
})
