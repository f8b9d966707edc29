/** What is done to a fabric, and how long until Plenum's subscribers know. */
import { setTimeout as delay } from 'node:timers/promises'
import { Child } from './child.ts'
import { findFacts } from './found.ts'
import { join } from 'node:path'
import { pollerAddress, witnessPort, type Fabric, type FabricNode, type FabricPort } from './index.ts'
import type { FabricPlenum } from './plenum.ts'
import { compare, truthOf, type Score } from './truth.ts'
import type { Witnessed } from './witness.ts'

export const isWhole = (scores: readonly Score[]): boolean =>
  scores.every(({ precision, recall }) => precision === 1 && recall === 1)

/** The scores as soon as all is found, or as they are when the time is over. */
export async function untilFound(
  plenum: FabricPlenum,
  fabric: Fabric,
  patienceMs: number,
): Promise<{ scores: Score[]; tookMs: number }> {
  const began = performance.now()
  for (;;) {
    const scores = compare(await findFacts(plenum), truthOf(fabric.plan))
    const tookMs = performance.now() - began
    if (isWhole(scores) || tookMs > patienceMs) return { scores, tookMs }
    await delay(250)
  }
}

export interface Change {
  /** When the subscriber was told. */
  at: number
  device: string
  name: string
  path: string
  after: unknown
}

interface Message {
  resourceChanged: {
    events: {
      resource?: { name: string; device: { name: string } | null }
      changes?: { path: string; after: unknown }[]
    }[]
  }
}

const subscription = `subscription { resourceChanged(filter: { kind: [NetworkInterface, BgpPeer] }) { events { ... on Updated {
  resource { ... on NetworkInterface { name device { name } } ... on BgpPeer { name device { name } } } changes { path after } } } } }`

/** Everything that a subscriber is told of ports and sessions, with the time of it. */
export class Follower {
  readonly changes: Change[] = []
  readonly #looks = new Set<() => void>()
  readonly #stop: () => void
  #failure: Error | undefined

  constructor(plenum: FabricPlenum) {
    this.#stop = plenum.follow<Message>(
      subscription,
      (message) => this.#take(message),
      (error) => {
        this.#failure = error
        for (const look of this.#looks) look()
      },
    )
  }

  #take({ resourceChanged }: Message): void {
    const at = Date.now()
    for (const { resource, changes = [] } of resourceChanged.events)
      for (const { path, after } of changes)
        this.changes.push({
          at,
          device: resource?.device?.name ?? '',
          name: resource?.name ?? '',
          path,
          after,
        })
    for (const look of this.#looks) look()
  }

  /** The first change since a time that fits. */
  async until(since: number, fits: (change: Change) => boolean, patienceMs: number): Promise<Change> {
    const { promise, resolve, reject } = Promise.withResolvers<Change>()
    const look = () => {
      const found = this.changes.find((change) => change.at >= since && fits(change))
      if (found) resolve(found)
      else if (this.#failure) reject(this.#failure)
    }
    this.#looks.add(look)
    const timer = setTimeout(
      () =>
        reject(new Error(`nobody was told in ${patienceMs} ms; told was: ${JSON.stringify(this.changes)}`)),
      patienceMs,
    )
    look()
    return promise.finally(() => {
      clearTimeout(timer)
      this.#looks.delete(look)
    })
  }

  close(): void {
    this.#stop()
  }
}

/** Notes the arrival of traps, beside Plenum. */
export class Witness {
  readonly #child: Child

  constructor(fabric: Fabric) {
    const script = join(import.meta.dirname, 'witness.ts')
    const args = ['--disable-warning=ExperimentalWarning', script, pollerAddress, String(witnessPort)]
    this.#child = new Child(fabric.spawn(process.execPath, args, process.env))
  }

  ready = (): Promise<unknown> => this.#child.saw(/ready/)

  /** When the first trap of a kind came from a node since a time. */
  until(since: number, node: FabricNode, trap: string): Promise<number> {
    return this.#child.until((output) => {
      const lines = output.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'))
      return lines
        .map((line) => JSON.parse(line) as Witnessed)
        .find((one) => one.at >= since && one.from === node.management && one.trap === trap)?.at
    })
  }

  close = (): Promise<void> => this.#child.end()
}

export const linkTraps = { down: '1.3.6.1.6.3.1.1.5.3', up: '1.3.6.1.6.3.1.1.5.4' } as const

/** That a port has changed its state, as a subscriber is told it. */
export const portIs =
  (port: FabricPort, state: 'UP' | 'DOWN') =>
  ({ device, name, path, after }: Change): boolean =>
    device === port.node.name &&
    name === port.name &&
    path.endsWith('operStatus') &&
    (state === 'UP' ? after === 'UP' : after !== 'UP')

export const sessionIs =
  (port: FabricPort, isEstablished: boolean) =>
  ({ device, name, path, after }: Change): boolean =>
    device === port.node.name &&
    name === port.far.address &&
    path.endsWith('sessionState') &&
    (after === 'ESTABLISHED') === isEstablished
