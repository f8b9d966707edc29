/** The schema that Apollo, mercurius and yoga share, with resolvers as their manuals show them: knex and one DataLoader a relation, made per request. */
import DataLoader from 'dataloader'
import knex from 'knex'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { readLive } from './live.mjs'

export const typeDefs = /* GraphQL */ `
  type Query {
    server(id: Int!): Server
    switch(id: Int!): Switch
    region(id: Int!): Region
    virtualMachines(flavor: String, first: Int!): [VirtualMachine!]!
    virtualMachinesByRack(env: String!): [RackCount!]!
  }
  type Mutation {
    setRole(id: Int!, role: String!): VirtualMachine
  }
  type RackCount {
    rack: String!
    count: Int!
  }
  type Region {
    id: Int!
    name: String!
    sites: [Site!]!
    racks(first: Int!): [Rack!]!
  }
  type Site {
    id: Int!
    name: String!
    region: Region
  }
  type Rack {
    id: Int!
    name: String!
    heightUnits: Int
    site: Site
    servers: [Server!]!
  }
  type Server {
    id: Int!
    name: String!
    serialNumber: String
    powerState: String
    rack: Rack
    uplinks: [Switch!]!
    virtualMachines: [VirtualMachine!]!
  }
  type Switch {
    id: Int!
    name: String!
    role: String
    servers: [Server!]!
  }
  type Tenant {
    id: Int!
    name: String!
  }
  type IpAddress {
    id: Int!
    address: String!
  }
  type Container {
    id: Int!
    name: String!
  }
  type VirtualMachine {
    id: Int!
    name: String!
    powerState: String
    flavor: String
    role: String
    host: Server
    tenant: Tenant
    ipAddresses: [IpAddress!]!
    containers: [Container!]!
    load: Float
  }
`

export const db = knex({
  client: 'pg',
  connection: process.env.DATABASE_URL,
  searchPath: ['dc'],
  pool: { min: 10, max: 10 },
})

/** One row for each id. */
const one = (table) =>
  new DataLoader(async (ids) => {
    const rows = new Map((await db(table).whereIn('id', ids)).map((row) => [row.id, row]))
    return ids.map((id) => rows.get(id) ?? null)
  })

/** All rows that a query finds for many ids, by the id that it selects as `of`. */
const many = (find) =>
  new DataLoader(async (ids) => {
    const rows = new Map(ids.map((id) => [id, []]))
    for (const row of await find(ids)) rows.get(row.of).push(row)
    return ids.map((id) => rows.get(id))
  })

const byColumn = (table, column) =>
  many((ids) => db(table).select('*', `${column} as of`).whereIn(column, ids).orderBy('id'))

export function createLoaders() {
  return {
    rack: one('rack'),
    site: one('site'),
    region: one('region'),
    server: one('server'),
    tenant: one('tenant'),
    sitesOfRegion: byColumn('site', 'region_id'),
    serversOfRack: byColumn('server', 'rack_id'),
    machinesOfServer: byColumn('virtual_machine', 'server_id'),
    containersOfMachine: byColumn('container', 'virtual_machine_id'),
    uplinksOfServer: many((ids) =>
      db('network_interface as near')
        .join('network_interface as far', 'far.id', 'near.peer_id')
        .join('switch', 'switch.id', 'far.switch_id')
        .distinct('switch.*', 'near.server_id as of')
        .whereIn('near.server_id', ids)
        .orderBy('switch.id'),
    ),
    serversOfSwitch: many((ids) =>
      db('network_interface as near')
        .join('network_interface as far', 'far.id', 'near.peer_id')
        .join('server', 'server.id', 'far.server_id')
        .distinct('server.*', 'near.switch_id as of')
        .whereIn('near.switch_id', ids)
        .orderBy('server.id'),
    ),
    addressesOfMachine: many((ids) =>
      db('ip_address')
        .join('network_interface', 'network_interface.id', 'ip_address.network_interface_id')
        .select('ip_address.*', 'network_interface.virtual_machine_id as of')
        .whereIn('network_interface.virtual_machine_id', ids)
        .orderBy('ip_address.id'),
    ),
    load: new DataLoader(readLive),
  }
}

export const resolvers = {
  Query: {
    server: (_, { id }, { loaders }) => loaders.server.load(id),
    switch: (_, { id }) => db('switch').where({ id }).first(),
    region: (_, { id }, { loaders }) => loaders.region.load(id),
    virtualMachines: (_, { flavor, first }) =>
      db('virtual_machine')
        .modify((query) => flavor && query.where({ flavor }))
        .orderBy('id')
        .limit(first),
    virtualMachinesByRack: (_, { env }) =>
      db('virtual_machine as vm')
        .join('server', 'server.id', 'vm.server_id')
        .join('rack', 'rack.id', 'server.rack_id')
        .where('vm.env', env)
        .groupBy('rack.id')
        .select('rack.name as rack')
        .select(db.raw('count(*)::int as count')),
  },
  Mutation: {
    setRole: async (_, { id, role }) =>
      (await db('virtual_machine').where({ id }).update({ role }).returning('*'))[0],
  },
  Region: {
    sites: ({ id }, _, { loaders }) => loaders.sitesOfRegion.load(id),
    racks: ({ id }, { first }) =>
      db('rack')
        .join('site', 'site.id', 'rack.site_id')
        .select('rack.*')
        .where('site.region_id', id)
        .orderBy('rack.id')
        .limit(first),
  },
  Site: { region: ({ region_id }, _, { loaders }) => loaders.region.load(region_id) },
  Rack: {
    heightUnits: ({ height_units }) => height_units,
    site: ({ site_id }, _, { loaders }) => loaders.site.load(site_id),
    servers: ({ id }, _, { loaders }) => loaders.serversOfRack.load(id),
  },
  Server: {
    serialNumber: ({ serial_number }) => serial_number,
    powerState: ({ power_state }) => power_state,
    rack: ({ rack_id }, _, { loaders }) => loaders.rack.load(rack_id),
    uplinks: ({ id }, _, { loaders }) => loaders.uplinksOfServer.load(id),
    virtualMachines: ({ id }, _, { loaders }) => loaders.machinesOfServer.load(id),
  },
  Switch: { servers: ({ id }, _, { loaders }) => loaders.serversOfSwitch.load(id) },
  VirtualMachine: {
    powerState: ({ power_state }) => power_state,
    host: ({ server_id }, _, { loaders }) => loaders.server.load(server_id),
    tenant: ({ tenant_id }, _, { loaders }) => loaders.tenant.load(tenant_id),
    ipAddresses: ({ id }, _, { loaders }) => loaders.addressesOfMachine.load(id),
    containers: ({ id }, _, { loaders }) => loaders.containersOfMachine.load(id),
    load: ({ id }, _, { loaders }) => loaders.load.load(id),
  },
}

export const createSchema = () => makeExecutableSchema({ typeDefs, resolvers })
