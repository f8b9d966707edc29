/* eslint-disable @typescript-eslint/no-explicit-any -- answers of many shapes; what is not as it is used fails the lab */
/** Another client of the lab's cloud, over its REST APIs. */
import { setTimeout as delay } from 'node:timers/promises'

export interface CloudClient {
  /** Until there are so many servers, a few of them with ports, and one of most other things. */
  fill(machines: number): Promise<void>
  create(name: string): Promise<string>
  rename(id: string, name: string): Promise<void>
  remove(id: string): Promise<void>
  /** So many of those that `fill` made. */
  removeMany(count: number): Promise<number>
  nameOf(id: string): Promise<string | undefined>
  stateOf(id: string): Promise<string | undefined>
  /** A network outside and a router to it, for floating addresses; a type of volumes. */
  connectOutside(): Promise<void>
  /** Of the network's subnet. */
  cidrOf(network: string): Promise<string>
  /** What is there that Plenum made. */
  made(): Promise<{
    servers: number
    hypervisors: string[]
    ports: number
    volumes: number
    floatingIps: number
    groups: number
  }>
}

export async function untilAsync<T>(check: () => Promise<T>, deadlineMs = 300_000): Promise<T> {
  const until = performance.now() + deadlineMs
  for (;;) {
    const found = await check()
    if (found) return found
    if (performance.now() > until) throw new Error('that did not come to pass in time')
    await delay(20)
  }
}

