/** VLANs, prefixes and addresses. */
import type { Sample } from './draft.ts'
import type { SampleSite } from './place.ts'

const uses = [
  { name: 'mgmt', vid: 10, third: 0, role: 'management' },
  { name: 'prod', vid: 100, third: 16, role: 'production' },
  { name: 'storage', vid: 200, third: 32, role: 'storage' },
  { name: 'dmz', vid: 300, third: 48, role: 'dmz' },
] as const
export type Use = (typeof uses)[number]['name']

/** The address plan: 10.<site>.0.0/16 a site, a /22 a use; loopbacks 10.255.<site>.0/24; links 10.254.0.0/24. */
export class SampleSegments {
  readonly links: string
  readonly #sample: Sample
  readonly #vrf: string
  readonly #prefixes = new Map<string, string>()
  readonly #vlans = new Map<string, string>()

  constructor(sample: Sample, sites: readonly SampleSite[]) {
    this.#sample = sample
    this.#vrf = sample.add('Vrf', 'mgmt', { fields: { rd: '4200000000:10' }, owner: 'team-network' })
    const all = this.addPrefix('10.0.0.0/8', undefined, { role: 'container' })
    this.links = this.addPrefix('10.254.0.0/24', all, { role: 'container' })
    for (const site of sites) this.#addSite(site, all)
  }

  #addSite(site: SampleSite, all: string): void {
    const place = site.key
    const whole = this.addPrefix(`10.${site.number}.0.0/16`, all, { role: 'container', place })
    this.#prefixes.set(
      `${site.name} loopbacks`,
      this.addPrefix(`10.255.${site.number}.0/24`, all, { role: 'loopback', place }),
    )
    for (const { name, vid, third, role } of uses) {
      const vlan = this.#sample.add('Vlan', `${site.name}-${name}`, {
        fields: { vid, group: site.name, role },
        links: [['LOCATED_IN', place]],
        owner: 'team-network',
      })
      const isManagement = name === 'mgmt'
      const prefix = this.addPrefix(`10.${site.number}.${third}.0/22`, isManagement ? undefined : whole, {
        role,
        place,
        vlan,
        gateway: `10.${site.number}.${third}.1`,
        ...(isManagement ? { vrf: this.#vrf } : {}),
      })
      this.#vlans.set(`${site.name} ${name}`, vlan)
      this.#prefixes.set(`${site.name} ${name}`, prefix)
    }
  }

  addPrefix(
    cidr: string,
    parent: string | undefined,
    {
      role,
      place,
      vlan,
      vrf,
      gateway,
    }: { role: string; place?: string; vlan?: string; vrf?: string; gateway?: string },
  ): string {
    return this.#sample.add('Prefix', cidr, {
      fields: { cidr, role, ...(gateway ? { gateway } : {}) },
      links: [
        ...(vrf ? [['MEMBER_OF', vrf] as const] : []),
        ...(parent ? [['PART_OF', parent] as const] : []),
        ...(vlan ? [['MEMBER_OF', vlan] as const] : []),
        ...(place ? [['LOCATED_IN', place] as const] : []),
      ],
    })
  }

  loopbacks(site: SampleSite): string {
    return this.#prefixes.get(`${site.name} loopbacks`) as string
  }

  vlan(site: SampleSite, use: Use): string {
    return this.#vlans.get(`${site.name} ${use}`) as string
  }

  /** The `number`th host of a use at a site; the first ten are the network's own. */
  address(site: SampleSite, use: Use, number: number): string {
    const third = uses.find(({ name }) => name === use)?.third ?? 0
    const host = number + 10
    return `10.${site.number}.${third + Math.floor(host / 256)}.${host % 256}`
  }

  /** Gives an interface an address of a use. */
  assignUse(
    site: SampleSite,
    use: Exclude<Use, 'mgmt'>,
    number: number,
    port: string,
    dnsName: string,
  ): string {
    const address = this.address(site, use, number)
    this.assign(address, 22, port, this.#prefixes.get(`${site.name} ${use}`) as string, dnsName)
    return address
  }

  /** Gives an interface an address in the VRF of management. */
  assignManagement(site: SampleSite, address: string, port: string, dnsName: string): void {
    this.assign(address, 22, port, this.#prefixes.get(`${site.name} mgmt`) as string, dnsName, true)
  }

  assign(
    address: string,
    prefixLength: number,
    port: string,
    prefix: string,
    dnsName?: string,
    isManagement = false,
  ): void {
    this.#sample.add('IpAddress', address, {
      fields: { address, prefixLength, ...(dnsName ? { dnsName } : {}) },
      links: [
        ...(isManagement ? [['MEMBER_OF', this.#vrf] as const] : []),
        ['PART_OF', prefix],
        ['ASSIGNED_TO', port],
      ],
    })
  }
}
