import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toObservations } from '../../../src/source/snmp/map.ts'
import {
  chooseModules,
  loadModules,
  metricsOf,
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
    [
      'an unknown metric that says no unit',
      good.replace('hw.fan.speed', 'fan.tray.speed'),
      /^own\.yaml:17: metrics\.0: fan\.tray\.speed is no known metric: say its unit$/,
    ],
    [
      'a known metric in another unit',
      good.replace('value: speed', 'value: speed, unit: Hz'),
      /^own\.yaml:17: metrics\.0\.unit: hw\.fan\.speed has the unit rpm$/,
    ],
    [
      'a metric that is no name',
      good.replace('hw.fan.speed', 'Fan Speed'),
      /^own\.yaml:17: metrics\.0\.name: not a metric/,
    ],
    [
      'an unknown type of metric',
      good.replace('value: speed', 'value: speed, type: histogram'),
      /^own\.yaml:17: metrics\.0\.type: /,
    ],
    [
      'an unknown way to combine',
      good.replace('value: speed', 'value: speed, combine: median'),
      /^own\.yaml:17: metrics\.0\.combine: /,
    ],
    [
      'an unknown name in a reading',
      good.replace('value: speed', 'value: { product: [speed, factor] }'),
      /^own\.yaml:17: metrics\.0\.value: table fan has no factor$/,
    ],
    [
      'an unknown name in where a reading is taken',
      good.replace('value: speed', 'value: speed, where: { not: broken }'),
      /^own\.yaml:17: metrics\.0\.where: table fan has no broken$/,
    ],
    [
      "an unknown name in a reading's key",
      good.replace("of: 'fan/{number}'", "of: 'fan/{no}'"),
      /^own\.yaml:17: metrics\.0\.of: table fan has no no$/,
    ],
    [
      'a column number without a place',
      good.replace('speed: 1.3.6.1.4.1.99999.1.2', 'speed: 2'),
      /^own\.yaml:8: tables\.fan\.columns\.speed: a column number, but the table has no `at`$/,
    ],
    [
      'a table of no rows',
      good.replace('index: [number]', 'index: [number]\n    maxRows: 0'),
      /^own\.yaml:6: tables\.fan\.maxRows: /,
    ],
    [
      'an unknown form of index',
      good.replace('[number]', '[{ name: number, as: ip5 }]'),
      /^own\.yaml:5: tables\.fan\.index\.0\.as: /,
    ],
    [
      'an unknown identity of what is linked',
      good.replace('to: device', 'to: { kind: Server, identity: colour, value: label }'),
      /^own\.yaml:15: resources\.0\.links\.0\.to\.identity: Server has no identity colour$/,
    ],
    [
      "an unknown name in a link's key",
      good.replace('to: device', "to: { key: 'tray/{tray}' }"),
      /^own\.yaml:15: resources\.0\.links\.0\.to\.key: table fan has no tray$/,
    ],
    [
      'a device of a kind that is none',
      `${good}device: [{ each: fan, kind: Rack }]\n`,
      /^own\.yaml:18: device\.0\.kind: /,
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
    await writeFile(
      join(folder, 'bad.yaml'),
      `module: bad\ndescription: x\n${lookUp.replace('lookup: none', 'count: none, on: b')}`,
    )
    await expect(loadModules(folder)).rejects.toThrow(/^bad\.yaml:4: /)
    const other = 'tables:\n  interface: { index: [ifIndex], columns: { b: 1.3.6.1 } }\n'
    await writeFile(join(folder, 'bad.yaml'), `module: bad\ndescription: x\n${other}`)
    await expect(loadModules(folder)).rejects.toThrow(
      'bad.yaml:4: tables.interface: module interface has another table of this name',
    )
    await writeFile(join(folder, 'bad.yaml'), 'module: bgp\ndescription: again\n')
    await expect(loadModules(folder)).rejects.toThrow('bgp.yaml:1: module bgp is there twice')
    await expect(loadModules(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await rm(folder, { recursive: true })
  })
})

describe('the documentation', () => {
  it('has an example that is taken as it is', async () => {
    const text = await readFile(new URL('../../../docs/snmp.md', import.meta.url), 'utf8')
    const example = /```yaml\n(module: fan-tray[\s\S]*?)```/.exec(text)?.[1] ?? ''
    expect(parseModule(example, 'fan-tray.yaml').module).toBe('fan-tray')
  })

  it('names every shipped module', async () => {
    const text = await readFile(new URL('../../../docs/snmp.md', import.meta.url), 'utf8')
    const told = text.slice(text.indexOf('### What is shipped'), text.indexOf('### Your own'))
    const missing = (await loadModules()).filter(({ module }) => !new RegExp(`\\b${module}\\b`).test(told))
    expect(missing.map(({ module }) => module)).toEqual([])
  })
})