export async function openClient(keystone: string): Promise<CloudClient> {
  const user = { name: 'admin', domain: { id: 'default' }, password: 'lab' }
  const scope = { project: { name: 'admin', domain: { id: 'default' } } }
  const body = JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, scope } })
  const login = await fetch(`${keystone}/auth/tokens`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  })
  const token = login.headers.get('x-subject-token')!
  const { catalog } = ((await login.json()) as any).token
  const urlOf = (type: string): string =>
    catalog.find((one: any) => one.type === type).endpoints.find((one: any) => one.interface === 'public').url
  const volumeType = (): string =>
    ['block-storage', 'volumev3'].find((type) => catalog.some((one: any) => one.type === type))!
  const call = async (type: string, path: string, method = 'GET', content?: unknown): Promise<any> => {
    const headers = {
      'x-auth-token': token,
      'content-type': 'application/json',
      ...(type === 'compute' ? { 'openstack-api-version': 'compute 2.93' } : {}),
    }
    const answer = await fetch(`${urlOf(type)}/${path}`, {
      method,
      headers,
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    })
    const text = await answer.text()
    if (answer.status === 404 && method !== 'POST') return undefined
    if (!answer.ok) throw new Error(`${method} ${type} ${path}: ${answer.status} ${text.slice(0, 200)}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  const upload = async (image: string, body: Buffer<ArrayBuffer>): Promise<void> => {
    const headers = { 'x-auth-token': token, 'content-type': 'application/octet-stream' }
    const answer = await fetch(`${urlOf('image')}/v2/images/${image}/file`, { method: 'PUT', headers, body })
    if (!answer.ok) throw new Error(`the image is not taken: ${answer.status}`)
  }
  const client: CloudClient = {
    async create(name) {
      const flavors = (await call('compute', 'flavors')).flavors
      const images = (await call('image', 'v2/images')).images
      const server = { name, flavorRef: flavors[0].id, imageRef: images[0].id, networks: 'none' }
      return (await call('compute', 'servers', 'POST', { server })).server.id
    },
    async fill(machines) {
      const { flavors } = await call('compute', 'flavors')
      if (flavors.length === 0)
        await call('compute', 'flavors', 'POST', {
          flavor: { name: 'm1.nano', id: '42', vcpus: 1, ram: 64, disk: 0 },
        })
      const { images } = await call('image', 'v2/images')
      const tiny = { name: 'tiny', disk_format: 'raw', container_format: 'bare', visibility: 'public' }
      const image = images[0] ?? (await call('image', 'v2/images', 'POST', tiny))
      if (image.status !== 'active') await upload(image.id, Buffer.alloc(1024))
      const { networks } = await call('network', 'v2.0/networks')
      if (networks.length === 0) {
        const { network } = await call('network', 'v2.0/networks', 'POST', { network: { name: 'lab-net' } })
        await call('network', 'v2.0/subnets', 'POST', {
          subnet: { network_id: network.id, cidr: '10.20.0.0/20', ip_version: 4, enable_dhcp: false },
        })
        await call('network', 'v2.0/routers', 'POST', { router: { name: 'r1' } })
      }
      const known = (await call('compute', 'servers?limit=1000')).servers.length as number
      for (let index = known; index < machines; index++) await client.create(`lab-fill-${index}`)
      await untilAsync(
        async () => (await call('compute', 'servers/detail?limit=1000&status=BUILD')).servers.length === 0,
        900_000,
      )
    },
    rename: (id, name) => call('compute', `servers/${id}`, 'PUT', { server: { name } }),
    remove: (id) => call('compute', `servers/${id}`, 'DELETE'),
    async removeMany(count) {
      const { servers } = await call('compute', 'servers?limit=1000')
      const some = servers
        .filter(({ name }: { name: string }) => name.startsWith('lab-fill-'))
        .slice(0, count)
      for (const { id } of some) await client.remove(id)
      for (const { id } of some) await untilAsync(async () => (await client.nameOf(id)) === undefined)
      return some.length
    },
    async connectOutside() {
      const { volume_types: types } = await call(volumeType(), 'types')
      const fake = { name: 'fake', extra_specs: { volume_backend_name: 'fake' } }
      if (types.every(({ name }: { name: string }) => name !== 'fake'))
        await call(volumeType(), 'types', 'POST', { volume_type: fake })
      const { networks } = await call('network', 'v2.0/networks')
      if (networks.some(({ name }: { name: string }) => name === 'public')) return
      const network = { name: 'public', 'router:external': true }
      const outside = (await call('network', 'v2.0/networks', 'POST', { network })).network
      const subnet = { network_id: outside.id, cidr: '192.0.2.0/24', ip_version: 4, enable_dhcp: false }
      await call('network', 'v2.0/subnets', 'POST', { subnet })
      const [router] = (await call('network', 'v2.0/routers')).routers
      const gateway = { external_gateway_info: { network_id: outside.id } }
      await call('network', `v2.0/routers/${router.id}`, 'PUT', { router: gateway })
      const inside = networks.find(({ name }: { name: string }) => name === 'lab-net')
      const [subnetId] = inside.subnets
      await call('network', `v2.0/routers/${router.id}/add_router_interface`, 'PUT', { subnet_id: subnetId })
    },
    async cidrOf(network) {
      const { networks } = await call('network', `v2.0/networks?name=${network}`)
      const { subnets } = await call('network', `v2.0/subnets?network_id=${networks[0].id}`)
      return subnets[0].cidr
    },
    async made() {
      const { servers } = await call('compute', 'servers/detail?limit=1000')
      const ours = servers.filter((one: any) => one.metadata?.['plenum.made'])
      const isOurs = (one: any) => /^plenum/.test(one.description || one.name || '')
      const listOf = async (type: string, path: string, list: string): Promise<number> =>
        (await call(type, path))[list].filter(isOurs).length
      return {
        servers: ours.length,
        hypervisors: ours.map((one: any) => one['OS-EXT-SRV-ATTR:hypervisor_hostname']).sort(),
        ports: await listOf('network', 'v2.0/ports', 'ports'),
        volumes: await listOf(volumeType(), 'volumes', 'volumes'),
        floatingIps: await listOf('network', 'v2.0/floatingips', 'floatingips'),
        groups: await listOf('compute', 'os-server-groups', 'server_groups'),
      }
    },
    nameOf: async (id) => (await call('compute', `servers/${id}`))?.server.name,
    stateOf: async (id) => (await call('compute', `servers/${id}`))?.server.status,
  }
  return client
}
