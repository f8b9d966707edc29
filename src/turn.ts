/**
 * Turns: which process does which piece of background work. A turn is a row with its holder, until when, and an epoch that rises with every taking: what a
 * holder writes is fenced by its epoch, so a process that slept past its turn changes nothing. A turn that was given back is free at once; one whose
 * holder fell silent is taken when it is over and `graceMs`, the longest deadline of what the former holder may have under way, has passed too.
 *
 * Processes share: of a group of names each takes no more than its even part of those that are alive, and gives back what it has beyond that.
 */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { Db } from './db.ts'

/** What a write is fenced with: refused unless the turn still has this epoch. */
export interface Fence {
  turn: string
  epoch: number
}

export interface Turn extends Fence {
  /** Aborts when the turn is over: lost, given back, or not renewed in time. */
  signal: AbortSignal
}

export interface TurnGroup {
  held(): readonly Turn[]
  /** Stops wanting these; gives back what it has. */
  close(): Promise<void>
}

export interface Turns {
  /** Who this process is, in the table. */
  holder: string
  /**
   * Holds a fair part of the names, for as long as it is open; processes that share the group of this name count. `onChange` is called after turns were gained or
   * lost. Before a turn goes to another process because that one has fewer, `release` may finish what is under way; it is no longer among the held by then.
   */
  share(
    group: string,
    names: readonly string[],
    onChange: (held: readonly Turn[]) => void,
    release?: (turn: Turn) => Promise<void>,
  ): TurnGroup
  /** How many this process holds now, by group. */
  counts(): ReadonlyMap<string, number>
  /** Which of these somebody holds now. */
  taken(names: readonly string[]): Promise<Set<string>>
  /** Gives everything back. */
  close(): Promise<void>
}

export interface TurnsOptions {
  db: Db
  log: Logger
  /** A turn's length; renewed three times in it. */
  lengthMs?: number
  /** What a successor waits beyond the end of a turn that was not given back. */
  graceMs?: number
}

interface Held extends Turn {
  over: AbortController
  /** By this process' own steady clock. */
  untilMs: number
}

interface Group {
  name: string
  names: readonly string[]
  held: Map<string, Held>
  leaving: Set<string>
  onChange: (held: readonly Turn[]) => void
  release: (turn: Turn) => Promise<void>
}

const presencePrefix = (group: string): string => `process/${group}/`
const staying = (group: Group): Held[] =>
  [...group.held.values()].filter((held) => !group.leaving.has(held.turn))

export function startTurns({ db, log, lengthMs = 15_000, graceMs = 30_000 }: TurnsOptions): Turns {
  return new SharedTurns(db, log, lengthMs, graceMs)
}

class SharedTurns implements Turns {
  readonly holder = `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`
  readonly #db: Db
  readonly #log: Logger
  readonly #lengthMs: number
  readonly #graceMs: number
  readonly #groups = new Set<Group>()
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #again = false
  #closed = false

  constructor(db: Db, log: Logger, lengthMs: number, graceMs: number) {
    this.#db = db
    this.#log = log
    this.#lengthMs = lengthMs
    this.#graceMs = graceMs
  }

