/** Modules: what is read of a device and what it means, as data. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { invalidInput } from '../../../errors.ts'
import { parseModule } from './load.ts'
import type { Module } from './schema.ts'

export { parseModule } from './load.ts'
export { chooseModules, readIdentity, readTables, type DeviceIdentity, type DeviceTables } from './read.ts'
export type { Tables } from './evaluate.ts'
export type { Module } from './schema.ts'

const shipped = join(import.meta.dirname, 'shipped')
/** Vendors' own words count before what the standard tables say, and those before nothing. */
const last = [
  'system',
  'interface',
  'lag',
  'address',
  'entity',
  'bgp',
  'bridge',
  'lldp',
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
  return files.map(({ module }) => module).toSorted((a, b) => last.indexOf(a.module) - last.indexOf(b.module))
}

interface ModuleFile {
  file: string
  text: string
  module: Module
}

async function loadFolder(folder: string): Promise<ModuleFile[]> {
  const names = (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file)).toSorted()
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
    for (const [, table = ''] of line.matchAll(/\blookup: *([a-zA-Z0-9]+)/g))
      if (!tables.has(table)) throw invalidInput(`${file}:${at + 1}: no module has a table ${table}`, file)
}
