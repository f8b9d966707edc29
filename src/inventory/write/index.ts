/** Writes what the graph holds as an inventory: sorted, the same bytes for the same content, whatever its ids are. */
import { setImmediate } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { Graph, Vertex } from '../../graph/graph.ts'
import { kindNames, type KindName } from '../../resource/kind/index.ts'
import type { Resources } from '../../resource/verbs.ts'
import type { InventoryFormat } from '../read/index.ts'
import { columnsOf, formatRow, toCells } from './csv.ts'
import { readKeys, sortVertices } from './key.ts'
import { linksOf, toRecord, type Exported, type ItemRecord } from './record.ts'

export interface ExportRequest {
  graph: Graph
  resources: Pick<Resources, 'originsOf' | 'attributesOf' | 'linkAttributesOf'>
  format: InventoryFormat
  /** Only these kinds; default all but sources, which are configured. */
  kinds?: readonly KindName[]
  /** Only what this source knows, under its own keys. */
  source?: string
  signal: AbortSignal
}

const batchSize = 200

/** The text in pieces. Attributes, keys and links' attributes are read in batches; the graph must not change meanwhile beyond what `asOf` graphs allow. */
export async function* exportInventory(request: ExportRequest): AsyncGenerator<string> {
  const { graph, resources, signal } = request
  const keys = await readKeys(graph, resources, request.source ?? 'inventory', signal)
  const sourceId = graph.lookup('Source', 'name', request.source ?? '')[0]?.id
  const wanted = new Set<string>(request.kinds ?? kindNames)
  const exported: Exported = {
    graph,
    keys,
    has: ({ kind, sources }) =>
      kind.name !== 'Source' &&
      wanted.has(kind.name) &&
      (request.source === undefined || (sourceId !== undefined && sources.includes(sourceId))),
  }
  const vertices = kindNames
    .filter((kind) => wanted.has(kind))
    .flatMap((kind) => sortVertices(graph.ofType(kind).filter(exported.has), keys))
  yield* formatRecords(readRecords(request, exported, vertices), request.format, () =>
    columnsOf(exported, vertices),
  )
}

async function* readRecords(
  { resources, signal }: ExportRequest,
  exported: Exported,
  vertices: readonly Vertex[],
): AsyncGenerator<ItemRecord[]> {
  for (let at = 0; at < vertices.length; at += batchSize) {
    signal.throwIfAborted()
    const batch = vertices.slice(at, at + batchSize)
    const links = batch.map((vertex) => linksOf(exported, vertex))
    const ends = links.flat().map(({ type, from, to }) => ({ type, from: from.id, to: to.id }))
    const [attributes, details] = await Promise.all([
      resources.attributesOf(batch.map(({ id }) => id)),
      ends.length > 0 ? resources.linkAttributesOf(ends) : [],
    ])
    let next = 0
    yield batch.map((vertex, index) => {
      const told = (links[index] ?? []).map((link) => ({
        link,
        attributes: details[next++] ?? {},
      }))
      return toRecord(exported, vertex, told, attributes.get(vertex.id))
    })
    await setImmediate()
  }
}

/** Records as text; `columns` is asked for CSV only. */
export async function* formatRecords(
  batches: AsyncIterable<ItemRecord[]>,
  format: InventoryFormat,
  columns: () => readonly string[],
): AsyncGenerator<string> {
  const header = format === 'csv' ? columns() : []
  if (format === 'csv') yield formatRow(header)
  if (format === 'json') yield '['
  let isFirst = true
  for await (const batch of batches) {
    const texts = batch.map((record) => {
      if (format === 'csv') return formatRow(toCells(record, header))
      if (format === 'ndjson') return `${JSON.stringify(record)}\n`
      if (format === 'yaml') return stringify([record], { lineWidth: 0, aliasDuplicateObjects: false })
      const text = `${isFirst ? '' : ','}\n${JSON.stringify(record)}`
      isFirst = false
      return text
    })
    yield texts.join('')
  }
  if (format === 'json') yield isFirst ? ']\n' : '\n]\n'
}
