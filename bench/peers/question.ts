/** The seven questions, in the words of each contender, and how each answer becomes the same JSON as the others'. */
import type { Samples } from './sample.ts'

export const questionNames = ['q1', 'q2', 'q3', 'q4', 'q5', 'q6', 'q7'] as const
export type QuestionName = (typeof questionNames)[number]

export const contenderNames = ['plenum', 'postgraphile', 'apollo', 'mercurius', 'yoga', 'sql-json'] as const
export type ContenderName = (typeof contenderNames)[number]
/** Whose words it understands: those with a schema of their own making share one. */
type Dialect = 'plenum' | 'postgraphile' | 'graphql' | 'sql-json'

export const dialectOf = (name: ContenderName): Dialect =>
  name === 'plenum' || name === 'postgraphile' || name === 'sql-json' ? name : 'graphql'

type Json = any // eslint-disable-line @typescript-eslint/no-explicit-any -- answers of six servers, read once and hashed

interface Wording {
  /** A document, or the path for the one without GraphQL. */
  text: string
  /** Variables, or the values of the statement. */
  variables: (sample: string | number, turn: number) => unknown
  normalise: (data: Json, sample: string | number) => unknown
}

interface Question {
  title: string
  samples: (samples: Samples) => readonly (string | number)[]
  wordings: Record<Dialect, Wording>
}

const id = (value: Json): { id: string } => ({ id: String(value) })
const number = (value: Json): number => Number(value)
const pick = (row: Json, ...names: string[]) =>
  Object.fromEntries(names.map((name) => [name, row[name] ?? null]))
const byId = (rows: Json[]): Json[] => rows.toSorted((one, other) => one.id - other.id)
const unique = (rows: Json[]): Json[] => byId([...new Map(rows.map((row) => [row.id, row])).values()])
const byRack = (rows: Json[]): Json[] => rows.toSorted((one, other) => (one.rack < other.rack ? -1 : 1))

const sqlJson = (name: QuestionName, values: Wording['variables'] = (sample) => [sample]): Wording => ({
  text: `/${name}`,
  variables: values,
  normalise: (data) => data,
})

const point: Question = {
  title: 'server, rack, uplink switches, its VMs with tenant',
  samples: ({ servers }) => servers,
  wordings: {
    plenum: {
      text: `query Point($id: ID!) { node(id: $id) { ... on Server { id name serialNumber powerState rack { name heightUnits site { name } }
        uplinks { id name } virtualMachines { nodes { id name powerState tenant { name } } } } } }`,
      variables: id,
      normalise: ({ node }) => toPoint(node, node.uplinks, node.virtualMachines.nodes),
    },
    postgraphile: {
      text: `query Point($id: Int!) { serverByRowId(rowId: $id) { id: rowId name serialNumber powerState
        rack: rackByRackId { name heightUnits site: siteBySiteId { name } } networkInterfacesByServerId { nodes { peer: networkInterfaceByPeerId { switch: switchBySwitchId { id: rowId name } } } }
        machines: virtualMachinesByServerId(orderBy: ROW_ID_ASC) { nodes { id: rowId name powerState tenant: tenantByTenantId { name } } } } }`,
      variables: (value) => ({ id: value }),
      normalise: ({ serverByRowId: server }) =>
        toPoint(server, peersOf(server.networkInterfacesByServerId, 'switch'), server.machines.nodes),
    },
    graphql: {
      text: `query Point($id: Int!) { server(id: $id) { id name serialNumber powerState rack { name heightUnits site { name } }
        uplinks { id name } virtualMachines { id name powerState tenant { name } } } }`,
      variables: (value) => ({ id: value }),
      normalise: ({ server }) => toPoint(server, server.uplinks, server.virtualMachines),
    },
    'sql-json': {
      ...sqlJson('q1'),
      normalise: (server) => toPoint(server, server.uplinks, server.virtualMachines),
    },
  },
}

/** What the cables of some interfaces lead to. */
const peersOf = ({ nodes }: Json, kind: string): Json[] =>
  nodes.map((one: Json) => one.peer?.[kind]).filter(Boolean)

const toPoint = (server: Json, uplinks: Json[], machines: Json[]) => ({
  ...pick(server, 'name', 'serialNumber', 'powerState'),
  id: number(server.id),
  rack: { ...pick(server.rack, 'name', 'heightUnits'), site: server.rack.site.name },
  uplinks: unique(uplinks.map((one) => ({ id: number(one.id), name: one.name }))),
  machines: machines.map((vm) => ({
    id: number(vm.id),
    ...pick(vm, 'name', 'powerState'),
    tenant: vm.tenant.name,
  })),
})

