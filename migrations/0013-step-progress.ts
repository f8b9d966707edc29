import type { Knex } from 'knex'

/** A step that takes long tells how far it is, and what it is at. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table operation_step
  add column progress real check (progress between 0 and 1),
  add column message text;
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
