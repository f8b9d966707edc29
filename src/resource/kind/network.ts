import { across, connection, derived, into, list, one, out, property, type KindDefinition } from './kind.ts'

export const networkInterface: KindDefinition = {
  name: 'NetworkInterface',
  plural: 'networkInterfaces',
  description: 'A port or a logical interface of a device, machine or container.',
  interfaces: [],
  naturalKeys: ['macAddress'],
  nameIndexed: false,
  fields: {
    device: one('Resource', out('PART_OF')),
    ifIndex: property('Int', { authority: 'observed' }),
    type: property('String', { loose: true, description: '1000base-t, lag, virtual …' }),
    alias: property('String', { description: 'ifAlias: what operators wrote on the port.' }),
    macAddress: property('String', { indexed: true, format: 'mac', authority: 'observed' }),
    mtu: property('Int'),
    speedBps: property('BigInt', { authority: 'observed' }),
    adminStatus: property('IfStatus'),
    operStatus: property('IfStatus', { authority: 'observed' }),
    peers: list('NetworkInterface', across('CONNECTED_TO', 'NetworkInterface')),
    ipAddresses: list('IpAddress', into('ASSIGNED_TO', 'IpAddress')),
    vlans: connection('Vlan', out('MEMBER_OF', 'Vlan')),
    aggregate: one('NetworkInterface', out('MEMBER_OF', 'NetworkInterface')),
    members: list('NetworkInterface', into('MEMBER_OF', 'NetworkInterface')),
  },
  identities: [
    { type: 'interface', strength: 'strong', property: 'name', scope: { parent: 'PART_OF' } },
    { type: 'mac', strength: 'weak', property: 'macAddress' },
  ],
}

export const ipAddress: KindDefinition = {
  name: 'IpAddress',
  plural: 'ipAddresses',
  description: 'An IP address within its VRF.',
  interfaces: [],
  naturalKeys: ['address', 'vrf'],
  nameIndexed: false,
  fields: {
    address: property('String', {
      indexed: true,
      format: 'ip',
      nonNull: true,
      description: 'Without prefix length, canonical form.',
    }),
    family: derived('Int!', 'family', '4 or 6.'),
    prefixLength: property('Int'),
    vrf: one('Vrf', out('MEMBER_OF', 'Vrf')),
    prefix: one('Prefix', out('PART_OF', 'Prefix')),
    network: one('Network', out('PART_OF', 'Prefix'), out('PART_OF', 'Network')),
    interface: one('NetworkInterface', out('ASSIGNED_TO', 'NetworkInterface')),
    device: one('Resource', out('ASSIGNED_TO', 'NetworkInterface'), out('PART_OF')),
    dnsName: property('String', { indexed: true }),
    floating: property('Boolean'),
    role: property('String'),
  },
  identities: [
    {
      type: 'address',
      strength: 'strong',
      property: 'address',
      scope: { parent: 'MEMBER_OF', within: 'Vrf' },
    },
  ],
}

export const vrf: KindDefinition = {
  name: 'Vrf',
  plural: 'vrfs',
  description: 'A routing table with its own addresses.',
  interfaces: [],
  naturalKeys: ['rd'],
  nameIndexed: true,
  fields: {
    rd: property('String', { indexed: true, description: 'Route distinguisher.' }),
    prefixes: connection('Prefix', into('MEMBER_OF', 'Prefix')),
    ipAddresses: connection('IpAddress', into('MEMBER_OF', 'IpAddress')),
  },
  identities: [
    { type: 'rd', strength: 'strong', property: 'rd' },
    { type: 'name', strength: 'weak', property: 'name' },
  ],
}

export const network: KindDefinition = {
  name: 'Network',
  plural: 'networks',
  description: 'A layer-2 network of a cloud or cluster.',
  interfaces: [],
  naturalKeys: ['networkId'],
  nameIndexed: true,
  fields: {
    networkId: property('String', { indexed: true, authority: 'observed' }),
    cluster: one('Cluster', out('PART_OF', 'Cluster')),
    segment: property('String', { authority: 'observed' }),
    prefixes: connection('Prefix', into('PART_OF', 'Prefix')),
  },
  identities: [{ type: 'networkId', strength: 'strong', property: 'networkId' }],
}

export const prefix: KindDefinition = {
  name: 'Prefix',
  plural: 'prefixes',
  description: 'An IP prefix within its VRF.',
  interfaces: [],
  naturalKeys: ['cidr', 'vrf'],
  nameIndexed: false,
  fields: {
    cidr: property('String', { indexed: true, format: 'cidr', nonNull: true }),
    vrf: one('Vrf', out('MEMBER_OF', 'Vrf')),
    vlan: one('Vlan', out('MEMBER_OF', 'Vlan')),
    network: one('Network', out('PART_OF', 'Network')),
    gateway: property('String', { format: 'ip' }),
    role: property('String'),
    utilization: derived('Float', 'utilization', 'Share of its addresses that are taken, 0..1.'),
    free: derived(
      'BigInt',
      'freeAddresses',
      'Addresses that are not taken; network and broadcast address do not count for IPv4 prefixes of 30 bits or fewer.',
    ),
    ipAddresses: connection('IpAddress', into('PART_OF', 'IpAddress')),
  },
  identities: [
    { type: 'cidr', strength: 'strong', property: 'cidr', scope: { parent: 'MEMBER_OF', within: 'Vrf' } },
  ],
}

export const vlan: KindDefinition = {
  name: 'Vlan',
  plural: 'vlans',
  description: 'A VLAN within its group or site.',
  interfaces: [],
  naturalKeys: ['vid', 'group'],
  nameIndexed: true,
  fields: {
    vid: property('Int', { nonNull: true, indexed: true, description: '1 to 4094.' }),
    group: property('String'),
    role: property('String'),
    interfaces: connection('NetworkInterface', into('MEMBER_OF', 'NetworkInterface')),
    prefixes: connection('Prefix', into('MEMBER_OF', 'Prefix')),
  },
  identities: [
    { type: 'vid', strength: 'weak', property: 'vid', scope: { property: 'group', parent: 'LOCATED_IN' } },
  ],
}

export const bgpPeer: KindDefinition = {
  name: 'BgpPeer',
  plural: 'bgpPeers',
  description: 'One end of a BGP session.',
  interfaces: [],
  naturalKeys: [],
  nameIndexed: false,
  fields: {
    device: one('Resource', out('PART_OF')),
    remote: one('Resource', out('PEERS_WITH')),
    localAs: property('BigInt', { authority: 'observed' }),
    peerAs: property('BigInt', { authority: 'observed' }),
    neighborAddress: property('String', { format: 'ip', indexed: true }),
    sessionState: property('BgpState', { authority: 'observed' }),
    establishedSince: property('DateTime', { authority: 'observed' }),
  },
  identities: [
    { type: 'bgpPeer', strength: 'strong', property: 'neighborAddress', scope: { parent: 'PART_OF' } },
  ],
}
