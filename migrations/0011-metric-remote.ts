import type { Knex } from 'knex'

/** How far the samples have been written to the remote store, where there is one. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table metric_remote (
  only_row boolean primary key default true check (only_row),
  seq bigint not null
);
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
