/** What is said through the door: which faults there are, begin one, end one, where the devices answer. */
import { z } from 'zod'
import type { FacePorts } from './face/index.ts'
import type { Datacenter } from './datacenter.ts'
import { faultKinds, watchQuery, type FaultNote, type Faults } from './fault.ts'

const request = z.union([
  z.strictObject({ do: z.literal('list') }),
  z.strictObject({ do: z.literal('begin'), fault: z.string(), target: z.string().optional() }),
  z.strictObject({ do: z.literal('end'), fault: z.string(), target: z.string().optional() }),
  z.strictObject({ do: z.literal('where') }),
])
export type DemoRequest = z.infer<typeof request>

export interface FaultList {
  kinds: { name: string; summary: string; target: string | null; usual: string }[]
  on: FaultNote[]
}
export interface FaultBegun {
  said: string
  target: string
  queries: string[]
  watch: string
}
export interface FaultEnded {
  ended: FaultNote[]
}
export interface DeviceList {
  devices: DevicePlace[]
  faces: FacePorts
}
/** Where a simulated device answers SNMP. */
export interface DevicePlace {
  name: string
  address: string
  port: number
}

export function answerControl(
  asked: unknown,
  datacenter: Datacenter,
  faults: Faults,
): FaultList | FaultBegun | FaultEnded | DeviceList {
  const wish = request.parse(asked)
  switch (wish.do) {
    case 'list':
      return {
        kinds: faultKinds.map(({ name, summary, target, usual }) => ({ name, summary, target, usual })),
        on: faults.list(),
      }
    case 'begin': {
      const { said, target, queries } = faults.begin(wish.fault, wish.target)
      return { said, target, queries, watch: watchQuery }
    }
    case 'end':
      return { ended: faults.end(wish.fault, wish.target) }
    case 'where':
      return { devices: placesOf(datacenter), faces: datacenter.facePorts }
  }
}

export const placesOf = ({ agents }: Datacenter): DevicePlace[] =>
  [...agents].map(([device, { address, port }]) => ({ name: device.name, address, port }))
