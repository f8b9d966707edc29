/**
 * The demo: the sample's inventory, and the simulated devices that answer for it. Of the processes on one data folder one has the devices and
 * the door; another takes them over, at the same addresses, when it ends.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answerControl, placesOf, type DeviceList, type DevicePlace } from './control.ts'
import { community, startDatacenter, trapsOf, type Datacenter } from './datacenter.ts'
import { cloudPassword, cloudProject, engineHost, type FacePorts } from './face/index.ts'
import { doorPath, knock, openDoor, type Door } from './door.ts'
import { Faults } from './fault.ts'

export { samplePools, sampleQuotas } from './pool.ts'
export { sampleInventory } from './sample.ts'
export { doorPath, knock, DoorClosed, DoorRefusal } from './door.ts'
export type { DemoRequest, DevicePlace, FaultBegun, FaultEnded, FaultList } from './control.ts'

export interface DemoOptions {
  dataFolder: string
}

export interface Demo {
  /** Where the devices answer, in this process or another. */
  readonly devices: readonly DevicePlace[]
  readonly community: string
  /** The cloud that tells of the virtual machines. */
  readonly cloud: CloudPlace
  /** The container engine on one of them. */
  readonly engine: { url: string; host: string }
  /** Where they send their traps. */
  readonly traps: { address: string; port: number }
  close(): Promise<void>
}

export interface CloudPlace {
  url: string
  user: string
  password: string
  project: string
}

/** Devices are known by their addresses: they are where they were the last time, if nobody else is there now. */
const portFile = (dataFolder: string): string => join(dataFolder, 'demo.port')

async function formerPort(dataFolder: string): Promise<number | undefined> {
  const text = await readFile(portFile(dataFolder), 'utf8').catch(() => '')
  const port = Number(text)
  return Number.isInteger(port) && port > 1_024 && port < 60_000 ? port : undefined
}

/** How often a process without the devices looks whether it must have them. */
const lookMs = 1_000
const deadline = () => AbortSignal.timeout(10_000)

export async function startDemo({ dataFolder }: DemoOptions): Promise<Demo> {
  const path = doorPath(dataFolder)
  const port = await formerPort(dataFolder)
  let holder = await hold(path, port)
  let places = holder?.places
  for (let tries = 0; places === undefined; tries++) {
    // Who had it when it was tried may have ended since.
    holder = await hold(path, port)
    places = holder?.places ?? (await askWhere(path, tries))
  }
  const { devices: found, faces } = places
  if (found[0]!.port !== port) await writeFile(portFile(dataFolder), `${found[0]!.port}\n`)
  const timer = setInterval(() => void takeOver(), lookMs)
  timer.unref()
  let taking: Promise<void> | undefined
  const takeOver = () => {
    if (holder !== undefined || taking !== undefined) return
    taking = hold(path, found[0]!.port, faces).then(
      (mine) => {
        holder = mine
        taking = undefined
      },
      () => {
        taking = undefined
      },
    )
  }
  return {
    devices: found,
    community,
    ...toFaces(faces),
    traps: trapsOf(found[0]!.port),
    async close() {
      clearInterval(timer)
      await taking
      await holder?.close()
    },
  }
}

const toFaces = ({ openstack, docker }: FacePorts): Pick<Demo, 'cloud' | 'engine'> => ({
  cloud: {
    url: `http://127.0.0.1:${openstack}`,
    user: 'plenum',
    password: cloudPassword,
    project: cloudProject,
  },
  engine: { url: `http://127.0.0.1:${docker}`, host: `VirtualMachine:name=${engineHost}` },
})

interface Holder {
  places: DeviceList
  close(): Promise<void>
}

/** Undefined where another process has the door. */
async function hold(path: string, port?: number, faces?: FacePorts): Promise<Holder | undefined> {
  const {
    promise: ready,
    resolve,
    reject,
  } = Promise.withResolvers<{ datacenter: Datacenter; faults: Faults }>()
  // Whoever knocks is told; without anybody it is told below.
  ready.catch(() => undefined)
  const door: Door | null = await openDoor(path, async (asked) => {
    const { datacenter, faults } = await ready
    return answerControl(asked, datacenter, faults)
  })
  if (door === null) return undefined
  try {
    const datacenter = await startDatacenter({
      ...(port === undefined ? {} : { port }),
      ...(faces === undefined ? {} : { faces }),
    })
    const faults = new Faults(datacenter)
    resolve({ datacenter, faults })
    return {
      places: { devices: placesOf(datacenter), faces: datacenter.facePorts },
      close: async () => {
        faults.endAll()
        // Who takes the door over finds the addresses free.
        await datacenter.close()
        await door.close()
      },
    }
  } catch (error) {
    reject(error)
    await door.close()
    throw error
  }
}

/** Undefined where whoever had the door is gone. */
async function askWhere(path: string, tries: number): Promise<DeviceList | undefined> {
  try {
    return (await knock(path, { do: 'where' }, deadline())) as DeviceList
  } catch (error) {
    if (tries >= 10) throw error
    return undefined
  }
}