const listOf = (live: boolean): Question => {
  const load = live ? ' load' : ''
  return {
    title: live
      ? 'the list with a live field of a source of 1 ms'
      : '100 VMs with host, rack, tenant, addresses',
    samples: ({ flavors }) => flavors,
    wordings: {
      plenum: {
        text: `query List($flavor: String!) { virtualMachines(filter: { flavor: { eq: $flavor } }, first: 100) { nodes {
          id name powerState host { name rack { name } } tenant { name } ipAddresses { address }${live ? ' load: attribute(path: "bench.load")' : ''} } } }`,
        variables: (flavor) => ({ flavor }),
        normalise: ({ virtualMachines }) =>
          toList(virtualMachines.nodes, live, ({ ipAddresses }) => ipAddresses),
      },
      postgraphile: {
        text: `query List($flavor: String!) { allVirtualMachines(condition: { flavor: $flavor }, first: 100, orderBy: ROW_ID_ASC) { nodes {
          id: rowId name powerState host: serverByServerId { name rack: rackByRackId { name } } tenant: tenantByTenantId { name }
          networkInterfacesByVirtualMachineId { nodes { ipAddressesByNetworkInterfaceId(orderBy: ROW_ID_ASC) { nodes { address } } } }${load} } } }`,
        variables: (flavor) => ({ flavor }),
        normalise: ({ allVirtualMachines }) =>
          toList(allVirtualMachines.nodes, live, (vm) =>
            vm.networkInterfacesByVirtualMachineId.nodes.flatMap(
              (nic: Json) => nic.ipAddressesByNetworkInterfaceId.nodes,
            ),
          ),
      },
      graphql: {
        text: `query List($flavor: String!) { virtualMachines(flavor: $flavor, first: 100) {
          id name powerState host { name rack { name } } tenant { name } ipAddresses { address }${load} } }`,
        variables: (flavor) => ({ flavor }),
        normalise: ({ virtualMachines }) => toList(virtualMachines, live, ({ ipAddresses }) => ipAddresses),
      },
      'sql-json': {
        ...sqlJson(live ? 'q4' : 'q2'),
        normalise: (machines) => toList(machines, live, ({ ipAddresses }) => ipAddresses),
      },
    },
  }
}

const toList = (machines: Json[], live: boolean, addresses: (vm: Json) => Json[]) =>
  machines.map((vm) => ({
    id: number(vm.id),
    ...pick(vm, 'name', 'powerState'),
    host: vm.host.name,
    rack: vm.host.rack.name,
    tenant: vm.tenant.name,
    addresses: addresses(vm).map(({ address }) => address),
    ...(live ? { load: vm.load } : {}),
  }))

const deep: Question = {
  title: 'region, 20 racks, servers, VMs, tenant',
  samples: ({ regions }) => regions,
  wordings: {
    plenum: {
      text: `query Deep($id: ID!) { node(id: $id) { ... on Region { name racks(first: 20) { nodes { name servers { nodes { id name
        virtualMachines { nodes { id name tenant { name } } } } } } } } } }`,
      variables: id,
      normalise: ({ node }) =>
        toDeep(
          node,
          node.racks.nodes,
          ({ servers }) => servers.nodes,
          ({ virtualMachines }) => virtualMachines.nodes,
        ),
    },
    postgraphile: {
      text: `query Deep($id: Int!) { regionByRowId(rowId: $id) { name sites: sitesByRegionId { nodes { racks: racksBySiteId(first: 20, orderBy: ROW_ID_ASC) { nodes { name
        servers: serversByRackId(orderBy: ROW_ID_ASC) { nodes { id: rowId name virtualMachines: virtualMachinesByServerId(orderBy: ROW_ID_ASC) { nodes { id: rowId name
          tenant: tenantByTenantId { name } } } } } } } } } } }`,
      variables: (value) => ({ id: value }),
      normalise: ({ regionByRowId: region }) =>
        toDeep(
          region,
          region.sites.nodes.flatMap((site: Json) => site.racks.nodes),
          ({ servers }) => servers.nodes,
          ({ virtualMachines }) => virtualMachines.nodes,
        ),
    },
    graphql: {
      text: `query Deep($id: Int!) { region(id: $id) { name racks(first: 20) { name servers { id name virtualMachines { id name tenant { name } } } } } }`,
      variables: (value) => ({ id: value }),
      normalise: ({ region }) =>
        toDeep(
          region,
          region.racks,
          ({ servers }) => servers,
          ({ virtualMachines }) => virtualMachines,
        ),
    },
    'sql-json': {
      ...sqlJson('q3'),
      normalise: (region) =>
        toDeep(
          region,
          region.racks,
          ({ servers }) => servers,
          ({ virtualMachines }) => virtualMachines,
        ),
    },
  },
}

const toDeep = (
  region: Json,
  racks: Json[],
  servers: (rack: Json) => Json[],
  machines: (server: Json) => Json[],
) => ({
  name: region.name,
  racks: racks.map((rack) => ({
    name: rack.name,
    servers: servers(rack).map((server) => ({
      id: number(server.id),
      name: server.name,
      machines: machines(server).map((vm) => ({ id: number(vm.id), name: vm.name, tenant: vm.tenant.name })),
    })),
  })),
})

