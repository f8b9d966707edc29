/** Sources as those who say things: the built-in one for what people change here, those of inventories, those of drivers. */
import type { Knex } from 'knex'
import { findSource, type SourceRow } from './observation/store.ts'
import { insertSource, updateSource } from './source/store.ts'
import { ownSourceName, type Member } from './reconcile/member.ts'
import type { Actor, Observation, ResourceId } from './resource.ts'
import { nextIds } from './store.ts'
import { write } from './write/pipeline.ts'

export interface SourceDefinition {
  name: string
  driver: string
  role: 'intent' | 'observed'
  precedence: number
  authoritative: boolean
  control: boolean
}

/** What people change through mutations; it outranks every inventory. */
export const ownSource: SourceDefinition = {
  name: ownSourceName,
  driver: 'plenum',
  role: 'intent',
  precedence: 1_000,
  authoritative: true,
  control: false,
}

export const inventorySource = (name: string): SourceDefinition => ({
  name,
  driver: 'inventory',
  role: 'intent',
  precedence: 100,
  authoritative: true,
  control: false,
})

/** The source, made with its resource when it is new. */
export async function ensureSource(
  trx: Knex.Transaction,
  definition: SourceDefinition,
  by: Actor,
  at: Date,
): Promise<SourceRow> {
  const known = await findSource(trx, { name: definition.name })
  if (known !== undefined) return known
  const own = definition.name === ownSource.name ? undefined : await ensureSource(trx, ownSource, by, at)
  const [id] = await nextIds(trx, 1)
  await insertSource(trx, id!, definition)
  const teller = own ?? (await findSource(trx, { id: id! }))!
  await write(
    trx,
    {
      changed: [{ ...toMember(sourceObservation(definition), teller, at), resourceId: id! }],
      removed: [],
      strict: true,
      intent: true,
    },
    // Who may say something may say it under a new name: what narrows the writer is asked of what is said.
    { name: by.name },
    at,
  )
  return (await findSource(trx, { id: id! }))!
}

/** Makes the source what the definition says. */
export async function saveSource(
  trx: Knex.Transaction,
  definition: SourceDefinition,
  by: Actor,
  at: Date,
): Promise<ResourceId> {
  const known = await findSource(trx, { name: definition.name })
  if (known === undefined) return (await ensureSource(trx, definition, by, at)).id
  await updateSource(trx, known.id, definition)
  const own = (await findSource(trx, { name: ownSource.name }))!
  await write(
    trx,
    {
      changed: [{ ...toMember(sourceObservation(definition), own, at), resourceId: known.id }],
      removed: [],
      strict: true,
      intent: true,
    },
    by,
    at,
  )
  return known.id
}

const sourceObservation = ({ name, driver, control }: SourceDefinition): Observation => ({
  key: `source:${name}`,
  kind: 'Source',
  name,
  status: 'ACTIVE',
  fields: { driver, control },
})

export function toMember(observation: Observation, source: SourceRow, at: Date): Member {
  return {
    ...observation,
    sourceId: source.id,
    sourceName: source.name,
    role: source.role,
    precedence: source.precedence,
    resourceId: null,
    firstSeenAt: at.getTime(),
    changedAt: at.getTime(),
  }
}
