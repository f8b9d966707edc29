/** What the sample gives to whoever allocates in it: pools as in the configuration. */
export const samplePools = {
  servers: { kind: 'Server', ratio: { VCPU: 4 } },
  addresses: {
    kind: 'Prefix',
    where: { name: ['10.1.16.0/22', '10.2.16.0/22', '10.3.16.0/22'] },
    reserved: { IPV4_ADDRESS: 10 },
  },
  vlans: { kind: 'Vlan', vlans: { group: 'icn1', from: 1_000, to: 1_099 } },
  racks: { kind: 'Rack' },
}

export const sampleQuotas = [{ class: 'IPV4_ADDRESS', limit: 1_000 }]
