/** SQL of the rules that came by the API. */
import type { Knex } from 'knex'
import { appendEvents } from '../../event/store.ts'
import type { Cursor } from '../../event/event.ts'

export async function savedRules(db: Knex): Promise<{ name: string; definition: unknown }[]> {
  return db('rule').select<{ name: string; definition: unknown }[]>('name', 'definition').orderBy('name')
}

export async function saveRule(db: Knex, name: string, definition: unknown, by: string): Promise<Cursor> {
  return db.transaction(async (trx) => {
    const row = { name, definition: JSON.stringify(definition), updated_at: new Date(), updated_by: by }
    await trx('rule').insert(row).onConflict('name').merge()
    return appendEvents(trx, by, [{ type: 'RuleChanged', detail: { rule: name } }])
  })
}

/** Undefined when there is none of that name. */
export async function deleteRule(db: Knex, name: string, by: string): Promise<Cursor | undefined> {
  return db.transaction(async (trx) => {
    if ((await trx('rule').where({ name }).delete()) === 0) return undefined
    return appendEvents(trx, by, [{ type: 'RuleChanged', detail: { rule: name, deleted: true } }])
  })
}
