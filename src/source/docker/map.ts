/** What an engine holds, as observations. Pure. */
import type { LinkClaim, Observation } from '../../resource/resource.ts'
import type {
  EngineContainer,
  EngineImage,
  EngineInfo,
  EngineNetwork,
  EngineVolume,
  Holding,
} from './client.ts'
import type { Host } from './host.ts'

/** Where the engine is. */
export interface Place {
  source: string
  engine: EngineInfo
  host: Host
}

export const containerKey = (id: string): string => `container/${id}`
export const containerIdOf = (key: string): string | undefined =>
  key.startsWith('container/') ? key.slice('container/'.length) : undefined
const vrfKey = 'vrf'

export function toObservations(held: Holding, place: Place): Observation[] {
  const routed = routedNetworks(held.networks)
  const all = [
    ...toFixed(place),
    ...held.images.map(toImage),
    ...held.networks.flatMap((network) => toNetwork(network, routed)),
    ...held.volumes.map((volume) => toVolume(volume, place)),
    ...held.containers.flatMap((container) => toContainer(container, routed, place)),
  ]
  // Containers of one compose service say the same of it.
  return [...new Map(all.map((one) => [one.key, one])).values()]
}

/** What is there however little it holds: the machine, and the addresses that count only on it. */
export function toFixed({ source, host }: Place): Observation[] {
  const vrf: Observation = { key: vrfKey, kind: 'Vrf', name: `docker ${source}` }
  return host.thing === undefined ? [vrf] : [host.thing, vrf]
}

/** Networks whose addresses are those of the network outside. */
export const routedNetworks = (networks: readonly EngineNetwork[]): ReadonlySet<string> =>
  new Set(networks.filter(({ Driver }) => /^(?:macvlan|ipvlan)$/.test(Driver)).map(({ Id }) => Id))

const vrfLinks = (id: string, routed: ReadonlySet<string>): LinkClaim[] =>
  routed.has(id) ? [] : [{ type: 'MEMBER_OF', to: { key: vrfKey } }]

export function toContainer(
  container: EngineContainer,
  routed: ReadonlySet<string>,
  { engine, host }: Place,
): Observation[] {
  const { Id, Image, ImageID, State } = container
  const key = containerKey(Id)
  const ports = publishedPorts(container, host.name)
  const services = toServices(container)
  const volumes = (container.Mounts ?? []).filter(({ Type, Name }) => Type === 'volume' && Name)
  const thing: Observation = {
    key,
    kind: 'Container',
    name: nameOf(container),
    fields: { containerId: Id, ...toImageName(Image), state: toState(State) },
    labels: toLabels(container.Labels),
    attributes: {
      engine: engine.ID,
      ...(container.Created ? { createdAt: toInstant(container.Created) } : {}),
      ...(container.HostConfig?.NetworkMode ? { networkMode: container.HostConfig.NetworkMode } : {}),
      ...(container.Mounts?.length ? { mounts: container.Mounts.map(toMount) } : {}),
    },
    links: [
      { type: 'RUNS_ON', to: host.target },
      { type: 'BOOTED_FROM', to: { key: `image/${ImageID}` } },
      ...services.map(({ key: to }): LinkClaim => ({ type: 'RUNS_ON', direction: 'in', to: { key: to } })),
      ...ports.map(({ key: to }): LinkClaim => ({ type: 'EXPOSES', to: { key: to } })),
      ...volumes.map(({ Name, Destination, RW }): LinkClaim => ({
        type: 'ATTACHED_TO',
        direction: 'in',
        to: { key: `volume/${Name}` },
        attributes: { at: Destination, ...(RW === false ? { readOnly: true } : {}) },
      })),
    ],
  }
  return [thing, ...ports, ...toInterfaces(container, routed), ...services]
}

/** Links of other containers give it further names, with a slash in them. */
function nameOf({ Id, Names }: EngineContainer): string {
  const names = (Names ?? []).map((name) => name.replace(/^\//, ''))
  return names.find((name) => name !== '' && !name.includes('/')) ?? Id.slice(0, 12)
}

/** `registry:5000/web:1.2@sha256:…` is image `registry:5000/web` with tag `1.2`. */
export function toImageName(reference: string): { imageName: string; imageTag?: string } {
  const [plain = reference] = reference.split('@', 1)
  const at = plain.lastIndexOf(':')
  if (reference.startsWith('sha256:') || at <= plain.lastIndexOf('/')) return { imageName: plain }
  return { imageName: plain.slice(0, at), imageTag: plain.slice(at + 1) }
}

const states: Readonly<Record<string, string>> = {
  created: 'CREATED',
  configured: 'CREATED',
  initialized: 'CREATED',
  running: 'RUNNING',
  paused: 'PAUSED',
  restarting: 'RESTARTING',
  removing: 'REMOVING',
  stopping: 'RUNNING',
  stopped: 'EXITED',
  exited: 'EXITED',
  dead: 'DEAD',
}
const toState = (state: string): string => states[state.toLowerCase()] ?? 'UNKNOWN'

/** Labels whose keys are none of ours are left out. */
function toLabels(labels: EngineContainer['Labels']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels ?? {}).filter(
      ([key, value]) => /^[\w./-]{1,200}$/.test(key) && value.length < 65_536,
    ),
  )
}

const toInstant = (created: number | string): string | number =>
  typeof created === 'number' ? new Date(created * 1_000).toISOString() : created

