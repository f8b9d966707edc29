import { hardwareFields, hardwareIdentities } from './hardware.ts'
import { across, connection, derived, into, one, out, property, type KindDefinition } from './kind.ts'

const peersOf = [into('PART_OF', 'NetworkInterface'), across('CONNECTED_TO', 'NetworkInterface')] as const

export const networkSwitch: KindDefinition = {
  name: 'Switch',
  plural: 'switches',
  description: 'A network switch.',
  interfaces: ['Hardware'],
  naturalKeys: ['serialNumber', 'assetTag', 'chassisId'],
  nameIndexed: true,
  fields: {
    ...hardwareFields,
    osName: property('String', { authority: 'observed' }),
    osVersion: property('String', { authority: 'observed' }),
    chassisId: property('String', {
      indexed: true,
      authority: 'observed',
      description: 'As LLDP tells it; a MAC in canonical form where it is one.',
    }),
    asn: property('BigInt'),
    role: property('String', { description: 'spine, leaf, tor, core, access …' }),
    neighbors: connection('Resource', ...peersOf, out('PART_OF')),
    servers: connection('Server', ...peersOf, out('PART_OF', 'Server')),
    bgpPeers: connection('BgpPeer', into('PART_OF', 'BgpPeer')),
    vlans: connection('Vlan', into('PART_OF', 'NetworkInterface'), out('MEMBER_OF', 'Vlan')),
  },
  identities: [{ type: 'chassisId', strength: 'strong', property: 'chassisId' }, ...hardwareIdentities],
}

export const device: KindDefinition = {
  name: 'Device',
  plural: 'devices',
  description: 'Other hardware, told by its role: router, firewall, patch panel, UPS, storage, chassis …',
  interfaces: ['Hardware'],
  naturalKeys: ['serialNumber', 'assetTag', 'chassisId'],
  nameIndexed: true,
  fields: {
    ...hardwareFields,
    role: property('String'),
    osName: property('String', { authority: 'observed' }),
    osVersion: property('String', { authority: 'observed' }),
    chassisId: property('String', { indexed: true, authority: 'observed' }),
    neighbors: connection('Resource', ...peersOf, out('PART_OF')),
    bgpPeers: connection('BgpPeer', into('PART_OF', 'BgpPeer')),
  },
  identities: [{ type: 'chassisId', strength: 'strong', property: 'chassisId' }, ...hardwareIdentities],
}

export const component: KindDefinition = {
  name: 'Component',
  plural: 'components',
  description: 'A module, fan, power supply, disk, transceiver or port of a piece of hardware.',
  interfaces: [],
  naturalKeys: ['serialNumber'],
  nameIndexed: false,
  fields: {
    hardware: one('Resource', out('PART_OF')),
    role: property('String', {
      description: 'module, fan, psu, disk, transceiver, console port, power port …',
    }),
    manufacturer: property('String'),
    model: property('String'),
    serialNumber: property('String', { indexed: true, authority: 'observed' }),
    partNumber: property('String'),
    assetTag: property('String', { indexed: true }),
  },
  identities: [
    // not `serial`: a chassis module bears the number of its device, and one source lists both
    {
      type: 'componentSerial',
      strength: 'strong',
      property: 'serialNumber',
      scope: { property: 'manufacturer' },
    },
    {
      type: 'component',
      strength: 'strong',
      property: 'name',
      scope: { parent: 'PART_OF', property: 'role' },
    },
  ],
}

export const pdu: KindDefinition = {
  name: 'Pdu',
  plural: 'pdus',
  description: 'A power distribution unit.',
  interfaces: ['Hardware'],
  naturalKeys: ['serialNumber', 'assetTag'],
  nameIndexed: true,
  fields: {
    ...hardwareFields,
    outlets: derived('[PowerOutlet!]', 'outlets', 'One entry an outlet, with what it feeds.'),
    powerWatts: derived('Float', 'powerWatts', 'Power drawn now, by the latest reading.'),
    capacityWatts: property('Float'),
    powers: connection('Resource', into('POWERED_BY')),
  },
  identities: hardwareIdentities,
}

export const powerFeed: KindDefinition = {
  name: 'PowerFeed',
  plural: 'powerFeeds',
  description: 'A circuit that delivers power to a rack.',
  interfaces: [],
  naturalKeys: [],
  nameIndexed: true,
  fields: {
    rack: one('Rack', out('LOCATED_IN', 'Rack')),
    panel: property('String'),
    phase: property('String'),
    voltage: property('Int'),
    amperage: property('Int'),
    capacityWatts: property('Float'),
    powers: connection('Resource', into('POWERED_BY')),
    pdus: connection('Pdu', into('POWERED_BY', 'Pdu')),
  },
  identities: [
    {
      type: 'powerFeed',
      strength: 'strong',
      property: 'name',
      scope: { parent: 'LOCATED_IN', property: 'panel' },
    },
  ],
}
