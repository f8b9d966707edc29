/** A cluster's API over HTTP: lists over pages, watches with bookmarks from any place of a bounded log, 410 for older ones, and what kubectl needs to speak to it. */
import type { IncomingMessage, ServerResponse } from 'node:http'

type Item = {
  metadata: { name: string; uid: string; namespace?: string; resourceVersion: string; [rest: string]: any }
  [rest: string]: any
}

const paths: Readonly<Record<string, { kind: string; namespaced: boolean }>> = {
  'api/v1/nodes': { kind: 'Node', namespaced: false },
  'api/v1/namespaces': { kind: 'Namespace', namespaced: false },
  'api/v1/pods': { kind: 'Pod', namespaced: true },
  'api/v1/services': { kind: 'Service', namespaced: true },
  'api/v1/persistentvolumes': { kind: 'PersistentVolume', namespaced: false },
  'apis/apps/v1/deployments': { kind: 'Deployment', namespaced: true },
  'apis/apps/v1/statefulsets': { kind: 'StatefulSet', namespaced: true },
  'apis/apps/v1/daemonsets': { kind: 'DaemonSet', namespaced: true },
  'apis/apps/v1/replicasets': { kind: 'ReplicaSet', namespaced: true },
  'apis/discovery.k8s.io/v1/endpointslices': { kind: 'EndpointSlice', namespaced: true },
}

export class FakeCluster {
  token = 'hush-hush-cluster-token'
  /** How many changes it remembers. */
  remembers = 1_000
  usage: unknown[] = []
  /** What containers wrote, with times, by `pod/container`. */
  lines = new Map<string, { at: number; text: string }[]>()
  mayReadLogs = true
  requests: string[] = []
  readonly #items = new Map<string, Map<string, Item>>(Object.keys(paths).map((path) => [path, new Map()]))
  #log: { version: number; path: string; type: string; object: Item }[] = []
  #version = 100
  #forgotten = 0
  readonly #watches = new Set<{ path: string; response: ServerResponse }>()