const toMount = ({ Type, Name, Source, Destination }: NonNullable<EngineContainer['Mounts']>[number]) => ({
  type: Type ?? 'bind',
  from: Name || Source || '',
  at: Destination,
})

function publishedPorts({ Ports, Labels }: EngineContainer, host: string): Observation[] {
  const found = new Map<string, Observation>()
  for (const { PublicPort, Type, IP, PrivatePort } of Ports ?? []) {
    if (!PublicPort) continue
    const isAnywhere = !IP || IP === '0.0.0.0' || IP === '::'
    const at = isAnywhere ? host : IP
    // What listens on loopback is nobody else's business, and not where somebody else's loopback leads.
    if (/^(?:127\.|::1$)/.test(at) && !isAnywhere) continue
    const url = `${Type}://${at.includes(':') ? `[${at}]` : at}:${PublicPort}`
    const name = Labels?.[composeService] ?? `${at}:${PublicPort}`
    found.set(url, {
      key: `endpoint/${Type}/${at}/${PublicPort}`,
      kind: 'Endpoint',
      name: `${name}:${PrivatePort}`,
      fields: { url, protocol: Type, port: PublicPort },
    })
  }
  return [...found.values()]
}

function toInterfaces(container: EngineContainer, routed: ReadonlySet<string>): Observation[] {
  const networks = Object.entries(container.NetworkSettings?.Networks ?? {})
  return networks.flatMap(([name, one]) => {
    const { NetworkID, MacAddress } = one
    // A stopped container has none; in the host's network it has the host's.
    if (!NetworkID || (!MacAddress && !one.IPAddress && !one.GlobalIPv6Address)) return []
    const key = `interface/${container.Id}/${name}`
    const addresses = [
      [one.IPAddress, one.IPPrefixLen],
      [one.GlobalIPv6Address, one.GlobalIPv6PrefixLen],
    ] as const
    const thing: Observation = {
      key,
      kind: 'NetworkInterface',
      name,
      fields: { type: 'virtual', ...(MacAddress ? { macAddress: MacAddress } : {}) },
      links: [
        { type: 'PART_OF', to: { key: containerKey(container.Id) } },
        { type: 'MEMBER_OF', to: { key: `network/${NetworkID}` } },
      ],
    }
    const found = addresses.flatMap(([address, prefixLength]): Observation[] =>
      address
        ? [
            {
              key: `address/${container.Id}/${name}/${address}`,
              kind: 'IpAddress',
              name: address,
              fields: { address, ...(prefixLength ? { prefixLength } : {}) },
              links: [{ type: 'ASSIGNED_TO', to: { key } }, ...vrfLinks(NetworkID, routed)],
            },
          ]
        : [],
    )
    return [thing, ...found]
  })
}

const composeProject = 'com.docker.compose.project'
const composeService = 'com.docker.compose.service'

/** A compose service is what its containers say that they are of. */
function toServices({ Labels }: EngineContainer): Observation[] {
  const [project, service] = [Labels?.[composeProject], Labels?.[composeService]]
  if (!project || !service) return []
  return [
    {
      key: `service/${project}/${service}`,
      kind: 'Service',
      name: `${project}/${service}`,
      attributes: { composeProject: project },
    },
  ]
}

export function toImage({ Id, RepoTags, RepoDigests, Size, Created, Labels }: EngineImage): Observation {
  const tags = (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>').sort()
  const digests = (RepoDigests ?? []).filter((digest) => !digest.startsWith('<none>'))
  return {
    key: `image/${Id}`,
    kind: 'Image',
    name: tags[0] ?? digests[0]?.split('@', 1)[0] ?? Id.replace(/^sha256:/, '').slice(0, 12),
    fields: { imageId: Id, sizeBytes: Size },
    labels: toLabels(Labels),
    attributes: { tags, digests, ...(Created ? { createdAt: toInstant(Created) } : {}) },
  }
}

export function toNetwork(network: EngineNetwork, routed: ReadonlySet<string>): Observation[] {
  const { Id, Name, Driver, Scope, Internal, IPAM, Labels } = network
  const key = `network/${Id}`
  const thing: Observation = {
    key,
    kind: 'Network',
    name: Name,
    fields: { networkId: Id },
    labels: toLabels(Labels),
    attributes: { driver: Driver, scope: Scope ?? 'local', ...(Internal ? { internal: true } : {}) },
  }
  const prefixes = (IPAM?.Config ?? []).flatMap(({ Subnet, Gateway }): Observation[] =>
    Subnet
      ? [
          {
            key: `prefix/${Id}/${Subnet}`,
            kind: 'Prefix',
            name: Subnet,
            fields: { cidr: Subnet, ...(Gateway ? { gateway: Gateway.split('/')[0] } : {}) },
            links: [{ type: 'PART_OF', to: { key } }, ...vrfLinks(Id, routed)],
          },
        ]
      : [],
  )
  return [thing, ...prefixes]
}

/** Names of volumes are an engine's own: only with it they say which. */
export const toVolume = (
  { Name, Driver, Mountpoint, Labels }: EngineVolume,
  { engine }: Place,
): Observation => ({
  key: `volume/${Name}`,
  kind: 'Volume',
  name: Name,
  fields: { volumeId: `${engine.ID}/${Name}` },
  labels: toLabels(Labels),
  attributes: { driver: Driver, ...(Mountpoint ? { mountpoint: Mountpoint } : {}) },
})
