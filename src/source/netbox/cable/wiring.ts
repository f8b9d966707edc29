/**
 * Terminology
 * - end: what a cable is plugged into: a port, an interface, a power feed, a circuit's termination.
 * - pass: an end that signals go through: front and rear ports of panels, circuits.
 * - plug: one side of one cable, with the ends that share it (breakouts have several).
 */
import { type Dump, type Row } from '../dump.ts'
import { Fields } from '../field.ts'

export interface Plug {
  cable: Row
  side: 'A' | 'B'
}

export const passModels: ReadonlySet<string> = new Set([
  'dcim.frontport',
  'dcim.rearport',
  'circuits.circuittermination',
])

/** Which ends each cable has. */
export class Wiring {
  readonly dump: Dump
  readonly #ends = new Map<Row, { A: Row[]; B: Row[] }>()
  readonly #plugs = new Map<Row, Plug>()

  constructor(dump: Dump) {
    this.dump = dump
    for (const row of dump.rows('dcim.cabletermination')) this.#add(row)
  }

  #add(row: Row): void {
    const fields = new Fields(this.dump, row)
    const cable = this.dump.rows('dcim.cable').length > 0 ? fields.ref('cable', 'dcim.cable') : undefined
    const end = fields.object('termination_type', 'termination_id')
    const side = fields.text('cable_end')
    if (cable === undefined || end === undefined) return
    if (side !== 'A' && side !== 'B') return this.dump.fail(row, `cable_end is A or B, not ${String(side)}`)
    if (this.#plugs.has(end)) return this.dump.fail(row, `${end.model} ${end.pk} has a cable already`)
    this.dump.use(row)
    const ends = this.#ends.get(cable) ?? { A: [], B: [] }
    ends[side].push(end)
    this.#ends.set(cable, ends)
    this.#plugs.set(end, { cable, side })
  }

  get plugs(): Plug[] {
    return [...this.#ends.keys()].flatMap((cable): Plug[] => [
      { cable, side: 'A' },
      { cable, side: 'B' },
    ])
  }

  plugOf(end: Row): Plug | undefined {
    return this.#plugs.get(end)
  }

  ends({ cable, side }: Plug): readonly Row[] {
    return this.#ends.get(cable)?.[side] ?? []
  }

  farEnds({ cable, side }: Plug): readonly Row[] {
    return this.ends({ cable, side: side === 'A' ? 'B' : 'A' })
  }

  rearOf(front: Row): Row | undefined {
    return this.dump.find('dcim.rearport', front.fields['rear_port'])
  }

  frontsOf(rear: Row, positions: readonly unknown[]): Row[] {
    return this.dump
      .where('dcim.frontport', 'rear_port', rear.pk)
      .filter((front) => positions.includes(front.fields['rear_port_position']))
  }

  circuitOf(termination: Row): Row | undefined {
    return this.dump.find('circuits.circuit', termination.fields['circuit'])
  }

  /** The circuit's other termination. */
  peerOf(termination: Row): Row | undefined {
    return this.dump
      .where('circuits.circuittermination', 'circuit', termination.fields['circuit'])
      .find((other) => other !== termination)
  }

  providerNetworkOf(termination: Row): Row | undefined {
    const pk = termination.fields['provider_network']
    return pk === null || pk === undefined ? undefined : this.dump.find('circuits.providernetwork', pk)
  }
}
