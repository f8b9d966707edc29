/** Keeps incidents as the open alerts and the graph have them: in one process, whose turn it is; what it writes and the notifications that follow from it are one transaction. */
import type { Knex } from 'knex'
import type { Logger } from 'pino'
import type { Graph } from '../../graph/graph.ts'
import { startLoop, type Loop } from '../../loop.ts'
import type { Turn, TurnGroup, Turns } from '../../turn.ts'
import type { AlertImage, IncidentImage } from '../alert.ts'
import { findGroups, type Group } from '../cause.ts'
import { alertsByIds, openAlerts, TurnLost } from '../store.ts'
import { endIntake } from '../received.ts'
import { holderOf } from '../relation.ts'
import { findHealing, planIncidents, type Ended, type Member } from './plan.ts'
import { lateIncidents, openIncidents, writeIncidents } from './store.ts'

export interface KeeperOptions {
  db: Knex
  log: Logger
  turns: Turns
  graph(): Graph
  wake(): void
  /** What is to be sent about what was written, in its transaction. */
  announce(trx: Knex.Transaction, written: readonly IncidentImage[]): Promise<void>
  now: () => number
}

const everyMs = 5_000
/** What comes again within this is the same incident. */
const againMs = 5 * 60_000

export class IncidentKeeper {
  readonly #options: KeeperOptions
  readonly #group: TurnGroup
  readonly #loop: Loop
  #turn: Turn | undefined
  #running: Promise<void> | undefined
  #again = false
  #closed = false

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#group = options.turns.share('alert/incident', ['alert/incident'], (held) => {
      this.#turn = held[0]
      this.wake()
    })
    this.#loop = startLoop({ name: 'incidents', everyMs, log: options.log, run: () => this.run() })
  }

  /** Alerts changed. */
  wake(): void {
    void this.run().catch((error: unknown) => {
      if (!this.#closed) this.#options.log.warn({ err: error }, 'incidents cannot be kept now; trying again')
    })
  }

  /** One at a time; one that is wanted meanwhile follows. */
  run(): Promise<void> {
    this.#again = true
    this.#running ??= this.#runs().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #runs(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false
      if (this.#turn !== undefined) await this.#keep(this.#turn)
    }
  }

  async #keep(turn: Turn): Promise<void> {
    const { db, graph: graphOf, now: clock, log } = this.#options
    await endIntake(db, turn, clock())
    const [alerts, open] = [await openAlerts(db), await openIncidents(db)]
    if (alerts.length === 0 && open.length === 0) return
    const now = clock()
    const graph = graphOf()
    const images = alerts
      .map(({ image }) => image)
      .filter(({ severity, resourceId }) => severity !== 'INFO' && resourceId !== null)
    const isOpen = new Set(alerts.map(({ image }) => image.id))
    const over = open.flatMap(({ alertIds }) => alertIds.filter((id) => !isOpen.has(id)))
    const ended = over.length === 0 ? [] : (await alertsByIds(db, over)).flatMap(toEnded)
    const writes = planIncidents({
      groups: findGroups(graph, images, findHealing(open, ended, now, images)),
      members: new Map(images.map((image) => [image.id, toMember(image)])),
      open,
      late: await lateIncidents(db, now - againMs),
      ended,
      describe: (group) => describe(graph, group),
      now,
    })
    if (writes.length === 0) return
    try {
      await writeIncidents(db, turn, writes, (trx, written) => this.#options.announce(trx, written))
      this.#options.wake()
    } catch (error) {
      if (!(error instanceof TurnLost)) throw error
      log.info({ reason: error.message }, 'incidents were not written')
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#loop.close()
    await this.#running?.catch(() => undefined)
    await this.#group.close()
  }
}

const toMember = ({ state, resourceId, ...image }: AlertImage): Member => ({
  ...image,
  resourceId: resourceId!,
  isFiring: state === 'FIRING',
})

const toEnded = ({ id, resourceId, failure, endsAt }: AlertImage): Ended[] =>
  endsAt === null ? [] : [{ id, resourceId, failure, endsAt }]

const words: Readonly<Record<Group['failure'], string>> = {
  DOWN: 'seems to be down: all that is cabled to it or powered by it says so',
  LINK: 'has lost its carrier',
  SESSION: 'speaks no BGP any more: all who had a session with it say so',
  HOT: 'is too warm: so is what stands in it',
  SILENT: 'reaches nothing',
  NONE: 'has an alert',
}

/** For a cause that has no alert of its own. */
function describe(graph: Graph, { causeId, failure }: Group): { summary: string; tenantId: number | null } {
  const vertex = graph.get(causeId)
  return {
    summary: `${vertex?.kind.name ?? 'Resource'} ${vertex?.name ?? causeId} ${words[failure]}`,
    tenantId: holderOf(vertex),
  }
}
