import type { Knex } from 'knex'

/** Who has a lease is told before it ends: once for each of the times that are set, whichever process does it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table allocation
  -- when it was given or extended last
  add column lease_set_at timestamptz,
  -- the last warning of this lease was so long before its end; null: none yet
  add column lease_warned_seconds integer;
update allocation set lease_set_at = created_at where lease_ends_at is not null;
create index allocation_warned on allocation (tenant_id) where state = 'ACTIVE' and lease_warned_seconds is not null;
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
