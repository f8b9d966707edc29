import type { Rows } from './rows.ts'
import type { DeviceState } from '../scene.ts'
import type { Device } from '../world.ts'

const system = '1.3.6.1.2.1.1'

export const objectIdOf = (device: Device): string =>
  device.kind === 'Server'
    ? '1.3.6.1.4.1.8072.3.2.10'
    : device.role === 'spine'
      ? '1.3.6.1.4.1.30065.1.3011.7060.427.3282'
      : '1.3.6.1.4.1.30065.1.3011.7050.3741.48.3282'

export const descriptionOf = (device: Device): string =>
  device.kind === 'Server'
    ? `Linux ${device.name} 5.14.0-427.el9.x86_64 #1 SMP x86_64`
    : `Arista Networks EOS version ${device.osVersion} running on an Arista Networks ${device.model}`

/** Uptime in hundredths of a second, as sysUpTime counts. */
export const upTime =
  ({ bootedAt }: DeviceState) =>
  (seconds: number): number =>
    (seconds - bootedAt) * 100

export function addSystem(rows: Rows, device: Device, state: DeviceState): void {
  rows.text(`${system}.1.0`, descriptionOf(device))
  rows.oid(`${system}.2.0`, objectIdOf(device))
  rows.ticks(`${system}.3.0`, upTime(state))
  rows.text(
    `${system}.4.0`,
    device.kind === 'Switch' ? 'network-oncall@example.net' : 'compute-oncall@example.net',
  )
  rows.text(`${system}.5.0`, `${device.name}.example.net`)
  rows.text(`${system}.6.0`, `${device.site} ${device.rack}`)
  rows.int(`${system}.7.0`, device.kind === 'Switch' ? 14 : 72)
}
