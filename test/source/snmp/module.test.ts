import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toObservations } from '../../../src/source/snmp/map.ts'
import {
  chooseModules,
  loadModules,
  parseModule,
  readTables,
  type Module,
} from '../../../src/source/snmp/module/index.ts'
import { decode, lldpId, toAddress, toMac } from '../../../src/source/snmp/module/decode.ts'
import { startSnmpClient } from '../../../src/source/snmp/protocol/index.ts'
import { channelOf, readerOf } from '../../../src/source/snmp/reader.ts'
import { startResponder } from '../../../src/source/snmp/responder/index.ts'
import { mibOf } from './recorded.ts'

const good = `module: fan-tray
description: fans of a box
tables:
  fan:
    index: [number]
    columns:
      label: 1.3.6.1.4.1.99999.1.1
      speed: 1.3.6.1.4.1.99999.1.2
resources:
  - each: fan
    kind: Component
    key: fan/{number}
    name: label
    fields: { role: { const: fan } }
    links: [{ type: PART_OF, to: device }]
metrics:
  - { each: fan, of: 'fan/{number}', name: hw.fan.speed, value: speed }
`

const message = (text: string): string => {
  try {
    parseModule(text, 'own.yaml')
  } catch (error) {
    return (error as Error).message
  }
  return expect.fail('it was taken')
}

describe('a module file', () => {
  it('of the user is all that a new device needs', async () => {
    const client = await startSnmpClient()
    const responder = startResponder()
    const mib = mibOf(
      '1.3.6.1.4.1.99999.1.1.1|4|front',
      '1.3.6.1.4.1.99999.1.1.2|4|rear',
      '1.3.6.1.4.1.99999.1.2.1|66|4200',
    )
    const { port } = await responder.add({ mib })
    const reader = readerOf(
      channelOf(client, client.target({ address: '127.0.0.1', port, community: 'public' })),
    )
    const modules = [parseModule(good, 'own.yaml')]
    const { tables } = await readTables(reader, modules)
    const { observations, readings } = toObservations(modules, tables, { source: 's', key: 'd', name: 'box' })
    expect(observations).toEqual([
      { key: 'd', kind: 'Device', name: 'box', fields: {}, attributes: {} },
      ...['front', 'rear'].map((name, i) => ({
        key: `d/fan/${i + 1}`,
        kind: 'Component',
        name,
        fields: { role: 'fan' },
        attributes: {},
        links: [{ type: 'PART_OF', to: { source: 's', key: 'd' } }],
      })),
    ])
    expect(readings).toEqual([
      { key: 'd/fan/1', metric: 'hw.fan.speed', unit: 'rpm', type: 'gauge', value: 4200 },
    ])
    await client.close()
    await responder.close()
  })

  it.each([
    ['broken YAML', good.replace('[number]', '[number'), /^own\.yaml:\d+: /],
    ['a key twice', `${good}module: other\n`, /^own\.yaml:18: Map keys must be unique/],
    [
      'an unknown key',
      good.replace('value: speed', 'value: speed, unti: rpm'),
      /^own\.yaml:17: metrics\.0: .*unti/,
    ],
    [
      'an OID in words',
      good.replace('1.3.6.1.4.1.99999.1.2', 'ifSpeed'),
      /^own\.yaml:8: tables\.fan\.columns\.speed: not an OID/,
    ],
    ['an unknown kind', good.replace('Component', 'Fan'), /^own\.yaml:11: resources\.0\.kind: no such kind/],
    [
      'an unknown field',
      good.replace('{ role:', '{ colour:'),
      /^own\.yaml:14: resources\.0\.fields\.colour: Component has no field colour/,
    ],
    ['a field that is no property', good.replace('{ role:', '{ hardware:'), /has no field hardware/],
    [
      'an unknown link type',
      good.replace('PART_OF', 'HANGS_ON'),
      /^own\.yaml:15: resources\.0\.links\.0\.type: /,
    ],
    [
      'an unknown column',
      good.replace('name: label', 'name: title'),
      /^own\.yaml:13: resources\.0\.name: table fan has no title/,
    ],
    [
      'an unknown name in a key',
      good.replace('key: fan/{number}', 'key: fan/{no}'),
      /^own\.yaml:12: resources\.0\.key: table fan has no no/,
    ],
    [
      'an unknown table',
      good.replace('each: fan\n', 'each: fans\n'),
      /^own\.yaml:10: resources\.0\.each: no table fans/,
    ],
    [
      'a bad expression',
      good.replace('name: label', 'name: { from: label, match: "(" }'),
      /^own\.yaml:13: resources\.0\.name\.match: not a regular expression/,
    ],
    [
      'an unknown decoder',
      good.replace('name: label', 'name: { from: label, as: colour }'),
      /^own\.yaml:13: resources\.0\.name\.as: /,
    ],
    ['nothing', '', /^own\.yaml:1: /],
    ['a list', '- a\n', /^own\.yaml:1: /],
  ])('with %s is refused with file, line and reason', (_what, text, expected) => {
    expect(message(text)).toMatch(expected)
  })

  it('in the folder of the user replaces the shipped one of its name; a bad one there is named', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'modules-'))
    await writeFile(join(folder, 'bgp.yaml'), 'module: bgp\ndescription: mine\n')
    const modules = await loadModules(folder)
    expect(modules.filter(({ module }) => module === 'bgp').map((one) => one.description)).toEqual(['mine'])
    expect(modules.length).toBe((await loadModules()).length)
    await writeFile(join(folder, 'bad.yaml'), 'module: Bad\ndescription: x\n')
    await expect(loadModules(folder)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^bad\.yaml:1: module: /),
    })
    const lookUp =
      'tables:\n  a: { columns: { b: 1.3.6.1 }, values: { c: { lookup: none, by: b, get: x } } }\n'
    await writeFile(join(folder, 'bad.yaml'), `module: bad\ndescription: x\n${lookUp}`)
    await expect(loadModules(folder)).rejects.toThrow('bad.yaml:4: no module has a table none')
    await rm(folder, { recursive: true })
  })
})

