/** How devices are found that nobody has named: by what a neighbour heard and what the inventory knows, within the prefixes that may be asked. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startResponder, type Responder } from '../../../src/source/snmp/responder/index.ts'
import type { Part, Told } from '../../../src/source/source.ts'
import { isPart, listen, smallSwitch, type Listening } from './driver.ts'

let responder: Responder
let modules: string
let port: number
let source: Listening | undefined

beforeAll(async () => {
  responder = startResponder()
  // The shipped module leaves loopback addresses out, which is where the agents here are.
  const arp = readFileSync(
    join(import.meta.dirname, '../../../src/source/snmp/module/shipped/arp.yaml'),
    'utf8',
  )
  modules = mkdtempSync(join(tmpdir(), 'plenum-modules-'))
  const here = arp.replace('127\\.|', '')
  expect(here).not.toBe(arp)
  writeFileSync(join(modules, 'arp.yaml'), here)
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  port = socket.address().port
  socket.close()
  await once(socket, 'close')
})
afterEach(async () => {
  await source?.close()
  source = undefined
  for (const agent of [...responder.agents]) await agent.close()
})
afterAll(async () => {
  await responder.close()
  rmSync(modules, { recursive: true })
})

/** LLDP heard a switch at an address on port 1. */
const heard = (address: string): string[] => [
  '1.0.8802.1.1.2.1.3.7.1.2.1|2|5',
  '1.0.8802.1.1.2.1.3.7.1.3.1|4|eth1',
  '1.0.8802.1.1.2.1.4.1.1.4.0.1.1|2|4',
  '1.0.8802.1.1.2.1.4.1.1.5.0.1.1|4x|001b21000002',
  '1.0.8802.1.1.2.1.4.1.1.6.0.1.1|2|5',
  '1.0.8802.1.1.2.1.4.1.1.7.0.1.1|4|eth2',
  '1.0.8802.1.1.2.1.4.1.1.9.0.1.1|4|neighbour',
  `1.0.8802.1.1.2.1.4.2.1.3.0.1.1.1.4.${address}|2|2`,
]
/** It has learned the MAC address of this one. */
const learned = (address: string, mac: string): string[] => [
  `1.3.6.1.2.1.4.22.1.2.1.${address}|4x|${mac}`,
  `1.3.6.1.2.1.4.22.1.4.1.${address}|2|3`,
]

const add = (address: string, name: string, chassis: string, more: readonly string[] = []) =>
  responder.add({ mib: smallSwitch(name, chassis, more), address, port })

const settings = () => ({
  ...{ interval: 1, timeoutMs: 200, retries: 0, port, modules },
  credentials: { plain: { community: 'env:A' } },
})
const partOf =
  (key: string) =>
  (told: Told): told is Part =>
    isPart(told) && told.part === key

async function found(keys: readonly string[]): Promise<void> {
  const missing = new Set(keys)
  while (missing.size > 0) missing.delete((await source!.until(isPart)).part)
}

it('asks whom a seed heard by LLDP and ARP, whom those heard, and whom the inventory knows', async () => {
  await add('127.40.0.1', 'seed', '001b21000001', [
    ...heard('127.40.0.2'),
    ...learned('127.40.0.3', '001b21000301'),
  ])
  await add('127.40.0.2', 'by-lldp', '001b21000002', learned('127.40.0.5', '001b21000501'))
  await add('127.40.0.3', 'by-arp', '001b21000003')
  await add('127.40.0.4', 'by-inventory', '001b21000004')
  await add('127.40.0.5', 'two-hops-away', '001b21000005')
  source = await listen(
    { ...settings(), seeds: [{ address: '127.40.0.1', port }], follow: ['127.40.0.0/24'] },
    { addresses: ['127.40.0.4'] },
  )
  await found([1, 2, 3, 4, 5].map((last) => `127.40.0.${last}:${port}`))
})

it('asks nobody outside the prefixes, and nobody at all without any', async () => {
  const outside = await add('127.41.0.2', 'outside', '001b21000002')
  for (const follow of [['127.40.0.0/24'], []]) {
    const seed = await add('127.40.0.1', 'seed', '001b21000001', [
      ...heard('127.41.0.2'),
      ...learned('127.41.0.2', '001b21000301'),
    ])
    source = await listen(
      { ...settings(), seeds: [{ address: '127.40.0.1', port }], follow },
      { addresses: ['127.41.0.2'] },
    )
    // It is polled again and again; whoever would be followed would have been asked after the first time.
    for (let poll = 0; poll < 3; poll++) await source.until(partOf(`127.40.0.1:${port}`))
    await source.close()
    source = undefined
    await seed.close()
  }
  expect(outside.requests).toBe(0)
})

it('polls one that is found at two addresses once', async () => {
  await add('127.40.0.1', 'seed', '001b21000001', [
    ...learned('127.40.0.6', '001b21000601'),
    ...learned('127.40.0.7', '001b21000601'),
  ])
  await add('127.40.0.6', 'one-box', '001b21000006')
  await add('127.40.0.7', 'one-box', '001b21000006')
  source = await listen({
    ...settings(),
    seeds: [{ address: '127.40.0.1', port }],
    follow: ['127.40.0.0/24'],
  })
  for (let poll = 0; poll < 4; poll++) await source.until(partOf(`127.40.0.1:${port}`))
  const boxes = new Set(source.all.filter(isPart).map(({ part }) => part))
  expect([...boxes].filter((key) => /\.[67]:/.test(key))).toHaveLength(1)
})

it('tries every address of a scan, which is off unless it is asked for and has its bounds', async () => {
  await add('127.42.0.9', 'scanned', '001b21000009')
  source = await listen({ ...settings(), seeds: [], scan: ['127.42.0.0/28'] })
  await found([`127.42.0.9:${port}`])
})
