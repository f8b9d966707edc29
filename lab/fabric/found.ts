/** What Plenum says about a fabric, by its API alone. */
import type { FabricPlenum } from './plenum.ts'
import { cable, type Facts } from './truth.ts'

interface Named {
  __typename: string
  name: string
}
interface Answer {
  servers: { nodes: Named[] }
  switches: { nodes: Named[] }
  devices: { nodes: Named[] }
  networkInterfaces: {
    nodes: { name: string; device: Named | null; peers: { name: string; device: Named | null }[] }[]
  }
  bgpPeers: {
    nodes: {
      neighborAddress: string
      localAs: string | number
      peerAs: string | number
      sessionState: string
      device: Named | null
    }[]
  }
  ipAddresses: { nodes: { address: string; interface: { name: string } | null; device: Named | null }[] }
}

const query = `{
  servers(first: 1000) { nodes { __typename name } }
  switches(first: 1000) { nodes { __typename name } }
  devices(first: 1000) { nodes { __typename name } }
  networkInterfaces(first: 1000) { nodes { name device { __typename name } peers { name device { __typename name } } } }
  bgpPeers(first: 1000) { nodes { neighborAddress localAs peerAs sessionState device { __typename name } } }
  ipAddresses(first: 1000) { nodes { address interface { name } device { __typename name } } }
}`

export async function findFacts(plenum: FabricPlenum): Promise<Facts> {
  const found = await plenum.ask<Answer>(query)
  const portOf = (port: { name: string; device: Named | null }) => `${port.device?.name ?? '?'}:${port.name}`
  return {
    nodes: new Set(
      [...found.servers.nodes, ...found.switches.nodes, ...found.devices.nodes].map(
        ({ __typename, name }) => `${__typename} ${name}`,
      ),
    ),
    cables: new Set(
      found.networkInterfaces.nodes.flatMap((port) =>
        port.peers.map((peer) => cable(portOf(port), portOf(peer))),
      ),
    ),
    peers: new Set(
      found.bgpPeers.nodes.map(
        ({ device, localAs, neighborAddress, peerAs, sessionState }) =>
          `${device?.name ?? '?'} AS${localAs} ${neighborAddress} AS${peerAs} ${sessionState}`,
      ),
    ),
    interfaces: new Set(found.networkInterfaces.nodes.map(portOf)),
    addresses: new Set(found.ipAddresses.nodes.map(({ address }) => address)),
    guests: new Set(
      found.ipAddresses.nodes.flatMap(({ address, interface: port, device }) =>
        address.startsWith('10.1.') && port !== null && device !== null
          ? `${address} behind ${device.name}`
          : [],
      ),
    ),
  }
}
