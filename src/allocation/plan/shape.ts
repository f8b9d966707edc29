/** What a plan is made from and what it says. */

/** What fails together; read from the graph: where a thing stands, what it is cabled to, what feeds it. */
export const domains = ['provider', 'rack', 'switch', 'powerFeed', 'site'] as const
export type Domain = (typeof domains)[number]

export interface Inventory {
  total: number
  reserved: number
  /** How often the total may be given. */
  ratio: number
  min: number
  max: number
  step: number
  used: number
  /** Of what few providers have: left alone as long as who does not ask for it finds another place. */
  scarce?: boolean
  /** The largest piece, where what is asked must be in one. */
  largest?: number
}

export const freeOf = ({ total, reserved, ratio, used }: Inventory): number =>
  Math.max(0, Math.floor((total - reserved) * ratio) - used)

export interface Provider {
  /** A resource's id, or `pool/NAME` where the pool itself gives. */
  readonly key: string
  readonly name: string
  readonly resourceId: number | null
  readonly pool: string
  readonly traits: ReadonlySet<string>
  readonly inventories: Readonly<Record<string, Inventory>>
  /** Why nothing may be taken from it now. */
  readonly unusable?: string | undefined
  /** Who holds it already; null: nobody. */
  readonly tenantId: number | null
  /** What it fails with; undefined where that is not known. */
  domain(of: Domain): string | undefined
}

export interface Spread {
  over: Domain
  /** Members that one domain may have. */
  atMost: number
  /** Otherwise it is a wish. */
  required: boolean
}

export interface Demand {
  /** Of one member. */
  amounts: Readonly<Record<string, number>>
  count: number
  /** For whom. */
  tenantId: number
  require: readonly string[]
  forbid: readonly string[]
  prefer: readonly string[]
  spread?: Spread | undefined
  /** How far a provider is from where it should be near to: 0 is there. */
  distance?: ((provider: Provider) => number) | undefined
  /** Fill what is used already before what is empty. */
  pack: boolean
}

export interface Rejection {
  reason: string
  providers: Provider[]
}

export interface Shortage {
  class: string
  asked: number
  free: number
  missing: number
}

export interface Decision {
  feasible: boolean
  /** One provider a member; none when not all have a place. */
  chosen: Provider[]
  short: Shortage[]
  rejected: Rejection[]
}
