/**
 * What the same question costs in a datacenter seventeen times as large, when its answer is as large as before: a million resources beside a Kakao-sized one.
 *   npm run bench -- size [--json FILE] [--factor 17] [--only q1,q5] [--seconds 2] [--rounds 3]
 */
import { parseArgs } from 'node:util'
import { tellFigures, type Figures } from './figure.ts'
import { startContender, type Contender } from './peers/contender.ts'
import { measureCost, median } from './peers/measure.ts'
import { questionNames, type QuestionName } from './peers/question.ts'
import { readSamples } from './peers/sample.ts'
import { fill, withPostgres, type Filled } from './peers/site.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    factor: { type: 'string', default: '17' },
    only: { type: 'string', default: 'q1,q2,q3,q4,q5' },
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
  },
})
const asked = questionNames.filter((name) => values.only.split(',').includes(name))
const seconds = Number(values.seconds)

interface Side {
  filled: Filled
  plenum: Contender
}

async function compare(sides: readonly [Side, Side], question: QuestionName): Promise<Figures> {
  const requests = sides.map(({ plenum }) => plenum.requests(question))
  const costs: [number[], number[]] = [[], []]
  const sizes = await Promise.all(sides.map(({ plenum }, index) => answerBytes(plenum, requests[index]!)))
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const [index, { filled, plenum }] of sides.entries()) {
      const { serverMs, postgresMs } = await measureCost(filled.db, plenum, requests[index]!, seconds)
      // the first only warms up
      if (round >= 0) costs[index as 0 | 1].push(serverMs + postgresMs)
    }
  }
  const [small, large] = costs.map(median) as [number, number]
  return {
    [`${question}CpuRatioSize`]: large / small,
    [`${question}CpuMillisecondsSmall`]: small,
    [`${question}CpuMillisecondsLarge`]: large,
    [`${question}AnswerRatioSize`]: sizes[1]! / sizes[0]!,
  }
}

/** The mean of all answers. */
async function answerBytes(plenum: Contender, requests: Buffer[]): Promise<number> {
  const connection = await plenum.connect()
  let bytes = 0
  for (const request of requests) bytes += (await connection.ask(request)).body.length
  connection.close()
  return bytes / requests.length
}

await withPostgres(async (postgres) => {
  const sides: Side[] = []
  let figures: Figures = {}
  try {
    for (const factor of [1, Number(values.factor)]) {
      const filled = await fill(postgres, factor)
      const samples = await readSamples(filled.db)
      const plenum = await startContender({ name: 'plenum', folder: '', samples, ...filled })
      sides.push({ filled, plenum })
    }
    for (const question of asked)
      figures = { ...figures, ...(await compare(sides as unknown as [Side, Side], question)) }
    figures = {
      resourcesSmall: sides[0]!.filled.resources,
      resourcesLarge: sides[1]!.filled.resources,
      ...figures,
    }
  } finally {
    for (const { filled, plenum } of sides) {
      await plenum.close()
      await filled.db.destroy()
    }
  }
  await tellFigures('size', figures, values.json)
})
