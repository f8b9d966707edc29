import { hardwareFields, hardwareIdentities, machineFields } from './hardware.ts'
import { connection, into, list, one, out, across, property, type KindDefinition } from './kind.ts'

export const server: KindDefinition = {
  name: 'Server',
  plural: 'servers',
  description: 'A physical machine.',
  interfaces: ['Hardware', 'Machine'],
  naturalKeys: ['serialNumber', 'assetTag', 'systemUuid', 'chassisId'],
  nameIndexed: true,
  fields: {
    ...hardwareFields,
    ...machineFields,
    systemUuid: property('String', {
      indexed: true,
      format: 'uuid',
      authority: 'observed',
      description: 'SMBIOS system UUID.',
    }),
    chassisId: property('String', {
      indexed: true,
      authority: 'observed',
      description: 'As its LLDP tells it; a MAC in canonical form where it is one.',
    }),
    cpuModel: property('String', { authority: 'observed' }),
    bmcAddress: property('String', { format: 'ip' }),
    role: property('String'),
    chassis: one('Resource', out('PART_OF')),
    uplinks: list(
      'Switch',
      into('PART_OF', 'NetworkInterface'),
      across('CONNECTED_TO', 'NetworkInterface'),
      out('PART_OF', 'Switch'),
    ),
    virtualMachines: connection('VirtualMachine', into('RUNS_ON', 'VirtualMachine')),
    cluster: one('Cluster', out('MEMBER_OF', 'Cluster')),
  },
  identities: [
    { type: 'systemUuid', strength: 'strong', property: 'systemUuid' },
    { type: 'chassisId', strength: 'strong', property: 'chassisId' },
    ...hardwareIdentities,
  ],
}

export const virtualMachine: KindDefinition = {
  name: 'VirtualMachine',
  plural: 'virtualMachines',
  description: 'A virtual machine of a hypervisor or cloud.',
  interfaces: ['Machine'],
  naturalKeys: ['instanceId', 'systemUuid'],
  nameIndexed: true,
  fields: {
    ...machineFields,
    host: one('Server', out('RUNS_ON', 'Server')),
    cluster: one('Cluster', out('MEMBER_OF', 'Cluster')),
    cloudAccount: one('CloudAccount', out('MEMBER_OF', 'CloudAccount')),
    instanceId: property('String', {
      indexed: true,
      authority: 'observed',
      description: "The cloud's own id of the instance.",
    }),
    systemUuid: property('String', { indexed: true, format: 'uuid', authority: 'observed' }),
    availabilityZone: property('String', { authority: 'observed' }),
    flavor: property('String', { authority: 'observed' }),
    role: property('String'),
    image: one('Image', out('BOOTED_FROM', 'Image')),
    vmState: property('String', { authority: 'observed' }),
    taskState: property('String', { authority: 'observed' }),
    fault: property('String', { authority: 'observed' }),
    volumes: connection('Volume', into('ATTACHED_TO', 'Volume')),
  },
  identities: [
    { type: 'instanceId', strength: 'strong', property: 'instanceId' },
    { type: 'systemUuid', strength: 'strong', property: 'systemUuid' },
    { type: 'name', strength: 'weak', property: 'name' },
  ],
}

export const container: KindDefinition = {
  name: 'Container',
  plural: 'containers',
  description: 'A container or a pod member.',
  interfaces: [],
  naturalKeys: ['containerId'],
  nameIndexed: true,
  fields: {
    containerId: property('String', { indexed: true, authority: 'observed' }),
    host: one('Resource', out('RUNS_ON')),
    cluster: one('Cluster', out('MEMBER_OF', 'Cluster')),
    namespace: property('String', { authority: 'observed' }),
    pod: property('String', { authority: 'observed' }),
    imageName: property('String', { authority: 'observed' }),
    imageTag: property('String', { authority: 'observed' }),
    state: property('ContainerState', { authority: 'observed' }),
    restartCount: property('Int', { authority: 'observed' }),
    ipAddresses: list('IpAddress', into('PART_OF', 'NetworkInterface'), into('ASSIGNED_TO', 'IpAddress')),
  },
  identities: [{ type: 'containerId', strength: 'strong', property: 'containerId' }],
}

export const cluster: KindDefinition = {
  name: 'Cluster',
  plural: 'clusters',
  description: 'Hosts that are scheduled as one: a hypervisor cluster, a Kubernetes cluster.',
  interfaces: [],
  naturalKeys: [],
  nameIndexed: true,
  fields: {
    type: property('String'),
    hosts: connection('Resource', into('MEMBER_OF', 'Server')),
    virtualMachines: connection('VirtualMachine', into('MEMBER_OF', 'VirtualMachine')),
    containers: connection('Container', into('MEMBER_OF', 'Container')),
    namespaces: connection('Namespace', into('PART_OF', 'Namespace')),
    networks: connection('Network', into('PART_OF', 'Network')),
  },
  identities: [{ type: 'name', strength: 'weak', property: 'name' }],
}

export const namespace: KindDefinition = {
  name: 'Namespace',
  plural: 'namespaces',
  description: 'A named part of a cluster.',
  interfaces: [],
  naturalKeys: [],
  nameIndexed: true,
  fields: {
    cluster: one('Cluster', out('PART_OF', 'Cluster')),
    containers: connection('Container', into('MEMBER_OF', 'Container')),
  },
  identities: [{ type: 'name', strength: 'strong', property: 'name', scope: { parent: 'PART_OF' } }],
}

export const volume: KindDefinition = {
  name: 'Volume',
  plural: 'volumes',
  description: 'A block or file volume.',
  interfaces: [],
  naturalKeys: ['volumeId'],
  nameIndexed: true,
  fields: {
    volumeId: property('String', { indexed: true, authority: 'observed' }),
    sizeBytes: property('BigInt'),
    attachedTo: one('Resource', out('ATTACHED_TO')),
  },
  identities: [{ type: 'volumeId', strength: 'strong', property: 'volumeId' }],
}

export const image: KindDefinition = {
  name: 'Image',
  plural: 'images',
  description: 'What a machine or container is made from.',
  interfaces: [],
  naturalKeys: ['imageId'],
  nameIndexed: true,
  fields: {
    imageId: property('String', { indexed: true, authority: 'observed' }),
    sizeBytes: property('BigInt'),
    osName: property('String'),
    virtualMachines: connection('VirtualMachine', into('BOOTED_FROM', 'VirtualMachine')),
  },
  identities: [{ type: 'imageId', strength: 'strong', property: 'imageId' }],
}
