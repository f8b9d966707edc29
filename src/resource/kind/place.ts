import { connection, derived, into, one, out, property, within, type KindDefinition } from './kind.ts'

export const region: KindDefinition = {
  name: 'Region',
  plural: 'regions',
  description: 'A part of the world that holds sites; regions nest.',
  interfaces: [],
  naturalKeys: [],
  nameIndexed: true,
  fields: {
    parent: one('Region', out('LOCATED_IN', 'Region')),
    sites: connection('Site', within('LOCATED_IN', 'Site')),
    racks: connection('Rack', within('LOCATED_IN', 'Rack')),
    clusters: connection('Cluster', within('LOCATED_IN', 'Cluster')),
  },
  identities: [{ type: 'name', strength: 'weak', property: 'name' }],
}

export const site: KindDefinition = {
  name: 'Site',
  plural: 'sites',
  description: 'A building or campus with datacenter space.',
  interfaces: [],
  naturalKeys: ['facility'],
  nameIndexed: true,
  fields: {
    region: one('Region', out('LOCATED_IN', 'Region')),
    locations: connection('Location', within('LOCATED_IN', 'Location')),
    racks: connection('Rack', within('LOCATED_IN', 'Rack')),
    clusters: connection('Cluster', within('LOCATED_IN', 'Cluster')),
    facility: property('String', { indexed: true, description: "The provider's name of the facility." }),
    timeZone: property('String'),
  },
  identities: [{ type: 'name', strength: 'weak', property: 'name' }],
}

export const location: KindDefinition = {
  name: 'Location',
  plural: 'locations',
  description: 'A room, row or cage of a site; locations nest.',
  interfaces: [],
  naturalKeys: [],
  nameIndexed: true,
  fields: {
    parent: one('Location', out('LOCATED_IN', 'Location')),
    racks: connection('Rack', within('LOCATED_IN', 'Rack')),
  },
  identities: [{ type: 'name', strength: 'weak', property: 'name', scope: { parent: 'LOCATED_IN' } }],
}

export const rack: KindDefinition = {
  name: 'Rack',
  plural: 'racks',
  description: 'A rack with numbered units.',
  interfaces: [],
  naturalKeys: ['serialNumber', 'assetTag'],
  nameIndexed: true,
  fields: {
    location: one('Location', out('LOCATED_IN', 'Location')),
    heightUnits: property('Int'),
    freeUnits: derived('Int', 'freeUnits', 'Units that nothing fills; null when the height is unknown.'),
    powerLimitWatts: property('Float'),
    powerWatts: derived('Float', 'powerWatts', 'Power drawn now by its PDUs, by their latest readings.'),
    elevation: derived('[RackUnit!]', 'elevation', 'One entry a unit, from the top down.'),
    serialNumber: property('String', { indexed: true }),
    assetTag: property('String', { indexed: true }),
    contents: connection('Resource', into('LOCATED_IN')),
    servers: connection('Server', within('LOCATED_IN', 'Server')),
    switches: connection('Switch', within('LOCATED_IN', 'Switch')),
    devices: connection('Device', within('LOCATED_IN', 'Device')),
    pdus: connection('Pdu', within('LOCATED_IN', 'Pdu')),
  },
  identities: [
    { type: 'assetTag', strength: 'strong', property: 'assetTag' },
    { type: 'name', strength: 'weak', property: 'name', scope: { parent: 'LOCATED_IN' } },
  ],
}