describe('choosing', () => {
  const module = (rest: object): Module => ({ ...parseModule(good, 'own.yaml'), ...rest })
  const device = { objectId: '1.3.6.1.4.1.30065.1', description: 'EOS 4' }

  it.each([
    ['no condition', {}, 1],
    ['the objectId', { when: { objectId: ['1.3.6.1.4.1.30065'] } }, 1],
    ['an objectId that only begins alike', { when: { objectId: ['1.3.6.1.4.1.300'] } }, 0],
    ['the description', { when: { description: '^EOS' } }, 1],
    ['neither', { when: { objectId: ['1.3.7'], description: 'IOS' } }, 0],
    ['an exception', { unless: { objectId: ['1.3.6.1.4.1.30065'] } }, 0],
  ])('by %s', (_what, rest, count) => {
    expect(chooseModules([module(rest)], device)).toHaveLength(count)
  })
})

describe('decoding', () => {
  const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))

  it('reads what agents send, and gives null for what makes no sense', () => {
    expect(decode(Buffer.from('Ethernet1\0\0 '), 'text')).toBe('Ethernet1')
    expect(decode(bytes('4de9'), 'text')).toBe('Mé')
    expect(decode(-94967295, 'unsigned')).toBe(4200000001)
    expect(decode(Buffer.from('12.5 C'), 'number')).toBe(12.5)
    expect(decode(Buffer.from('n/a'), 'number')).toBeNull()
    expect(decode('255.255.240.0', 'prefixLength')).toBe(20)
    expect(decode('255.0.255.0', 'prefixLength')).toBeNull()
    expect(decode(bytes('8001'), 'ports')).toBe(',1,16,')
    expect(decode(1, 'truth')).toBe(true)
    expect(decode(null, 'text')).toBeNull()
  })

  it('brings addresses into canonical form', () => {
    expect(toMac(bytes('001C73658E3A'))).toBe('00:1c:73:65:8e:3a')
    expect(toMac(Buffer.from('00-1C-73-65-8E-3A'))).toBe('00:1c:73:65:8e:3a')
    expect(toMac(bytes('000000000000'))).toBeNull()
    expect(toMac(bytes('0011'))).toBeNull()
    expect(toAddress([10, 0, 0, 1])).toBe('10.0.0.1')
    expect(toAddress([...bytes('fe800000000000000e041ffffe860001')])).toBe('fe80::e04:1fff:fe86:1')
    expect(toAddress([1, 2, 3])).toBeNull()
  })

  it('reads LLDP ids by their subtype', () => {
    expect(lldpId('chassis', 4, bytes('18e728922878'))).toBe('18:e7:28:92:28:78')
    expect(lldpId('chassis', 5, bytes('010a000001'))).toBe('10.0.0.1')
    expect(lldpId('port', 5, Buffer.from('Ethernet1/49'))).toBe('Ethernet1/49')
    expect(lldpId('port', 3, bytes('18e728922878'))).toBe('18:e7:28:92:28:78')
    expect(lldpId('port', 7, Buffer.from(''))).toBeNull()
  })
})

describe('a table that the agent refuses', () => {
  it('is left out and told; a device that does not answer at all is an error', async () => {
    const client = await startSnmpClient()
    const responder = startResponder()
    const agent = await responder.add({ mib: mibOf('1.3.6.1.4.1.99999.1.1.1|4|front') })
    const options = { address: '127.0.0.1', port: agent.port, community: 'public' }
    const modules = [parseModule(good, 'own.yaml')]
    agent.fault = { kind: 'status', status: 5 }
    const reader = readerOf(channelOf(client, client.target(options)))
    const { tables, failures } = await readTables(reader, modules)
    expect(failures).toMatchObject([{ table: 'fan', error: { failure: 'refused', status: 5 } }])
    expect(tables.size).toBe(0)
    agent.fault = { kind: 'silent' }
    const impatient = readerOf(channelOf(client, client.target({ ...options, timeoutMs: 10, retries: 0 })))
    await expect(readTables(impatient, modules)).rejects.toMatchObject({ failure: 'timeout' })
    await client.close()
    await responder.close()
  })
})

describe('aggregates', () => {
  it('have the ports that say so as members, whatever a port without one says', async () => {
    const client = await startSnmpClient()
    const responder = startResponder()
    const mib = mibOf(
      ...['eth1', 'eth2', 'eth3', 'bond0'].map((name, i) => `1.3.6.1.2.1.31.1.1.1.1.${i + 1}|4|${name}`),
      ...[4, 2, 0].map((aggregate, i) => `1.2.840.10006.300.43.1.2.1.1.13.${i + 1}|2|${aggregate}`),
    )
    const { port } = await responder.add({ mib })
    const target = client.target({ address: '127.0.0.1', port, community: 'public' })
    const modules = (await loadModules()).filter(({ module }) => ['interface', 'lag'].includes(module))
    const { tables } = await readTables(readerOf(channelOf(client, target)), modules)
    const { observations } = toObservations(modules, tables, { source: 's', key: 'd', name: 'box' })
    const members = observations.flatMap(({ name, links = [] }) =>
      links
        .filter(({ type }) => type === 'MEMBER_OF')
        .map(({ to }) => `${name} ${'key' in to ? to.key : ''}`),
    )
    expect(members).toEqual(['eth1 d/interface/bond0'])
    expect(observations).toHaveLength(5)
    await client.close()
    await responder.close()
  })
})
