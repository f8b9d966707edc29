/** Databases and load balancers as services with their endpoints. Pure. */
import { isIP } from 'node:net'
import type { DBInstance } from '@aws-sdk/client-rds'
import type { LinkClaim, Observation } from '../../resource/resource.ts'
import type { RegionInventory } from './client.ts'
import type { Balancer } from './service.ts'

interface Tagged {
  Key?: string | undefined
  Value?: string | undefined
}
/** What the things of a region have in common. */
export interface Around {
  held: RegionInventory
  /** Where it belongs: the account and the region. */
  home: LinkClaim[]
  labels(tags: readonly Tagged[] | undefined): Record<string, string>
  ownedBy(tags: readonly Tagged[] | undefined): LinkClaim[]
}

/** How the protocols of listeners are written in URLs. */
const schemes: Readonly<Record<string, string>> = {
  HTTP: 'http',
  HTTPS: 'https',
  TCP: 'tcp',
  TLS: 'tls',
  UDP: 'udp',
  TCP_UDP: 'tcp',
  GENEVE: 'geneve',
}

const present = (record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  )

function toEndpoint(key: string, scheme: string, host: string, port: number): Observation {
  const name = `${host}:${port}`
  const address = isIP(host) === 0 ? {} : { address: host }
  return {
    key,
    kind: 'Endpoint',
    name,
    fields: { url: `${scheme}://${name}`, protocol: scheme, port, ...address },
  }
}

export function toDatabase(one: DBInstance, { held, home, labels, ownedBy }: Around): Observation[] {
  const id = one.DBInstanceIdentifier
  if (id === undefined) return []
  const key = `database/${held.region}/${id}`
  const { Address: host, Port: port } = one.Endpoint ?? {}
  const endpoint = host && port ? [toEndpoint(`${key}/endpoint`, 'tcp', host, port)] : []
  const vpc = one.DBSubnetGroup?.VpcId
  return [
    {
      key,
      kind: 'Service',
      name: id,
      fields: present({ role: one.Engine, version: one.EngineVersion }),
      labels: labels(one.TagList),
      attributes: present({
        region: held.region,
        state: one.DBInstanceStatus,
        flavor: one.DBInstanceClass,
        sizeBytes: one.AllocatedStorage && one.AllocatedStorage * 2 ** 30,
        multiZone: one.MultiAZ === true ? true : undefined,
        availabilityZone: one.AvailabilityZone,
        cluster: one.DBClusterIdentifier,
      }),
      links: [
        ...home,
        ...(vpc === undefined ? [] : [{ type: 'MEMBER_OF' as const, to: { key: `vpc/${vpc}` } }]),
        ...endpoint.map((to): LinkClaim => ({ type: 'EXPOSES', to: { key: to.key } })),
        ...ownedBy(one.TagList),
      ],
    },
    ...endpoint,
  ]
}

export function toBalancer(one: Balancer, around: Around): Observation[] {
  const { balancer, listeners, targets, tags } = one
  const { LoadBalancerName: name, DNSName: host } = balancer
  if (name === undefined) return []
  const { held, home, labels, ownedBy } = around
  const key = `balancer/${held.region}/${name}`
  const endpoints = listeners.flatMap(({ Port: port, Protocol: protocol = 'TCP' }) =>
    host && port ? [toEndpoint(`${key}/endpoint/${port}`, schemes[protocol] ?? 'tcp', host, port)] : [],
  )
  const vpc = balancer.VpcId
  return [
    {
      key,
      kind: 'Service',
      name,
      fields: { role: 'load-balancer' },
      labels: labels(tags),
      attributes: present({
        region: held.region,
        state: balancer.State?.Code,
        type: balancer.Type,
        scheme: balancer.Scheme,
        unhealthyTargets: targets.filter(({ TargetHealth }) => TargetHealth?.State === 'unhealthy').length,
      }),
      links: [
        ...home,
        ...(vpc === undefined ? [] : [{ type: 'MEMBER_OF' as const, to: { key: `vpc/${vpc}` } }]),
        ...endpoints.map((to): LinkClaim => ({ type: 'EXPOSES', to: { key: to.key } })),
        ...machinesOf(targets, held, vpc).map((to): LinkClaim => ({
          type: 'RUNS_ON',
          to: { key: `instance/${to}` },
        })),
        ...ownedBy(tags),
      ],
    },
    ...endpoints,
  ]
}

/** Targets are machines, or addresses that machines have in the balancer's own network; what else has an address is not known. */
function machinesOf(targets: Balancer['targets'], held: RegionInventory, vpc: string | undefined): string[] {
  const owners = new Map(
    held.interfaces.flatMap(({ PrivateIpAddresses = [], Attachment, VpcId }) =>
      PrivateIpAddresses.flatMap(({ PrivateIpAddress: address }) =>
        address !== undefined && Attachment?.InstanceId !== undefined && VpcId === vpc
          ? [[address, Attachment.InstanceId] as const]
          : [],
      ),
    ),
  )
  const ids = targets.flatMap(({ Target }) => {
    const id = Target?.Id ?? ''
    return id.startsWith('i-') ? [id] : (owners.get(id) ?? [])
  })
  return [...new Set(ids)].sort()
}
