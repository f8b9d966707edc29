/**
 * What can be broken in the demo, by name, and what to look at then. A fault is one cause: what follows from it (the other end, sessions,
 * neighbours, traps) is the scene's.
 */
import type { Datacenter } from './datacenter.ts'
import type { FaceName } from './face/index.ts'
import type { Port, Session } from './world.ts'

export interface FaultKind {
  readonly name: string
  readonly summary: string
  /** The form of its target; null: it has none. */
  readonly target: string | null
  /** What is taken without a target. */
  readonly usual: string
  begin(datacenter: Datacenter, target: string): Begun
}

/** A fault that is there; `said` in one sentence, `queries` show it, `end` mends it. */
export interface Begun {
  /** The target in its canonical form. */
  target: string
  said: string
  queries: string[]
  end(): void
}

/** Why there is no such fault or target, in one sentence. */
export class FaultRefusal extends Error {
  override name = 'FaultRefusal'
}

export const faultKinds: readonly FaultKind[] = [
  {
    name: 'link-down',
    summary:
      'A cable is pulled: both ends lose their carrier, the BGP session over it ends, LLDP forgets the neighbour',
    target: 'DEVICE:PORT',
    usual: 'icn1-leaf01:Ethernet25',
    begin(datacenter, target) {
      const port = findPort(datacenter, target)
      datacenter.scene.setCut(port, true)
      return {
        target: nameOf(port),
        said: `The cable between ${nameOf(port)} and ${nameOf(port.far!)} is pulled.`,
        queries: [portsQuery(port), ...(port.device.kind === 'Switch' ? [peersQuery(port.device.name)] : [])],
        end: () => datacenter.scene.setCut(port, false),
      }
    },
  },
  {
    name: 'bgp-flap',
    summary: 'A BGP session between two switches falls and comes back, again and again',
    target: 'SWITCH:PORT',
    usual: 'icn1-leaf01:Ethernet26',
    begin(datacenter, target) {
      const port = findPort(datacenter, target)
      const session = port.device.sessions.find((one) => one.port === port)
      if (session === undefined) throw new FaultRefusal(`${nameOf(port)} carries no BGP session`)
      const stop = flap(datacenter, session)
      return {
        target: nameOf(port),
        said: `The BGP session between ${session.device.name} and ${session.twin.device.name} falls every ${flapSeconds} seconds.`,
        queries: [peersQuery(port.device.name)],
        end: stop,
      }
    },
  },
  {
    name: 'hot-rack',
    summary:
      'A rack loses its cooling: the temperatures of all that stands in it rise for a minute, fans spin up',
    target: 'RACK',
    usual: 'icn1-r01',
    begin(datacenter, target) {
      if (!datacenter.world.devices.some(({ rack }) => rack === target))
        throw new FaultRefusal(`There is no rack ${target}`)
      datacenter.scene.setHot(target, 24)
      return {
        target,
        said: `Rack ${target} loses its cooling.`,
        queries: [rackQuery(target)],
        end: () => datacenter.scene.setHot(target, 0),
      }
    },
  },
  {
    name: 'dead-switch',
    summary: 'A switch loses its power: it answers nothing, all that is cabled to it loses a carrier',
    target: 'SWITCH',
    usual: 'icn1-leaf01',
    begin(datacenter, target) {
      const device = datacenter.world.byName.get(target)
      if (device?.kind !== 'Switch') throw new FaultRefusal(`There is no switch ${target}`)
      datacenter.scene.setAlive(device, false)
      return {
        target,
        said: `${target} is without power.`,
        queries: [deviceQuery(target), dependentsQuery(target)],
        end: () => datacenter.scene.setAlive(device, true),
      }
    },
  },
  {
    name: 'poller-isolated',
    summary: 'Plenum itself is cut off: nothing answers it any more, though nothing is broken',
    target: null,
    usual: '',
    begin(datacenter) {
      datacenter.isolated = true
      return {
        target: '',
        said: 'Plenum reaches no device any more, and no trap reaches Plenum.',
        queries: ['{ sources { name state { lastSyncAt failure } } }'],
        end: () => {
          datacenter.isolated = false
        },
      }
    },
  },
  faceGone(
    'openstack-gone',
    'openstack',
    'The cloud answers nobody: its machines stay, with the time when they were seen last',
    '{ virtualMachines(first: 3) { nodes { name powerState observedAt host { name } } } }',
  ),
  faceGone(
    'docker-gone',
    'docker',
    'A container engine answers nobody: its containers stay, with the time when they were seen last',
    '{ resource(ref: "VirtualMachine:name=web-shop-01") { ... on VirtualMachine { name containers(first: 10) { nodes { name state observedAt } } } } }',
  ),
]

function faceGone(name: string, face: FaceName, summary: string, query: string): FaultKind {
  return {
    name,
    summary,
    target: null,
    usual: '',
    begin(datacenter) {
      datacenter.setFaceGone(face, true)
      return {
        target: '',
        said: `The source ${face} is gone: its address takes no connection.`,
        queries: ['{ sources { name state { lastSyncAt failure } } }', query],
        end: () => datacenter.setFaceGone(face, false),
      }
    },
  }
}

