/** Blueprints: the shipped ones and those of a folder, each a YAML file; a bad one is refused with file, line and reason. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LineCounter, parseDocument, type Document } from 'yaml'
import { invalidInput } from '../../errors.ts'
import { isNamedClass } from '../class.ts'
import { blueprintShape, type Blueprint } from './schema.ts'
import { isBroken, placesOf, textsOf } from './template.ts'

export { toParameters, parametersSchema } from './parameter.ts'
export { fill, fillAll, fillValue, type Values } from './template.ts'
export type { Blueprint } from './schema.ts'

type Path = readonly PropertyKey[]

/** By name, sorted; the folder's replace shipped ones of the same name. */
export async function loadBlueprints(folder?: string): Promise<ReadonlyMap<string, Blueprint>> {
  const shipped = await loadFolder(join(import.meta.dirname, 'shipped'))
  const own = folder === undefined ? [] : await loadFolder(folder)
  const all = new Map([...shipped, ...own].map((one) => [one.blueprint, one]))
  return new Map([...all].sort(([one], [other]) => (one < other ? -1 : 1)))
}

async function loadFolder(folder: string): Promise<Blueprint[]> {
  const found = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw invalidInput(`${folder}: the folder of blueprints cannot be read: ${error.code ?? error.message}`)
  })
  const read = new Map<string, Blueprint>()
  for (const file of found.filter((name) => /\.ya?ml$/.test(name)).toSorted()) {
    const blueprint = parseBlueprint(await readFile(join(folder, file), 'utf8'), file)
    if (read.has(blueprint.blueprint))
      throw invalidInput(`${file}:1: the blueprint ${blueprint.blueprint} is there twice`, file)
    read.set(blueprint.blueprint, blueprint)
  }
  return [...read.values()]
}

export function parseBlueprint(text: string, file: string): Blueprint {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const fault = document.errors[0]
  if (fault !== undefined)
    throw invalidInput(
      `${file}:${fault.linePos?.[0].line ?? 1}: ${fault.message.split(/ at line|\n/)[0]}`,
      file,
    )
  const refuse = (path: Path, reason: string) =>
    invalidInput(
      `${file}:${lineOf(document, lines, path)}: ${path.map(String).join('.')}${path.length > 0 ? ': ' : ''}${reason}`,
      file,
    )
  const { success, data, error } = blueprintShape.safeParse(toPlain(document, file))
  if (!success) throw refuse(error.issues[0]!.path, error.issues[0]!.message)
  for (const { path, reason } of faultsOf(data)) throw refuse(path, reason)
  return data
}

function toPlain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw invalidInput(`${file}:1: ${(cause as Error).message}`, file)
  }
}

function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as
      { range?: [number, number, number] } | undefined
    if (node?.range !== undefined) return lines.linePos(node.range[0]).line
  }
  return 1
}

/** What a place may be called, beside `parameters.` and a parameter's name. */
const placeNames = ['name', 'tenant', 'member', 'unit', 'address', 'host', 'operation']

/** What fits the form and yet cannot be meant. */
function* faultsOf(blueprint: Blueprint): Generator<{ path: Path; reason: string }> {
  const parameters = Object.keys(blueprint.parameters).map((name) => `parameters.${name}`)
  const known = new Set([...placeNames, ...parameters])
  const { description: _, parameters: __, ...rest } = blueprint
  for (const { text, path } of textsOf(rest)) {
    if (isBroken(text)) yield { path, reason: 'a place is {{name}}, and nothing in it but a name' }
    const strange = placesOf(text).find((name) => !known.has(name))
    if (strange !== undefined)
      yield { path, reason: `there is nothing called ${strange}: a place is one of ${[...known].join(', ')}` }
  }
  const seen = new Set<string>()
  for (const [index, claim] of blueprint.claims.entries()) {
    if (seen.has(claim.class))
      yield { path: ['claims', index, 'class'], reason: `${claim.class} is claimed twice` }
    seen.add(claim.class)
    if (claim.name !== undefined && !isNamedClass(claim.class))
      yield { path: ['claims', index, 'name'], reason: `units of ${claim.class} have no names` }
    if (typeof claim.amount === 'string') {
      const parameter = blueprint.parameters[placesOf(claim.amount)[0]!.slice('parameters.'.length)]
      if (parameter !== undefined && parameter.type !== 'integer')
        yield { path: ['claims', index, 'amount'], reason: 'an amount is a parameter of type integer' }
    }
  }
  if (blueprint.count.default > blueprint.count.most)
    yield { path: ['count', 'default'], reason: 'is beyond the most' }
  for (const [name, { type, default: own }] of Object.entries(blueprint.parameters))
    if (type === 'integer' && own !== undefined && !Number.isInteger(own))
      yield { path: ['parameters', name, 'default'], reason: 'is no integer' }
}
