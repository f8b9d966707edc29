/**
 * Against a management controller that others wrote: sushy-tools' emulator (PyPI, `--fake`). What the Redfish driver tells is compared with what is read there by hand; power is switched by
 * somebody else, and has to be seen.
 *   npm run lab bmc [-- --home FOLDER]
 * Writes lab/results/bmc-DATE.json.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Observation } from '../src/resource/resource.ts'
import { redfish } from '../src/source/redfish/index.ts'
import type { Reading, Source, SourceEnvironment } from '../src/source/source.ts'

const { values } = parseArgs({ options: { home: { type: 'string', default: '/tmp/plenum-bmc' } } })
const bin = join(values.home, 'venv', 'bin')
if (!existsSync(join(bin, 'sushy-emulator'))) {
  mkdirSync(values.home, { recursive: true })
  spawnSync('python3', ['-m', 'venv', join(values.home, 'venv')], { stdio: 'inherit' })
  spawnSync(join(bin, 'pip'), ['-q', 'install', 'sushy-tools'], { stdio: 'inherit' })
}

const port = await freePort()
const emulator = spawn(join(bin, 'sushy-emulator'), ['--fake', '-i', '127.0.0.1', '-p', String(port)], {
  stdio: 'ignore',
})
const url = `http://127.0.0.1:${port}`
const failed: string[] = []
const result: Record<string, unknown> = {}
const expect = (what: string, isSo: boolean) => {
  if (!isSo) failed.push(what)
}
const environment: SourceEnvironment = {
  name: 'bmc',
  log: { debug: () => {}, warn: () => {} },
  secret: async () => 'password',
  shards: { count: 1, mine: () => [0], onChange: () => () => {} },
  addresses: async () => [],
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the emulator says
const get = async (path: string): Promise<any> => (await fetch(`${url}${path}`)).json()

try {
  await untilAnswers()
  await compare()
} finally {
  emulator.kill()
}
result['failed'] = failed
process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`)
const file = join(import.meta.dirname, 'results', `bmc-${new Date().toISOString().slice(0, 10)}.json`)
writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
process.exitCode = failed.length === 0 ? 0 : 1

async function compare(): Promise<void> {
  const settings = redfish.parseSettings({ targets: [url], user: 'admin', password: 'env:NONE', interval: 1 })
  const source = await redfish.open(settings, environment)
  try {
    const { things, readings } = await tell(source)
    const {
      Members: [{ '@odata.id': path }],
    } = await get('/redfish/v1/Systems')
    const system = await get(path)
    const nics = (await get(`${path}/EthernetInterfaces`)).Members
    const chassis = (await get('/redfish/v1/Chassis')).Members[0]['@odata.id']
    const thermal = await get(`${chassis}/Thermal`)
    const server = things.find(({ kind }) => kind === 'Server')
    result['redfish'] = {
      emulator: 'sushy-tools',
      things: things.length,
      readings: readings.length,
      server: server?.fields,
    }
    expect('the system UUID', server?.fields?.['systemUuid'] === system.UUID)
    expect('its power', server?.fields?.['powerState'] === system.PowerState.toUpperCase())
    expect('its interfaces', things.filter(({ kind }) => kind === 'NetworkInterface').length === nics.length)
    const warm = readings.filter(({ metric }) => metric === 'hw.temperature').map(({ value }) => value)
    const theirs = thermal.Temperatures.map((one: { ReadingCelsius: number }) => one.ReadingCelsius)
    expect('its temperatures', JSON.stringify(warm) === JSON.stringify(theirs))
    const isOn = system.PowerState === 'On'
    const body = JSON.stringify({ ResetType: isOn ? 'ForceOff' : 'On' })
    const headers = { 'content-type': 'application/json' }
    await fetch(`${url}${path}/Actions/ComputerSystem.Reset`, { method: 'POST', body, headers })
    const wanted = isOn ? 'OFF' : 'ON'
    const began = performance.now()
    while (!(await tell(source)).things.some(({ fields }) => fields?.['powerState'] === wanted))
      if (performance.now() - began > 20_000) return expect('switched by somebody else', false)
    result['switchedSeenAfterSeconds'] = Math.round((performance.now() - began) / 100) / 10
  } finally {
    await source.close()
  }
}

/** One round. */
async function tell(source: Source): Promise<{ things: Observation[]; readings: Reading[] }> {
  const stop = new AbortController()
  let things: Observation[] = []
  for await (const told of source.watch!(stop.signal)) {
    if ('part' in told) things = told.things
    if ('silent' in told) throw new Error('it is silent')
    if ('readings' in told) return { things, readings: told.readings }
  }
  throw new Error('it ended')
}

async function untilAnswers(): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (
      await get('/redfish/v1/').then(
        () => true,
        () => false,
      )
    )
      return
    await delay(100)
  }
  throw new Error('the emulator does not answer')
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
