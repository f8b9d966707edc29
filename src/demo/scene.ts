/**
 * What goes on in the simulated datacenter: which ports have a carrier, which sessions stand, who hears whom, how warm it is, how much is
 * sent. Everything follows from what is broken, with the delays that real devices have.
 */
import { mix } from './draft.ts'
import type { Device, Port, Session, World } from './world.ts'

/** A quantity that grows: exact at every change of its rate. */
export class Flow {
  #base: number
  #since: number
  #perSecond: number

  constructor(base: number, since: number, perSecond: number) {
    this.#base = base
    this.#since = since
    this.#perSecond = perSecond
  }

  at(seconds: number): number {
    return this.#base + (seconds - this.#since) * this.#perSecond
  }

  setRate(seconds: number, perSecond: number): void {
    this.#base = this.at(seconds)
    this.#since = seconds
    this.#perSecond = perSecond
  }
}

export interface PortState {
  isUp: boolean
  changedAt: number
  /** The neighbour that it hears by LLDP; it is forgotten some time after it fell silent. */
  hears: Port | null
  /** Octets. */
  in: Flow
  out: Flow
}

/** bgpPeerState. */
export const bgpState = { idle: 1, connect: 2, active: 3, established: 6 } as const

export interface SessionState {
  state: number
  /** Of the last change from or to established. */
  changedAt: number
  transitions: number
}

export interface DeviceState {
  isAlive: boolean
  bootedAt: number
  /** Degrees above what is usual. */
  heat: (seconds: number) => number
}

/** What happened, as a device would tell it by a trap. */
export type Happening =
  | { what: 'linkDown' | 'linkUp'; device: Device; port: Port }
  | { what: 'bgpBackwardTransition' | 'bgpEstablished'; device: Device; session: Session }
  | { what: 'lldpChange'; device: Device }
  | { what: 'coldStart'; device: Device }

export interface SceneOptions {
  world: World
  /** Seconds since the scene began. */
  now: () => number
  /** Seconds that everything ran before it began. */
  ranBefore: (device: Device) => number
  /** Calls after a delay; gives what takes it back. */
  after: (seconds: number, call: () => void) => () => void
  /** What has changed, and what is told of it. */
  changed: (devices: ReadonlySet<Device>, happenings: readonly Happening[]) => void
  delays?: Partial<Delays>
}

export interface Delays {
  /** Until a neighbour that fell silent is forgotten. */
  neighborHold: number
  /** Until one that speaks again is heard. */
  neighborHello: number
  /** Until a session that may be stands again. */
  bgpConnect: number
  /** Until a rack that loses its cooling is as hot as it gets. */
  heating: number
}
const usual: Delays = { neighborHold: 20, neighborHello: 1, bgpConnect: 2, heating: 60 }

export class Scene {
  readonly world: World
  readonly delays: Delays
  readonly #options: SceneOptions
  readonly #ports = new Map<Port, PortState>()
  readonly #sessions = new Map<Session, SessionState>()
  readonly #devices = new Map<Device, DeviceState>()
  readonly #cut = new Set<Port>()
  readonly #held = new Set<Session>()
  /** What is to happen later, by what it happens to: only the last wish counts. */
  readonly #pending = new Map<object, () => void>()
  #changed = new Set<Device>()
  #happenings: Happening[] = []

  constructor(options: SceneOptions) {
    this.#options = options
    this.world = options.world
    this.delays = { ...usual, ...options.delays }
    for (const device of this.world.devices) this.#begin(device)
    for (const device of this.world.devices) this.#flow(device)
  }

  port = (port: Port): PortState => this.#ports.get(port)!
  session = (session: Session): SessionState => this.#sessions.get(session)!
  device = (device: Device): DeviceState => this.#devices.get(device)!