  put(path: string, item: Record<string, any>): Item {
    const known = this.#items.get(path)!
    const metadata = item['metadata'] as Omit<Item['metadata'], 'uid'>
    const id = `${metadata.namespace ?? ''}/${metadata.name}`
    const version = String(++this.#version)
    const object = {
      ...item,
      metadata: { uid: `uid-${path.split('/').at(-1)}-${id}`, ...metadata, resourceVersion: version },
    } as Item
    this.#tell(path, known.has(id) ? 'MODIFIED' : 'ADDED', object)
    known.set(id, object)
    return object
  }

  remove(path: string, name: string, namespace = ''): boolean {
    const known = this.#items.get(path)!
    const object = known.get(`${namespace}/${name}`)
    if (object === undefined) return false
    known.delete(`${namespace}/${name}`)
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) }
    this.#tell(path, 'DELETED', { ...object, metadata })
    return true
  }

  list(path: string): Item[] {
    return [...this.#items.get(path)!.values()]
  }

  #tell(path: string, type: string, object: Item): void {
    this.#log.push({ version: this.#version, path, type, object })
    while (this.#log.length > this.remembers) this.#forgotten = this.#log.shift()!.version
    for (const watch of this.#watches)
      if (watch.path === path)
        watch.response.write(`${JSON.stringify({ type, object: this.#whole(path, object) })}\n`)
  }

  #whole(path: string, object: Item): Item {
    const apiVersion = path
      .replace(/^apis?\//, '')
      .split('/')
      .slice(0, -1)
      .join('/')
    return { apiVersion, kind: paths[path]!.kind, ...object }
  }

  /** Ends all watches: in the way that servers do, or by cutting them off. */
  drop(how: 'end' | 'cut'): void {
    const all = [...this.#watches]
    this.#watches.clear()
    for (const { response } of all)
      if (how === 'end') response.end()
      else response.destroy()
  }

  bookmark(): void {
    for (const { path, response } of this.#watches)
      response.write(
        `${JSON.stringify({ type: 'BOOKMARK', object: { kind: paths[path]!.kind, metadata: { resourceVersion: String(this.#version) } } })}\n`,
      )
  }

  get watchers(): number {
    return this.#watches.size
  }

  answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url!, 'http://cluster')
    const path = url.pathname.slice(1).replace(/\/$/, '')
    this.requests.push(`${request.method} ${request.url}`)
    const say = (status: number, body: unknown) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (request.headers.authorization !== `Bearer ${this.token}`) return say(401, status(401))
    if (path === 'apis/metrics.k8s.io/v1beta1/pods')
      return say(200, { kind: 'PodMetricsList', items: this.usage })
    const logged = /^api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/log$/.exec(path)
    if (logged) return this.#logs(logged[1]!, logged[2]!, url, response, say)
    const known = discovery(path)
    if (known !== undefined) return say(200, known)
    if (paths[path] !== undefined && request.method === 'GET')
      return url.searchParams.get('watch')
        ? this.#watch(path, url, response, say)
        : this.#page(path, url, say)
    if (paths[path] !== undefined) return void this.#change(request, path, '', undefined, say)
    const one = /^(.*?)\/namespaces\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/.exec(path)
    const [collection, namespace, name] = one
      ? [`${one[1]}/${one[3]}`, one[2]!, one[4]]
      : [path.split('/').slice(0, -1).join('/'), '', path.split('/').at(-1)]
    if (paths[collection] === undefined) return say(404, status(404))
    void this.#change(request, collection, namespace, name, say)
  }

  async #change(
    request: IncomingMessage,
    path: string,
    namespace: string,
    name: string | undefined,
    say: (status: number, body: unknown) => void,
  ): Promise<void> {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    if (text !== '' && !/json/.test(request.headers['content-type'] ?? '')) return say(415, status(415))
    const known = this.list(path).find(
      ({ metadata }) => metadata.name === name && (metadata.namespace ?? '') === namespace,
    )
    if (request.method === 'POST') {
      const body = JSON.parse(text)
      return say(
        201,
        this.#whole(
          path,
          this.put(path, { ...body, metadata: { ...body.metadata, ...(namespace ? { namespace } : {}) } }),
        ),
      )
    }
    if (known === undefined)
      return name === undefined && request.method === 'GET'
        ? say(200, {
            kind: 'List',
            metadata: { resourceVersion: '1' },
            items: this.list(path).filter(({ metadata }) => metadata.namespace === namespace),
          })
        : say(404, status(404))
    if (request.method === 'DELETE') {
      this.remove(path, known.metadata.name, namespace)
      return say(200, { kind: 'Status', apiVersion: 'v1', status: 'Success' })
    }
    if (request.method === 'PATCH') {
      const patch = JSON.parse(text)
      return say(
        200,
        this.#whole(
          path,
          this.put(path, {
            ...known,
            ...patch,
            metadata: {
              ...known.metadata,
              ...patch.metadata,
              labels: { ...known.metadata['labels'], ...patch.metadata?.labels },
            },
          }),
        ),
      )
    }
    say(200, this.#whole(path, known))
  }

  #logs(
    namespace: string,
    name: string,
    url: URL,
    response: ServerResponse,
    say: (status: number, body: unknown) => void,
  ): void {
    if (!this.mayReadLogs) return say(403, status(403))
    const pod = this.list('api/v1/pods').find(
      ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
    )
    if (pod === undefined) return say(404, status(404))
    const container = url.searchParams.get('container')
    if (pod['status'].phase === 'Pending') return say(400, status(400))
    const since = Date.parse(url.searchParams.get('sinceTime') ?? '1970-01-01T00:00:00Z')
    const lines = (this.lines.get(`${name}/${container}`) ?? []).filter(({ at }) => at >= since)
    const told = lines.slice(-Number(url.searchParams.get('tailLines') ?? lines.length))
    const stamp = (at: number) => new Date(at).toISOString().replace('Z', '123456Z')
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.end(told.map(({ at, text }) => `${stamp(at)} ${text}\n`).join(''))
  }

  #page(path: string, url: URL, say: (status: number, body: unknown) => void): void {
    const limit = Number(url.searchParams.get('limit') ?? 1e9)
    const [version, from] = (url.searchParams.get('continue') ?? `${this.#version}:0`)
      .split(':')
      .map(Number) as [number, number]
    if (version < this.#forgotten) return say(410, status(410))
    const all = this.list(path)
    const next = from + limit < all.length ? { continue: `${version}:${from + limit}` } : {}
    const { kind } = paths[path]!
    const apiVersion = path
      .replace(/^apis?\//, '')
      .split('/')
      .slice(0, -1)
      .join('/')
    say(200, {
      kind: `${kind}List`,
      apiVersion,
      metadata: { resourceVersion: String(version), ...next },
      items: all.slice(from, from + limit),
    })
  }

  #watch(
    path: string,
    url: URL,
    response: ServerResponse,
    say: (status: number, body: unknown) => void,
  ): void {
    const since = Number(url.searchParams.get('resourceVersion') ?? 0)
    if (since < this.#forgotten) {
      // Older servers say it by the status, newer ones in the stream.
      if (since % 2 === 0) return say(410, status(410))
      return void response.writeHead(200).end(`${JSON.stringify({ type: 'ERROR', object: status(410) })}\n`)
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    for (const one of this.#log)
      if (one.path === path && one.version > since)
        response.write(`${JSON.stringify({ type: one.type, object: this.#whole(path, one.object) })}\n`)
    const watch = { path, response }
    this.#watches.add(watch)
    response.on('close', () => this.#watches.delete(watch))
  }
}

const status = (code: number) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  message: 'no',
  reason: code === 404 ? 'NotFound' : 'Expired',
})

