import type { Knex } from 'knex'

/**
 * What is given to whom. Writers take their locks in this order: the write lock of resources, quota, provider_usage by provider, allocation_head, log_head.
 * `allocation_head.seq` rises with each change of what is used; rows that changed bear it, so that a process reads what it does not know yet and nothing else.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
create table allocation_head (
  only_row boolean primary key default true check (only_row),
  seq bigint not null default 0
);
insert into allocation_head default values;

create table quota (
  tenant_id bigint not null,
  class text not null,
  used bigint not null default 0 check (used >= 0),
  primary key (tenant_id, class)
);

-- provider: a resource's id, or 'pool/NAME' where the pool itself gives
create table provider_usage (
  provider text not null,
  class text not null,
  used bigint not null default 0 check (used >= 0),
  generation bigint not null default 1,
  changed_seq bigint not null,
  primary key (provider, class)
);
create index provider_usage_changed on provider_usage (changed_seq);

create table allocation (
  id bigint generated always as identity primary key,
  tenant_id bigint not null,
  name text not null,
  state text not null check (state in ('PENDING', 'CREATING', 'ACTIVE', 'RELEASING', 'RELEASED', 'FAILED')),
  blueprint text not null,
  request jsonb not null,
  request_hash bytea not null,
  created_by text not null,
  created_at timestamptz not null,
  lease_ends_at timestamptz,
  ended_at timestamptz
);
-- a name is free again when what had it is no more
create unique index allocation_name on allocation (tenant_id, name) where state not in ('RELEASED', 'FAILED');
create index allocation_lease on allocation (lease_ends_at) where state = 'ACTIVE' and lease_ends_at is not null;

create table claim (
  allocation_id bigint not null references allocation (id),
  ordinal integer not null,
  member integer not null,
  pool text not null,
  provider text not null,
  resource_id bigint,
  provider_name text not null,
  class text not null,
  amount bigint not null check (amount > 0),
  -- an address, a number, a place in a rack; one row each
  unit text,
  primary key (allocation_id, ordinal)
);
create unique index claim_unit on claim (provider, class, unit) where unit is not null;
create index claim_provider on claim (provider);

-- what the allocation stated (key, of the source allocations) or holds (no key)
create table allocation_resource (
  allocation_id bigint not null references allocation (id),
  resource_id bigint not null,
  key text,
  primary key (allocation_id, resource_id)
);

create table operation (
  id bigint generated always as identity primary key,
  kind text not null,
  state text not null check (state in ('AWAITING_APPROVAL', 'PENDING', 'RUNNING', 'UNWINDING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'STUCK')),
  allocation_id bigint references allocation (id),
  tenant_id bigint,
  input jsonb not null,
  started_by text not null,
  approved_by text,
  cancel_asked_by text,
  started_at timestamptz not null,
  ended_at timestamptz,
  error jsonb
);
create index operation_open on operation (id) where state in ('PENDING', 'RUNNING', 'UNWINDING');
create index operation_allocation on operation (allocation_id);

-- the log of its steps; written before and after each effect, by whoever has the turn
create table operation_step (
  operation_id bigint not null references operation (id),
  ordinal integer not null,
  kind text not null,
  name text not null,
  parameters jsonb not null,
  state text not null check (state in ('PENDING', 'RUNNING', 'DONE', 'FAILED', 'UNDOING', 'UNDONE', 'STUCK')),
  attempts integer not null default 0,
  result jsonb,
  error jsonb,
  started_at timestamptz,
  ended_at timestamptz,
  primary key (operation_id, ordinal)
);
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
