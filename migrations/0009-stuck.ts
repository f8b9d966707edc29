import type { Knex } from 'knex'

/** What needs a person is counted every few seconds, however many operations there have been. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create index operation_stuck on operation (tenant_id) where state = 'STUCK';
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
