import type { Knex } from 'knex'

/** The CMDB: resources and links as they stand, what sources said, the event log, the audit trail. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table log_head (
  only_row boolean primary key default true check (only_row),
  epoch uuid not null default gen_random_uuid(),
  seq bigint not null default 0
);
insert into log_head default values;

create table event (
  seq bigint primary key,
  at timestamptz not null,
  actor text not null,
  type text not null,
  resource_id bigint,
  body jsonb not null
);
create index event_resource on event (resource_id, seq) where resource_id is not null;
create index event_at on event (at);

create sequence resource_id as bigint;

create table resource (
  id bigint primary key,
  kind text not null,
  name text not null,
  status text,
  labels jsonb not null default '{}',
  owner text,
  contact text,
  site_id bigint,
  tenant_id bigint,
  fields jsonb not null default '{}',
  attributes jsonb not null default '{}',
  sources bigint[] not null default '{}',
  generation integer not null default 1,
  revision integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  drift jsonb,
  has_conflict boolean not null default false
);
create index resource_kind_name on resource (kind, name);
create index resource_attributes on resource using gin (attributes jsonb_path_ops);

-- ids that are no longer: merged into another (into_id) or deleted (tombstone until expires_at)
create table resource_gone (
  id bigint primary key,
  kind text not null,
  name text not null,
  into_id bigint,
  gone_at timestamptz not null,
  expires_at timestamptz
);
create index resource_gone_into on resource_gone (into_id) where into_id is not null;

create table link (
  type text not null,
  from_id bigint not null references resource (id) deferrable initially deferred,
  to_id bigint not null references resource (id) deferrable initially deferred,
  since timestamptz not null,
  attributes jsonb not null default '{}',
  primary key (from_id, type, to_id)
);
create index link_to on link (to_id, type);

-- what one source says about one thing; also the origin: this source knows that resource by this key
create table observation (
  source_id bigint not null references resource (id) deferrable initially deferred,
  key text not null,
  resource_id bigint not null,
  kind text not null,
  name text not null,
  status text,
  labels jsonb,
  owner text,
  contact text,
  fields jsonb not null default '{}',
  attributes jsonb not null default '{}',
  links jsonb not null default '[]',
  -- which of status, owner, contact it says that there is none of; null in those columns alone says nothing
  without text[] not null default '{}',
  hearsay boolean not null default false,
  content_hash bytea not null,
  first_seen_at timestamptz not null,
  changed_at timestamptz not null,
  missed_listings integer not null default 0,
  missed_since timestamptz,
  primary key (source_id, key)
);
create index observation_resource on observation (resource_id);

-- which observation claims which identity; scope 'r:<id>' is a parent resource
create table identity (
  type text not null,
  scope text not null,
  value text not null,
  source_id bigint not null,
  key text not null,
  strong boolean not null,
  primary key (type, scope, value, source_id, key),
  foreign key (source_id, key) references observation (source_id, key) on delete cascade deferrable initially deferred
);
create index identity_observation on identity (source_id, key);
create index identity_parent on identity (split_part(scope, '/', 1)) where scope like 'r:%';

-- who says a link; a link lives while it has a claim. The target is an observation, or a resource, or not known yet
create table link_claim (
  source_id bigint not null,
  key text not null,
  ordinal integer not null,
  type text not null,
  direction text not null,
  target_source_id bigint,
  target_key text,
  target_id bigint,
  target jsonb not null,
  attributes jsonb not null default '{}',
  primary key (source_id, key, ordinal),
  foreign key (source_id, key) references observation (source_id, key) on delete cascade deferrable initially deferred
);
create index link_claim_target on link_claim (target_source_id, target_key);
create index link_claim_target_id on link_claim (target_id) where target_id is not null;
create index link_claim_pending on link_claim (source_id, key) where target_source_id is null and target_id is null;

-- what people decided about identity: these two observations are one thing, or are not
create table identity_decision (
  source_a bigint not null,
  key_a text not null,
  source_b bigint not null,
  key_b text not null,
  same boolean not null,
  decided_by text not null,
  decided_at timestamptz not null,
  primary key (source_a, key_a, source_b, key_b)
);

-- resources that may be the same thing; a_id < b_id
create table identity_conflict (
  a_id bigint not null,
  b_id bigint not null,
  type text not null,
  scope text not null,
  value text not null,
  since timestamptz not null,
  primary key (a_id, b_id, type, scope, value)
);
create index identity_conflict_b on identity_conflict (b_id);

-- state of a source beyond its resource row
create table source (
  id bigint primary key references resource (id) deferrable initially deferred,
  name text not null unique,
  driver text not null,
  role text not null check (role in ('intent', 'observed')),
  precedence integer not null default 100,
  authoritative boolean not null default true,
  last_sync_at timestamptz,
  last_sync_seconds double precision,
  seen integer,
  changed integer,
  failure text,
  held text,
  epoch bigint not null default 0
);

create table resource_history (
  resource_id bigint not null,
  valid_from timestamptz not null,
  valid_to timestamptz,
  seq bigint generated always as identity,
  action text not null,
  actor text not null,
  image jsonb not null,
  changes jsonb not null default '[]',
  primary key (resource_id, seq)
);
create unique index resource_history_open on resource_history (resource_id) where valid_to is null;
create index resource_history_time on resource_history (valid_from);
create index resource_history_end on resource_history (valid_to) where valid_to is not null;

create table link_history (
  type text not null,
  from_id bigint not null,
  to_id bigint not null,
  valid_from timestamptz not null,
  valid_to timestamptz,
  primary key (from_id, type, to_id, valid_from)
);
create index link_history_open on link_history (from_id, type, to_id) where valid_to is null;
create index link_history_time on link_history (valid_from);
create index link_history_end on link_history (valid_to) where valid_to is not null;
create index link_history_to on link_history (to_id);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  actor text not null,
  remote_address text,
  request_id text,
  action text not null,
  input jsonb,
  outcome text not null,
  error_code text,
  cursor_seq bigint
);
create index audit_at on audit (at);

create table idempotency (
  actor text not null,
  key text not null,
  action text not null,
  input_hash bytea not null,
  answer jsonb not null,
  at timestamptz not null,
  primary key (actor, key)
);
create index idempotency_at on idempotency (at);

create table token (
  id bigint generated always as identity primary key,
  name text not null unique,
  role text not null check (role in ('viewer', 'operator', 'admin')),
  hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);

create table turn (
  name text primary key,
  holder text,
  epoch bigint not null default 0,
  until timestamptz
);
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
