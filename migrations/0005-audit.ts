import type { Knex } from 'knex'

/**
 * The audit trail as a chain: each row's hash is of the former row's hash and its own text, so that a row that is changed, taken out or put in shows. The chain
 * is made by a trigger, so that the rows of an older process are in it too. `audit_head` has the last link, and the last one that was pruned.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
alter table audit
  add column place bigint unique,
  add column previous bytea,
  add column hash bytea;

create table audit_head (
  single boolean primary key default true check (single),
  place bigint not null default 0,
  hash bytea not null default ''::bytea,
  pruned_place bigint not null default 0,
  pruned_hash bytea not null default ''::bytea
);
insert into audit_head default values;

create function audit_text(one audit) returns text language sql stable as $$
  select jsonb_build_object(
    'place', one.place,
    'at', to_char(one.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'actor', one.actor,
    'remoteAddress', one.remote_address,
    'requestId', one.request_id,
    'action', one.action,
    'input', one.input,
    'outcome', one.outcome,
    'errorCode', one.error_code,
    'cursorSeq', one.cursor_seq)::text
$$;

create function audit_chain() returns trigger language plpgsql as $$
begin
  -- a row of a backup comes with its link
  if new.hash is not null then return new; end if;
  -- the row's lock lasts until the commit: one after the other
  select place + 1, hash into new.place, new.previous from audit_head for update;
  new.hash := sha256(new.previous || convert_to(audit_text(new), 'UTF8'));
  update audit_head set place = new.place, hash = new.hash;
  return new;
end
$$;

do $$
declare one audit;
begin
  for one in select * from audit order by id loop
    select place + 1, hash into one.place, one.previous from audit_head;
    one.hash := sha256(one.previous || convert_to(audit_text(one), 'UTF8'));
    update audit set place = one.place, previous = one.previous, hash = one.hash where id = one.id;
    update audit_head set place = one.place, hash = one.hash;
  end loop;
end
$$;

create trigger audit_chain before insert on audit for each row execute function audit_chain();
`)
}

export async function down(): Promise<void> {
  throw new Error('Plenum goes forward only: restore a backup to go back')
}
