/** What an account holds, as observations. Pure. */
import { isIP } from 'node:net'
import type {
  Instance,
  InstanceTypeInfo,
  NetworkInterface,
  Subnet,
  Tag,
  Volume,
  Vpc,
} from '@aws-sdk/client-ec2'
import type { LinkClaim, Observation } from '../../resource/resource.ts'
import type { RegionInventory } from './client.ts'
import { toBalancer, toDatabase, type Around } from './service-map.ts'

export interface Held {
  accountId: string
  regions: readonly RegionInventory[]
  source: string
  tenantTag: string | undefined
}

const accountKey = (id: string): string => `account/${id}`
const regionKey = (name: string): string => `region/${name}`

/** EC2's states, those that are no machine any more left out. */
const powerStates: Readonly<Record<string, string>> = {
  pending: 'POWERING_ON',
  running: 'ON',
  stopping: 'POWERING_OFF',
  'shutting-down': 'POWERING_OFF',
  stopped: 'OFF',
}

const present = (record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  )
const link = (type: LinkClaim['type'], key: string | undefined): LinkClaim[] =>
  key === undefined ? [] : [{ type, to: { key } }]

const toLabels = (tags: readonly Tag[] | undefined): Record<string, string> =>
  Object.fromEntries(
    (tags ?? []).flatMap(({ Key, Value }) =>
      Key !== undefined && /^[\w./-]{1,200}$/.test(Key) ? [[Key, Value ?? '']] : [],
    ),
  )
const nameOf = (tags: readonly Tag[] | undefined, id: string): string =>
  tags?.find(({ Key }) => Key === 'Name')?.Value?.trim() || id

export function toObservations({ accountId, regions, source, tenantTag }: Held): Observation[] {
  const account: Observation = {
    key: accountKey(accountId),
    kind: 'CloudAccount',
    name: source,
    fields: { provider: 'aws', accountId, regions: regions.map(({ region }) => region).sort() },
  }
  const ownedBy = (tags: readonly Tag[] | undefined): LinkClaim[] => {
    const tenant = tenantTag && tags?.find(({ Key }) => Key === tenantTag)?.Value
    return tenant ? [{ type: 'OWNED_BY', to: { ref: `Tenant:name=${tenant}` } }] : []
  }
  return [
    account,
    ...regions.flatMap((held) => [
      toRegion(held.region, accountId),
      ...held.vpcs.flatMap((one) => toVpc(one, held.region)),
      ...held.subnets.map(toSubnet),
      ...held.instances.flatMap((one) => toInstance(one, held, accountId, ownedBy(one.Tags))),
      ...held.interfaces.flatMap(toInterface),
      ...held.volumes.map((one) => toVolume(one, ownedBy(one.Tags))),
      ...toServices(held, accountId, ownedBy),
    ]),
  ]
}

function toServices(held: RegionInventory, accountId: string, ownedBy: Around['ownedBy']): Observation[] {
  const home = [...link('MEMBER_OF', accountKey(accountId)), ...link('MEMBER_OF', regionKey(held.region))]
  const around: Around = { held, home, labels: toLabels, ownedBy }
  const { databases, balancers } = held.services
  return [
    ...databases.flatMap((one) => toDatabase(one, around)),
    ...balancers.flatMap((one) => toBalancer(one, around)),
  ]
}

const toRegion = (region: string, accountId: string): Observation => ({
  key: regionKey(region),
  kind: 'Cluster',
  name: `aws ${region} ${accountId}`,
  fields: { type: 'aws' },
  links: link('PART_OF', accountKey(accountId)),
})

/** Addresses of a VPC count only within it. */
function toVpc({ VpcId, Tags, CidrBlock, IsDefault }: Vpc, region: string): Observation[] {
  if (VpcId === undefined) return []
  const name = nameOf(Tags, VpcId)
  return [
    {
      key: `vpc/${VpcId}`,
      kind: 'Network',
      name,
      fields: { networkId: VpcId },
      labels: toLabels(Tags),
      attributes: present({ cidr: CidrBlock, default: IsDefault === true ? true : undefined }),
      links: link('PART_OF', regionKey(region)),
    },
    { key: `vrf/${VpcId}`, kind: 'Vrf', name: name === VpcId ? VpcId : `${name} (${VpcId})` },
  ]
}

const toSubnet = (one: Subnet): Observation => ({
  key: `subnet/${one.SubnetId}`,
  kind: 'Prefix',
  name: one.CidrBlock ?? String(one.SubnetId),
  fields: present({ cidr: one.CidrBlock }),
  labels: toLabels(one.Tags),
  attributes: present({ subnetId: one.SubnetId, availabilityZone: one.AvailabilityZone }),
  links: [...link('PART_OF', `vpc/${one.VpcId}`), ...link('MEMBER_OF', `vrf/${one.VpcId}`)],
})

