/**
 * Finds resources by what people remember of them: the beginning or a part of a name, a serial number, an address, a label; names also with a small
 * typing error. Looks through the values of the indexes, each once however many resources have it, and gives way to other work meanwhile: no
 * index of its own has to be kept, and of a million resources it takes tenths of a second.
 */
import { setImmediate as breathe } from 'node:timers/promises'
import { canonical } from '../resource/kind/format.ts'
import { kindNames, type KindName } from '../resource/kind/index.ts'
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
  /** Found by the caller, by what is not in memory: keys of sources. They come first. */
  keyMatches?: readonly { vertex: Vertex; value: string }[]
  signal?: AbortSignal
}

export interface SearchResult {
  /** Best first, equal ones by name and id. */
  hits: SearchHit[]
  /** Whether there were more than `mostHits`: the worst were left out. */
  isCut: boolean
}

export const mostHits = 10_000

export async function findByText(
  graph: Graph,
  text: string,
  options: SearchOptions = {},
): Promise<SearchResult> {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return { hits: [], isCut: false }
  const search = new Search([wanted, ...formsOf(wanted)], options)
  for (const { vertex, value } of options.keyMatches ?? []) search.take(vertex, 'key', value, 100)
  for (const kind of options.kind ? new Set(options.kind) : kindNames) await search.lookThrough(graph, kind)
  return search.result(graph)
}

const sliceMs = 5

class Search {
  readonly #texts: readonly string[]
  readonly #options: SearchOptions
  #best = new Map<Vertex, SearchHit>()
  #isCut = false
  #began = performance.now()
  #looks = 0

  constructor(texts: readonly string[], options: SearchOptions) {
    this.#texts = texts
    this.#options = options
  }

  async lookThrough(graph: Graph, kind: KindName): Promise<void> {
    let hasNames = false
    for (const { property, index } of graph.indexesOf(kind)) {
      hasNames ||= property === 'name'
      for (const value of index.values()) {
        const { field, text } = property === 'label' ? toLabel(value) : { field: property, text: value }
        const score = this.#scoreOf(text, field)
        if (score > 0) this.#takeAll(index.get(value), field, text, score)
        if (++this.#looks % 256 === 0) await this.#giveWay()
      }
    }
    if (!hasNames) await this.#lookAtNames(graph.ofType(kind))
  }

  /** Names that repeat by nature have no index: a few different ones on many resources. */
  async #lookAtNames(vertices: readonly Vertex[]): Promise<void> {
    const scores = new Map<string, number>()
    for (const vertex of vertices) {
      let score = scores.get(vertex.name)
      if (score === undefined) {
        score = this.#scoreOf(vertex.name, 'name')
        if (scores.size < mostHits) scores.set(vertex.name, score)
      }
      if (score > 0) this.take(vertex, 'name', vertex.name, score)
      if (++this.#looks % 256 === 0) await this.#giveWay()
    }
  }

  async #giveWay(): Promise<void> {
    if (performance.now() - this.#began < sliceMs) return
    this.#options.signal?.throwIfAborted()
    await breathe()
    this.#began = performance.now()
  }

  #scoreOf(value: string, field: string): number {
    const folded = value.toLowerCase()
    let score = 0
    for (const text of this.#texts) score = Math.max(score, scoreOf(folded, text))
    return score === 0 && field === 'name' && isNearly(folded, this.#texts[0]!) ? 20 : score
  }

  #takeAll(vertices: readonly Vertex[], field: string, value: string, score: number): void {
    if (vertices.length > mostHits) this.#isCut = true
    for (const vertex of vertices.slice(0, mostHits)) this.take(vertex, field, value, score)
  }

  /** Of several values that fit, the best one counts; of equal ones the name. */
  take(vertex: Vertex, field: string, value: string, score: number): void {
    const known = this.#best.get(vertex)
    if (known && (known.score > score || (known.score === score && field !== 'name'))) return
    if (this.#options.visible && !this.#options.visible(vertex)) return
    this.#best.set(vertex, { vertex, score, field, value })
    if (this.#best.size >= mostHits * 2) this.#cut()
  }

  #cut(): void {
    const hits = [...this.#best.values()].sort(compareHits)
    if (hits.length > mostHits) this.#isCut = true
    this.#best = new Map(hits.slice(0, mostHits).map((hit) => [hit.vertex, hit]))
  }

  /** What went while others worked is left out. */
  result(graph: Graph): SearchResult {
    this.#cut()
    return {
      hits: [...this.#best.values()].filter(({ vertex }) => graph.get(vertex.id) === vertex),
      isCut: this.#isCut,
    }
  }
}

function toLabel(pair: string): { field: string; text: string } {
  const at = pair.indexOf('=')
  return { field: `label.${pair.slice(0, at)}`, text: pair.slice(at + 1) }
}

const compareHits = (a: SearchHit, b: SearchHit): number =>
  b.score - a.score || compareNames(a.vertex, b.vertex)

const compareNames = (a: Vertex, b: Vertex): number =>
  a.name === b.name ? a.id - b.id : a.name < b.name ? -1 : 1

/** An address in the form in which it is kept. */
function formsOf(text: string): string[] {
  const forms = (['mac', 'ip', 'cidr', 'uuid'] as const).map((format) => canonical(format, text))
  return forms.filter((form) => form !== undefined && form !== text) as string[]
}

function scoreOf(value: string, text: string): number {
  const at = value.indexOf(text)
  if (at < 0) return 0
  if (at === 0) return value.length === text.length ? 100 : 80
  return /[^a-z0-9]/.test(value[at - 1]!) ? 60 : 40
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
