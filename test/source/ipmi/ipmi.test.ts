/** A simulated controller that others wrote (`ipmi_sim`), asked by the driver and switched by `ipmitool`; and what that prints of larger ones. */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { ipmi } from '../../../src/source/ipmi/index.ts'
import {
  parseFru,
  parsePower,
  parseSensors,
  toObservations,
  toReadings,
} from '../../../src/source/ipmi/map.ts'
import type { Source } from '../../../src/source/source.ts'
import { createDatabase, startProcess, type Process, type TestDatabase } from '../scripted.ts'

const isThere = ['ipmi_sim', 'ipmitool'].every((name) => spawnSync('which', [name]).status === 0)
if (!isThere)
  console.warn('skipped: ipmi_sim and ipmitool are not installed (apt-get install openipmi ipmitool)')

const password = 'hush-hush'
const users = (level: string) => `    allowed_auths_${level} none md2 md5 straight\n`
const lan = (port: number): string =>
  `name "bmc1"\nset_working_mc 0x20\n  chassis_control "./power"\n  startlan 1\n    addr 127.0.0.1 ${port}\n    priv_limit admin\n` +
  ['callback', 'user', 'operator', 'admin'].map(users).join('') +
  `    guid a123456789abcdefa123456789abcdef\n  endlan\n  user 2 true "reader" "${password}" admin 10 none md2 md5 straight\n`
const text = (value: string): string =>
  [0xc0 + value.length, ...Buffer.from(value)].map((byte) => `0x${byte.toString(16)}`).join(' ')
/** A label with its product's maker, name and serial number. */
const emulation =
  'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\n' +
  `mc_add_fru_data 0x20 0 0x100 data 0x01 0x00 0x00 0x00 0x01 0x00 0x00 0xfe 0x01 0x06 0x19 ${text('Contoso')} ${text('3500RX')} 0xc0 0xc0 ${text('437XR1138R2')} 0xc0 0xc0 0xc1 0x00 0x00 0x00\n` +
  'mc_enable 0x20\n'

/** `get power`, or `set power 1`. */
const powerSwitch = '#!/bin/sh\n[ "$1" = set ] && echo "$3" > is-on || echo "power:$(cat is-on)"\n'

let folder: string | undefined
let simulator: ChildProcess | undefined
let database: TestDatabase | undefined
let own: Process | undefined

afterEach(async () => {
  await own?.close()
  await database?.close()
  if (simulator) await stop(simulator)
  if (folder) rmSync(folder, { recursive: true })
  own = database = simulator = folder = undefined
  delete process.env['BMC_PASSWORD']
})

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill()
  await ended
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}

function simulate(port: number): ChildProcess {
  writeFileSync(join(folder!, 'lan.conf'), lan(port))
  writeFileSync(join(folder!, 'sim.emu'), emulation)
  mkdirSync(join(folder!, 'state'), { recursive: true })
  writeFileSync(join(folder!, 'is-on'), '0')
  writeFileSync(join(folder!, 'power'), powerSwitch, { mode: 0o755 })
  const words = ['-c', 'lan.conf', '-f', 'sim.emu', '-s', 'state', '-n']
  return spawn('ipmi_sim', words, { cwd: folder!, stdio: 'ignore' })
}

test.runIf(isThere)('a machine by its controller: its label, whether it is on', async () => {
  folder = mkdtempSync(join(tmpdir(), 'ipmi-'))
  const port = await freePort()
  simulator = simulate(port)
  process.env['BMC_PASSWORD'] = password
  database = await createDatabase()
  const target = `127.0.0.1:${port}`
  const settings = {
    driver: 'ipmi',
    targets: [target],
    user: 'reader',
    password: 'env:BMC_PASSWORD',
    interval: 0.2,
    cipherSuite: 3,
  }
  own = await startProcess(database, ipmi, { bmc: { ...settings, perSecond: 1_000 } }, {}, 30_000)
  const server = () => own!.holder.graph.ofType('Server')[0]
  await own.until(async () => server()?.fields['serialNumber'] === '437XR1138R2')
  expect(server()!.fields).toMatchObject({
    manufacturer: 'Contoso',
    model: '3500RX',
    powerState: 'OFF',
    bmcAddress: '127.0.0.1',
  })
  const login = [
    '-I',
    'lanplus',
    '-C',
    '3',
    '-H',
    '127.0.0.1',
    '-p',
    String(port),
    '-U',
    'reader',
    '-P',
    password,
  ]
  await promisify(execFile)('ipmitool', [...login, 'chassis', 'power', 'on'])
  await own.until(async () => server()!.fields['powerState'] === 'ON')
})

