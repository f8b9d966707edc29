/** Objects of a cluster, each as observations. Pure. */
import { isIP } from 'node:net'
import type { LinkClaim, Observation } from '../../resource/resource.ts'
import type {
  CollectionName,
  EndpointSlice,
  KubernetesService,
  Node,
  ObjectOf,
  PersistentVolume,
  Pod,
  Workload,
} from './shape.ts'
import { toImageName, toQuantity } from './text.ts'

/** What is looked up of other objects. */
export interface Lookup {
  source: string
  /** What kind of machine has this address; undefined when nothing or several things have it. */
  kindOf(address: string): 'Server' | 'VirtualMachine' | undefined
  /** The workload that a pod's owner belongs to: a ReplicaSet is its Deployment's. */
  ownerOf(namespace: string, kind: string, name: string): string | undefined
  /** Keys of the containers of the pods behind a service. */
  behind(namespace: string, service: string): string[]
  /** The volume behind a claim. */
  claimed(namespace: string, claim: string): string | undefined
}

const clusterKey = 'cluster'
const memberOf = (key: string): LinkClaim => ({ type: 'MEMBER_OF', to: { key } })
export const nodeKey = (name: string): string => `node/${name}`
export const workloadKey = (kind: string, namespace: string, name: string): string =>
  `${kind.toLowerCase()}/${namespace}/${name}`

/** What is there however little a cluster holds. */
export const toFixed = ({ source }: Pick<Lookup, 'source'>): Observation[] => [
  { key: clusterKey, kind: 'Cluster', name: source, fields: { type: 'kubernetes' } },
  { key: 'vrf', kind: 'Vrf', name: `kubernetes ${source}` },
]

export function toThings<N extends CollectionName>(
  name: N,
  object: ObjectOf<N>,
  look: Lookup,
): Observation[] {
  const map = maps[name] as ((object: ObjectOf<N>, look: Lookup) => Observation[]) | undefined
  return map?.(object, look) ?? []
}

const workloadMap = (kind: string) => (object: Workload) => [toWorkload(kind, object)]

const maps: { [N in CollectionName]?: (object: ObjectOf<N>, look: Lookup) => Observation[] } = {
  nodes: toNode,
  namespaces: ({ metadata }) => [
    {
      key: `namespace/${metadata.name}`,
      kind: 'Namespace',
      name: metadata.name,
      labels: toLabels(metadata.labels),
      links: [{ type: 'PART_OF', to: { key: clusterKey } }],
    },
  ],
  pods: toPod,
  deployments: workloadMap('deployment'),
  statefulsets: workloadMap('statefulset'),
  daemonsets: workloadMap('daemonset'),
  services: toService,
  volumes: toVolume,
}

/** Labels whose keys are none of ours are left out. */
const toLabels = (labels: Record<string, string> | null | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(labels ?? {}).filter(([key]) => /^[\w./-]{1,200}$/.test(key)))

const present = (record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  )

/** `openstack:///UUID`, `openstack://REGION/UUID`, `aws:///eu-west-1a/i-0abc`: what the cloud calls the machine. */
const instanceOf = (providerId: string | null | undefined): string | undefined =>
  /^(?:openstack|aws|gce|azure|vsphere):\/\//.test(providerId ?? '')
    ? providerId!.split('/').at(-1)
    : undefined

/** A node is the machine that it runs on. */
function toNode({ metadata, spec, status }: Node, look: Lookup): Observation[] {
  const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  const instanceId = instanceOf(spec?.providerID)
  const kind = instanceId === undefined ? ((address && look.kindOf(address)) ?? 'Server') : 'VirtualMachine'
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status
  const uuid = status?.nodeInfo?.systemUUID
  return [
    {
      key: nodeKey(metadata.name),
      kind: kind as 'Server' | 'VirtualMachine',
      name: metadata.name,
      fields: present({
        systemUuid: uuid && /^[0-9a-f-]{36}$/i.test(uuid) ? uuid : undefined,
        ...(kind === 'VirtualMachine' ? { instanceId } : {}),
        cpuCores: whole(toQuantity(status?.capacity?.['cpu'])),
        memoryBytes: whole(toQuantity(status?.capacity?.['memory'])),
        osName: status?.nodeInfo?.osImage,
      }),
      labels: toLabels(metadata.labels),
      attributes: present({
        address,
        providerId: spec?.providerID,
        ready: ready === undefined ? undefined : ready === 'True',
        unschedulable: spec?.unschedulable === true ? true : undefined,
        kubelet: status?.nodeInfo?.kubeletVersion,
        kernel: status?.nodeInfo?.kernelVersion,
      }),
      links: [memberOf(clusterKey)],
    },
  ]
}

const whole = (value: number | undefined): number | undefined =>
  value === undefined ? undefined : Math.ceil(value)

const states: Readonly<Record<string, string>> = {
  running: 'RUNNING',
  waiting: 'WAITING',
  terminated: 'EXITED',
}

export const containerKey = (podUid: string, name: string): string => `container/${podUid}/${name}`

