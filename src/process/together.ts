/**
 * What all processes on a port have to tell, asked of any of them: it asks the one that started them, which asks each. One that does not answer in time is left out.
 */
import cluster, { type Worker } from 'node:cluster'

interface Told {
  process: string
  told: unknown
}

type Message =
  | { plenum: 'ask'; id: number }
  | { plenum: 'tell'; id: number }
  | { plenum: 'told'; id: number; told: unknown }
  | { plenum: 'all'; id: number; all: Told[] }

const patienceMs = 2_000

const isMessage = (message: unknown): message is Message =>
  typeof message === 'object' && message !== null && 'plenum' in message

/** Which of the processes this is. */
export const processVariable = 'PLENUM_PROCESS'

interface Round {
  all: Told[]
  missing: Set<Worker>
  end(): void
}

/** In the process that started the others: `answering` are those that can be asked, with their numbers. */
export function gatherFrom(answering: ReadonlyMap<Worker, number>): { close(): void } {
  const rounds = new Map<number, Round>()
  let last = 0
  const onMessage = (from: Worker, message: unknown): void => {
    if (!isMessage(message)) return
    if (message.plenum === 'ask') begin(from, message.id)
    if (message.plenum === 'told') take(from, message)
  }
  function begin(asker: Worker, asked: number): void {
    const id = ++last
    const round: Round = {
      all: [],
      missing: new Set(answering.keys()),
      end() {
        if (!rounds.delete(id)) return
        clearTimeout(late)
        send(asker, { plenum: 'all', id: asked, all: round.all })
      },
    }
    const late = setTimeout(round.end, patienceMs)
    rounds.set(id, round)
    for (const worker of round.missing) send(worker, { plenum: 'tell', id })
    if (round.missing.size === 0) round.end()
  }
  function take(from: Worker, { id, told }: Extract<Message, { plenum: 'told' }>): void {
    const round = rounds.get(id)
    if (!round?.missing.delete(from)) return
    round.all.push({ process: String(answering.get(from) ?? ''), told })
    if (round.missing.size === 0) round.end()
  }
  cluster.on('message', onMessage)
  return {
    close() {
      cluster.off('message', onMessage)
      for (const round of [...rounds.values()]) round.end()
    },
  }
}

function send(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message, () => {})
}

export interface Together<T> {
  /** By process; undefined where there is only this one. */
  all(): Promise<readonly { process: string; told: T }[] | undefined>
  close(): void
}

/** In each process: what it tells when it is asked. */
export function tellTogether<T>(own: () => T): Together<T> {
  const waiting = new Map<number, (all: readonly Told[] | undefined) => void>()
  let last = 0
  const onMessage = (message: unknown): void => {
    if (!isMessage(message)) return
    if (message.plenum === 'tell') tell({ plenum: 'told', id: message.id, told: own() })
    if (message.plenum === 'all') waiting.get(message.id)?.(message.all)
  }
  if (cluster.isWorker) process.on('message', onMessage)
  return {
    async all() {
      if (!cluster.isWorker || !process.connected) return undefined
      const id = ++last
      const { promise, resolve } = Promise.withResolvers<readonly Told[] | undefined>()
      waiting.set(id, resolve)
      const late = setTimeout(
        () => resolve([{ process: process.env[processVariable] ?? '', told: own() }]),
        patienceMs * 2,
      )
      tell({ plenum: 'ask', id })
      const all = await promise
      clearTimeout(late)
      waiting.delete(id)
      return all as { process: string; told: T }[] | undefined
    },
    close() {
      process.off('message', onMessage)
    },
  }
}

function tell(message: Message): void {
  if (process.connected) process.send?.(message, () => {})
}
