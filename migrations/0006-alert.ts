import type { Knex } from 'knex'

/** Rules, alerts, the incidents that explain them, silences, and what is to be sent to whom. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
-- those of the API; those of the configuration stand there
create table rule (
  name text primary key,
  definition jsonb not null,
  updated_at timestamptz not null default now(),
  updated_by text not null
);

create table incident (
  id bigint generated always as identity primary key,
  cause_id bigint not null,
  failure text not null,
  tenant_id bigint,
  summary text not null,
  severity text not null check (severity in ('INFO', 'WARNING', 'CRITICAL')),
  runbook_url text,
  starts_at timestamptz not null,
  ends_at timestamptz,
  acknowledged_by text,
  acknowledged_at timestamptz,
  merged_into bigint references incident (id)
);
create index incident_open on incident (id) where ends_at is null;
create index incident_ends_at on incident (ends_at);

-- resource_id null: sent to the intake, and no resource is what its labels say. life: the state of its rule, as it is to be gone on from
create table alert (
  id bigint generated always as identity primary key,
  rule text not null,
  fingerprint text not null,
  resource_id bigint,
  tenant_id bigint,
  site_id bigint,
  source_id bigint not null,
  state text not null check (state in ('PENDING', 'FIRING', 'RESOLVED')),
  severity text not null check (severity in ('INFO', 'WARNING', 'CRITICAL')),
  failure text not null,
  value double precision,
  summary text not null,
  runbook_url text,
  labels jsonb not null default '{}',
  life jsonb,
  starts_at timestamptz not null,
  fired_at timestamptz,
  ends_at timestamptz,
  incident_id bigint references incident (id)
);
-- whoever evaluates a rule twice makes one alert
create unique index alert_open on alert (fingerprint) where state <> 'RESOLVED';
create index alert_resource on alert (resource_id, id);
create index alert_incident on alert (incident_id);
create index alert_ends_at on alert (ends_at);

create table silence (
  id bigint generated always as identity primary key,
  is_maintenance boolean not null,
  resource_ids bigint[] not null,
  rules text[] not null,
  severities text[] not null,
  labels jsonb not null,
  comment text not null,
  created_by text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null
);
create index silence_ends_at on silence (ends_at);

-- one message to one receiver: sent once however often it is asked for
create table notification (
  id bigint generated always as identity primary key,
  incident_id bigint not null,
  receiver text not null,
  what text not null,
  due_at timestamptz not null,
  tries integer not null default 0,
  sent_at timestamptz,
  given_up_at timestamptz,
  failure text,
  unique (incident_id, receiver, what)
);
create index notification_due on notification (due_at) where sent_at is null and given_up_at is null;
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
