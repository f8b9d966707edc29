/* eslint-disable @typescript-eslint/no-explicit-any -- answers of many shapes; what is not as it is used fails the lab */
/** A role on three servers of a real Nova: asked for, made on three hypervisors of three racks, followed, given back; and what fails, which leaves nothing. The cloud is looked at by another client. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { untilAsync, type CloudClient } from './client.ts'
import { startPlenum, type LabPlenum } from './plenum.ts'

const hour = '1h'
const blueprint = (name: string, rest: { host: string; within: number }) => `
blueprint: ${name}
description: Web servers, one a rack.
count: { default: 3, most: 9 }
parameters: { port: { type: integer } }
claims:
  - { class: VCPU, amount: 1 }
  - { class: MEMORY_MB, amount: 64 }
  - { class: IPV4_ADDRESS, amount: 1, name: '{{name}}-{{member}}' }
spread: { over: rack, atMost: 1 }
steps:
  - server:
      source: cloud
      image: tiny
      flavor: m1.nano
      network: lab-net
      address: '{{address}}'
      volumes: [{ sizeGb: 1 }]
      floatingNetwork: public
      # Its hypervisors are of one or two compute services, which is what Nova keeps apart.
      group: soft-anti-affinity
      host: '${rest.host}'
  - check: { url: 'http://127.0.0.1:{{parameters.port}}/{{address}}', every: 0.2, within: ${rest.within} }
service: { role: web, protocol: http, port: 80 }
`

export interface AllocateResult {
  figures: Record<string, unknown>
  failed: string[]
}

export async function allocateServers(auth: object, cloud: CloudClient): Promise<AllocateResult> {
  const folder = mkdtempSync(join(tmpdir(), 'plenum-blueprints-'))
  const all = {
    web: blueprint('web', { host: '{{host}}', within: 30 }),
    lost: blueprint('lost', { host: 'no-such-hypervisor', within: 30 }),
    deaf: blueprint('deaf', { host: '{{host}}', within: 0.1 }),
  }
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, `${name}.yaml`), text)
  // Nobody answers on a hypervisor that is none: a server here does.
  const site = createServer((_, response) => void response.end()).listen(0, '127.0.0.1')
  await once(site, 'listening')
  await cloud.connectOutside()
  const cidr = await cloud.cidrOf('lab-net')
  const plenum = await startPlenum(
    { cloud: { driver: 'openstack', auth, control: true, interval: hour, perSecond: 1_000 } },
    {
      pools: {
        hypervisors: {
          kind: 'Server',
          where: { role: ['hypervisor'], status: ['NONE'] },
          ratio: { VCPU: 4 },
        },
        front: { kind: 'Prefix', where: { name: [cidr], status: ['NONE'] }, reserved: { IPV4_ADDRESS: 200 } },
      },
      blueprints: folder,
    },
  )
  try {
    await untilAsync(async () => (await plenum.stateOf('cloud'))?.lastSyncAt as unknown)
    await placeInRacks(plenum)
    return await tryAll(plenum, cloud, (site.address() as AddressInfo).port)
  } finally {
    await plenum.close()
    site.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function placeInRacks(plenum: LabPlenum): Promise<void> {
  const racks = ['r1', 'r2', 'r3']
  const items = racks.map((name) => `{ kind: Rack, name: "${name}", status: ACTIVE }`)
  await plenum.ask(`mutation { importInventory(input: { items: [${items.join(' ')}] }) { cursor } }`)
  const { servers } = await plenum.ask(
    '{ servers(filter: { role: { eq: "hypervisor" } }, first: 100) { nodes { id } } }',
  )
  const changes = servers.nodes.map(
    ({ id }: any, index: number) =>
      `{ ref: "${id}", changes: { links: [{ type: LOCATED_IN, to: "Rack:name=${racks[index % 3]}" }] } }`,
  )
  await plenum.ask(`mutation { updateResources(input: { items: [${changes.join(' ')}] }) { cursor } }`)
}

async function tryAll(plenum: LabPlenum, cloud: CloudClient, port: number): Promise<AllocateResult> {
  const figures: Record<string, unknown> = {}
  const failed: string[] = []
  const expect = (what: string, isSo: boolean) => {
    if (!isSo) failed.push(what)
  }
  const ended = (id: string) =>
    untilAsync(async () => {
      const { operation } = await plenum.ask(
        `{ operation(id: "${id}", wait: "PT30S") { state error { message } steps { kind state attempts } allocation { id state } } }`,
      )
      return ['SUCCEEDED', 'FAILED', 'STUCK'].includes(operation.state) ? operation : undefined
    }, 600_000)
  const allocate = async (name: string, from: string) => {
    const began = performance.now()
    const { allocate: given } = await plenum.ask(
      `mutation { allocate(input: { request: { tenant: "Tenant:name=admin", name: "${name}", blueprint: "${from}", count: 3, spread: { over: RACK, atMost: 1 }, parameters: { port: ${port} } } }) { operation { id } } }`,
    )
    const operation = await ended(given.operation.id)
    return { ...operation, seconds: Math.round((performance.now() - began) / 100) / 10 }
  }
  const nothing = async () => JSON.stringify(await cloud.made()) === JSON.stringify(noneOf)

  const web = await allocate('shop', 'web')
  figures['allocate'] = { state: web.state, error: web.error, seconds: web.seconds, steps: web.steps.length }
  const made = await cloud.made()
  figures['made'] = made
  if (web.state !== 'SUCCEEDED') return { figures, failed: ['three servers'] }
  expect(
    'three servers on three hypervisors, all of it',
    new Set(made.hypervisors).size === 3 && made.servers === 3,
  )
  expect(
    'ports, volumes, addresses, one group',
    made.ports === 3 && made.volumes === 3 && made.floatingIps === 3 && made.groups === 1,
  )
  await plenum.sync('cloud')
  const { services } = await plenum.ask(
    '{ services(filter: { name: { eq: "shop" } }) { nodes { endpoints { address } links(type: [RUNS_ON]) { nodes { to { ... on VirtualMachine { host { rack { name } } } } } } } } }',
  )
  const racks = services.nodes[0].links.nodes.map(({ to }: any) => to.host?.rack?.name)
  figures['service'] = { endpoints: services.nodes[0].endpoints.length, racks }
  expect('a service on three racks', new Set(racks).size === 3 && services.nodes[0].endpoints.length === 3)

  const began = performance.now()
  const { release } = await plenum.ask(
    `mutation { release(input: { allocation: "${web.allocation.id}" }) { operation { id } } }`,
  )
  const released = await ended(release.operation.id)
  figures['release'] = { state: released.state, seconds: Math.round((performance.now() - began) / 100) / 10 }
  expect('a release leaves nothing', released.state === 'SUCCEEDED' && (await nothing()))
  for (const name of ['lost', 'deaf']) {
    const one = await allocate(name, name)
    figures[name] = { state: one.state, error: one.error, seconds: one.seconds }
    expect(`${name} is undone whole`, one.state === 'FAILED' && (await nothing()))
  }
  return { figures, failed }
}

const noneOf = { servers: 0, hypervisors: [], ports: 0, volumes: 0, floatingIps: 0, groups: 0 }
