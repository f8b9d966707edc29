/**
 * The sample's virtual machines as their cloud tells of them: projects, servers, ports, networks, images and volumes, by the ids that the sample knows. Its login sees the
 * machines of all projects but no hosts, as the policy of many clouds has it: which server a machine runs on is the inventory's to say.
 */
import { uuid } from '../draft.ts'
import { sampleItems } from '../sample.ts'
import { CloudServer, type Item } from './cloud.ts'

export const cloudPassword = 'demo'
/** The project of the login. */
export const cloudProject = 'observability'

type SampleItem = ReturnType<typeof sampleItems>[number]

export function createSampleCloud(): CloudServer {
  const holding = new Holding(sampleItems())
  const project = holding.projectOf(cloudProject)
  return new CloudServer(
    { password: cloudPassword, region: 'kr-central', project },
    {
      servers: holding.servers(),
      ports: holding.ports(),
      lists: { ...unseen, ...holding.lists(), [`volume/v3/${project}/volumes/detail`]: holding.volumes() },
    },
  )
}

/** What this login gets empty. */
const unseen: Record<string, Item[]> = Object.fromEntries(
  [
    'compute/v2.1/os-hypervisors/detail',
    'compute/v2.1/os-services',
    'compute/v2.1/os-aggregates',
    'compute/v2.1/os-server-groups',
    // The inventory has their prefixes, each within its VLAN.
    'network/v2.0/subnets',
    'network/v2.0/routers',
    'network/v2.0/floatingips',
    'network/v2.0/agents',
    'placement/resource_providers',
    'baremetal/v1/nodes/detail',
    'baremetal/v1/ports/detail',
    'baremetal/v1/allocations',
  ].map((path) => [path, []]),
)

const since = '2026-09-01T00:00:00Z'

class Holding {
  readonly #items: readonly SampleItem[]
  readonly #byKey: ReadonlyMap<string, SampleItem>
  readonly #machines: readonly SampleItem[]

  constructor(items: readonly SampleItem[]) {
    this.#items = items
    this.#byKey = new Map(items.map((item) => [item.key as string, item]))
    this.#machines = this.#ofKind('VirtualMachine')
  }

  projectOf(tenant: string): string {
    return String(this.#ofKind('Tenant').find(({ name }) => name === tenant)?.fields?.['tenantId'])
  }

  servers(): Item[] {
    return this.#machines.map((item) => {
      const fields = item.fields ?? {}
      return {
        id: fields['instanceId'],
        name: item.name,
        status: 'ACTIVE',
        tenant_id: this.#ownerOf(item),
        metadata: item.labels,
        image: { id: this.#linked(item, 'BOOTED_FROM')?.fields?.['imageId'] },
        flavor: flavorOf(fields),
        created: since,
        updated: since,
        'OS-EXT-AZ:availability_zone': fields['availabilityZone'],
        'OS-EXT-STS:task_state': null,
        'OS-EXT-STS:vm_state': 'active',
        'OS-EXT-STS:power_state': 1,
        tags: [],
      }
    })
  }

  ports(): Item[] {
    const addresses = Map.groupBy(this.#ofKind('IpAddress'), (item) => this.#linked(item, 'ASSIGNED_TO'))
    return this.#ofKind('NetworkInterface').flatMap((port, index) => {
      const machine = this.#linked(port, 'PART_OF')
      if (machine?.kind !== 'VirtualMachine') return []
      const site = String(machine.fields?.['availabilityZone'])
      return {
        id: uuid(300_000 + index),
        name: port.name,
        network_id: networkOf(site),
        project_id: this.#ownerOf(machine),
        mac_address: port.fields?.['macAddress'],
        admin_state_up: true,
        status: 'ACTIVE',
        device_id: machine.fields?.['instanceId'],
        device_owner: 'compute:nova',
        fixed_ips: (addresses.get(port) ?? []).map(({ name }) => ({ ip_address: name })),
        'binding:vnic_type': 'normal',
      }
    })
  }

  volumes(): Item[] {
    return this.#ofKind('Volume').map((item) => {
      const machine = this.#linked(item, 'ATTACHED_TO')
      return {
        id: item.fields?.['volumeId'],
        name: item.name,
        status: 'in-use',
        size: Number(item.fields?.['sizeBytes']) / 2 ** 30,
        volume_type: 'ssd',
        bootable: 'false',
        attachments: [{ server_id: machine?.fields?.['instanceId'], device: '/dev/vdb' }],
        'os-vol-tenant-attr:tenant_id': machine && this.#ownerOf(machine),
      }
    })
  }

  lists(): Record<string, Item[]> {
    const tenants = this.#ofKind('Tenant')
    const groups = [...new Set(tenants.map(({ fields }) => fields?.['group']))]
    return {
      'identity/v3/domains': groups.map((name) => ({ id: name, name, enabled: true })),
      'identity/v3/projects': tenants.map(({ name, fields }) => ({
        id: fields?.['tenantId'],
        name,
        domain_id: fields?.['group'],
        enabled: true,
      })),
      'compute/v2.1/flavors/detail': this.#flavors(),
      ...this.#networks(),
      'image/v2/images': this.#ofKind('Image').map(({ name, fields }) => ({
        id: fields?.['imageId'],
        name,
        status: 'active',
        size: fields?.['sizeBytes'],
        visibility: 'public',
        os_distro: fields?.['osName'],
        tags: [],
      })),
    }
  }

  #flavors(): Item[] {
    const all = this.#machines.map(({ fields = {} }) => flavorOf(fields))
    return [...new Map(all.map((one) => [one.original_name, one])).values()].map(
      ({ original_name: name, vcpus, ram, disk }) => ({ id: name, name, vcpus, ram, disk }),
    )
  }

  /** One of each site: the VLAN that its machines are in. */
  #networks(): Record<string, Item[]> {
    const vlans = this.#ofKind('Vlan').filter(({ name }) => name.endsWith('-prod'))
    const siteOf = ({ fields }: SampleItem) => String(fields?.['group'])
    return {
      'network/v2.0/networks': vlans.map((vlan) => ({
        id: networkOf(siteOf(vlan)),
        name: vlan.name,
        status: 'ACTIVE',
        shared: true,
        'router:external': false,
        mtu: 1500,
        'provider:network_type': 'vlan',
        'provider:physical_network': siteOf(vlan),
        'provider:segmentation_id': vlan.fields?.['vid'],
      })),
    }
  }

  #ofKind(kind: SampleItem['kind']): SampleItem[] {
    return this.#items.filter((item) => item.kind === kind)
  }

  #linked(item: SampleItem, type: string): SampleItem | undefined {
    const claim = item.links?.find((one) => one.type === type)
    return claim && 'key' in claim.to ? this.#byKey.get(claim.to.key) : undefined
  }

  #ownerOf(item: SampleItem): unknown {
    return this.#linked(item, 'OWNED_BY')?.fields?.['tenantId']
  }
}

const flavorOf = (fields: Record<string, unknown>) => ({
  vcpus: fields['cpuCores'],
  ram: Number(fields['memoryBytes']) / 2 ** 20,
  disk: Number(fields['diskBytes']) / 2 ** 30,
  ephemeral: 0,
  swap: 0,
  original_name: fields['flavor'],
  extra_specs: {},
})

const networkOf = (site: string): string =>
  uuid(400_000 + ([...site].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 0) % 10_000))
