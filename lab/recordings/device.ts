/** A recording, asked over the network as the device was: what the shipped modules make of it, and which OID each reading was made of. */
import type { Observation } from '../../src/resource/resource.ts'
import { toObservations } from '../../src/source/snmp/map.ts'
import { evaluate, hasValue, type Tables } from '../../src/source/snmp/module/evaluate.ts'
import { chooseModules, readIdentity, readTables, type Module } from '../../src/source/snmp/module/index.ts'
import type { Row } from '../../src/source/snmp/module/row.ts'
import type { ModuleMeasure } from '../../src/source/snmp/module/schema.ts'
import type { SnmpClient } from '../../src/source/snmp/protocol/index.ts'
import { channelOf, readerOf } from '../../src/source/snmp/reader.ts'
import { Readings, type MappedReading } from '../../src/source/snmp/reading.ts'
import type { Mib, Responder } from '../../src/source/snmp/responder/index.ts'

export interface RecordedDevice {
  name: string
  observations: Observation[]
  readings: MappedReading[]
  /** Readings by the OID of a value that they were made of. */
  readingsOf: ReadonlyMap<string, { metric: string; value: number }[]>
  failures: string[]
}

export async function readDevice(
  name: string,
  mib: Mib,
  client: SnmpClient,
  responder: Responder,
  modules: readonly Module[],
): Promise<RecordedDevice> {
  const { port } = await responder.add({ mib })
  const target = client.target({ address: '127.0.0.1', port, community: 'public' })
  const reader = readerOf(channelOf(client, target))
  const chosen = chooseModules(modules, await readIdentity(reader))
  const { tables, failures } = await readTables(reader, chosen)
  const mapped = toObservations(chosen, tables, { source: 'snmp', key: 'device', name })
  return {
    name,
    ...mapped,
    readingsOf: traceReadings(chosen, tables),
    failures: failures.map(({ table, error }) => `${table}: ${error.message}`),
  }
}

/** Evaluates every measure again, with rows that tell which of their cells are looked at. */
function traceReadings(
  modules: readonly Module[],
  tables: Tables,
): Map<string, { metric: string; value: number }[]> {
  const touched = new Set<string>()
  for (const table of tables.values()) for (const row of table.rows.values()) spy(row, touched)
  const found = new Map<string, { metric: string; value: number }[]>()
  const trace = (measure: ModuleMeasure, row: Row): void => {
    const readings = new Readings()
    touched.clear()
    // Among tables of their own, because what was made among others is remembered.
    readings.take('', measure, row, new Map(tables))
    const [reading] = readings.all()
    if (reading === undefined) return
    for (const oid of touched) {
      const { metric, value } = reading
      found.set(oid, [...(found.get(oid) ?? []), { metric, value }])
    }
  }
  for (const { metrics, resources } of modules) {
    for (const resource of resources)
      for (const row of tables.get(resource.each)?.rows.values() ?? []) {
        if (resource.where !== undefined && !hasValue(evaluate(resource.where, row, tables))) continue
        for (const measure of resource.metrics) trace(measure, row)
      }
    for (const metric of metrics)
      for (const row of tables.get(metric.each)?.rows.values() ?? []) trace(metric, row)
  }
  return found
}

function spy(row: Row, touched: Set<string>): void {
  const { cells, definition, index } = row
  const get = (_target: unknown, name: string): unknown => {
    const column = definition.columns[name]
    const oid = typeof column === 'object' ? column.oid : column
    if (oid !== undefined)
      touched.add(`${typeof oid === 'number' ? `${definition.at}.${oid}` : oid}.${index}`)
    return cells[name]
  }
  Object.defineProperty(row, 'cells', { value: new Proxy(cells, { get }) })
}