  share(
    name: string,
    names: readonly string[],
    onChange: (held: readonly Turn[]) => void,
    release: (turn: Turn) => Promise<void> = async () => {},
  ): TurnGroup {
    const group: Group = { name, names, held: new Map(), leaving: new Set(), onChange, release }
    this.#groups.add(group)
    this.#timer ??= setInterval(() => this.#look(), this.#lengthMs / 3).unref()
    this.#look()
    return {
      held: () => staying(group),
      close: () => this.#end(group),
    }
  }

  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#groups].map((group) => [group.name, staying(group).length]))
  }

  async taken(names: readonly string[]): Promise<Set<string>> {
    const rows = await this.#db('turn')
      .whereIn('name', [...names])
      .whereRaw('until > clock_timestamp()')
      .select<{ name: string }[]>('name')
    return new Set(rows.map((row) => row.name))
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#timer)
    await this.#running
    for (const group of this.#groups) await this.#end(group)
  }

  async #end(group: Group): Promise<void> {
    this.#groups.delete(group)
    await this.#running
    await this.#giveBack(group, [...group.held.values()])
    await this.#db('turn')
      .where({ name: presencePrefix(group.name) + this.holder })
      .delete()
      .catch(() => {})
  }

  /** One look at a time; one that is wanted meanwhile follows. */
  #look(): void {
    this.#endLate()
    if (this.#running !== undefined) {
      this.#again = true
      return
    }
    if (this.#closed) return
    this.#running = this.#renewAndClaim()
      .catch((error: unknown) => {
        if (!this.#closed) this.#log.warn({ err: error }, 'turns cannot be renewed now; trying again')
      })
      .finally(() => {
        this.#running = undefined
        if (this.#again && !this.#closed) {
          this.#again = false
          this.#look()
        }
      })
  }

  async #renewAndClaim(): Promise<void> {
    await this.#renew()
    this.#endLate()
    for (const group of this.#groups) await this.#balance(group)
  }

  /** One statement for all that this process has. */
  async #renew(): Promise<void> {
    const sentMs = performance.now()
    const rows = await this.#renewRows()
    const renewed = new Map(rows.map((row) => [row.name, Number(row.epoch)]))
    for (const group of this.#groups) {
      const lost = [...group.held.values()].filter((held) => renewed.get(held.turn) !== held.epoch)
      for (const held of group.held.values()) held.untilMs = sentMs + this.#lengthMs
      this.#drop(group, lost)
    }
  }

  async #renewRows(): Promise<{ name: string; epoch: string }[]> {
    const groups = [...this.#groups]
    const held = groups.flatMap((group) => [...group.held.keys()])
    const { rows } = await this.#db.raw<{ rows: { name: string; epoch: string }[] }>(
      `with here as (
         insert into turn (name, holder, until) select name, :holder, clock_timestamp() + :length * interval '1 ms' from unnest(:present::text[]) as name
         on conflict (name) do update set until = excluded.until)
       update turn set until = clock_timestamp() + :length * interval '1 ms' where holder = :holder and name = any(:held::text[]) returning name, epoch`,
      {
        holder: this.holder,
        length: this.#lengthMs,
        present: groups.map((group) => presencePrefix(group.name) + this.holder) as unknown as string,
        held: held as unknown as string,
      },
    )
    return rows
  }

  async #balance(group: Group): Promise<void> {
    const own = staying(group)
    const fair = Math.ceil(group.names.length / (await this.#countAlive(group)))
    if (own.length > fair) return this.#leave(group, own.slice(fair))
    const wanted = group.names.filter((name) => !group.held.has(name))
    if (wanted.length > 0 && own.length < fair) await this.#claim(group, wanted, fair - own.length)
  }

  /** Processes that share it; those that fell silent long ago are forgotten. */
  async #countAlive({ name }: Group): Promise<number> {
    const { rows } = await this.#db.raw<{ rows: { alive: string }[] }>(
      `with gone as (delete from turn where starts_with(name, 'process/') and until < clock_timestamp() - interval '1 day'),
       -- The clock of Postgres was set back: who lives renews what is cut, the others' turns end.
       cut as (update turn set until = clock_timestamp() + :length * interval '1 ms' where until > clock_timestamp() + (2 * :length + :grace) * interval '1 ms')
       select count(*) as alive from turn where starts_with(name, :prefix) and until > clock_timestamp()`,
      { prefix: presencePrefix(name), length: this.#lengthMs, grace: this.#graceMs },
    )
    return Math.max(1, Number(rows[0]?.alive ?? 1))
  }

  /** Work that goes to another process: what is under way is finished first. */
  #leave(group: Group, turns: readonly Held[]): void {
    for (const held of turns) group.leaving.add(held.turn)
    group.onChange(staying(group))
    for (const held of turns) {
      void group
        .release(held)
        .catch((error: unknown) => this.#log.warn({ err: error, turn: held.turn }, 'work did not end well'))
        .then(() => this.#giveBack(group, [held]))
        .finally(() => group.leaving.delete(held.turn))
    }
  }

  async #claim(group: Group, wanted: readonly string[], most: number): Promise<void> {
    const sentMs = performance.now()
    const { rows } = await this.#db.raw<{ rows: { name: string; epoch: string }[] }>(
      `with free as (
         select wanted.name from unnest(:names::text[]) with ordinality as wanted (name, place)
         left join turn t on t.name = wanted.name
         where t.holder is null or t.until is null or t.until + :grace * interval '1 ms' < clock_timestamp()
         order by place limit :most)
       insert into turn as t (name, holder, epoch, until)
       select name, :holder, 1, clock_timestamp() + :length * interval '1 ms' from free
       on conflict (name) do update set holder = excluded.holder, epoch = t.epoch + 1, until = excluded.until
         where t.holder is null or t.until is null or t.until + :grace * interval '1 ms' < clock_timestamp()
       returning name, epoch`,
      {
        names: wanted as unknown as string,
        grace: this.#graceMs,
        length: this.#lengthMs,
        holder: this.holder,
        most,
      },
    )
    if (rows.length === 0) return
    for (const { name, epoch } of rows) {
      const over = new AbortController()
      const untilMs = sentMs + this.#lengthMs
      group.held.set(name, { turn: name, epoch: Number(epoch), signal: over.signal, over, untilMs })
    }
    group.onChange(staying(group))
  }

  /** By this process' own clock: what could not be renewed in time is over, whatever the table says. */
  #endLate(): void {
    const now = performance.now()
    for (const group of this.#groups) {
      this.#drop(
        group,
        [...group.held.values()].filter((held) => held.untilMs <= now),
      )
    }
  }

  #drop(group: Group, turns: readonly Held[]): void {
    if (turns.length === 0) return
    for (const held of turns) {
      group.held.delete(held.turn)
      held.over.abort(new Error(`the turn ${held.turn} is over`))
      this.#log.warn({ turn: held.turn, epoch: held.epoch }, 'a turn was lost')
    }
    group.onChange(staying(group))
  }

  async #giveBack(group: Group, turns: readonly Held[]): Promise<void> {
    for (const held of turns) {
      if (group.held.get(held.turn) !== held) continue
      group.held.delete(held.turn)
      held.over.abort(new Error(`the turn ${held.turn} was given back`))
      await this.#db('turn')
        .where({ name: held.turn, holder: this.holder, epoch: held.epoch })
        .update({ holder: null, until: null })
        .catch(() => {})
    }
    if (turns.length > 0 && !this.#closed) group.onChange(staying(group))
  }
}
