/** NetBox over REST says what its dump says; later listings ask for what changed only; what fails midway is no listing. */
import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Observation } from '../../../src/resource/resource.ts'
import { readDump } from '../../../src/source/netbox/client.ts'
import { netbox } from '../../../src/source/netbox/index.ts'
import { mapDump } from '../../../src/source/netbox/map.ts'
import type { Source, SourceEnvironment } from '../../../src/source/source.ts'
import { serveDump, type NetboxServer } from './rest-server.ts'

const path = join(import.meta.dirname, '../../../../shared/data/netbox-demo/netbox-demo-v3.6.json')
const forever = new AbortController().signal
if (!existsSync(path)) console.log('skipped: the NetBox demo is not in ../shared/data')

describe.skipIf(!existsSync(path))('NetBox over REST', () => {
  let server: NetboxServer
  let source: Source
  let expected: Observation[]

  const dumpOf = () => readDump(createReadStream(path), forever)
  const environment = (): SourceEnvironment => ({
    name: 'netbox',
    log: { debug: () => {}, warn: () => {} },
    secret: async () => server.token,
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
    addresses: async () => [],
  })
  const open = () =>
    netbox.open(netbox.parseSettings({ url: server.url, token: 'env:T', pageSize: 100 }), environment())
  const list = async (signal = forever): Promise<Observation[]> => {
    const things: Observation[] = []
    for await (const thing of source.list!(signal)) things.push(thing)
    return things
  }
  const byKey = (things: readonly Observation[]) =>
    things
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .map((thing) => ({ ...thing, links: sorted(thing.links) }))
  const sorted = (links: Observation['links']) => (links ?? []).map((link) => JSON.stringify(link)).sort()

  beforeAll(async () => {
    expected = mapDump(await dumpOf(), { source: 'netbox' }).observations
    server = await serveDump(await dumpOf())
    source = await open()
  })
  afterAll(async () => {
    await source.close()
    await server.close()
  })
  beforeEach(() => {
    server.requests.length = 0
    server.intercept = undefined
  })

  test('says the same as the dump, thing by thing, over many pages', async () => {
    const things = await list()
    expect(things).toHaveLength(expected.length)
    expect(byKey(things)).toEqual(byKey(expected))
    expect(server.requests.filter((request) => request.includes('dcim/interfaces'))).toHaveLength(16)
    expect(server.requests.every((request) => request.startsWith('GET '))).toBe(true)
  })

  test('asks for what changed only, sees what is new and what is gone', async () => {
    const before = server.items('dcim.rack')
    const rack = before.get(1)!
    before.set(1, { ...rack, name: 'Renamed', last_updated: '2099-01-01T00:00:00Z' })
    const others = [...server.items('dcim.rackreservation').keys()]
    for (const id of others) server.items('dcim.rackreservation').delete(id)
    const things = await list()
    expect(things.find((thing) => thing.key === 'dcim.rack.1')?.name).toBe('Renamed')
    const asked = server.requests.filter((request) => request.includes('/dcim/interfaces/'))
    expect(asked).toHaveLength(2)
    expect(asked[0]).toContain('last_updated__gte=')
    before.set(1, rack)
  })

  test('4.x: disks are counted in MB, prefixes and clusters have a scope', async () => {
    const prefix = [...server.items('ipam.prefix').values()].find((item) => item['site'] !== null)!
    const machine = [...server.items('virtualization.virtualmachine').values()][0]!
    const { site, ...rest } = prefix
    server
      .items('ipam.prefix')
      .set(prefix['id'], { ...rest, scope_type: 'dcim.site', scope_id: site.id, scope: site })
    server.items('virtualization.virtualmachine').set(machine['id'], { ...machine, disk: 50_000 })
    server.version = '4.2.3-Docker-3.2.0'
    await source.close()
    source = await open()
    const things = await list()
    const find = (list: readonly Observation[], key: string) => list.find((thing) => thing.key === key)!
    const prefixKey = `ipam.prefix.${prefix['id']}`
    expect(find(things, prefixKey)).toEqual(find(expected, prefixKey))
    const { fields } = find(things, `virtualization.virtualmachine.${machine['id']}`)
    expect(fields).toMatchObject({ diskBytes: 50e9 })
    server.items('ipam.prefix').set(prefix['id'], prefix)
    server.items('virtualization.virtualmachine').set(machine['id'], machine)
    server.version = '3.6.1'
  })

  test('an older one lacks some models; a token that may not see one of them lists nothing at all', async () => {
    const answering = (status: number) => {
      server.intercept = (request, response) => {
        if (!request.url!.includes('/dcim/rack-reservations/')) return false
        response.writeHead(status).end('{}')
        return true
      }
    }
    source = await open()
    answering(404)
    expect(await list()).toHaveLength(expected.length)
    answering(403)
    await expect(list()).rejects.toMatchObject({
      name: 'SourceError',
      failure: 'denied',
      message: 'GET api/dcim/rack-reservations/: 403',
    })
  })
})