  /** Pulls the cable out of a port, or puts it in again. */
  setCut(port: Port, isCut: boolean): void {
    for (const end of [port, port.far]) if (end !== null) mark(this.#cut, end, isCut)
    this.#settle()
  }

  setAlive(device: Device, isAlive: boolean): void {
    const state = this.device(device)
    if (state.isAlive === isAlive) return
    state.isAlive = isAlive
    if (isAlive) this.#boot(device, state)
    this.#settle()
  }

  /** Keeps a session down on both ends, or lets it be. */
  setHeld(session: Session, isHeld: boolean): void {
    for (const end of [session, session.twin]) mark(this.#held, end, isHeld)
    this.#settle()
  }

  setHot(rack: string, degrees: number): void {
    const began = this.#options.now()
    for (const device of this.world.devices) {
      if (device.rack !== rack) continue
      const state = this.device(device)
      const from = state.heat(began)
      state.heat = (seconds) =>
        degrees + (from - degrees) * Math.exp((-3 * (seconds - began)) / this.delays.heating)
      this.#changed.add(device)
    }
    this.#tell()
  }

  close(): void {
    for (const cancel of this.#pending.values()) cancel()
    this.#pending.clear()
  }

  #begin(device: Device): void {
    const bootedAt = -this.#options.ranBefore(device)
    this.#devices.set(device, { isAlive: true, bootedAt, heat: () => 0 })
    for (const port of device.ports) {
      const isUp = port.type === 24 || port.far !== null
      const flow = () => new Flow(0, bootedAt, 0)
      this.#ports.set(port, { isUp, changedAt: bootedAt, hears: port.far, in: flow(), out: flow() })
    }
    for (const session of device.sessions)
      this.#sessions.set(session, { state: bgpState.established, changedAt: bootedAt + 30, transitions: 1 })
  }

  /** The rates of a device's ports, as if they had always been these when it is called for the first time. */
  #flow(device: Device): void {
    const began = this.device(device).bootedAt
    for (const port of device.ports) {
      const state = this.port(port)
      state.out = new Flow(0, began, this.#sends(port))
      state.in = new Flow(0, began, port.far === null ? 0 : this.#sends(port.far))
    }
  }

  /** Octets a second that leave by a port. Servers send what they like; switches what they got, by the ways that are left. */
  #sends(port: Port): number {
    const { device, far } = port
    if (far === null || !this.port(port).isUp) return 0
    if (device.kind === 'Server') return 20e6 + (mix(device.number * 8 + port.ifIndex) % 180e6)
    const isUp = (one: Port) => this.port(one).isUp
    const down = device.ports.filter((one) => one.far?.device.kind === 'Server' && isUp(one))
    if (far.device.kind === 'Server') return 15e6 + (mix(far.device.number * 8 + far.ifIndex) % 120e6)
    const up = device.ports.filter((one) => one.far?.device.kind === 'Switch' && isUp(one)).length
    const load = device.role === 'leaf' ? down.length * 105e6 : 1.2e9 + (mix(device.number) % 400e6)
    return (load / Math.max(1, up)) * (0.9 + (mix(port.ifIndex * 64 + device.number) % 200) / 1000)
  }

  #boot(device: Device, state: DeviceState): void {
    const now = this.#options.now()
    state.bootedAt = now
    for (const port of device.ports) {
      const one = this.port(port)
      one.in = new Flow(0, now, 0)
      one.out = new Flow(0, now, 0)
      one.changedAt = now
    }
    this.#changed.add(device)
    this.#happenings.push({ what: 'coldStart', device })
  }

  /** Brings everything into line with what is broken now, and tells what has changed. */
  #settle(): void {
    for (const [port, state] of this.#ports) if (port.far !== null) this.#settleCarrier(port, state)
    for (const [port, state] of this.#ports) if (port.far !== null) this.#settleNeighbor(port, state)
    for (const [session, state] of this.#sessions) this.#settleSession(session, state)
    this.#reflow()
    this.#tell()
  }

  /** What changed sends other amounts, and so do its neighbours. */
  #reflow(): void {
    const touched = new Set(this.#changed)
    const now = this.#options.now()
    for (const [port, state] of this.#ports) {
      if (port.far === null || !(touched.has(port.device) || touched.has(port.far.device))) continue
      state.out.setRate(now, this.#sends(port))
      state.in.setRate(now, this.#sends(port.far))
      this.#changed.add(port.device)
    }
  }

  #settleCarrier(port: Port, state: PortState): void {
    const far = port.far!
    const isUp = !this.#cut.has(port) && this.device(port.device).isAlive && this.device(far.device).isAlive
    if (isUp === state.isUp) return
    state.isUp = isUp
    state.changedAt = this.#options.now()
    this.#changed.add(port.device)
    this.#happenings.push({ what: isUp ? 'linkUp' : 'linkDown', device: port.device, port })
  }

  #settleNeighbor(port: Port, state: PortState): void {
    const hears = state.isUp ? port.far : null
    if (hears === state.hears) return this.#forget(state)
    const delay = hears === null ? this.delays.neighborHold : this.delays.neighborHello
    this.#later(state, delay, () => {
      state.hears = hears
      this.#changed.add(port.device)
      this.#happenings.push({ what: 'lldpChange', device: port.device })
    })
  }

  #settleSession(session: Session, state: SessionState): void {
    const may = this.port(session.port).isUp && !this.#held.has(session)
    const stands = state.state === bgpState.established
    if (may === stands) return this.#forget(state)
    if (may) {
      this.#later(state, this.delays.bgpConnect, () => this.#turn(session, state, bgpState.established))
    } else {
      const isReachable = this.port(session.port).isUp
      this.#turn(session, state, isReachable ? bgpState.active : bgpState.idle)
    }
  }

  #turn(session: Session, state: SessionState, next: number): void {
    const what = next === bgpState.established ? 'bgpEstablished' : 'bgpBackwardTransition'
    state.state = next
    state.changedAt = this.#options.now()
    if (next === bgpState.established) state.transitions += 1
    this.#changed.add(session.device)
    this.#happenings.push({ what, device: session.device, session })
  }

  #later(what: object, seconds: number, call: () => void): void {
    if (this.#pending.has(what)) return
    const cancel = this.#options.after(seconds, () => {
      this.#pending.delete(what)
      call()
      this.#settle()
    })
    this.#pending.set(what, cancel)
  }

  #forget(what: object): void {
    this.#pending.get(what)?.()
    this.#pending.delete(what)
  }

  #tell(): void {
    const changed = this.#changed
    const happenings = this.#happenings.filter(({ device }) => this.device(device).isAlive)
    this.#changed = new Set()
    this.#happenings = []
    if (changed.size > 0) this.#options.changed(changed, happenings)
  }
}

function mark<T>(set: Set<T>, what: T, isIn: boolean): void {
  if (isIn) set.add(what)
  else set.delete(what)
}
