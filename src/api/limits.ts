/**
 * Bounds on what one request may ask, read from the document before anything is validated or executed.
 * Each names itself when it is hit: LIMIT_EXCEEDED with `limit { name limit asked }`.
 */
import { Kind } from 'graphql'
import type { DocumentNode, FragmentDefinitionNode, SelectionSetNode } from 'graphql'
import { limitExceeded } from '../errors.ts'
import type { PlenumError } from '../errors.ts'

export interface DocumentLimits {
  /** Lexical tokens of a document. */
  tokens: number
  /** Levels of nested fields, fragments counted where they are spread. Introspection has its own depth and is not counted. */
  depth: number
  /** Aliases in a document. */
  aliases: number
  /** Directives in a document. */
  directives: number
  /** Fields at the root of an operation. */
  rootFields: number
  /** Fields that a document asks for when its fragments are spread out. */
  fields: number
}

interface Measure {
  depth: number
  fields: number
}

/** Throws LIMIT_EXCEEDED; to be asked before the document is validated. */
export function checkDocument(document: DocumentNode, limits: DocumentLimits): void {
  const { aliases, directives } = countWords(document)
  if (aliases > limits.aliases) throw tooMany('aliases', limits.aliases, aliases)
  if (directives > limits.directives) throw tooMany('directives', limits.directives, directives)
  const measured = new Map<string, Measure>()
  const fragments = new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  )
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION)
      continue
    const { depth, fields } = measure(definition.selectionSet, fragments, measured)
    if (depth > limits.depth) throw tooMany('depth', limits.depth, depth)
    if (fields > limits.fields) throw tooMany('fields', limits.fields, fields)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) continue
    const roots = countRoots(definition.selectionSet, fragments, new Set())
    if (roots > limits.rootFields) throw tooMany('rootFields', limits.rootFields, roots)
  }
}

const tooMany = (name: keyof DocumentLimits, limit: number, asked: number) =>
  limitExceeded(
    name,
    limit,
    `The document has ${name} ${asked}, more than ${limit}: ask in several requests`,
    asked,
  )

/** A field of one name in one selection. */
const mostRepeats = 100

export const tooRepetitive = (limit: number): PlenumError =>
  limitExceeded('fields', limit, 'The document repeats the same fields too often: name each once')

function countWords(document: DocumentNode): { aliases: number; directives: number } {
  let aliases = 0
  let directives = 0
  for (const definition of document.definitions)
    if ('directives' in definition) directives += definition.directives?.length ?? 0
  const stack: SelectionSetNode[] = document.definitions.flatMap((definition) =>
    'selectionSet' in definition ? [definition.selectionSet] : [],
  )
  for (let set = stack.pop(); set !== undefined; set = stack.pop()) {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD && selection.alias !== undefined) aliases++
      directives += selection.directives?.length ?? 0
      if ('selectionSet' in selection && selection.selectionSet !== undefined)
        stack.push(selection.selectionSet)
    }
  }
  return { aliases, directives }
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>
const nothing: Measure = { depth: 0, fields: 0 }

/** Each fragment is measured once; one that spreads itself counts as nothing here: validation refuses it. */
function measure(set: SelectionSetNode, fragments: Fragments, measured: Map<string, Measure>): Measure {
  let depth = 0
  let fields = 0
  checkRepeats(set)
  for (const selection of set.selections) {
    const inner = measureSelection(selection, fragments, measured)
    depth = Math.max(depth, inner.depth)
    fields = Math.min(fields + inner.fields, Number.MAX_SAFE_INTEGER)
  }
  return { depth, fields }
}

/** Fields of one name are compared with each other, each with each: a hundred are no accident. */
function checkRepeats(set: SelectionSetNode): void {
  if (set.selections.length <= mostRepeats) return
  const counts = new Map<string, number>()
  for (const selection of set.selections) {
    if (selection.kind !== Kind.FIELD) continue
    const name = (selection.alias ?? selection.name).value
    const count = (counts.get(name) ?? 0) + 1
    if (count > mostRepeats) throw tooRepetitive(mostRepeats)
    counts.set(name, count)
  }
}

function measureSelection(
  selection: SelectionSetNode['selections'][number],
  fragments: Fragments,
  measured: Map<string, Measure>,
): Measure {
  if (selection.kind === Kind.FIELD) {
    if (selection.name.value.startsWith('__')) return nothing
    const inner = selection.selectionSet ? measure(selection.selectionSet, fragments, measured) : nothing
    return { depth: inner.depth + 1, fields: inner.fields + 1 }
  }
  if (selection.kind === Kind.INLINE_FRAGMENT) return measure(selection.selectionSet, fragments, measured)
  return measureFragment(selection.name.value, fragments, measured)
}

function measureFragment(name: string, fragments: Fragments, measured: Map<string, Measure>): Measure {
  const known = measured.get(name)
  if (known !== undefined) return known
  const fragment = fragments.get(name)
  if (fragment === undefined) return nothing
  measured.set(name, nothing)
  const result = measure(fragment.selectionSet, fragments, measured)
  measured.set(name, result)
  return result
}

function countRoots(set: SelectionSetNode, fragments: Fragments, open: Set<string>): number {
  let count = 0
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) count++
    else if (selection.kind === Kind.INLINE_FRAGMENT)
      count += countRoots(selection.selectionSet, fragments, open)
    else if (!open.has(selection.name.value)) {
      open.add(selection.name.value)
      const fragment = fragments.get(selection.name.value)
      if (fragment) count += countRoots(fragment.selectionSet, fragments, open)
    }
  }
  return count
}
