/** What of a cluster's objects is used. */
import { z } from 'zod'

const text = z.string().nullish()
const texts = z.record(z.string(), z.string()).nullish()
const owner = z.object({
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().nullish(),
})

const metadata = z.object({
  name: z.string().min(1),
  uid: z.string().min(1),
  namespace: text,
  resourceVersion: text,
  creationTimestamp: text,
  labels: texts,
  ownerReferences: z.array(owner).nullish(),
})

export const node = z.object({
  metadata,
  spec: z.object({ providerID: text, podCIDR: text, unschedulable: z.boolean().nullish() }).nullish(),
  status: z
    .object({
      capacity: z.record(z.string(), z.union([z.string(), z.number()])).nullish(),
      conditions: z.array(z.object({ type: z.string(), status: z.string() })).nullish(),
      addresses: z.array(z.object({ type: z.string(), address: z.string() })).nullish(),
      nodeInfo: z
        .object({
          systemUUID: text,
          osImage: text,
          kubeletVersion: text,
          kernelVersion: text,
          architecture: text,
        })
        .nullish(),
    })
    .nullish(),
})
export const namespace = z.object({ metadata })
const containerState = z.record(z.string(), z.unknown()).nullish()
export const pod = z.object({
  metadata,
  spec: z.object({
    nodeName: text,
    containers: z.array(z.object({ name: z.string(), image: text })),
    volumes: z
      .array(
        z.object({ name: z.string(), persistentVolumeClaim: z.object({ claimName: z.string() }).nullish() }),
      )
      .nullish(),
  }),
  status: z
    .object({
      phase: text,
      podIP: text,
      hostIP: text,
      containerStatuses: z
        .array(
          z.object({
            name: z.string(),
            containerID: text,
            imageID: text,
            restartCount: z.number().nullish(),
            state: containerState,
          }),
        )
        .nullish(),
    })
    .nullish(),
})
export const workload = z.object({
  metadata,
  spec: z.object({ replicas: z.number().nullish() }).nullish(),
  status: z.object({ readyReplicas: z.number().nullish(), numberReady: z.number().nullish() }).nullish(),
})
export const service = z.object({
  metadata,
  spec: z
    .object({
      type: text,
      clusterIP: text,
      selector: texts,
      ports: z
        .array(z.object({ name: text, port: z.number(), protocol: text, nodePort: z.number().nullish() }))
        .nullish(),
    })
    .nullish(),
})
export const endpointSlice = z.object({
  metadata,
  endpoints: z.array(z.object({ targetRef: z.object({ kind: z.string(), uid: text }).nullish() })).nullish(),
})
export const persistentVolume = z.object({
  metadata,
  spec: z
    .object({
      capacity: z.object({ storage: text }).nullish(),
      storageClassName: text,
      claimRef: z.object({ namespace: text, name: text }).nullish(),
      csi: z.object({ volumeHandle: text, driver: text }).nullish(),
    })
    .nullish(),
})

export type Node = z.infer<typeof node>
export type Namespace = z.infer<typeof namespace>
export type Pod = z.infer<typeof pod>
export type Workload = z.infer<typeof workload>
export type KubernetesService = z.infer<typeof service>
export type EndpointSlice = z.infer<typeof endpointSlice>
export type PersistentVolume = z.infer<typeof persistentVolume>

/** What is listed and watched: where, and in which shape. */
export const collections = {
  nodes: { path: 'api/v1/nodes', shape: node },
  namespaces: { path: 'api/v1/namespaces', shape: namespace },
  pods: { path: 'api/v1/pods', shape: pod },
  deployments: { path: 'apis/apps/v1/deployments', shape: workload },
  statefulsets: { path: 'apis/apps/v1/statefulsets', shape: workload },
  daemonsets: { path: 'apis/apps/v1/daemonsets', shape: workload },
  replicasets: { path: 'apis/apps/v1/replicasets', shape: workload },
  services: { path: 'api/v1/services', shape: service },
  slices: { path: 'apis/discovery.k8s.io/v1/endpointslices', shape: endpointSlice },
  volumes: { path: 'api/v1/persistentvolumes', shape: persistentVolume },
} as const
export type CollectionName = keyof typeof collections
export const collectionNames = Object.keys(collections) as CollectionName[]
export type ObjectOf<N extends CollectionName> = z.infer<(typeof collections)[N]['shape']>
