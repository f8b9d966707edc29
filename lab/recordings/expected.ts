/** What another tool found on the recorded devices: `../shared/data/snmprec/*.json`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { Mib, parseRecording } from '../../src/source/snmp/responder/index.ts'

const folder = new URL('../../../shared/data/snmprec/', import.meta.url)
export const hasRecordings = existsSync(folder)

export const recordingNames = hasRecordings
  ? readdirSync(folder)
      .filter((file) => file.endsWith('.snmprec'))
      .map((file) => file.slice(0, -'.snmprec'.length))
      .toSorted()
  : []

export const readRecording = (name: string): Mib =>
  new Mib(parseRecording(readFileSync(new URL(`${name}.snmprec`, folder))).values)

export type ExpectedRow = Record<string, string | number | boolean | null>
type Phases = Record<string, Record<string, ExpectedRow[]> | string>

export interface Expected {
  /** Rows of a table as its discovery found them, with what polling added laid over. */
  rows(part: string, table: string): ExpectedRow[]
}

export function readExpected(name: string): Expected {
  const parts = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Record<string, Phases>
  return {
    rows(part, table) {
      const phases = parts[part] ?? {}
      for (const phase of ['poller', 'discovery']) {
        const tables = phases[phase]
        if (typeof tables === 'object' && (tables[table]?.length ?? 0) > 0) return tables[table] ?? []
      }
      return []
    },
  }
}
