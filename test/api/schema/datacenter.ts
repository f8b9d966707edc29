/** A small datacenter for queries: two sites, three racks, six servers with machines, a fabric, addresses, services. */
import { Sketch } from '../../support/graphql.ts'

export function sketchDatacenter(asOf: number | null = null) {
  const s = new Sketch(asOf)
  const region = s.add('Region', 'kr')
  const sites = ['seoul-1', 'busan-1'].map((name) =>
    s.add('Site', name, { fields: { facility: name.toUpperCase() } }),
  )
  for (const site of sites) s.link('LOCATED_IN', site, region)
  const [seoul, busan] = sites as [(typeof sites)[0], (typeof sites)[0]]
  const racks = ['r07', 'r08', 'r09'].map((name, index) => {
    const site = index < 2 ? seoul : busan
    const rack = s.add('Rack', name, { siteId: site.id, fields: { heightUnits: 42 } })
    s.link('LOCATED_IN', rack, site)
    return rack
  })
  const blue = s.add('Tenant', 'blue')
  const green = s.add('Tenant', 'green')
  const leaf = s.add('Switch', 'leaf-1', {
    siteId: seoul.id,
    fields: { serialNumber: 'SW1', chassisId: '00:1b:21:3a:4f:10' },
  })
  s.link('LOCATED_IN', leaf, racks[0]!)
  const web = s.add('Service', 'web', { fields: { environment: 'production' } })
  const servers = [0, 1, 2, 3, 4, 5].map((n) => {
    const rack = racks[Math.floor(n / 2)]!
    const server = s.add('Server', `srv-${n}`, {
      siteId: rack.siteId,
      status: n === 5 ? 'MAINTENANCE' : 'ACTIVE',
      labels: { env: n % 2 ? 'prod' : 'test', ...(n === 0 ? { odd: 'a=b' } : {}) },
      owner: n === 3 ? null : `team-${n % 2}`,
      updatedAt: 1_700_000_000_000 + n,
      hasDrift: n === 1,
      fields: {
        serialNumber: n === 4 ? null : `CN7${n}`,
        manufacturer: n < 3 ? 'Dell' : 'HPE',
        assetTag: `A${n}`,
        cpuCores: 8 * n,
        memoryBytes: n === 5 ? '18446744073709551615' : 2 ** 36 * n,
        warrantyEndsAt: `203${n}-01-01T00:00:00+09:00`,
        face: n % 2 ? 'FRONT' : 'REAR',
      },
    })
    s.link('LOCATED_IN', server, rack)
    const port = s.add('NetworkInterface', 'eth0', {
      fields: { macAddress: `00:00:00:00:00:0${n}`, speedBps: 25e9 },
    })
    const far = s.add('NetworkInterface', `et-${n}`, {})
    s.link('PART_OF', port, server)
    s.link('PART_OF', far, leaf)
    s.link('CONNECTED_TO', port, far)
    const vm = s.add('VirtualMachine', `vm-${n}`, {
      tenantId: (n % 2 ? blue : green).id,
      siteId: rack.siteId,
    })
    s.link('RUNS_ON', vm, server)
    s.link('OWNED_BY', vm, n % 2 ? blue : green)
    if (n < 2) s.link('RUNS_ON', web, vm)
    return server
  })
  const vrf = s.add('Vrf', 'blue-net', { fields: { rd: '65000:1' } })
  const address = s.add('IpAddress', '10.0.0.5', { fields: { address: '10.0.0.5' } })
  const twin = s.add('IpAddress', '10.0.0.5', { fields: { address: '10.0.0.5' } })
  s.link('MEMBER_OF', twin, vrf)
  return {
    ...s,
    sketch: s,
    graph: s.graph,
    region,
    seoul,
    busan,
    racks,
    servers,
    blue,
    green,
    leaf,
    web,
    vrf,
    address,
    twin,
  }
}
