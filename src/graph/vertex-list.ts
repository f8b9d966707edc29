/** Vertices in ascending order of id, made for millions: adding at the end is cheap, taking out is put off until somebody reads. */
import type { Vertex } from './graph.ts'

export class VertexList<T extends Vertex = Vertex> {
  #items: T[] = []
  #gone = new Set<T>()
  #inOrder = true

  get size(): number {
    return this.#items.length - this.#gone.size
  }

  add(vertex: T): void {
    if (this.#gone.delete(vertex)) return
    const last = this.#items.at(-1)
    if (last !== undefined && last.id > vertex.id) this.#inOrder = false
    this.#items.push(vertex)
  }

  /** The vertex must be in the list. */
  remove(vertex: T): void {
    this.#gone.add(vertex)
  }

  /** The list; later changes to it never take from an array that was given out, only append to it. */
  read(): readonly T[] {
    if (this.#gone.size > 0) {
      const gone = this.#gone
      this.#items = this.#items.filter((vertex) => !gone.has(vertex))
      this.#gone = new Set()
    }
    if (!this.#inOrder) {
      this.#items = this.#items.toSorted(byId)
      this.#inOrder = true
    }
    return this.#items
  }
}

export const byId = (a: Vertex, b: Vertex): number => a.id - b.id

/** Ascending by id; sorts in place, and only what is not in order already. */
export function inOrder<T extends Vertex>(vertices: T[]): T[] {
  for (let index = 1; index < vertices.length; index++) {
    if (vertices[index - 1]!.id > vertices[index]!.id) return vertices.sort(byId)
  }
  return vertices
}
