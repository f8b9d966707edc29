/** The relations of carry.ts over the graph: from a thing to what may be why it fails, with the links that lead there. */
import type { Graph, GraphLink, Vertex } from '../graph/graph.ts'
import type { Hop } from './alert.ts'
import type { Relation } from './carry.ts'

export interface Near {
  id: number
  via: Hop[]
}

const toHop = ({ type, from, to }: GraphLink): Hop => ({ type, from: from.id, to: to.id })
const farOf = (link: GraphLink, vertex: Vertex): Vertex => (link.from === vertex ? link.to : link.from)
const isPart = ({ kind }: Vertex): boolean => kind.name === 'NetworkInterface' || kind.name === 'Component'
const isNetwork = ({ kind }: Vertex): boolean => kind.name === 'Switch'

/** Whom a resource belongs to: a tenant to itself. */
export const holderOf = (vertex: Vertex | undefined): number | null =>
  vertex?.kind.name === 'Tenant' ? vertex.id : (vertex?.tenantId ?? null)

export function nearOf(graph: Graph, vertex: Vertex, relation: Relation): Near[] {
  if (typeof relation === 'object') return along(graph, vertex, relation)
  switch (relation) {
    case 'measured by':
      return vertex.sources.map((id) => ({ id, via: [] }))
    case 'far device':
      return cablesOf(graph, vertex).flatMap(({ far, via }) => {
        const owner = ownerOf(graph, far)
        return owner.vertex === far
          ? [{ id: far.id, via }]
          : [{ id: owner.vertex.id, via: [...via, ...owner.via] }]
      })
    case 'all ports':
      return isPart(vertex) || isNetwork(vertex) ? [] : cabledPorts(graph, vertex)
    case 'session ports':
      return sessionPorts(graph, vertex)
    case 'remote': {
      const remote = vertex.kind.name === 'BgpPeer' ? remoteOf(graph, vertex) : undefined
      return remote === undefined ? [] : [{ id: remote.vertex.id, via: remote.via }]
    }
  }
}

function along(graph: Graph, vertex: Vertex, { link: type, direction }: Exclude<Relation, string>): Near[] {
  return graph
    .links(vertex, { type: [type], direction })
    .map((link) => ({ id: farOf(link, vertex).id, via: [toHop(link)] }))
}

function cablesOf(graph: Graph, port: Vertex): { far: Vertex; via: Hop[] }[] {
  return graph
    .links(port, { type: ['CONNECTED_TO'], direction: 'both' })
    .map((link) => ({ far: farOf(link, port), via: [toHop(link)] }))
}

/** The device that a port belongs to, through modules. */
function ownerOf(graph: Graph, port: Vertex): { vertex: Vertex; via: Hop[] } {
  let vertex = port
  const via: Hop[] = []
  while (isPart(vertex) && via.length < 16) {
    const [link] = graph.links(vertex, { type: ['PART_OF'], direction: 'out' })
    if (link === undefined) break
    via.push(toHop(link))
    vertex = link.to
  }
  return { vertex, via }
}

/** Ports with a cable. */
function cabledPorts(graph: Graph, device: Vertex): Near[] {
  return graph
    .links(device, { type: ['PART_OF'], direction: 'in' })
    .filter(
      ({ from }) => from.kind.name === 'NetworkInterface' && graph.degree(from, 'CONNECTED_TO', 'both') > 0,
    )
    .map((link) => ({ id: link.from.id, via: [toHop(link)] }))
}

/** Ports of the session's device whose cable leads to the device on the other side, and the other side's session. */
function sessionPorts(graph: Graph, session: Vertex): Near[] {
  const [part] = session.kind.name === 'BgpPeer' ? partsOf(graph, session) : []
  const remote = remoteOf(graph, session)
  if (part === undefined || remote === undefined) return []
  const ports = cabledPorts(graph, part.to).filter(({ id }) =>
    cablesOf(graph, graph.get(id)!).some(({ far }) => ownerOf(graph, far).vertex === remote.vertex),
  )
  const twins = graph
    .links(remote.vertex, { type: ['PART_OF'], direction: 'in', kind: ['BgpPeer'] })
    .filter(({ from }) => remoteOf(graph, from)?.vertex === part.to)
  return [
    ...ports.map(({ id, via }) => ({ id, via: [toHop(part), ...via] })),
    ...twins.map((link) => ({ id: link.from.id, via: [...remote.via, toHop(link)] })),
  ]
}

const partsOf = (graph: Graph, vertex: Vertex): GraphLink[] =>
  graph.links(vertex, { type: ['PART_OF'], direction: 'out' })

/** The device on the other side of a session: as it is linked, else whose address it speaks with, if that is one's alone. */
function remoteOf(graph: Graph, session: Vertex): { vertex: Vertex; via: Hop[] } | undefined {
  const [peering] = graph.links(session, { type: ['PEERS_WITH'], direction: 'out' })
  if (peering !== undefined) {
    const { vertex, via } = ownerOf(graph, peering.to)
    return { vertex, via: [toHop(peering), ...via] }
  }
  const address = session.fields['neighborAddress']
  if (typeof address !== 'string') return undefined
  const holders = graph
    .lookup('IpAddress', 'address', address)
    .flatMap((one) => graph.links(one, { type: ['ASSIGNED_TO'], direction: 'out' }))
    .map((link) => ({ link, ...ownerOf(graph, link.to) }))
  const [holder] = holders
  if (holder === undefined || holders.some(({ vertex }) => vertex !== holder.vertex)) return undefined
  return { vertex: holder.vertex, via: [toHop(holder.link), ...holder.via] }
}

/** Every session that others have with a device. */
export function sessionsWith(graph: Graph, device: Vertex): Vertex[] {
  const linked = graph.neighbors(device, 'PEERS_WITH', 'in')
  const addressed = [device, ...graph.neighbors(device, 'PART_OF', 'in')]
    .flatMap((one) => graph.neighbors(one, 'ASSIGNED_TO', 'in'))
    .flatMap((one) => {
      const address = one.fields['address']
      return typeof address === 'string' ? graph.lookup('BgpPeer', 'neighborAddress', address) : []
    })
  return [...new Set([...linked, ...addressed])].filter(
    (session) => remoteOf(graph, session)?.vertex === device,
  )
}
