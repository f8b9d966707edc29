/** Modules: what is read of a device and what it means, as data. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { invalidInput } from '../../../errors.ts'
import { parseModule } from './load.ts'
import type { Module } from './schema.ts'

export { parseModule } from './load.ts'
export { chooseModules, readIdentity, readTables, type DeviceIdentity } from './read.ts'
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
  const names = new Set(own.map(({ module }) => module))
  const modules = [...own, ...(await loadFolder(shipped)).filter(({ module }) => !names.has(module))]
  return modules.toSorted((a, b) => last.indexOf(a.module) - last.indexOf(b.module))
}

async function loadFolder(folder: string): Promise<Module[]> {
  const files = (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file)).toSorted()
  const modules = await Promise.all(
    files.map(async (file) => parseModule(await readFile(join(folder, file), 'utf8'), file)),
  )
  const seen = new Set<string>()
  modules.forEach(({ module }, i) => {
    if (seen.has(module)) throw invalidInput(`${files[i]}:1: module ${module} is there twice`, files[i])
    seen.add(module)
  })
  return modules
}
