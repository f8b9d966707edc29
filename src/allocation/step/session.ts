/** Whether a session with a neighbour stands, asked of the switch by SNMP and not of who configured it. It only looks, so there is nothing to undo. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Graph, Vertex } from '../../graph/graph.ts'
import type { StepKind } from '../../operation/operation.ts'
import type { Metrics } from '../../metric/index.ts'
import { SourceError } from '../../source/source.ts'

/** What is seen of the datacenter. */
export interface Sight {
  graph(): Graph
  metrics: Pick<Metrics, 'readings'>
}

const everyMs = 500
const longestMs = 3_700_000

export const sessionKind = (sight: Sight): StepKind => ({
  kind: 'session',
  timeoutMs: longestMs,
  async run({ router, address, within }, { signal }) {
    const sinceMs = Date.now()
    const until = performance.now() + Number(within) * 1_000
    for (let looks = 1; ; looks++) {
      if (isUp(sight, String(router), String(address), sinceMs)) return { looks }
      if (performance.now() + everyMs >= until)
        throw new SourceError(
          'bad',
          `the session of ${String(router)} with ${String(address)} is not established within ${String(within)} s`,
        )
      await delay(everyMs, undefined, { signal })
    }
  },
  undo: async () => {},
})

/** As it was measured since: what was known before may be of a neighbour that was there before. */
function isUp({ graph, metrics }: Sight, router: string, address: string, sinceMs: number): boolean {
  const peer = peerOf(graph(), router, address)
  return (
    peer !== undefined &&
    metrics
      .readings(peer.id)
      .some(({ metric, value, at }) => metric === 'bgp.peer.up' && value === 1 && at >= sinceMs)
  )
}

const peerOf = (graph: Graph, router: string, address: string): Vertex | undefined =>
  graph
    .lookup('BgpPeer', 'neighborAddress', address)
    .find((peer) => graph.neighbors(peer, 'PART_OF', 'out').some(({ name }) => name === router))
