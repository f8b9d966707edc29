/** The recordings of real devices, where they are; tests that need them skip with a line otherwise. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { Mib, parseRecording, type RecordedValue } from '../../../src/source/snmp/responder/index.ts'

const folder = new URL('../../../../shared/data/snmprec/', import.meta.url)
export const hasRecordings = existsSync(folder)
if (!hasRecordings) console.warn('skipped: no recordings at ../shared/data/snmprec')

export const recordingNames = hasRecordings
  ? readdirSync(folder)
      .filter((file) => file.endsWith('.snmprec'))
      .map((file) => file.slice(0, -'.snmprec'.length))
  : []

export const recordingFile = (name: string): URL => new URL(`${name}.snmprec`, folder)

export const readRecording = (name: string): Mib =>
  new Mib(parseRecording(readFileSync(recordingFile(name))).values)

export const readExpected = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'))

/** A Mib from lines of a recording. */
export function mibOf(...lines: string[]): Mib {
  const { values, problems } = parseRecording(Buffer.from(lines.join('\n')))
  if (problems.length > 0) throw new Error(JSON.stringify(problems))
  return new Mib(values)
}

/** A table of `columns` × `rows` 64-bit counters under 1.3.6.1.2.1.31.1.1.1. */
export function counterTable(columns: number, rows: number): Mib {
  const values: RecordedValue[] = []
  for (let column = 1; column <= columns; column++)
    for (let row = 1; row <= rows; row++)
      values.push(
        ...parseRecording(
          Buffer.from(`1.3.6.1.2.1.31.1.1.1.${column}.${row}|70|${4_294_967_296 * column + row}`),
        ).values,
      )
  return new Mib(values)
}
