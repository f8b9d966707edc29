/**
 * How failures spread, as data. A line says: where the first fails so, the second is expected to fail so. `over`: the relation that leads from the second back to the first: a
 * link type with its direction as seen from the second, or one of the relations below.
 */
import type { LinkType } from '../resource/kind/link.ts'
import type { Failure } from './alert.ts'

export type Relation =
  | { link: LinkType; direction: 'out' | 'in' | 'both' }
  /** From a thing to the sources that measure it. */
  | 'measured by'
  /** From a port to the device at the far end of its cable. */
  | 'far device'
  /** From a host to its ports, when none of them still reaches anything. */
  | 'all ports'
  /** From a BGP session to ports of its device that lead to the other side. */
  | 'session ports'
  /** From a BGP session to the device on its other side. */
  | 'remote'

export interface Carry {
  from: Failure
  to: Failure
  over: Relation
}

const out = (link: LinkType): Relation => ({ link, direction: 'out' })
const into = (link: LinkType): Relation => ({ link, direction: 'in' })

export const carries: readonly Carry[] = [
  // A source that reaches nothing.
  { from: 'SILENT', to: 'DOWN', over: 'measured by' },
  // What carries, holds, powers.
  { from: 'DOWN', to: 'DOWN', over: out('RUNS_ON') },
  { from: 'DOWN', to: 'DOWN', over: out('DEPENDS_ON') },
  { from: 'DOWN', to: 'DOWN', over: out('PART_OF') },
  { from: 'DOWN', to: 'DOWN', over: out('POWERED_BY') },
  { from: 'DOWN', to: 'DOWN', over: out('LOCATED_IN') },
  { from: 'DOWN', to: 'DOWN', over: into('EXPOSES') },
  // Ports and cables.
  { from: 'DOWN', to: 'LINK', over: out('PART_OF') },
  { from: 'DOWN', to: 'LINK', over: 'far device' },
  { from: 'LINK', to: 'LINK', over: { link: 'CONNECTED_TO', direction: 'both' } },
  { from: 'LINK', to: 'DOWN', over: 'all ports' },
  // Sessions.
  { from: 'DOWN', to: 'SESSION', over: out('PART_OF') },
  { from: 'DOWN', to: 'SESSION', over: 'remote' },
  { from: 'LINK', to: 'SESSION', over: 'session ports' },
  { from: 'SESSION', to: 'SESSION', over: 'session ports' },
  // A device that speaks no BGP any more.
  { from: 'SESSION', to: 'SESSION', over: out('PART_OF') },
  { from: 'SESSION', to: 'SESSION', over: 'remote' },
  // Heat.
  { from: 'HOT', to: 'HOT', over: out('PART_OF') },
  { from: 'HOT', to: 'HOT', over: out('LOCATED_IN') },
]

/**
 * What is suspected though nothing is known of it itself: when all that is watched of what it carries fails so, and at least so much. A switch whose neighbours all lost
 * their carrier is down before it was asked.
 */
export interface Suspicion {
  of: Failure
  seen: Failure
  /** From what is seen to what is suspected. */
  over: Relation
  least: number
  /** Nothing of it may be whole: every port cabled to it, every session with it. */
  isWhole?: true
  /** Only what nothing else explains counts. */
  isLast?: true
}

export const suspicions: readonly Suspicion[] = [
  { of: 'DOWN', seen: 'LINK', over: 'far device', least: 2, isWhole: true },
  { of: 'SESSION', seen: 'SESSION', over: 'remote', least: 2, isWhole: true, isLast: true },
  { of: 'DOWN', seen: 'DOWN', over: out('POWERED_BY'), least: 3, isLast: true },
  { of: 'HOT', seen: 'HOT', over: out('LOCATED_IN'), least: 2 },
]
