import type { Graph, Vertex } from './graph.ts'
export function derive(name: string, graph: Graph, vertex: Vertex): unknown {
  void graph
  return name === 'family' ? (String(vertex.fields['address']).includes(':') ? 6 : 4) : null
}
