/** Modules: what is read of a device and what it means, as data. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { invalidInput } from '../../../errors.ts'
import type { MetricDefinition } from '../../source.ts'
import { parseModule } from './load.ts'
import { definitionOf } from './metric.ts'
import type { Module } from './schema.ts'

export { parseModule } from './load.ts'
export { definitionOf, knownMetrics, type KnownMetric, type Rate } from './metric.ts'
export { chooseModules, readIdentity, readTables, type DeviceIdentity, type DeviceTables } from './read.ts'
export { refreshTables } from './refresh.ts'
export type { Tables } from './evaluate.ts'
export type { Module } from './schema.ts'

const shipped = join(import.meta.dirname, 'shipped')
/** Vendors' own words count before what the standard tables say, and those before nothing. */
const last = [
  'linux',
  'windows',
  'system',
  'interface',
  'lag',
  'address',
  'entity',
  'bgp',
  'arp',
  'bridge',
  'mac-table',
  'ups',
  'lm-sensors',
  'lldp',
  'lldp-v2',
  'cdp',
  'host-resources',
  'ucd',
]

/**
 * The shipped modules and those of the user's folder, which replace shipped ones of the same name. Throws INVALID_INPUT with file, line
 * and reason at the first bad one.
 */
export async function loadModules(folder?: string): Promise<Module[]> {
  const own = folder === undefined ? [] : await loadFolder(folder)
  const names = new Set(own.map(({ module }) => module.module))
  const files = [...own, ...(await loadFolder(shipped)).filter(({ module }) => !names.has(module.module))]
  const tables = new Set(files.flatMap(({ module }) => Object.keys(module.tables)))
  // A user's module may take a table away that a shipped one looks into: that look-up then finds nothing.
  for (const file of folder === undefined ? files : own) refuseUnknownTables(file, tables)
  refuseOtherTables(files)
  return files.map(({ module }) => module).toSorted((a, b) => last.indexOf(a.module) - last.indexOf(b.module))
}

interface ModuleFile {
  file: string
  text: string
  module: Module
}

async function loadFolder(folder: string): Promise<ModuleFile[]> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw invalidInput(`${folder}: the folder of modules cannot be read: ${error.code ?? error.message}`)
  })
  const names = found.filter((file) => /\.ya?ml$/.test(file)).toSorted()
  const files = await Promise.all(
    names.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8')
      return { file, text, module: parseModule(text, file) }
    }),
  )
  const seen = new Set<string>()
  for (const { file, module } of files) {
    if (seen.has(module.module)) throw invalidInput(`${file}:1: module ${module.module} is there twice`, file)
    seen.add(module.module)
  }
  return files
}

/** A look-up may go to another module's table, but to some module's. */
function refuseUnknownTables({ file, text }: ModuleFile, tables: ReadonlySet<string>): void {
  for (const [at, line] of text.split('\n').entries())
    for (const [, table = ''] of line.matchAll(/\b(?:lookup|count): *([a-zA-Z][a-zA-Z0-9]*)/g))
      if (!tables.has(table)) throw invalidInput(`${file}:${at + 1}: no module has a table ${table}`, file)
}

/** Modules may have a table of the same name, for each by itself, if it is the same table: it is read once. */
function refuseOtherTables(files: readonly ModuleFile[]): void {
  const owners = new Map<string, ModuleFile>()
  // The user's come first, so the blame is put on theirs: shipped ones agree with each other.
  for (const file of files.toReversed())
    for (const [name, table] of Object.entries(file.module.tables)) {
      const owner = owners.get(name)
      if (owner !== undefined && !isDeepStrictEqual(owner.module.tables[name], table))
        throw invalidInput(
          `${file.file}:${lineOfTable(file.text, name)}: tables.${name}: module ${owner.module.module} has another table of this name`,
          file.file,
        )
      owners.set(name, file)
    }
}

const lineOfTable = (text: string, name: string): number =>
  text.split('\n').findIndex((line) => new RegExp(`^\\s+${name}:`).test(line)) + 1

/** What these modules measure: for the driver's list, and for people. */
export function metricsOf(modules: readonly Module[]): MetricDefinition[] {
  const found = new Map<string, MetricDefinition>()
  for (const { metrics, resources } of modules)
    for (const measure of [...metrics, ...resources.flatMap((resource) => resource.metrics)])
      for (const name of typeof measure.name === 'string'
        ? [measure.name]
        : Object.values(measure.name.enum)) {
        const { rate, ...definition } = definitionOf(name, measure)
        found.set(name, definition)
        if (rate !== undefined)
          found.set(rate.name, {
            name: rate.name,
            unit: rate.unit,
            type: 'gauge',
            help: `${definition.help} A second.`,
          })
      }
  return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
