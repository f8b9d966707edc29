import type { Knex } from 'knex'

/** What resources write to their logs: partitions of a day. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create sequence log_line_seq;

-- at: when it came in, to the millisecond; told_at: what the line says itself. tenant_id: who held the resource by then
create table log_line (
  id bigint not null default nextval('log_line_seq'),
  at timestamptz not null,
  told_at timestamptz,
  resource_id bigint not null,
  interface_id bigint,
  tenant_id bigint,
  level smallint not null check (level between 0 and 7),
  program text,
  text text not null
) partition by range (at);
alter sequence log_line_seq owned by log_line.id;
create index log_line_resource on log_line (resource_id, at desc, id desc);
create index log_line_interface on log_line (interface_id, at desc, id desc) where interface_id is not null;
create index log_line_at on log_line (at desc, id desc);
create index log_line_words on log_line using gin (to_tsvector('simple', text));
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
