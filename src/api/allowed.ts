/**
 * The allow list: the documents that may run, from files. A folder of *.graphql files, whose fragments are shared; a manifest as Apollo's tool writes it, or one
 * as Relay's compiler does (texts by their ids).
 */
import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Kind, parse, print, validate, visit } from 'graphql'
import type {
  DefinitionNode,
  DocumentNode,
  FragmentDefinitionNode,
  GraphQLSchema,
  OperationDefinitionNode,
} from 'graphql'
import { PlenumError } from '../errors.ts'

export interface AllowList {
  /** Whether the same operations and fragments are on the list, however they are written and ordered. */
  has(document: DocumentNode): boolean
  /** The text of an id of a manifest, or of a text's SHA-256. */
  textOf(id: string): string | undefined
  readonly size: number
}

interface Listed {
  /** Where it was read. */
  at: string
  text: string
  ids: readonly string[]
}

/** INVALID_INPUT names the file that cannot be read, or the document that does not fit the schema. */
export function readAllowList(paths: readonly string[], schema: GraphQLSchema): AllowList {
  const marks = new Set<string>()
  const texts = new Map<string, string>()
  for (const { at, text, ids } of paths.flatMap(readPath)) {
    const document = parsed(at, text)
    const [fault] = validate(schema, document)
    if (fault) throw unusable(at, fault.message)
    marks.add(markOf(document))
    for (const id of [...ids, hashOf(text)]) texts.set(id, text)
  }
  const checked = new WeakMap<DocumentNode, boolean>()
  return {
    has(document) {
      const known = checked.get(document) ?? marks.has(markOf(document))
      checked.set(document, known)
      return known
    },
    textOf: (id) => texts.get(id),
    size: marks.size,
  }
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const unusable = (at: string, why: string): PlenumError =>
  new PlenumError('INVALID_INPUT', `documents.allow: ${at}: ${why}`)

/** What is left when order and layout do not matter. */
function markOf({ definitions }: DocumentNode): string {
  return hashOf(
    definitions
      .map((one) => print(one))
      .sort()
      .join('\n'),
  )
}

function parsed(at: string, text: string): DocumentNode {
  try {
    return parse(text)
  } catch (error) {
    throw unusable(at, (error as Error).message)
  }
}

function readPath(path: string): Listed[] {
  try {
    if (statSync(path).isDirectory()) return readFolder(path)
    return path.endsWith('.json') ? readManifest(path) : toListed([[path, readFileSync(path, 'utf8')]])
  } catch (error) {
    if (error instanceof PlenumError) throw error
    throw unusable(path, (error as Error).message)
  }
}

function readFolder(folder: string): Listed[] {
  const names = globSync('**/*.{graphql,gql}', { cwd: folder }).sort()
  if (names.length === 0) throw unusable(folder, 'there is no .graphql file in it')
  return toListed(names.map((name) => [join(folder, name), readFileSync(join(folder, name), 'utf8')]))
}

/** Each operation by itself with the fragments that it needs, as clients send it; and each file as it is, if it can stand alone. */
function toListed(files: readonly (readonly [string, string])[]): Listed[] {
  const read = files.map(([at, text]) => ({ at, text, definitions: parsed(at, text).definitions }))
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const { at, definitions } of read) {
    for (const fragment of definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION)) {
      const { value } = fragment.name
      if (fragments.has(value)) throw unusable(at, `there is another fragment ${value}`)
      fragments.set(value, fragment)
    }
  }
  return read.flatMap(({ at, text, definitions }) => {
    const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION)
    const alone = operations.map((operation) => toText(at, operation, fragments))
    const isWhole =
      operations.length > 0 && alone.every(({ needed }) => needed.every((one) => definitions.includes(one)))
    return [
      ...alone.map((one) => ({ at, text: one.text, ids: [] })),
      ...(isWhole && operations.length > 1 ? [{ at, text, ids: [] }] : []),
      ...(isWhole && operations.length === 1 ? [{ at, text: alone[0]!.text, ids: [hashOf(text)] }] : []),
    ]
  })
}

function toText(
  at: string,
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): { text: string; needed: readonly FragmentDefinitionNode[] } {
  const needed = new Set<FragmentDefinitionNode>()
  const add = (definition: DefinitionNode): void => {
    visit(definition, {
      FragmentSpread({ name: { value } }) {
        const fragment = fragments.get(value)
        if (fragment === undefined) throw unusable(at, `there is no fragment ${value}`)
        if (needed.has(fragment)) return
        needed.add(fragment)
        add(fragment)
      },
    })
  }
  add(operation)
  return { text: [operation, ...needed].map(print).join('\n\n'), needed: [...needed] }
}

function readManifest(path: string): Listed[] {
  const read = JSON.parse(readFileSync(path, 'utf8')) as { format?: unknown; operations?: unknown }
  if (Array.isArray(read.operations))
    return read.operations.map((one: { id?: unknown; body?: unknown }, index) =>
      toEntry(path, `operations[${index}]`, one.id, one.body),
    )
  return Object.entries(read).map(([id, text]) => toEntry(path, id, id, text))
}

function toEntry(path: string, at: string, id: unknown, text: unknown): Listed {
  if (typeof id === 'string' && typeof text === 'string') return { at: `${path} ${at}`, text, ids: [id] }
  throw unusable(path, `${at} is no document with its id: neither a manifest of Apollo nor of Relay`)
}