const flapSeconds = 6

function flap({ scene }: Datacenter, session: Session): () => void {
  let isHeld = true
  scene.setHeld(session, true)
  const timer = setInterval(
    () => {
      isHeld = !isHeld
      scene.setHeld(session, isHeld)
    },
    (flapSeconds * 1000) / 2,
  )
  timer.unref()
  return () => {
    clearInterval(timer)
    scene.setHeld(session, false)
  }
}

/** `icn1-leaf01:Ethernet25`, with a blank as well. */
function findPort({ world }: Datacenter, target: string): Port {
  const [name = '', portName = ''] = target.split(/[:\s]+/)
  const device = world.byName.get(name)
  if (device === undefined) throw new FaultRefusal(`There is no switch or server ${name}`)
  const port = device.ports.find((one) => one.name === portName)
  if (port === undefined)
    throw new FaultRefusal(
      `${name} has no port ${portName || 'of that name'}: one of ${cabled(device.ports)}`,
    )
  if (port.far === null)
    throw new FaultRefusal(`No cable is in ${name}:${portName}: take one of ${cabled(device.ports)}`)
  return port
}

const cabled = (ports: readonly Port[]): string =>
  ports.flatMap((port) => (port.far === null ? [] : port.name)).join(', ')

const nameOf = (port: Port): string => `${port.device.name}:${port.name}`

const plural = (device: { kind: 'Switch' | 'Server' }): string =>
  device.kind === 'Switch' ? 'switches' : 'servers'

const portsQuery = ({ device, name }: Port): string =>
  `{ ${plural(device)}(filter: { name: { eq: "${device.name}" } }) { nodes { name interfaces(filter: { name: { eq: "${name}" } }) { nodes { name operStatus peers { name operStatus device { name } } } } } } }`
const peersQuery = (name: string): string =>
  `{ switches(filter: { name: { eq: "${name}" } }) { nodes { name bgpPeers { nodes { name sessionState remote { name } } } } } }`
const deviceQuery = (name: string): string =>
  `{ switches(filter: { name: { eq: "${name}" } }) { nodes { name neighbors { nodes { name } } } } }`
const dependentsQuery = (name: string): string =>
  `{ switches(filter: { name: { eq: "${name}" } }) { nodes { name dependents(first: 20) { totalCount edges { depth node { kind name } } } } } }`
const rackQuery = (name: string): string =>
  `{ racks(filter: { name: { eq: "${name}" } }) { nodes { name dependents(first: 20) { totalCount edges { node { kind name } } } } } }`

/** What to follow while it happens: states of ports and sessions as they change. */
export const watchQuery =
  'subscription { resourceChanged(filter: { kind: [NetworkInterface, BgpPeer] }) { events { ... on Updated { at resource { kind name } changes { path before after } } } } }'

export interface FaultNote {
  fault: string
  target: string
  since: string
}

/** The faults that are on now. */
export class Faults {
  readonly #datacenter: Datacenter
  readonly #on = new Map<string, { note: FaultNote; begun: Begun }>()

  constructor(datacenter: Datacenter) {
    this.#datacenter = datacenter
  }

  list(): FaultNote[] {
    return [...this.#on.values()].map(({ note }) => note)
  }

  begin(name: string, target: string | undefined): Begun {
    const kind = findKind(name)
    if (target !== undefined && target !== '' && kind.target === null)
      throw new FaultRefusal(`${name} has no target`)
    const begun = kind.begin(this.#datacenter, target || kind.usual)
    const place = `${name} ${begun.target}`
    this.#on.get(place)?.begun.end()
    const again = this.#on.has(place) ? kind.begin(this.#datacenter, begun.target) : begun
    const note = { fault: name, target: begun.target, since: new Date().toISOString() }
    this.#on.set(place, { note, begun: again })
    return again
  }

  /** Without a target all of that name; gives what was mended. */
  end(name: string, target: string | undefined): FaultNote[] {
    findKind(name)
    const wanted = target?.replace(/[:\s]+/, ':')
    const mended = [...this.#on].filter(
      ([, { note }]) => note.fault === name && (!wanted || note.target === wanted),
    )
    if (mended.length === 0)
      throw new FaultRefusal(
        `${name}${wanted ? ` of ${wanted}` : ''} is not on: plenum demo fault lists what is`,
      )
    return mended.map(([place, { note, begun }]) => {
      begun.end()
      this.#on.delete(place)
      return note
    })
  }

  endAll(): void {
    for (const { begun } of this.#on.values()) begun.end()
    this.#on.clear()
  }
}

function findKind(name: string): FaultKind {
  const kind = faultKinds.find((one) => one.name === name)
  if (kind === undefined)
    throw new FaultRefusal(
      `There is no fault ${name}: one of ${faultKinds.map((one) => one.name).join(', ')}`,
    )
  return kind
}
