/** All root verbs, by root type and field. */
import { alert } from './alert.ts'
import { allocating } from './allocation.ts'
import { blueprint } from './blueprint.ts'
import { having } from './capacity.ts'
import { change } from './change.ts'
import { counting } from './count.ts'
import { event } from './event.ts'
import { incident } from './incident.ts'
import { inventory } from './inventory.ts'
import { link } from './link.ts'
import { logging } from './log.ts'
import { metric } from './metric.ts'
import { operating } from './operation.ts'
import { ways } from './path.ts'
import { plan } from './plan.ts'
import { orphan } from './orphan.ts'
import { pool } from './pool.ts'
import { resource } from './resource.ts'
import { rule } from './rule.ts'
import { searching } from './search.ts'
import { silence } from './silence.ts'
import { source } from './source.ts'
import { subscription } from './subscription.ts'
import { token } from './token.ts'
import { picture } from './topology.ts'
import { using } from './usage.ts'
import { viewer } from './viewer.ts'

type Fields = Readonly<Record<string, object>>
interface Part {
  readonly Query?: Fields
  readonly Mutation?: Fields
  readonly Subscription?: Fields
}

const parts: readonly Part[] = [
  resource,
  allocating,
  blueprint,
  operating,
  plan,
  orphan,
  pool,
  having,
  change,
  counting,
  ways,
  picture,
  searching,
  link,
  logging,
  metric,
  alert,
  incident,
  rule,
  silence,
  inventory,
  event,
  source,
  subscription,
  token,
  using,
  viewer,
]

const joined = (root: keyof Part): Fields => Object.assign({}, ...parts.map((part) => part[root])) as Fields

export const roots: Readonly<Record<keyof Part, Fields>> = {
  Query: joined('Query'),
  Mutation: joined('Mutation'),
  Subscription: joined('Subscription'),
}
