import type { Knex } from 'knex'

/** Sources that run by themselves: how they do, syncs that are asked for, and which part of a source a thing was listed with. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table source
  add column breaker text,
  add column push_lag_seconds double precision,
  -- a sync that somebody asks for: whoever has the source's turn answers it
  add column asked_at timestamptz,
  add column asked_by text,
  add column asked_accept boolean not null default false,
  add column answered_at timestamptz,
  add column answer jsonb;

-- the part of a source, such as one device of many, that the thing was last listed with
alter table observation add column part text;
create index observation_part on observation (source_id, part) where part is not null;
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
