/** What a plan's claims become in the CMDB: addresses, VLANs, kept rack units, services with their endpoints. Pure. */
import type { Graph } from '../graph/graph.ts'
import type { KindName } from '../resource/kind/index.ts'
import type { LinkClaim, Observation, ResourceId } from '../resource/resource.ts'
import type { PlannedClaim } from './allocation.ts'
import { fill, type Values } from './blueprint/index.ts'
import { prefixed, type Draft } from './draft.ts'

export interface Items {
  items: Observation[]
  /** What is held as it is: servers. */
  hold: { id: ResourceId; kind: KindName; tenantId: ResourceId }[]
}

export function itemsOf(
  allocationId: number,
  draft: Draft,
  claims: readonly PlannedClaim[],
  graph: Graph,
): Items {
  const owned: LinkClaim = { type: 'OWNED_BY', to: { id: draft.request.tenantId } }
  const items = claims.flatMap((claim) => itemOf(allocationId, claim, graph, owned))
  const hold = claims
    .filter((claim) => claim.class === 'CUSTOM_SERVER' && claim.resourceId !== null)
    .map((claim) => ({ id: claim.resourceId!, kind: 'Server' as const, tenantId: draft.request.tenantId }))
  return { items: [...items, ...serviceOf(allocationId, draft, claims, owned)], hold }
}

const keyOf = (allocationId: number, ...parts: (string | number)[]): string =>
  [allocationId, ...parts].join('/')

function itemOf(allocationId: number, claim: PlannedClaim, graph: Graph, owned: LinkClaim): Observation[] {
  const { class: name, units, member } = claim
  switch (name) {
    case 'IPV4_ADDRESS':
    case 'IPV6_ADDRESS':
      return units.map((address) =>
        toAddress(keyOf(allocationId, member, address), address, claim, graph, owned),
      )
    case 'CUSTOM_VLAN':
      return units.map((vid) => ({
        key: keyOf(allocationId, member, 'vlan', vid),
        kind: 'Vlan',
        name: (claim.name ?? `vlan-${vid}`).slice(0, 255),
        status: 'ACTIVE',
        fields: { vid: Number(vid), group: claim.group },
        links: [owned],
      }))
    case 'CUSTOM_RACK_UNIT':
      return [
        {
          key: keyOf(allocationId, member, 'units'),
          kind: 'Device',
          name: claim.name ?? `kept-${allocationId}-${member}`,
          status: 'PLANNED',
          fields: {
            role: 'reservation',
            position: Math.min(...units.map(Number)),
            heightUnits: units.length,
          },
          links: [{ type: 'LOCATED_IN', to: { id: claim.resourceId! } }, owned],
        },
      ]
    default:
      return []
  }
}

function toAddress(
  key: string,
  address: string,
  claim: PlannedClaim,
  graph: Graph,
  owned: LinkClaim,
): Observation {
  const prefix = graph.get(claim.resourceId!)!
  const vrf = graph.neighbors(prefix, 'MEMBER_OF', 'out').find(({ kind }) => kind.name === 'Vrf')
  const length = Number(String(prefix.fields['cidr']).split('/')[1])
  return {
    key,
    kind: 'IpAddress',
    name: address,
    status: 'ACTIVE',
    fields: { address, prefixLength: length, ...(claim.name === null ? {} : { dnsName: claim.name }) },
    links: [
      { type: 'PART_OF', to: { id: prefix.id } },
      ...(vrf === undefined ? [] : [{ type: 'MEMBER_OF' as const, to: { id: vrf.id } }]),
      owned,
    ],
  }
}

export const serviceIn = (items: readonly Observation[]): Observation | undefined =>
  items.find(({ kind }) => kind === 'Service')

/** The service as it runs on what was made for it, no more on what that runs on. */
export const carriedBy = (service: Observation, made: readonly string[]): Observation => ({
  ...service,
  links: [
    ...made.map((ref): LinkClaim => ({ type: 'RUNS_ON', to: { ref } })),
    ...(service.links ?? []).filter(({ type }) => type !== 'RUNS_ON'),
  ],
})

/** A role's service runs on the members' servers, and is reached at the members' addresses. */
function serviceOf(
  allocationId: number,
  draft: Draft,
  claims: readonly PlannedClaim[],
  owned: LinkClaim,
): Observation[] {
  const { service } = draft.blueprint
  if (service === undefined) return []
  const values: Values = {
    ...prefixed(draft.parameters),
    name: draft.request.name,
    tenant: draft.request.tenantName,
  }
  const hosts = [
    ...new Set(
      claims.filter(({ units }) => units.length === 0).flatMap(({ resourceId }) => resourceId ?? []),
    ),
  ]
  const addresses = claims
    .filter(({ class: name }) => name === 'IPV4_ADDRESS' || name === 'IPV6_ADDRESS')
    .flatMap(({ units }) => units)
  const port =
    service.port === undefined
      ? undefined
      : Number(typeof service.port === 'number' ? service.port : fill(service.port, values))
  const endpoints = addresses.map((address): Observation => ({
    key: keyOf(allocationId, 'endpoint', address),
    kind: 'Endpoint',
    name: port === undefined ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`,
    status: 'ACTIVE',
    fields: { address, protocol: service.protocol, ...(port === undefined ? {} : { port }) },
    links: [owned],
  }))
  return [
    ...endpoints,
    {
      key: keyOf(allocationId, 'service'),
      kind: 'Service',
      name: fill(service.name, values),
      status: 'ACTIVE',
      fields: { role: service.role },
      links: [
        ...hosts.map((id): LinkClaim => ({ type: 'RUNS_ON', to: { id } })),
        ...endpoints.map(({ key }): LinkClaim => ({ type: 'EXPOSES', to: { key } })),
        owned,
      ],
    },
  ]
}