/** What kubectl asks before it does anything. */
function discovery(path: string): unknown {
  if (path === 'version') return { major: '1', minor: '32', gitVersion: 'v1.32.0' }
  if (path === 'api') return { kind: 'APIVersions', versions: ['v1'] }
  const groups = ['apps', 'discovery.k8s.io']
  if (path === 'apis')
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.map((name) => ({
        name,
        versions: [{ groupVersion: `${name}/v1`, version: 'v1' }],
        preferredVersion: { groupVersion: `${name}/v1`, version: 'v1' },
      })),
    }
  if (path !== 'api/v1' && !groups.some((name) => path === `apis/${name}/v1`)) return undefined
  const its = Object.entries(paths).filter(([one]) => one.startsWith(`${path}/`))
  const verbs = ['create', 'delete', 'get', 'list', 'patch', 'watch']
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: path.replace(/^apis?\//, ''),
    resources: its.map(([one, { kind, namespaced }]) => ({
      name: one.split('/').at(-1),
      singularName: kind.toLowerCase(),
      kind,
      namespaced,
      verbs,
    })),
  }
}

export const pod = (name: string, rest: Record<string, any> = {}, namespace = 'shop') => ({
  metadata: { name, namespace, labels: { app: 'web' }, ...rest['metadata'] },
  spec: {
    nodeName: 'node1',
    containers: [{ name: 'main', image: 'registry.example.net/web:1.2' }],
    ...rest['spec'],
  },
  status: {
    phase: 'Running',
    podIP: '10.244.1.7',
    hostIP: '10.1.0.1',
    containerStatuses: [
      {
        name: 'main',
        containerID: `containerd://c-${name}`,
        restartCount: 2,
        state: { running: { startedAt: '2026-11-23T08:00:00Z' } },
      },
    ],
    ...rest['status'],
  },
})

/** A deployment with two pods behind a service, on a node that is a server of OpenStack. */
export function fill(cluster: FakeCluster): FakeCluster {
  cluster.put('api/v1/nodes', {
    metadata: { name: 'node1' },
    spec: { providerID: 'openstack:///b8b09e42-bfe0-49c9-a1e7-000000000001' },
    status: {
      capacity: { cpu: '4', memory: '16Gi' },
      conditions: [{ type: 'Ready', status: 'True' }],
      addresses: [{ type: 'InternalIP', address: '10.1.0.1' }],
      nodeInfo: {
        systemUUID: 'b8b09e42-bfe0-49c9-a1e7-000000000001',
        osImage: 'Debian GNU/Linux 12',
        kubeletVersion: 'v1.32.0',
      },
    },
  })
  cluster.put('api/v1/namespaces', { metadata: { name: 'shop' } })
  const owner = (kind: string, name: string) => [{ kind, name, uid: 'u', controller: true }]
  cluster.put('apis/apps/v1/deployments', {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { replicas: 2 },
    status: { readyReplicas: 2 },
  })
  cluster.put('apis/apps/v1/replicasets', {
    metadata: { name: 'web-abc', namespace: 'shop', ownerReferences: owner('Deployment', 'web') },
  })
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }]
  const pods = ['web-abc-1', 'web-abc-2'].map((name) =>
    cluster.put(
      'api/v1/pods',
      pod(name, { metadata: { ownerReferences: owner('ReplicaSet', 'web-abc') }, spec: { volumes } }),
    ),
  )
  cluster.put('api/v1/services', {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  })
  cluster.put('apis/discovery.k8s.io/v1/endpointslices', {
    metadata: { name: 'web-xyz', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    endpoints: pods.map(({ metadata }) => ({ targetRef: { kind: 'Pod', uid: metadata.uid } })),
  })
  cluster.put('api/v1/persistentvolumes', {
    metadata: { name: 'pv1' },
    spec: {
      capacity: { storage: '1Gi' },
      claimRef: { namespace: 'shop', name: 'data' },
      csi: { driver: 'cinder.csi.openstack.org', volumeHandle: '72fa0d46-bfe0-49c9-a1e7-000000000001' },
    },
  })
  cluster.usage = pods.map(({ metadata }) => ({
    metadata: { name: metadata.name, namespace: 'shop' },
    containers: [{ name: 'main', usage: { cpu: '250m', memory: '64Mi' } }],
  }))
  return cluster
}
