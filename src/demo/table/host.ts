/** HOST-RESOURCES-MIB and UCD-SNMP-MIB of a server: processors, memory, file systems, load. */
import { mix } from '../draft.ts'
import type { Device } from '../world.ts'
import type { DeviceState } from '../scene.ts'
import type { Rows } from './rows.ts'
import { upTime } from './system.ts'

const host = '1.3.6.1.2.1.25'
const ucd = '1.3.6.1.4.1.2021'
const storageType = { memory: 2, disk: 4 } as const
/** As few as tell a story: a real one lists every thread. */
const processors = 8

export function addHost(rows: Rows, device: Device, state: DeviceState): void {
  const wave = loadOf(device.number)
  rows.ticks(`${host}.1.1.0`, upTime(state))
  rows.int(`${host}.2.2.0`, device.memoryBytes / 1024)
  for (let number = 0; number < processors; number++) {
    const index = 196_608 + number
    rows.oid(`${host}.3.2.1.2.${index}`, `${host}.3.1.3`)
    rows.int(`${host}.3.3.1.2.${index}`, (seconds) => Math.min(100, 100 * wave(seconds + number * 7)))
  }
  const memory = 0.45 + (mix(device.number + 7) % 40) / 100
  addStorage(rows, 1, 'Physical memory', storageType.memory, 4096, device.memoryBytes, () => memory)
  addStorage(rows, 31, '/', storageType.disk, 4096, 100e9, () => 0.23)
  const grows = (seconds: number) => 0.4 + (mix(device.number) % 30) / 100 + Math.min(0.2, seconds / 1e7)
  addStorage(rows, 32, '/var', storageType.disk, 65_536, device.diskBytes / 2, grows)
  ;[1, 5, 15].forEach((minutes, at) => {
    rows.int(`${ucd}.10.1.1.${at + 1}`, at + 1)
    rows.text(`${ucd}.10.1.2.${at + 1}`, `Load-${minutes}`)
    rows.text(`${ucd}.10.1.3.${at + 1}`, (seconds) => (64 * wave(seconds)).toFixed(2))
    rows.int(`${ucd}.10.1.5.${at + 1}`, (seconds) => 6400 * wave(seconds))
  })
  const kibibytes = device.memoryBytes / 1024
  rows.int(`${ucd}.4.5.0`, kibibytes)
  rows.int(`${ucd}.4.6.0`, kibibytes * (1 - memory) * 0.7)
  rows.int(`${ucd}.4.14.0`, kibibytes * 0.01)
  rows.int(`${ucd}.4.15.0`, kibibytes * (1 - memory) * 0.3)
}

/** Share of its processors that works: some always, more now and then. */
const loadOf = (seed: number) => {
  const [base, shift] = [0.1 + (mix(seed + 3) % 45) / 100, mix(seed) % 900]
  return (seconds: number): number =>
    base * (1 + 0.4 * Math.sin((seconds + shift) / 61) + 0.15 * Math.sin((seconds + shift) / 13))
}

function addStorage(
  rows: Rows,
  index: number,
  name: string,
  type: number,
  unit: number,
  size: number,
  used: (seconds: number) => number,
): void {
  const cell = (column: number) => `${host}.2.3.1.${column}.${index}`
  rows.int(cell(1), index)
  rows.oid(cell(2), `${host}.2.1.${type}`)
  rows.text(cell(3), name)
  rows.int(cell(4), unit)
  rows.int(cell(5), size / unit)
  rows.int(cell(6), (seconds) => (size / unit) * used(seconds))
}
