/**
 * A small datacenter of several tenants that changes by chance, as items of an inventory; and what each tenant could know of it after each change, worked out the slow and simple
 * way. Every text is unlike any other.
 */
import type { Chance } from './chance.ts'

export interface Thing {
  kind: 'Tenant' | 'Site' | 'Rack' | 'Server' | 'VirtualMachine' | 'Device'
  key: string
  name: string
  owner: string
  /** Keys of what it stands in or runs on, and of who holds it. */
  on: string | undefined
  tenant: string | undefined
}

const letters = 'bcdfghjklmnpqrstvwxz'
const mark = (chance: Chance): string => Array.from({ length: 9 }, () => letters[chance.below(20)]).join('')

export class PastWorld {
  readonly things = new Map<string, Thing>()
  readonly tenants: readonly string[]
  readonly #chance: Chance
  readonly #texts = new Set<string>()

  constructor(chance: Chance) {
    this.#chance = chance
    this.tenants = Array.from({ length: 3 }, () => this.#add('Tenant').key)
    const sites = Array.from({ length: 2 }, () => this.#add('Site').key)
    const racks = Array.from({ length: 4 }, () => this.#add('Rack', chance.pick(sites)).key)
    const servers = Array.from({ length: 8 }, () => this.#add('Server', chance.pick(racks)).key)
    for (let index = 0; index < 10; index++) this.#add('VirtualMachine', chance.pick(servers))
  }

  /** One that there was never before. */
  text(kind: string): string {
    const text = `${kind.slice(0, 2).toLowerCase()}-${mark(this.#chance)}`
    this.#texts.add(text)
    return text
  }

  #add(kind: Thing['kind'], on?: string): Thing {
    const mayBeHeld = kind === 'Server' || kind === 'VirtualMachine'
    const thing: Thing = {
      kind,
      key: this.text('key'),
      name: this.text(kind),
      owner: this.text('owner'),
      on,
      tenant: mayBeHeld && this.#chance.is(0.7) ? this.#chance.pick(this.tenants) : undefined,
    }
    this.things.set(thing.key, thing)
    return thing
  }

  /** What was made for a tenant. */
  addFor(tenant: string, thing: Pick<Thing, 'kind' | 'key' | 'name' | 'on'>): void {
    this.#texts.add(thing.name)
    this.things.set(thing.key, { ...thing, owner: thing.key, tenant })
  }

  /** Every text that there ever was. */
  get texts(): ReadonlySet<string> {
    return this.#texts
  }

  of(kind: Thing['kind']): Thing[] {
    return [...this.things.values()].filter((thing) => thing.kind === kind)
  }

  /** Some are renamed, moved, given to others; gives what changed. */
  change(): Thing[] {
    const chance = this.#chance
    const changed = new Set<Thing>()
    for (let count = 2 + chance.below(5); count > 0; count--) {
      const thing = chance.pick([...this.of('Server'), ...this.of('VirtualMachine'), ...this.of('Rack')])
      changed.add(thing)
      if (chance.is(0.4)) thing.name = this.text(thing.kind)
      if (chance.is(0.4)) thing.owner = this.text('owner')
      if (chance.is(0.3))
        thing.on = chance.pick(
          this.of(thing.kind === 'Rack' ? 'Site' : thing.kind === 'Server' ? 'Rack' : 'Server'),
        ).key
      if (thing.kind !== 'Rack' && chance.is(0.6))
        thing.tenant = chance.is(0.2) ? undefined : chance.pick(this.tenants)
    }
    return [...changed]
  }

  /** Texts and keys of what a tenant may know now: its own in full, what carries that by name. */
  knownTo(tenant: string): { texts: Set<string>; keys: Set<string> } {
    const texts = new Set<string>()
    const keys = new Set<string>()
    for (const thing of this.things.values()) {
      if (thing.tenant !== tenant && thing.key !== tenant) continue
      for (const text of [thing.name, thing.owner, thing.key]) texts.add(text)
      keys.add(thing.key)
      for (let at = thing.on; at !== undefined; at = this.things.get(at)!.on) {
        texts.add(this.things.get(at)!.name)
        keys.add(at)
      }
    }
    return { texts, keys }
  }
}

export const toItem = ({ kind, key, name, owner, on, tenant }: Thing): object => ({
  kind,
  key,
  name,
  owner,
  ...(kind === 'Rack' ? { status: 'ACTIVE', fields: { heightUnits: 42 } } : {}),
  links: [
    ...(on === undefined
      ? []
      : [{ type: kind === 'VirtualMachine' ? 'RUNS_ON' : 'LOCATED_IN', to: `past:${on}` }]),
    ...(tenant === undefined ? [] : [{ type: 'OWNED_BY', to: `past:${tenant}` }]),
  ],
})
