/** Who may see what. The one place that decides it: used by every root, walk, count, search and link. */
import type { Viewer } from '../context.ts'
import type { Vertex } from './graph.ts'

/** FULL: everything. NAME_ONLY: id, kind, name, status, health. */
export type Access = 'FULL' | 'NAME_ONLY'

/** How much of a resource the viewer may see; null: nothing, not even that it is there. For now every role sees everything. */
export function access(viewer: Viewer, vertex: Vertex): Access | null {
  void viewer
  void vertex
  return 'FULL'
}

/** Whether nothing at all is hidden from the viewer, so that lists need not be looked through. */
export function seesAll(viewer: Viewer): boolean {
  void viewer
  return true
}
