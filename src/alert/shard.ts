/** Resources in shards, and which of them this process looks at. A shard that is gained is used when what is written of it was read. */
import type { ResourceId } from '../resource/resource.ts'
import type { Turn, TurnGroup, Turns } from '../turn.ts'

const shardCount = 8

export const shardOf = (id: ResourceId): number => id % shardCount

export class Shards {
  readonly #held = new Map<number, Turn>()
  readonly #group: TurnGroup
  #gained: [number, Turn][] = []

  constructor(turns: Turns, onLost: (shards: ReadonlySet<number>) => void, onGained: () => void) {
    const names = Array.from({ length: shardCount }, (_, shard) => `alert/rule/${shard}`)
    this.#group = turns.share('alert/rule', names, (held) => {
      const mine = new Map(held.map((turn) => [Number(turn.turn.split('/').at(-1)), turn]))
      const lost = [...this.#held].filter(([shard, turn]) => mine.get(shard)?.epoch !== turn.epoch)
      for (const [shard] of lost) this.#held.delete(shard)
      if (lost.length > 0) onLost(new Set(lost.map(([shard]) => shard)))
      this.#gained = [...mine].filter(([shard]) => !this.#held.has(shard))
      if (this.#gained.length > 0) onGained()
    })
  }

  get size(): number {
    return this.#held.size
  }

  has(id: ResourceId): boolean {
    return this.#held.has(shardOf(id))
  }

  /** What a write about these is fenced with. */
  fences(ids: readonly ResourceId[]): Turn[] {
    return [...new Set(ids.map(shardOf))].flatMap((shard) => this.#held.get(shard) ?? [])
  }

  /** Reads what is written of the shards that are new. */
  async settle(read: (shards: ReadonlySet<number>) => Promise<void>): Promise<boolean> {
    const gained = this.#gained
    if (gained.length === 0) return false
    await read(new Set(gained.map(([shard]) => shard)))
    for (const [shard, turn] of gained) if (!turn.signal.aborted) this.#held.set(shard, turn)
    this.#gained = this.#gained.filter(([shard, turn]) => !turn.signal.aborted && !this.#held.has(shard))
    return true
  }

  /** What is written of the resource is not what this process believes. */
  readAgain(id: ResourceId): void {
    const shard = shardOf(id)
    const turn = this.#held.get(shard)
    this.#held.delete(shard)
    if (turn !== undefined) this.#gained.push([shard, turn])
  }

  close(): Promise<void> {
    return this.#group.close()
  }
}
