/** Everything that a simulated device answers, as it stands now. */
import { Mib } from '../../source/snmp/responder/index.ts'
import type { Scene } from '../scene.ts'
import type { Device } from '../world.ts'
import { addHardware } from './hardware.ts'
import { addHost } from './host.ts'
import { addInterfaces } from './interface.ts'
import { addNeighbors, addSessions } from './neighbor.ts'
import { Rows } from './rows.ts'
import { addSystem } from './system.ts'

export function mibOf(scene: Scene, device: Device): Mib {
  const rows = new Rows()
  const state = scene.device(device)
  addSystem(rows, device, state)
  addInterfaces(rows, scene, device)
  addNeighbors(rows, scene, device)
  addSessions(rows, scene, device)
  addHardware(rows, scene, device)
  if (device.kind === 'Server') addHost(rows, device, state)
  return new Mib(rows.values)
}
