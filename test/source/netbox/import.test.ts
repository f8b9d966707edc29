/** The whole way: the dump in by `PUT /import`, every object of it found again by GraphQL. */
import { createReadStream } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LinkClaim, LinkTarget } from '../../../src/resource/resource.ts'
import type { InventoryItem } from '../../../src/resource/verbs.ts'
import { readNetbox, type NetboxImport } from '../../../src/source/netbox/index.ts'
import { startTestApp, type TestApp } from '../../support/app.ts'
import { demoPath, demoRows, hasDemo } from './dump.ts'

const refOf = (to: LinkTarget): string =>
  'key' in to ? `${to.source ?? 'netbox'}:${to.key}` : 'ref' in to ? to.ref : ''
const toLine = ({ path: _, links = [], ...item }: InventoryItem): string =>
  JSON.stringify({ ...item, links: links.map((link: LinkClaim) => ({ ...link, to: refOf(link.to) })) })

describe.skipIf(!hasDemo)('the NetBox demo in the API', () => {
  let app: TestApp
  let dump: NetboxImport
  let answer: Record<string, number>
  const put = async () => {
    const lines: string[] = []
    for await (const batch of dump.items) lines.push(...batch.map(toLine))
    const response = await fetch(`${app.url}/import?source=netbox`, {
      method: 'PUT',
      headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${app.token}` },
      body: lines.join('\n'),
    })
    const body = (await response.json()) as Record<string, number>
    expect(response.status, JSON.stringify(body)).toBe(200)
    return body
  }
  const open = () => readNetbox(createReadStream(demoPath), {}, AbortSignal.timeout(60_000))

  beforeAll(async () => {
    app = await startTestApp()
    dump = await open()
    answer = await put()
  }, 120_000)
  afterAll(() => app.close())

  async function ask(
    document: string,
    variables: Record<string, unknown> = {},
  ): Promise<Record<string, never>> {
    const { data, errors } = await app.query<Record<string, never>>(document, variables)
    expect(errors).toBeUndefined()
    return data as Record<string, never>
  }

  it('has as many of each kind as the dump', async () => {
    expect(answer['created']).toBe(dump.count)
    const { count } = (await ask('{ count(groupBy: [KIND]) { group { value } count } }')) as unknown as {
      count: { group: { value: string }[]; count: number }[]
    }
    const found = Object.fromEntries(count.map((entry) => [entry.group[0]?.value, entry.count]))
    delete found['Source']
    const wanted: Record<string, number> = {}
    for (const { kind, count: rows } of dump.report.mapped) wanted[kind] = (wanted[kind] ?? 0) + rows
    expect(found).toEqual(Object.fromEntries(Object.entries(wanted).filter(([, number]) => number > 0)))
  })

  it('finds every object again by its key', async () => {
    const mapped = new Set(dump.report.mapped.map(({ model }) => model))
    const rows = demoRows().filter(({ model }) => mapped.has(model))
    expect(rows.length).toBe(dump.count)
    for (let at = 0; at < rows.length; at += 1_000) {
      const batch = rows.slice(at, at + 1_000)
      const { resourcesByRef } = (await ask(
        'query ($refs: [Ref!]!) { resourcesByRef(refs: $refs) { name } }',
        {
          refs: batch.map(({ model, pk }) => `netbox:${model}.${pk}`),
        },
      )) as unknown as { resourcesByRef: ({ name: string } | null)[] }
      const missing = batch.filter((_, index) => resourcesByRef[index] == null)
      expect(missing).toEqual([])
      batch.forEach(({ fields }, index) => {
        if (typeof fields['name'] === 'string') expect(resourcesByRef[index]?.name).toBe(fields['name'])
      })
    }
  })

  it.each([
    ['ncsu-coreswitch1', 'xe-0/0/0', 'ncsu117-distswitch1', 'xe-0/0/0', ['PP:B117', 'PP:MDF']],
    ['ncsu-coreswitch2', 'xe-0/0/3', 'ncsu118-distswitch1', 'xe-0/0/3', ['PP:B118', 'PP:MDF']],
    ['ncsu-coreswitch2', 'xe-0/0/4', 'ncsu128-distswitch1', 'xe-0/0/2', ['PP:B128', 'PP:MDF']],
  ])('traces %s %s to %s %s', async (device, port, farDevice, farPort, panels) => {
    const { resource } = (await ask(
      `query ($ref: Ref!) { resource(ref: $ref) { ... on NetworkInterface {
        peers { name device { name } } links(type: [CONNECTED_TO]) { nodes { attributes } } } } }`,
      { ref: `NetworkInterface:name=${port},device=${device}` },
    )) as unknown as {
      resource: {
        peers: { name: string; device: { name: string } }[]
        links: { nodes: { attributes: { panels: string[] } }[] }
      }
    }
    expect(resource.peers).toEqual([{ name: farPort, device: { name: farDevice } }])
    expect(resource.links.nodes.map(({ attributes }) => attributes.panels.toSorted())).toEqual([panels])
  })

  it('answers the main question: rack, devices, power, addresses', async () => {
    const { rack } = (await ask(`{ rack: resource(ref: "netbox:dcim.rack.1") { name site { name }
      ... on Rack { heightUnits contents { totalCount } pdus { nodes { name powers { totalCount } } } } } }`)) as unknown as {
      rack: object
    }
    expect(rack).toMatchObject({
      name: 'Comms closet',
      site: { name: 'DM-Akron' },
      heightUnits: 12,
      contents: { totalCount: 4 },
      pdus: { nodes: [{ powers: { totalCount: 2 } }] },
    })
  })

  it('writes nothing when it is imported again', async () => {
    dump = await open()
    expect(await put()).toMatchObject({
      created: 0,
      updated: 0,
      deleted: 0,
      linksAdded: 0,
      unchanged: dump.count,
    })
  })
})