test.runIf(isThere)('a machine is switched by its controller', { timeout: 120_000 }, async () => {
  folder = mkdtempSync(join(tmpdir(), 'ipmi-'))
  const port = await freePort()
  simulator = simulate(port)
  const target = `127.0.0.1:${port}`
  const settings = ipmi.parseSettings({
    ...{ targets: [target], user: 'reader', password: 'env:BMC_PASSWORD', cipherSuite: 3 },
  })
  const open = async (control: boolean) =>
    ipmi.open(settings, {
      ...{ name: 'bmc', control, secret: async () => password, addresses: async () => [] },
      log: { debug() {}, warn() {} },
      shards: { count: 8, mine: () => [], onChange: () => () => {} },
    })
  expect((await open(false)).power).toBeUndefined()
  const { power } = await open(true)
  const { signal } = new AbortController()
  const isOn = () => readFileSync(join(folder!, 'is-on'), 'utf8').trim()
  const key = `${target}/machine`
  expect([power!.knows(key), power!.knows(`${target}/sensor/Fan1`)]).toEqual([true, false])
  for (;;)
    try {
      await power!.set(key, 'ON', { force: false }, signal)
      break
    } catch (error) {
      // It is not up yet.
      expect(error).toMatchObject({ failure: 'unreachable' })
    }
  expect(isOn()).toBe('1')
  await power!.set(key, 'OFF', { force: true }, signal)
  expect(isOn()).toBe('0')
  await power!.set(key, 'OFF', { force: true }, signal)
  await power!.set(key, 'RESTART', { force: true }, signal)
  expect(isOn()).toBe('1')
  await expect(power!.set('elsewhere/machine', 'ON', { force: true }, signal)).rejects.toThrow(
    /only machines/,
  )
})

test('what ipmitool prints', () => {
  expect(parsePower('Chassis Power is on\n')).toBe('ON')
  expect(() => parsePower('Error: Unable to establish session')).toThrow(/not of the form/)
  const fru = parseFru(
    ' Product Manufacturer  : Dell Inc.\n Product Name          : R640\n Product Serial        : 7BHG2F3\n Board Mfg Date : \n',
  )
  expect(fru).toEqual({
    'Product Manufacturer': 'Dell Inc.',
    'Product Name': 'R640',
    'Product Serial': '7BHG2F3',
  })
  const sensors = parseSensors(
    'Inlet Temp,24,degrees C,ok\nFan1,2100,RPM,cr\nPS1,,,ns\nPwr,344,Watts,nc\nIntrusion,0x00,discrete,ok\n',
  )
  expect(sensors.map(({ name, metric, value, status }) => [name, metric, value, status])).toEqual([
    ['Inlet Temp', 'hw.temperature', 24, 0],
    ['Fan1', 'hw.fan.speed', 2100, 2],
    ['Pwr', 'hw.power', 344, 1],
  ])
  const things = toObservations('10.1.9.7', { power: 'ON', fru, sensors })
  expect(things.map(({ key, fields }) => [key, fields!['role'] ?? fields!['serialNumber']])).toEqual([
    ['10.1.9.7/machine', '7BHG2F3'],
    ['10.1.9.7/bmc', 'bmc'],
    ['10.1.9.7/sensor/Inlet Temp', 'sensor'],
    ['10.1.9.7/sensor/Fan1', 'fan'],
    ['10.1.9.7/sensor/Pwr', 'sensor'],
  ])
  expect(toReadings('10.1.9.7', sensors, 1)).toHaveLength(6)
})

const forever = new AbortController().signal

/** With a program instead of it, which does what it says. */
function openWith(script: string): Promise<Source> {
  folder = mkdtempSync(join(tmpdir(), 'ipmi-'))
  const command = join(folder, 'tool')
  writeFileSync(command, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const settings = {
    targets: ['127.0.0.1:1'],
    user: 'reader',
    password: 'env:X',
    command,
    requestSeconds: 0.5,
    interval: 1,
  }
  return ipmi.open(ipmi.parseSettings(settings), {
    name: 'bmc',
    log: { debug: () => {}, warn: () => {} },
    secret: async () => password,
    shards: { count: 1, mine: () => [0], onChange: () => () => {} },
    addresses: async () => [],
  })
}

async function ask(script: string, signal = forever): Promise<unknown> {
  const source = await openWith(script)
  const end = await source.probe!(signal).catch((error: unknown) => error)
  await source.close()
  return end
}

test.each([
  ['exec sleep 60', 'timeout'],
  ['echo "Error: Unable to establish IPMI v2 / RMCP+ session" >&2; exit 1', 'unreachable'],
  ['echo "$IPMI_PASSWORD" >&2; exit 1', 'failed'],
  ['exec yes', 'bad'],
  ['echo garbage', 'bad'],
])('a tool that does `%s` is told as %s, without the password', async (script, failure) => {
  const end = await ask(script)
  expect(end).toMatchObject({ name: 'SourceError', failure })
  expect(JSON.stringify(end, Object.getOwnPropertyNames(end))).not.toContain(password)
})

test('what is given up ends at once, and its program with it', async () => {
  const giving = new AbortController()
  const asking = ask('exec sleep 60', giving.signal)
  setTimeout(() => giving.abort(), 100)
  expect(await asking).toMatchObject({ failure: 'aborted' })
})

test('without control it is asked for what it says and nothing else, and switches nothing', async () => {
  const source = await openWith(
    'echo "$@" >> "$0.asked"; case "$*" in *power*) echo "Chassis Power is on";; esac',
  )
  expect(source.power).toBeUndefined()
  expect(source.actor).toBeUndefined()
  await source.probe!(forever)
  const stop = new AbortController()
  const rounds: unknown[] = []
  for await (const told of source.watch!(stop.signal)) {
    if ('part' in told) rounds.push(told)
    if (rounds.length === 2) break
  }
  stop.abort()
  await source.close()
  const asked = readFileSync(join(folder!, 'tool.asked'), 'utf8').trim().split('\n')
  const words = new Set(asked.map((line) => line.replace(/^.*-R 2 /, '')))
  expect([...words].sort()).toEqual(['-c sdr list full', 'chassis power status', 'fru print 0'])
  expect(asked.join()).not.toContain(password)
})