const dependents: Question = {
  title: 'servers, VMs and containers that a switch takes down',
  samples: ({ switches }) => switches,
  wordings: {
    plenum: {
      text: `query Hit($id: ID!) { node(id: $id) { ... on Switch { dependents(kind: [Server, VirtualMachine, Container], depth: 5, first: 1000) { nodes { id name } } } } }`,
      variables: id,
      normalise: ({ node }) => toHit(node.dependents.nodes),
    },
    postgraphile: {
      text: `query Hit($id: Int!) { switchByRowId(rowId: $id) { networkInterfacesBySwitchId { nodes { peer: networkInterfaceByPeerId { server: serverByServerId { id: rowId name
        machines: virtualMachinesByServerId { nodes { id: rowId name containers: containersByVirtualMachineId { nodes { id: rowId name } } } } } } } } } }`,
      variables: (value) => ({ id: value }),
      normalise: ({ switchByRowId: { networkInterfacesBySwitchId } }) =>
        toHit(
          peersOf(networkInterfacesBySwitchId, 'server').flatMap((server: Json) => [
            server,
            ...server.machines.nodes.flatMap((vm: Json) => [vm, ...vm.containers.nodes]),
          ]),
        ),
    },
    graphql: {
      text: `query Hit($id: Int!) { switch(id: $id) { servers { id name virtualMachines { id name containers { id name } } } } }`,
      variables: (value) => ({ id: value }),
      normalise: (data) =>
        toHit(
          data.switch.servers.flatMap((server: Json) => [
            server,
            ...server.virtualMachines.flatMap((vm: Json) => [vm, ...vm.containers]),
          ]),
        ),
    },
    'sql-json': { ...sqlJson('q5'), normalise: (rows) => toHit(rows) },
  },
}

const toHit = (rows: Json[]) => byId(rows.map((row) => ({ id: number(row.id), name: row.name })))

const count: Question = {
  title: 'VMs of an environment counted by rack',
  samples: ({ environments }) => environments,
  wordings: {
    plenum: {
      text: `query Count($env: String!) { count(filter: { kind: [VirtualMachine], label: [{ key: "env", value: $env }] }, groupBy: [RACK]) { group { value } count } }`,
      variables: (env) => ({ env }),
      normalise: ({ count: groups }) =>
        byRack(groups.map((one: Json) => ({ rack: one.group[0].value, count: one.count }))),
    },
    postgraphile: {
      text: `query Count($env: String!) { virtualMachinesByRack(env: $env) { nodes { rack count } } }`,
      variables: (env) => ({ env }),
      normalise: ({ virtualMachinesByRack: { nodes } }) =>
        byRack(nodes.map((one: Json) => pick(one, 'rack', 'count'))),
    },
    graphql: {
      text: `query Count($env: String!) { virtualMachinesByRack(env: $env) { rack count } }`,
      variables: (env) => ({ env }),
      normalise: ({ virtualMachinesByRack: rows }) =>
        byRack(rows.map((one: Json) => pick(one, 'rack', 'count'))),
    },
    'sql-json': { ...sqlJson('q6'), normalise: (rows) => byRack(rows) },
  },
}

const roleOf = (turn: number): string => `role ${turn}`

const mutation: Question = {
  title: 'a VM gets another role, and is read back',
  samples: ({ mutable }) => mutable,
  wordings: {
    plenum: {
      text: `mutation Set($input: UpdateResourcesInput!) { updateResources(input: $input) { resources { id name ... on VirtualMachine { role } } } }`,
      variables: (ref, turn) => ({
        input: { items: [{ ref: String(ref), changes: { fields: { role: roleOf(turn) } } }] },
      }),
      normalise: ({ updateResources: { resources } }) => toChanged(resources[0]),
    },
    postgraphile: {
      text: `mutation Set($id: Int!, $role: String!) { updateVirtualMachineByRowId(input: { rowId: $id, virtualMachinePatch: { role: $role } }) { virtualMachine { id: rowId name role } } }`,
      variables: (value, turn) => ({ id: value, role: roleOf(turn) }),
      normalise: ({ updateVirtualMachineByRowId: { virtualMachine } }) => toChanged(virtualMachine),
    },
    graphql: {
      text: `mutation Set($id: Int!, $role: String!) { setRole(id: $id, role: $role) { id name role } }`,
      variables: (value, turn) => ({ id: value, role: roleOf(turn) }),
      normalise: ({ setRole }) => toChanged(setRole),
    },
    'sql-json': {
      ...sqlJson('q7', (value, turn) => [value, roleOf(turn)]),
      normalise: (row) => toChanged(row),
    },
  },
}

const toChanged = (row: Json) => ({ id: number(row.id), name: row.name, role: row.role })

export const questions: Record<QuestionName, Question> = {
  q1: point,
  q2: listOf(false),
  q3: deep,
  q4: listOf(true),
  q5: dependents,
  q6: count,
  q7: mutation,
}
