/**
 * What a port without carrier was cabled to. Neighbours are heard over the cable itself: when nothing comes through any more they are forgotten, by some devices at once, and with them
 * what the dead port has to do with what. So the last that was heard there stands until the port carries again, or for a day.
 */
import type { Observation } from '../../resource/resource.ts'

const keptMs = 24 * 3_600_000
const isDead = new Set<unknown>(['DOWN', 'LOWER_LAYER_DOWN', 'NOT_PRESENT'])

interface Cable {
  /** The port at the far end, and what it is a part of. */
  far: readonly Observation[]
  heardAt: number
}

export class Cables {
  readonly #heard = new Map<string, Cable>()

  /** What a device tells now, with the far ends of cables that only its dead ports keep it from hearing. */
  keep(told: readonly Observation[], now: number): Observation[] {
    const byKey = new Map(told.map((one) => [one.key, one]))
    const heard = new Set<string>()
    for (const one of told) {
      if (one.hearsay !== true) continue
      for (const port of targets(one, 'CONNECTED_TO')) {
        const owners = targets(one, 'PART_OF').flatMap((key) => byKey.get(key) ?? [])
        this.#heard.set(port, { far: [...owners.filter(({ hearsay }) => hearsay), one], heardAt: now })
        heard.add(port)
      }
    }
    const kept = new Map<string, Observation>()
    for (const [port, { far, heardAt }] of this.#heard) {
      if (heard.has(port)) continue
      const isMute = isDead.has(byKey.get(port)?.fields?.['operStatus']) && now - heardAt < keptMs
      // What is heard elsewhere now was plugged in there.
      if (!isMute || byKey.has(far.at(-1)!.key)) this.#heard.delete(port)
      else for (const one of far) if (!byKey.has(one.key)) kept.set(one.key, one)
    }
    return [...told, ...kept.values()]
  }
}

const targets = ({ links }: Observation, type: string): string[] =>
  (links ?? []).flatMap((link) => (link.type === type && 'key' in link.to ? [link.to.key] : []))
