/** The neighbours of a server on the switches above it, one a cable: configured there, and seen to stand. */
import { PlenumError } from '../../errors.ts'
import type { Graph, Vertex } from '../../graph/graph.ts'
import type { NewStep } from '../../operation/index.ts'
import type { NeighborForm } from './form.ts'
import { nameOf, type Place } from './name.ts'

export function neighborSteps(
  { source, within, ...neighbor }: NeighborForm,
  place: Place,
  graph: Graph,
  serverId: number | null,
): NewStep[] {
  const server = serverId === null ? undefined : graph.get(serverId)
  const uplinks = server === undefined ? [] : uplinksOf(graph, server)
  if (uplinks.length === 0)
    throw new PlenumError(
      'CONFLICT',
      `${server?.name ?? 'What was chosen'} has no cable to a switch with an address at its end that is known: there is nobody to be the neighbour of`,
      { reason: 'STATE', path: 'request.blueprint' },
    )
  return uplinks.flatMap(({ router, address }, number): NewStep[] => [
    {
      kind: 'neighbor',
      name: nameOf(place, `neighbor-${number + 1}`),
      parameters: { source, router, address, ...neighbor },
    },
    {
      kind: 'session',
      name: nameOf(place, `session-${number + 1}`),
      parameters: { router, address, within },
    },
  ])
}

/** The switch at the other end of each cable, and the address of this end. */
function uplinksOf(graph: Graph, server: Vertex): { router: string; address: string }[] {
  const ports = graph
    .neighbors(server, 'PART_OF', 'in')
    .filter(({ kind }) => kind.name === 'NetworkInterface')
  const found = ports.flatMap((port) => {
    const [address] = graph
      .neighbors(port, 'ASSIGNED_TO', 'in')
      .map(({ fields }) => fields['address'])
      .filter((one) => typeof one === 'string')
      .toSorted()
    const [above] = graph
      .neighbors(port, 'CONNECTED_TO', 'both')
      .flatMap((far) => graph.neighbors(far, 'PART_OF', 'out'))
      .filter(({ kind }) => kind.name === 'Switch')
    return address === undefined || above === undefined ? [] : [{ router: above.name, address }]
  })
  return found.toSorted((one, other) => (one.router + one.address < other.router + other.address ? -1 : 1))
}