describe('what modules measure', () => {
  it('is told with unit, type and help, and rates of counters with theirs', async () => {
    const metrics = new Map(metricsOf(await loadModules()).map((one) => [one.name, one]))
    expect(metrics.get('hw.network.io.receive')).toMatchObject({ unit: 'By', type: 'counter' })
    expect(metrics.get('hw.network.bandwidth.receive')).toMatchObject({ unit: 'bit/s', type: 'gauge' })
    expect(metrics.get('hw.energy.rate')).toMatchObject({ unit: 'W', type: 'gauge' })
    for (const { name, unit, help } of metrics.values()) {
      expect(name).toMatch(/^[a-z0-9_]+(\.[a-z0-9_]+)*$/)
      // UCUM has no blanks and no percent here: shares are of one.
      expect([name, unit]).toEqual([name, expect.stringMatching(/^(?!%)\S+$/)])
      expect([name, help]).toEqual([name, expect.stringMatching(/\.$/)])
    }
  })

  it("may be a module's own", () => {
    const own = good
      .replace('hw.fan.speed', 'fan.tray.turns')
      .replace('value: speed', 'value: speed, unit: "{turn}", type: counter, help: Turns of the tray.')
    expect(metricsOf([parseModule(own, 'own.yaml')])).toEqual([
      { name: 'fan.tray.turns', unit: '{turn}', type: 'counter', help: 'Turns of the tray.' },
      { name: 'fan.tray.turns.rate', unit: '{turn}/s', type: 'gauge', help: 'Turns of the tray. A second.' },
    ])
  })

  it('is combined where several rows say it of one thing, else the first is believed', async () => {
    const metrics = ['mean', 'sum', 'max', 'min'].map(
      (combine) =>
        `  - { each: fan, name: fan.${combine}, unit: rpm, type: gauge, help: x., combine: ${combine}, value: speed }\n`,
    )
    const modules = [parseModule(good + metrics.join(''), 'own.yaml')]
    const { readings } = await mapped(modules, [
      ...[1, 2, 3].map((fan) => `1.3.6.1.4.1.99999.1.1.${fan}|4|fan ${fan}`),
      ...[1, 2, 3].map((fan) => `1.3.6.1.4.1.99999.1.2.${fan}|66|${fan * fan * 100}`),
    ])
    const device = readings.filter(({ key }) => key === 'd').map(({ metric, value }) => [metric, value])
    expect(device).toEqual([
      ['fan.mean', 1400 / 3],
      ['fan.sum', 1400],
      ['fan.max', 900],
      ['fan.min', 100],
    ])
  })

  it('has no reading where a division by zero, a missing operand or a text would make one', async () => {
    const values = [
      ['quotient', '[speed, zero]'],
      ['difference', '[speed, missing]'],
      ['sum', '[speed, label]'],
    ].map(
      ([operation, operands], i) =>
        `  - { each: fan, name: made.m${i}, unit: '1', type: gauge, help: x., value: { ${operation}: ${operands} } }\n`,
    )
    const text = good.replace(
      '      speed: 1.3.6.1.4.1.99999.1.2\n',
      '      speed: 1.3.6.1.4.1.99999.1.2\n      missing: 1.3.6.1.4.1.99999.1.3\n    values: { zero: { const: 0 } }\n',
    )
    const { readings } = await mapped(
      [parseModule(text + values.join(''), 'own.yaml')],
      ['1.3.6.1.4.1.99999.1.1.1|4|front', '1.3.6.1.4.1.99999.1.2.1|66|4200'],
    )
    expect(readings.map(({ metric }) => metric)).toEqual(['hw.fan.speed'])
  })
})

describe('a table that is too long', () => {
  it('is cut, told, and the rest of the device stands', async () => {
    const text = good.replace('index: [number]', 'index: [number]\n    maxRows: 10')
    const { observations, failures } = await mapped(
      [parseModule(text, 'own.yaml')],
      Array.from({ length: 500 }, (_, fan) => `1.3.6.1.4.1.99999.1.1.${fan + 1}|4|fan ${fan + 1}`),
    )
    expect(observations).toHaveLength(11)
    expect(failures).toMatchObject([
      { table: 'fan', error: { message: 'more than 10 rows: the rest is left unread' } },
    ])
  })
})

async function mapped(modules: Module[], lines: string[]) {
  const client = await startSnmpClient()
  const responder = startResponder()
  const { port } = await responder.add({ mib: mibOf(...lines) })
  const reader = readerOf(
    channelOf(client, client.target({ address: '127.0.0.1', port, community: 'public' })),
  )
  const { tables, failures } = await readTables(reader, modules)
  await client.close()
  await responder.close()
  return { ...toObservations(modules, tables, { source: 's', key: 'd', name: 'box' }), failures }
}

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
    expect(toMac(Buffer.from('0:1c:73:65:8e:a'))).toBe('00:1c:73:65:8e:0a')
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
    // What says that it is a MAC address and is none.
    expect(lldpId('chassis', 4, Buffer.from('rack 71'))).toBe('rack 71')
    expect(lldpId('chassis', 4, bytes('0102030405060708'))).toBe('0102030405060708')
    expect(lldpId('chassis', 4, bytes('000000000000'))).toBeNull()
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
