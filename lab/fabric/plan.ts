/**
 * A leaf-spine fabric as it is to be: nodes, cables, addresses, AS numbers, guests. It is also the truth that what Plenum finds is compared
 * with. Pure.
 */
export interface FabricSize {
  spines: number
  leaves: number
  hostsPerLeaf: number
  guestsPerHost: number
}

/** Eight nodes: what runs with every check. */
export const small: FabricSize = { spines: 2, leaves: 2, hostsPerLeaf: 2, guestsPerHost: 2 }
/** Twenty-eight. */
export const large: FabricSize = { spines: 4, leaves: 8, hostsPerLeaf: 2, guestsPerHost: 2 }

export interface FabricPort {
  node: FabricNode
  name: string
  address: string
  far: FabricPort
}

export interface FabricGuest {
  name: string
  host: FabricNode
  address: string
  mac: string
}

export interface FabricNode {
  name: string
  /** Counted from 11; the last byte of its loopback and management address. */
  number: number
  kind: 'switch' | 'host'
  asn: number
  loopback: string
  management: string
  /** SNMPv3 with authPriv (SHA-256, AES-256), and nothing else; otherwise v2c. */
  isPrivate: boolean
  ports: FabricPort[]
  guests: FabricGuest[]
}

export interface FabricPlan {
  nodes: FabricNode[]
  /** Each cable by one of its ends. */
  cables: FabricPort[]
}

/** Where the poller is, in the management network. */
export const pollerAddress = '10.254.0.1'
export const trapPort = 1162
/** Traps also go to a witness there, which only notes when they came. */
export const witnessPort = 1163
/** With this one only the agents' own caches may be set. */
export const tuningCommunity = 'fabric-tune'
export const snmpCredentials = {
  community: 'fabric-read',
  user: 'plenum',
  authPassword: 'fabric-auth-1',
  privPassword: 'fabric-priv-1',
} as const

export function planFabric(size: FabricSize): FabricPlan {
  const plan: FabricPlan = { nodes: [], cables: [] }
  const spines = count(size.spines, (number) => addNode(plan, `spine${number}`, 'switch', 65_000))
  let hosts = 0
  const leaves = count(size.leaves, (number) => {
    // Beyond two bytes, so that signed 32-bit columns go wrong where they are read carelessly.
    const leaf = addNode(plan, `leaf${number}`, 'switch', 4_200_000_100 + number)
    spines.forEach((spine, at) => join(plan, [leaf, `up${at + 1}`], [spine, `swp${number}`]))
    return leaf
  })
  for (const leaf of leaves)
    count(size.hostsPerLeaf, (number) => {
      hosts += 1
      const host = addNode(plan, `host${hosts}`, 'host', 4_200_001_000 + hosts)
      join(plan, [host, 'eth0'], [leaf, `swp${number}`])
      count(size.guestsPerHost, (guest) => addGuest(host, guest))
      return host
    })
  return plan
}

const count = <T>(times: number, make: (number: number) => T): T[] =>
  Array.from({ length: times }, (_, index) => make(index + 1))

function addNode(plan: FabricPlan, name: string, kind: FabricNode['kind'], asn: number): FabricNode {
  const number = plan.nodes.length + 11
  const node: FabricNode = {
    name,
    number,
    kind,
    asn,
    loopback: `10.0.0.${number}`,
    management: `10.254.0.${number}`,
    isPrivate: number % 2 === 0,
    ports: [],
    guests: [],
  }
  plan.nodes.push(node)
  return node
}

function join(plan: FabricPlan, near: [FabricNode, string], far: [FabricNode, string]): void {
  const first = plan.cables.length * 2
  const [one, other] = [near, far].map(([node, name], side) => {
    const byte = first + side
    const port = { node, name, address: `10.255.${byte >> 8}.${byte & 255}` } as FabricPort
    node.ports.push(port)
    return port
  }) as [FabricPort, FabricPort]
  one.far = other
  other.far = one
  plan.cables.push(one)
}

function addGuest(host: FabricNode, number: number): void {
  const hex = (byte: number) => byte.toString(16).padStart(2, '0')
  host.guests.push({
    name: `${host.name}-vm${number}`,
    host,
    address: `10.1.${host.number}.${number}`,
    mac: `52:54:00:00:${hex(host.number)}:${hex(number)}`,
  })
}
