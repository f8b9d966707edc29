/** The table, and the figures under the names that others rely on. */
import { writeFile } from 'node:fs/promises'
import { machine, type Figures } from '../figure.ts'
import type { Cost, Latency } from './measure.ts'
import { contenderNames, questions, type ContenderName, type QuestionName } from './question.ts'

export type Results = Partial<Record<QuestionName, Partial<Record<ContenderName, Cost & Partial<Latency>>>>>

const pascal = (name: ContenderName): string =>
  name.replace(/(^|-)(.)/g, (_, __, letter: string) => letter.toUpperCase())
const total = (cost: Cost): number => cost.serverMs + cost.postgresMs

/** Theirs / ours for all processor time, and for the server process alone; then what was measured of each. */
export function toFigures(results: Results): Figures {
  const figures: Figures = {}
  for (const [question, row] of Object.entries(results)) {
    const ours = row.plenum
    for (const name of contenderNames) {
      const cost = row[name]
      if (!cost) continue
      const key = `${question}`
      if (ours && name !== 'plenum') {
        figures[`${key}CpuRatio${pascal(name)}`] = total(cost) / total(ours)
        figures[`${key}ServerCpuRatio${pascal(name)}`] = cost.serverMs / ours.serverMs
      }
      figures[`${key}ServerCpuMilliseconds${pascal(name)}`] = cost.serverMs
      figures[`${key}PostgresCpuMilliseconds${pascal(name)}`] = cost.postgresMs
      figures[`${key}RequestsPerSecond${pascal(name)}`] = cost.requestsPerSecond
      if (cost.p50Ms !== undefined) figures[`${key}P50Milliseconds${pascal(name)}`] = cost.p50Ms
      if (cost.p99Ms !== undefined) figures[`${key}P99Milliseconds${pascal(name)}`] = cost.p99Ms
    }
  }
  return figures
}

const short = (value: number | undefined, digits = 3): string =>
  value === undefined ? '' : value >= 1_000 ? value.toFixed(0) : value.toPrecision(digits)

export function printTable(results: Results): void {
  for (const [question, row] of Object.entries(results)) {
    console.log(`\n${question.toUpperCase()}: ${questions[question as QuestionName].title}`)
    console.table(
      Object.fromEntries(
        Object.entries(row).map(([name, cost]) => [
          name,
          {
            'server ms': short(cost.serverMs),
            'postgres ms': short(cost.postgresMs),
            'CPU ms/request': short(total(cost)),
            'times ours': row.plenum ? short(total(cost) / total(row.plenum)) : '',
            'requests/s': short(cost.requestsPerSecond),
            'p50 ms': short(cost.p50Ms),
            'p99 ms': short(cost.p99Ms),
          },
        ]),
      ),
    )
  }
}

export async function writeResults(
  file: string,
  results: Results,
  about: Record<string, unknown>,
): Promise<void> {
  const figures = Object.fromEntries(
    Object.entries(toFigures(results)).map(([key, value]) => [key, Number(value.toPrecision(4))]),
  )
  await writeFile(
    file,
    `${JSON.stringify({ name: 'peers', machine: machine(), ...about, figures }, null, 2)}\n`,
  )
}
