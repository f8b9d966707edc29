/** The simulated datacenter: every device of the sample answers SNMP on loopback, and sends traps, as the scene goes. */
import { startResponder, type Agent } from '../source/snmp/responder/index.ts'
import { mix } from './draft.ts'
import { faceNames, startFaces, type FaceName, type FacePorts, type Faces } from './face/index.ts'
import { sampleItems } from './sample.ts'
import { Scene, type Delays, type Happening } from './scene.ts'
import { mibOf } from './table/index.ts'
import { encodeTrap } from './trap.ts'
import { toWorld, type Device, type World } from './world.ts'

export interface DatacenterOptions {
  /** Where traps go, other than the usual place; null: they are not sent. */
  traps?: { address: string; port: number } | null
  /** The UDP port of all agents, each on its own 127.x address; where it is taken, one of the next ones. Default 16100. */
  port?: number
  /** The TCP ports of the cloud and the engine, and no others. Default: some that are free. */
  faces?: FacePorts
  delays?: Partial<Delays>
}

export const community = 'public'

/** Where whoever polls listens for traps: as far from another demo's as the agents are. */
export const trapsOf = (agentPort: number): { address: string; port: number } => ({
  address: '127.0.0.1',
  port: agentPort + 1_000,
})

export interface Datacenter {
  readonly world: World
  readonly scene: Scene
  /** Where traps go. */
  readonly traps: { address: string; port: number } | null
  /** Where each device answers. */
  readonly agents: ReadonlyMap<Device, Agent>
  /** Where the cloud and the engine answer, over HTTP. */
  readonly facePorts: FacePorts
  setFaceGone(name: FaceName, isGone: boolean): void
  /** Nothing reaches anybody and nothing is heard from anybody, as when the poller's own uplink is gone. */
  isolated: boolean
  close(): Promise<void>
}

export async function startDatacenter({
  traps,
  port = 16_100,
  faces,
  delays,
}: DatacenterOptions = {}): Promise<Datacenter> {
  const simulated = new Simulated(traps, delays ?? {})
  await openAgents(
    simulated.world,
    port,
    (device, place) => simulated.open(device, place),
    () => simulated.close(),
  )
  try {
    await simulated.openFaces(faces)
    return simulated
  } catch (error) {
    await simulated.close()
    throw error
  }
}

class Simulated implements Datacenter {
  readonly world = toWorld(sampleItems())
  readonly agents = new Map<Device, Agent>()
  readonly scene: Scene
  readonly #responder = startResponder()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #given: DatacenterOptions['traps']
  readonly #goneFaces = new Set<FaceName>()
  #faces: Faces | undefined
  #isIsolated = false
  #sent = 0

  constructor(traps: DatacenterOptions['traps'], delays: Partial<Delays>) {
    this.#given = traps
    this.scene = new Scene({
      world: this.world,
      now: () => this.#responder.elapsedSeconds(),
      ranBefore,
      after: (seconds, call) => this.#after(seconds, call),
      changed: (devices, happenings) => {
        for (const device of devices) this.#refresh(device)
        for (const happening of happenings) this.#tell(happening)
      },
      delays,
    })
  }

  async open(device: Device, place: Place): Promise<void> {
    const mib = mibOf(this.scene, device)
    this.agents.set(device, await this.#responder.add({ ...place, mib, moving: true, community }))
  }

  /** When the agents are there: near them. */
  async openFaces(exact: FacePorts | undefined): Promise<void> {
    const [first] = this.agents.values()
    this.#faces = await startFaces(exact ? { exact } : { near: first!.port + 2_000 })
  }

  get facePorts(): FacePorts {
    return this.#faces!.ports
  }

  setFaceGone(name: FaceName, isGone: boolean): void {
    if (isGone) this.#goneFaces.add(name)
    else this.#goneFaces.delete(name)
    this.#refreshFace(name)
  }

  get traps(): { address: string; port: number } | null {
    if (this.#given !== undefined) return this.#given
    const [first] = this.agents.values()
    return first === undefined ? null : trapsOf(first.port)
  }

  get isolated(): boolean {
    return this.#isIsolated
  }
  set isolated(value: boolean) {
    this.#isIsolated = value
    for (const device of this.world.devices) this.#refresh(device)
    for (const name of faceNames) this.#refreshFace(name)
  }

  async close(): Promise<void> {
    this.scene.close()
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#responder.close()
    await this.#faces?.close()
  }

  #after(seconds: number, call: () => void): () => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      call()
    }, seconds * 1000)
    this.#timers.add(timer)
    return () => {
      clearTimeout(timer)
      this.#timers.delete(timer)
    }
  }

  /** What is dead or out of reach answers nothing. */
  #refresh(device: Device): void {
    const agent = this.agents.get(device)
    if (agent === undefined) return
    agent.fault = this.#isIsolated || !this.scene.device(device).isAlive ? { kind: 'silent' } : null
    agent.load(mibOf(this.scene, device))
  }

  #refreshFace(name: FaceName): void {
    this.#faces?.setGone(name, this.#isIsolated || this.#goneFaces.has(name))
  }

  #tell(happening: Happening): void {
    const { traps } = this
    if (traps === null || this.#isIsolated) return
    const now = this.#responder.elapsedSeconds()
    const requestId = ++this.#sent
    const bytes = encodeTrap({ scene: this.scene, happening, now, community, requestId })
    this.agents.get(happening.device)?.send(bytes, traps)
  }
}

/** Everything was started at some time of the last three hundred days; where Plenum begins anew that does not change. */
function ranBefore(device: Device): number {
  const day = 86_400
  const now = Date.now() / 1000
  const era = 200 * day
  return (now % era) + (mix(device.number) % 90) * day
}

interface Place {
  address: string
  port: number
}

/** `open` is called for each device with where it is to answer; none stays open where not all can be. */
async function openAgents(
  world: World,
  firstPort: number,
  open: (device: Device, place: Place) => Promise<void>,
  close: () => Promise<void>,
): Promise<void> {
  for (let port = firstPort; ; port++) {
    for (const placesOf of [manyAddresses, onePerPort]) {
      const places = placesOf(world, port)
      try {
        for (const device of world.devices) await open(device, places.get(device)!)
        return
      } catch (error) {
        await close()
        const { code } = error as NodeJS.ErrnoException
        if (code === 'EADDRINUSE' && port < firstPort + maxTries) break
        if (code !== 'EADDRNOTAVAIL' || placesOf === onePerPort) throw error
      }
    }
  }
}

/** Other demos of this machine may have the first ports. */
const maxTries = 32

/** 127.11.0.1: a switch of the first site; 127.11.2.1: a server of its second rack. */
function manyAddresses(world: World, port: number): Map<Device, Place> {
  const counts = new Map<string, number>()
  const sites = [...new Set(world.devices.map(({ site }) => site))]
  return new Map(
    world.devices.map((device) => {
      const rack = device.kind === 'Switch' ? 0 : Number(device.rack.slice(-2))
      const block = `127.${11 + sites.indexOf(device.site)}.${rack}`
      const count = (counts.get(block) ?? 0) + 1
      counts.set(block, count)
      return [device, { address: `${block}.${count}`, port }]
    }),
  )
}

/** Systems on which only 127.0.0.1 is there: every agent has its own port. */
const onePerPort = (world: World, port: number): Map<Device, Place> =>
  new Map(
    world.devices.map((device) => [
      device,
      { address: '127.0.0.1', port: port + (device.number - 1) * (maxTries + 1) },
    ]),
  )
