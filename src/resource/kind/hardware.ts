import { connection, into, list, one, out, property, type Field, type IdentityRule } from './kind.ts'

/** Fields of everything that stands in a rack: Server, Switch, Device, Pdu. */
export const hardwareFields = {
  rack: one('Rack', { ...out('LOCATED_IN', 'Rack'), transitive: true }),
  position: property('Int', { description: 'Lowest rack unit that it fills, counted from 1.' }),
  face: property('RackFace'),
  heightUnits: property('Int', {
    description: 'Rack units that it fills; 0 for what hangs beside the units.',
  }),
  manufacturer: property('String', { loose: true }),
  model: property('String'),
  serialNumber: property('String', { indexed: true, authority: 'observed' }),
  assetTag: property('String', { indexed: true }),
  purchasedAt: property('DateTime'),
  warrantyEndsAt: property('DateTime'),
  costCenter: property('String'),
  interfaces: connection('NetworkInterface', into('PART_OF', 'NetworkInterface')),
  components: connection('Component', into('PART_OF', 'Component')),
  powerSources: list('Resource', out('POWERED_BY')),
} satisfies Record<string, Field>

/** What recognises a piece of hardware. A name or MAC alone only raises a conflict. */
export const hardwareIdentities: readonly IdentityRule[] = [
  { type: 'serial', strength: 'strong', property: 'serialNumber', scope: { property: 'manufacturer' } },
  { type: 'assetTag', strength: 'strong', property: 'assetTag' },
  { type: 'name', strength: 'weak', property: 'name' },
]

/** Fields of what runs an operating system: Server, VirtualMachine. */
export const machineFields = {
  cpuCores: property('Int'),
  memoryBytes: property('BigInt'),
  diskBytes: property('BigInt'),
  powerState: property('PowerState', { authority: 'observed' }),
  osName: property('String', { authority: 'observed' }),
  ipAddresses: list('IpAddress', into('PART_OF', 'NetworkInterface'), into('ASSIGNED_TO', 'IpAddress')),
  interfaces: connection('NetworkInterface', into('PART_OF', 'NetworkInterface')),
  containers: connection('Container', into('RUNS_ON', 'Container')),
} satisfies Record<string, Field>
