/** All objects of a cluster that are known, with what is looked up among them. */
import type { Observation } from '../../resource/resource.ts'
import { containerKey, serviceOf, toFixed, toThings, workloadKey, type Lookup } from './map.ts'
import {
  collectionNames,
  type CollectionName,
  type EndpointSlice,
  type ObjectOf,
  type PersistentVolume,
  type Pod,
} from './shape.ts'

export const idOf = ({
  metadata,
}: {
  metadata: { name: string; namespace?: string | null | undefined }
}): string => (metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name)

const claimOf = ({ spec }: PersistentVolume): string | undefined =>
  spec?.claimRef?.name ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : undefined

const leaningOf = ({ metadata, spec }: Pod): string[] => [
  ...(metadata.ownerReferences ?? []).map(({ name }) => `set ${metadata.namespace}/${name}`),
  ...(spec.volumes ?? []).flatMap(({ persistentVolumeClaim: claim }) =>
    claim ? [`claim ${metadata.namespace}/${claim.claimName}`] : [],
  ),
]

const podsIn = ({ endpoints }: EndpointSlice): string[] =>
  (endpoints ?? []).flatMap(({ targetRef }) => (targetRef?.uid ? [`pod ${targetRef.uid}`] : []))

export class Held implements Lookup {
  readonly source: string
  readonly kindOf: Lookup['kindOf']
  readonly #objects = new Map<CollectionName, Map<string, unknown>>(
    collectionNames.map((name) => [name, new Map()]),
  )
  readonly #pods = new Map<string, Pod>()
  /** Names of slices by their service. */
  readonly #slices = new Map<string, Set<string>>()
  readonly #claims = new Map<string, string>()
  /** Names of pods by what they lean on: the set that owns them, their claims; names of slices by the pods in them. */
  readonly #leaning = new Map<string, Set<string>>()

  constructor(source: string, kindOf: Lookup['kindOf']) {
    this.source = source
    this.kindOf = kindOf
  }

  of<N extends CollectionName>(name: N): Map<string, ObjectOf<N>> {
    return this.#objects.get(name) as Map<string, ObjectOf<N>>
  }

  put<N extends CollectionName>(name: N, object: ObjectOf<N>): void {
    this.#lean(name, idOf(object), false)
    this.of(name).set(idOf(object), object)
    this.#lean(name, idOf(object), true)
    if (name === 'pods') this.#pods.set(object.metadata.uid, object as Pod)
    if (name === 'slices') this.#slicesOf(object as EndpointSlice)?.add(idOf(object))
    const claim = name === 'volumes' ? claimOf(object as PersistentVolume) : undefined
    if (claim) this.#claims.set(claim, `volume/${object.metadata.name}`)
  }

  remove(name: CollectionName, id: string): void {
    const object = this.of(name).get(id)
    this.#lean(name, id, false)
    this.of(name).delete(id)
    const claim = name === 'volumes' && object ? claimOf(object as PersistentVolume) : undefined
    if (claim) this.#claims.delete(claim)
    if (name === 'pods' && object) this.#pods.delete(object.metadata.uid)
    if (name === 'slices' && object) this.#slicesOf(object as EndpointSlice)?.delete(id)
  }

  /** What is to be told anew when this one changes: collections are watched each by itself, so what belongs together comes in any order. */
  dependents(name: CollectionName, id: string): [CollectionName, string][] {
    const object = this.of(name).get(id)
    if (object === undefined) return []
    const pods = (on: string): [CollectionName, string][] =>
      [...(this.#leaning.get(on) ?? [])].map((pod) => ['pods', pod])
    if (name === 'replicasets') return pods(`set ${id}`)
    const claim = name === 'volumes' ? claimOf(object as PersistentVolume) : undefined
    if (claim) return pods(`claim ${claim}`)
    const slices =
      name === 'slices'
        ? [id]
        : name === 'pods'
          ? [...(this.#leaning.get(`pod ${object.metadata.uid}`) ?? [])]
          : []
    return slices.flatMap((one) => {
      const slice = this.of('slices').get(one)
      const service = slice && serviceOf(slice)
      return service === undefined ? [] : [['services', `${slice!.metadata.namespace}/${service}`] as const]
    }) as [CollectionName, string][]
  }

  #lean(name: CollectionName, id: string, isOn: boolean): void {
    const object = this.of(name).get(id)
    if (object === undefined) return
    for (const on of name === 'pods'
      ? leaningOf(object as Pod)
      : name === 'slices'
        ? podsIn(object as EndpointSlice)
        : []) {
      const known = this.#leaning.get(on) ?? new Set<string>()
      if (isOn) this.#leaning.set(on, known.add(id))
      else if (known.delete(id) && known.size === 0) this.#leaning.delete(on)
    }
  }

  #slicesOf(slice: EndpointSlice): Set<string> | undefined {
    const service = serviceOf(slice)
    if (service === undefined) return undefined
    const id = `${slice.metadata.namespace}/${service}`
    const known = this.#slices.get(id) ?? new Set<string>()
    this.#slices.set(id, known)
    return known
  }

  ownerOf(namespace: string, kind: string, name: string): string | undefined {
    if (kind !== 'ReplicaSet')
      return /^(?:StatefulSet|DaemonSet)$/.test(kind) ? workloadKey(kind, namespace, name) : undefined
    const set = this.of('replicasets').get(`${namespace}/${name}`)
    const owner = set?.metadata.ownerReferences?.find(({ controller }) => controller === true)
    return owner?.kind === 'Deployment' ? workloadKey('deployment', namespace, owner.name) : undefined
  }

  behind(namespace: string, service: string): string[] {
    const slices = [...(this.#slices.get(`${namespace}/${service}`) ?? [])].flatMap(
      (id) => this.of('slices').get(id) ?? [],
    )
    const pods = slices.flatMap(({ endpoints }) =>
      (endpoints ?? []).flatMap(({ targetRef }) => targetRef?.uid ?? []),
    )
    return [...new Set(pods)]
      .flatMap((uid) =>
        (this.#pods.get(uid)?.spec.containers ?? []).map(({ name }) => containerKey(uid, name)),
      )
      .sort()
  }

  /** Where a container of that key is. */
  containerAt(key: string): { pod: Pod; container: string } | undefined {
    const [, uid, name] = /^container\/(.+)\/([^/]+)$/.exec(key) ?? []
    const pod = this.#pods.get(uid ?? '')
    const container = pod?.spec.containers.find((one) => one.name === name)
    return pod && container && { pod, container: container.name }
  }

  claimed(namespace: string, claim: string): string | undefined {
    return this.#claims.get(`${namespace}/${claim}`)
  }

  thingsOf(name: CollectionName, id: string): Observation[] {
    const object = this.of(name).get(id)
    return object === undefined ? [] : toThings(name, object, this)
  }

  all(): Observation[] {
    return [
      ...toFixed(this),
      ...collectionNames.flatMap((name) =>
        [...this.of(name).keys()].flatMap((id) => this.thingsOf(name, id)),
      ),
    ]
  }
}
