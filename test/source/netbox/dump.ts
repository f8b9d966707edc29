/** The public NetBox demo dump, where it is there, and small dumps made by hand. */
import { existsSync, readFileSync } from 'node:fs'
import { parseDump } from '../../../src/source/netbox/client.ts'
import { mapDump, type MapOptions } from '../../../src/source/netbox/map.ts'

export const demoPath = '../shared/data/netbox-demo/netbox-demo-v3.6.json'
export const hasDemo = existsSync(demoPath)
if (!hasDemo) console.warn(`skipped: the NetBox demo dump is not at ${demoPath}`)

export interface FixtureRow {
  model: string
  pk: number
  fields: Record<string, unknown>
}

export const demoRows = (): FixtureRow[] => JSON.parse(readFileSync(demoPath, 'utf8')) as FixtureRow[]

export function mapRows(rows: readonly FixtureRow[], options: Partial<MapOptions> = {}) {
  return mapDump(parseDump(JSON.stringify(rows)), { source: 'netbox', ...options })
}

/** Rows by short notation: `['dcim.device', 7, { name: 'a' }]`. */
export const fixture = (...rows: [string, number, Record<string, unknown>][]): FixtureRow[] =>
  rows.map(([model, pk, fields]) => ({ model, pk, fields }))
