/** Finds resources by what people remember of them: the beginning or a part of a name, a serial number, an address, a label; names also with a small typing error. */
import { canonical } from '../resource/kind/format.ts'
import { propertiesOf } from '../resource/kind/index.ts'
import type { KindDefinition } from '../resource/kind/kind.ts'
import type { KindName } from '../resource/kind/index.ts'
import type { Graph, Vertex } from './graph.ts'

export interface SearchHit {
  vertex: Vertex
  /** Higher is better: 100 the whole value, 80 its beginning, 60 the beginning of a word in it, 40 a part, 20 with a typing error. */
  score: number
  /** `name`, `serialNumber`, `label.env` … */
  field: string
  value: string
}

export interface SearchOptions {
  kind?: readonly KindName[]
  /** What the viewer may know of; default all. */
  visible?: (vertex: Vertex) => boolean
}

/** All hits, best first, equal ones by name and id. */
export function findByText(graph: Graph, text: string, options: SearchOptions = {}): SearchHit[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return []
  const texts = [wanted, ...formsOf(wanted)]
  const hits: SearchHit[] = []
  for (const type of options.kind ? new Set(options.kind) : (['Resource'] as const)) {
    for (const vertex of graph.ofType(type)) {
      const hit = bestHit(vertex, texts)
      if (hit && (!options.visible || options.visible(vertex))) hits.push(hit)
    }
  }
  return hits.sort((a, b) => b.score - a.score || compareNames(a.vertex, b.vertex))
}

const compareNames = (a: Vertex, b: Vertex): number =>
  a.name === b.name ? a.id - b.id : a.name < b.name ? -1 : 1

/** An address in the form in which it is kept. */
function formsOf(text: string): string[] {
  const forms = (['mac', 'ip', 'cidr', 'uuid'] as const).map((format) => canonical(format, text))
  return forms.filter((form) => form !== undefined && form !== text) as string[]
}

function bestHit(vertex: Vertex, texts: readonly string[]): SearchHit | undefined {
  let best: SearchHit | undefined
  const take = (field: string, value: string): void => {
    const score = Math.max(...texts.map((text) => scoreOf(value.toLowerCase(), text)))
    if (score > (best?.score ?? 0)) best = { vertex, score, field, value }
  }
  take('name', vertex.name)
  for (const field of indexedFields(vertex.kind)) {
    const value = vertex.fields[field]
    if (typeof value === 'string') take(field, value)
  }
  for (const key in vertex.labels) take(`label.${key}`, vertex.labels[key]!)
  if (best === undefined && isNearly(vertex.name.toLowerCase(), texts[0]!)) {
    return { vertex, score: 20, field: 'name', value: vertex.name }
  }
  return best
}

function scoreOf(value: string, text: string): number {
  const at = value.indexOf(text)
  if (at < 0) return 0
  if (at === 0) return value.length === text.length ? 100 : 80
  return /[^a-z0-9]/.test(value[at - 1]!) ? 60 : 40
}

const indexed = new Map<KindDefinition, readonly string[]>()

function indexedFields(kind: KindDefinition): readonly string[] {
  let names = indexed.get(kind)
  if (names === undefined) {
    names = propertiesOf(kind).flatMap(([name, property]) => (property.indexed ? [name] : []))
    indexed.set(kind, names)
  }
  return names
}

const shortestNearly = 4

/** At most one letter wrong, missing, too many or exchanged with its neighbour; short texts are too often near to something. */
function isNearly(value: string, text: string): boolean {
  if (text.length < shortestNearly || Math.abs(value.length - text.length) > 1) return false
  let at = 0
  while (at < text.length && text[at] === value[at]) at++
  const [restOfText, restOfValue] = [text.slice(at), value.slice(at)]
  return (
    restOfText.slice(1) === restOfValue.slice(1) ||
    restOfText.slice(1) === restOfValue ||
    restOfText === restOfValue.slice(1) ||
    (restOfText[0] === restOfValue[1] &&
      restOfText[1] === restOfValue[0] &&
      restOfText.slice(2) === restOfValue.slice(2))
  )
}
