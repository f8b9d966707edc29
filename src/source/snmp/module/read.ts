import { encodeOid, isException, SnmpError, type Cell } from '../protocol/index.ts'
import type { SnmpReader } from '../reader.ts'
import { toText } from './decode.ts'
import type { Tables } from './evaluate.ts'
import { columnsOf, Table, type RawRows } from './row.ts'
import type { Condition, Module, ModuleTable } from './schema.ts'

export interface DeviceIdentity {
  objectId: string
  description: string
}

/** sysObjectID and sysDescr, by which modules are chosen. */
export async function readIdentity(reader: SnmpReader, signal?: AbortSignal): Promise<DeviceIdentity> {
  const oids = ['1.3.6.1.2.1.1.2.0', '1.3.6.1.2.1.1.1.0'].map((oid) => encodeOid(oid))
  const [objectId = null, description = null] = await reader.get(oids, signal)
  return {
    objectId: typeof objectId === 'string' ? objectId : '',
    description: description === null ? '' : toText(description),
  }
}

/** The modules that are for this device, in their order. */
export const chooseModules = (modules: readonly Module[], device: DeviceIdentity): Module[] =>
  modules.filter(
    ({ when, unless }) =>
      (when === undefined || isMet(when, device)) && (unless === undefined || !isMet(unless, device)),
  )

function isMet({ objectId = [], description }: Condition, device: DeviceIdentity): boolean {
  const isUnder = (prefix: string) => `${device.objectId}.`.startsWith(`${prefix.replace(/^\./, '')}.`)
  return (
    objectId.some(isUnder) || (description !== undefined && new RegExp(description).test(device.description))
  )
}

export interface DeviceTables {
  tables: Tables
  /** Tables that the agent refused or answered wrongly, which are left out, or that were too long, which are cut; the others stand. */
  failures: { table: string; error: SnmpError }[]
}

/**
 * Reads every table of the modules, one after the other: a device is asked for one thing at a time. Rejects with SnmpError when the
 * device does not answer.
 */
export async function readTables(
  reader: SnmpReader,
  modules: readonly Module[],
  signal?: AbortSignal,
): Promise<DeviceTables> {
  const tables = new Map<string, Table>()
  const failures: DeviceTables['failures'] = []
  for (const module of modules)
    for (const [table, definition] of Object.entries(module.tables)) {
      // Modules may share a table: loading has seen to it that they mean the same.
      if (tables.has(table)) continue
      const { raw, error } = await readRows(reader, definition, signal)
      if (error !== null) failures.push({ table, error })
      if (raw !== null) tables.set(table, new Table(module, definition, raw))
    }
  return { tables, failures }
}

interface ReadRows {
  /** Null: nothing that can be used. */
  raw: RawRows | null
  error: SnmpError | null
}

/** Of a table that is too long its first rows are used; of one that was refused or answered wrongly nothing is. */
export async function readRows(
  reader: SnmpReader,
  table: ModuleTable,
  signal?: AbortSignal,
  expectedRows = 0,
): Promise<ReadRows> {
  const columns = columnsOf(table)
  const raw: RawRows = new Map()
  const take = (column: number, cell: Cell): void => {
    if (isException(cell.type)) return
    const index = cell.index()
    let row = raw.get(index)
    if (row === undefined) {
      if (raw.size >= table.maxRows) throw new TooManyRows(table.maxRows)
      raw.set(index, (row = {}))
    }
    row[columns[column]?.name as string] = cell.value()
  }
  try {
    await reader.walk(
      columns.map(({ oid }) => oid),
      take,
      signal,
      expectedRows,
    )
  } catch (error) {
    if (!(error instanceof SnmpError)) throw error
    const { failure, cause } = error
    if (failure === 'consumer' && cause instanceof TooManyRows)
      return { raw, error: new SnmpError('bad', cause.message) }
    if (failure !== 'refused' && failure !== 'bad') throw error
    return { raw: null, error }
  }
  return { raw, error: null }
}

class TooManyRows extends Error {
  constructor(maxRows: number) {
    super(`more than ${maxRows} rows: the rest is left unread`)
  }
}