function toPod(pod: Pod, look: Lookup): Observation[] {
  const { metadata, spec, status } = pod
  const namespace = metadata.namespace ?? 'default'
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true)
  const workload = owner && look.ownerOf(namespace, owner.kind, owner.name)
  const volumes = (spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
    claim ? (look.claimed(namespace, claim.claimName) ?? []) : [],
  )
  const links: LinkClaim[] = [
    memberOf(clusterKey),
    memberOf(`namespace/${namespace}`),
    ...(spec.nodeName ? [{ type: 'RUNS_ON' as const, to: { key: nodeKey(spec.nodeName) } }] : []),
    ...(workload ? [{ type: 'RUNS_ON' as const, direction: 'in' as const, to: { key: workload } }] : []),
    ...volumes.map((key): LinkClaim => ({ type: 'ATTACHED_TO', direction: 'in', to: { key } })),
  ]
  const containers = spec.containers.map(({ name, image }): Observation => {
    const told = status?.containerStatuses?.find((one) => one.name === name)
    const [state] = Object.keys(told?.state ?? {})
    return {
      key: containerKey(metadata.uid, name),
      kind: 'Container',
      name: spec.containers.length === 1 ? metadata.name : `${metadata.name}/${name}`,
      fields: present({
        containerId: told?.containerID?.replace(/^[\w.-]+:\/\//, ''),
        namespace,
        pod: metadata.name,
        ...(image ? toImageName(image) : {}),
        state: states[state ?? ''] ?? (spec.nodeName ? 'WAITING' : 'CREATED'),
        restartCount: told?.restartCount,
      }),
      labels: toLabels(metadata.labels),
      attributes: present({ phase: status?.phase, createdAt: metadata.creationTimestamp }),
      links,
    }
  })
  return [...containers, ...toAddress(pod)]
}

/** Of the pod, which is that of its first container; one in the network of its node has the node's. */
function toAddress({ metadata, spec, status }: Pod): Observation[] {
  const [first] = spec.containers
  const address = status?.podIP
  if (first === undefined || !address || isIP(address) === 0 || address === status?.hostIP) return []
  const key = `interface/${metadata.uid}`
  return [
    {
      key,
      kind: 'NetworkInterface',
      name: 'eth0',
      fields: { type: 'virtual' },
      links: [{ type: 'PART_OF', to: { key: containerKey(metadata.uid, first.name) } }],
    },
    {
      key: `address/${metadata.uid}`,
      kind: 'IpAddress',
      name: address,
      fields: { address },
      links: [{ type: 'ASSIGNED_TO', to: { key } }, memberOf('vrf')],
    },
  ]
}

const toWorkload = (kind: string, { metadata, spec, status }: Workload): Observation => {
  const namespace = metadata.namespace ?? 'default'
  return {
    key: workloadKey(kind, namespace, metadata.name),
    kind: 'Service',
    name: `${namespace}/${metadata.name}`,
    fields: { role: kind },
    labels: toLabels(metadata.labels),
    attributes: present({ replicas: spec?.replicas, ready: status?.readyReplicas ?? status?.numberReady }),
    links: [memberOf(clusterKey), memberOf(`namespace/${namespace}`)],
  }
}

function toService({ metadata, spec }: KubernetesService, look: Lookup): Observation[] {
  const namespace = metadata.namespace ?? 'default'
  const ports = (spec?.ports ?? []).map(({ name, port, protocol }): Observation => {
    const scheme = (protocol ?? 'TCP').toLowerCase()
    // Names of services are a cluster's own.
    const url = `${scheme}://${metadata.name}.${namespace}.svc.${look.source}:${port}`
    const address = spec?.clusterIP && isIP(spec.clusterIP) !== 0 ? { address: spec.clusterIP } : {}
    return {
      key: `endpoint/${namespace}/${metadata.name}/${scheme}/${port}`,
      kind: 'Endpoint',
      name: `${namespace}/${metadata.name}:${name || port}`,
      fields: { url, protocol: scheme, port, ...address },
    }
  })
  const thing: Observation = {
    key: `service/${namespace}/${metadata.name}`,
    kind: 'Service',
    name: `${namespace}/${metadata.name}`,
    fields: { role: 'service' },
    labels: toLabels(metadata.labels),
    attributes: present({ type: spec?.type, clusterIp: spec?.clusterIP }),
    links: [
      memberOf(clusterKey),
      memberOf(`namespace/${namespace}`),
      ...ports.map(({ key }): LinkClaim => ({ type: 'EXPOSES', to: { key } })),
      ...look.behind(namespace, metadata.name).map((key): LinkClaim => ({ type: 'RUNS_ON', to: { key } })),
    ],
  }
  return [thing, ...ports]
}

/** The handle is what the system behind it calls the volume: Cinder's id, for one. */
function toVolume({ metadata, spec }: PersistentVolume, { source }: Lookup): Observation[] {
  const size = toQuantity(spec?.capacity?.storage)
  return [
    {
      key: `volume/${metadata.name}`,
      kind: 'Volume',
      name: metadata.name,
      fields: present({
        volumeId: spec?.csi?.volumeHandle ?? `${source}/${metadata.uid}`,
        sizeBytes: whole(size),
      }),
      attributes: present({
        storageClass: spec?.storageClassName,
        driver: spec?.csi?.driver,
        claim: spec?.claimRef?.name && `${spec.claimRef.namespace}/${spec.claimRef.name}`,
      }),
    },
  ]
}

/** The service that a slice is of. */
export const serviceOf = ({ metadata }: EndpointSlice): string | undefined =>
  metadata.labels?.['kubernetes.io/service-name']