function toInstance(
  one: Instance,
  held: RegionInventory,
  accountId: string,
  owner: LinkClaim[],
): Observation[] {
  const id = one.InstanceId
  const power = powerStates[one.State?.Name ?? '']
  if (id === undefined || power === undefined) return []
  const type = held.types.get(one.InstanceType ?? '')
  return [
    {
      key: `instance/${id}`,
      kind: 'VirtualMachine',
      name: nameOf(one.Tags, id),
      fields: present({
        instanceId: id,
        cpuCores: coresOf(one, type),
        memoryBytes: type?.MemoryInfo?.SizeInMiB && type.MemoryInfo.SizeInMiB * 2 ** 20,
        powerState: power,
        availabilityZone: one.Placement?.AvailabilityZone,
        flavor: one.InstanceType,
        vmState: one.State?.Name,
        osName: one.PlatformDetails,
      }),
      labels: toLabels(one.Tags),
      attributes: present({
        region: held.region,
        imageId: one.ImageId,
        launchedAt: one.LaunchTime?.toISOString(),
        architecture: one.Architecture,
        // What it is paid by; without a word it is on demand.
        priceClass: one.InstanceLifecycle ?? 'on-demand',
        stateReason: one.StateReason?.Message,
        publicDnsName: one.PublicDnsName,
      }),
      links: [
        ...link('MEMBER_OF', accountKey(accountId)),
        ...link('MEMBER_OF', regionKey(held.region)),
        ...owner,
      ],
    },
  ]
}

function coresOf({ CpuOptions }: Instance, type: InstanceTypeInfo | undefined): number | undefined {
  if (CpuOptions?.CoreCount) return CpuOptions.CoreCount * (CpuOptions.ThreadsPerCore ?? 1)
  return type?.VCpuInfo?.DefaultVCpus
}

function toInterface(one: NetworkInterface): Observation[] {
  const key = `eni/${one.NetworkInterfaceId}`
  const instance = one.Attachment?.InstanceId
  const thing: Observation = {
    key,
    kind: 'NetworkInterface',
    name: nameOf(one.TagSet, String(one.NetworkInterfaceId)),
    fields: present({
      type: 'virtual',
      macAddress: one.MacAddress,
      operStatus: one.Status === 'in-use' ? 'UP' : 'DOWN',
    }),
    attributes: present({ interfaceId: one.NetworkInterfaceId, description: one.Description }),
    links: [
      ...link('PART_OF', instance && `instance/${instance}`),
      ...link('MEMBER_OF', one.VpcId && `vpc/${one.VpcId}`),
    ],
  }
  const own = (one.PrivateIpAddresses ?? []).flatMap(({ PrivateIpAddress: address, Association }) => [
    ...toAddress(address, { key, vrf: one.VpcId, subnet: one.SubnetId, id: one.NetworkInterfaceId }),
    ...toAddress(Association?.PublicIp, { key, id: one.NetworkInterfaceId }),
  ])
  return [thing, ...own]
}

function toAddress(
  address: string | undefined,
  at: { key: string; id: string | undefined; vrf?: string | undefined; subnet?: string | undefined },
): Observation[] {
  if (!address || isIP(address) === 0) return []
  return [
    {
      key: `address/${at.id}/${address}`,
      kind: 'IpAddress',
      name: address,
      fields: { address, ...(at.vrf === undefined ? { floating: true } : {}) },
      links: [
        ...link('ASSIGNED_TO', at.key),
        ...link('MEMBER_OF', at.vrf && `vrf/${at.vrf}`),
        ...link('PART_OF', at.subnet && `subnet/${at.subnet}`),
      ],
    },
  ]
}

const toVolume = (one: Volume, owner: LinkClaim[]): Observation => ({
  key: `volume/${one.VolumeId}`,
  kind: 'Volume',
  name: nameOf(one.Tags, String(one.VolumeId)),
  fields: present({ volumeId: one.VolumeId, sizeBytes: one.Size && one.Size * 2 ** 30 }),
  labels: toLabels(one.Tags),
  attributes: present({
    state: one.State,
    type: one.VolumeType,
    availabilityZone: one.AvailabilityZone,
    iops: one.Iops,
    encrypted: one.Encrypted === true ? true : undefined,
    snapshotId: one.SnapshotId,
  }),
  links: [
    ...(one.Attachments ?? []).flatMap(({ InstanceId, Device }): LinkClaim[] =>
      InstanceId
        ? [
            {
              type: 'ATTACHED_TO',
              to: { key: `instance/${InstanceId}` },
              ...(Device ? { attributes: { device: Device } } : {}),
            },
          ]
        : [],
    ),
    ...owner,
  ],
})
