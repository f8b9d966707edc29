/** ENTITY-MIB and ENTITY-SENSOR-MIB: chassis, supplies, fans, temperatures. */
import { mix } from '../draft.ts'
import type { Scene } from '../scene.ts'
import type { Device } from '../world.ts'
import type { Rows } from './rows.ts'

const entity = '1.3.6.1.2.1.47.1.1.1.1'
const sensor = '1.3.6.1.2.1.99.1.1.1'

/** entPhysicalClass. */
const entityClass = { chassis: 3, psu: 6, fan: 7, sensor: 8 } as const
/** entPhySensorType. */
const sensorType = { watts: 6, celsius: 8, rpm: 10 } as const

interface Part {
  index: number
  class: number
  name: string
  within: number
  serial?: string
  model?: string
}

export function addHardware(rows: Rows, scene: Scene, device: Device): void {
  addPart(rows, device, {
    index: 1,
    class: entityClass.chassis,
    name: device.kind === 'Switch' ? 'Chassis' : 'System',
    within: 0,
    serial: device.serialNumber,
    model: device.model,
  })
  const { heat } = scene.device(device)
  const base = 21 + (mix(device.number) % 40) / 10
  const wave = waveOf(device.number)
  const inlet = (seconds: number) => base + wave(seconds) + heat(seconds)
  addSensor(rows, device, 101, 1, 'Inlet temperature', sensorType.celsius, 10, inlet)
  const core = device.kind === 'Switch' ? 'Switch chip temperature' : 'CPU temperature'
  addSensor(
    rows,
    device,
    102,
    1,
    core,
    sensorType.celsius,
    10,
    (seconds) => inlet(seconds) + 27 + wave(seconds * 3),
  )
  addFans(rows, device, inlet)
  addSupplies(rows, device, (seconds) => 4 * wave(seconds) + heat(seconds))
}

function addFans(rows: Rows, device: Device, inlet: (seconds: number) => number): void {
  const fans = device.kind === 'Switch' ? 4 : 2
  for (let number = 1; number <= fans; number++) {
    addPart(rows, device, { index: 20 + number, class: entityClass.fan, name: `Fan ${number}`, within: 1 })
    const speed = (seconds: number) => Math.min(18_000, 6_200 + number * 40 + (inlet(seconds) - 21) * 420)
    addSensor(rows, device, 110 + number, 20 + number, `Fan ${number} speed`, sensorType.rpm, 1, speed)
  }
}

function addSupplies(rows: Rows, device: Device, more: (seconds: number) => number): void {
  const load = device.kind === 'Switch' ? 95 : 150 + (mix(device.number) % 90)
  for (let number = 1; number <= 2; number++) {
    const [index, name] = [30 + number, `Power supply ${number}`]
    const serial = `${device.serialNumber}P${number}`
    addPart(rows, device, { index, class: entityClass.psu, name, within: 1, serial })
    const watts = (seconds: number) => load + more(seconds)
    addSensor(rows, device, 120 + number, index, `${name} input`, sensorType.watts, 1, watts)
  }
}

/** Half a degree up and down, slowly. */
const waveOf = (seed: number) => {
  const shift = mix(seed) % 600
  return (seconds: number): number =>
    0.5 * Math.sin((seconds + shift) / 95) + 0.2 * Math.sin((seconds + shift) / 17)
}

function addPart(rows: Rows, device: Device, part: Part): void {
  const cell = (column: number) => `${entity}.${column}.${part.index}`
  rows.text(cell(2), part.name)
  rows.int(cell(4), part.within)
  rows.int(cell(5), part.class)
  rows.int(cell(6), part.index)
  rows.text(cell(7), part.name)
  if (part.class === entityClass.sensor) return
  rows.text(cell(11), part.serial ?? '')
  rows.text(cell(12), device.manufacturer)
  rows.text(cell(13), part.model ?? '')
}

function addSensor(
  rows: Rows,
  device: Device,
  index: number,
  within: number,
  name: string,
  type: number,
  /** How many of what is told make one unit. */
  scale: number,
  value: (seconds: number) => number,
): void {
  addPart(rows, device, { index, class: entityClass.sensor, name, within })
  const cell = (column: number) => `${sensor}.${column}.${index}`
  rows.int(cell(1), type)
  rows.int(cell(2), 9)
  rows.int(cell(3), Math.log10(scale))
  rows.int(cell(4), (seconds) => value(seconds) * scale)
  rows.int(cell(5), 1)
}
