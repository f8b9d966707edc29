import type { Knex } from 'knex'

/** What is measured: definitions, series, ticks as they come in, chunks a series and hour, rollups a series and day. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table metric (
  id integer generated always as identity primary key,
  name text not null unique,
  unit text not null,
  type text not null check (type in ('gauge', 'counter', 'state')),
  help text not null
);

-- one metric of one resource as one source tells it; source_id 0 is Plenum itself. Outlives its resource until its samples are gone
create table series (
  id bigint generated always as identity primary key,
  resource_id bigint not null,
  metric_id integer not null references metric (id),
  source_id bigint not null,
  unique (resource_id, metric_id, source_id)
);

-- ticks are dense and in commit order, as events are; those up to compacted_seq are in chunks as far as they are of hours before compacted_until
create table metric_head (
  only_row boolean primary key default true check (only_row),
  seq bigint not null default 0,
  compacted_seq bigint not null default 0,
  compacted_until timestamptz not null default '-infinity'
);
insert into metric_head default values;

create table metric_tick (
  seq bigint primary key,
  from_at timestamptz not null,
  to_at timestamptz not null,
  samples integer not null,
  payload bytea not null
);

-- fine: all samples of series that have more than four a minute. chunk: all samples of the others, or minutes of those (is_rollup). Both a series and hour
create table sample_fine (
  series_id bigint not null,
  hour timestamptz not null,
  samples integer not null,
  payload bytea not null,
  primary key (series_id, hour)
) partition by range (hour);
create table sample_chunk (
  series_id bigint not null,
  hour timestamptz not null,
  samples integer not null,
  is_rollup boolean not null,
  payload bytea not null,
  primary key (series_id, hour)
) partition by range (hour);
-- hours of a series and day
create table sample_day (
  series_id bigint not null,
  day timestamptz not null,
  payload bytea not null,
  primary key (series_id, day)
) partition by range (day);
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
