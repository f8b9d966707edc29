-- What the migrations give. Written by: npx vitest run -u test/conformance/migration.test.ts

create sequence alert_id_seq as bigint increment 1;

create sequence allocation_id_seq as bigint increment 1;

create sequence audit_id_seq as bigint increment 1;

create sequence incident_id_seq as bigint increment 1;

create sequence log_line_seq as bigint increment 1;

create sequence metric_id_seq as integer increment 1;

create sequence notification_id_seq as bigint increment 1;

create sequence operation_id_seq as bigint increment 1;

create sequence resource_history_seq_seq as bigint increment 1;

create sequence resource_id as bigint increment 1;

create sequence series_id_seq as bigint increment 1;

create sequence silence_id_seq as bigint increment 1;

create sequence token_id_seq as bigint increment 1;

create table alert (
  id bigint generated as identity not null,
  rule text not null,
  fingerprint text not null,
  resource_id bigint,
  tenant_id bigint,
  site_id bigint,
  source_id bigint not null,
  state text not null,
  severity text not null,
  failure text not null,
  value double precision,
  summary text not null,
  runbook_url text,
  labels jsonb default '{}'::jsonb not null,
  life jsonb,
  starts_at timestamp with time zone not null,
  fired_at timestamp with time zone,
  ends_at timestamp with time zone,
  incident_id bigint
);

create table allocation (
  id bigint generated as identity not null,
  tenant_id bigint not null,
  name text not null,
  state text not null,
  blueprint text not null,
  request jsonb not null,
  request_hash bytea not null,
  created_by text not null,
  created_at timestamp with time zone not null,
  lease_ends_at timestamp with time zone,
  ended_at timestamp with time zone,
  lease_set_at timestamp with time zone,
  lease_warned_seconds integer
);

create table allocation_head (
  only_row boolean default true not null,
  seq bigint default 0 not null
);

create table allocation_resource (
  allocation_id bigint not null,
  resource_id bigint not null,
  key text
);

create table audit (
  id bigint generated as identity not null,
  at timestamp with time zone not null,
  actor text not null,
  remote_address text,
  request_id text,
  action text not null,
  input jsonb,
  outcome text not null,
  error_code text,
  cursor_seq bigint,
  place bigint,
  previous bytea,
  hash bytea
);

create table audit_head (
  single boolean default true not null,
  place bigint default 0 not null,
  hash bytea default '\x'::bytea not null,
  pruned_place bigint default 0 not null,
  pruned_hash bytea default '\x'::bytea not null
);

create table claim (
  allocation_id bigint not null,
  ordinal integer not null,
  member integer not null,
  pool text not null,
  provider text not null,
  resource_id bigint,
  provider_name text not null,
  class text not null,
  amount bigint not null,
  unit text
);

create table event (
  seq bigint not null,
  at timestamp with time zone not null,
  actor text not null,
  type text not null,
  resource_id bigint,
  body jsonb not null
);

create table idempotency (
  actor text not null,
  key text not null,
  action text not null,
  input_hash bytea not null,
  answer jsonb not null,
  at timestamp with time zone not null
);

create table identity (
  type text not null,
  scope text not null,
  value text not null,
  source_id bigint not null,
  key text not null,
  strong boolean not null
);

create table identity_conflict (
  a_id bigint not null,
  b_id bigint not null,
  type text not null,
  scope text not null,
  value text not null,
  since timestamp with time zone not null
);

create table identity_decision (
  source_a bigint not null,
  key_a text not null,
  source_b bigint not null,
  key_b text not null,
  same boolean not null,
  decided_by text not null,
  decided_at timestamp with time zone not null
);

create table incident (
  id bigint generated as identity not null,
  cause_id bigint not null,
  failure text not null,
  tenant_id bigint,
  summary text not null,
  severity text not null,
  runbook_url text,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone,
  acknowledged_by text,
  acknowledged_at timestamp with time zone,
  merged_into bigint
);

create table link (
  type text not null,
  from_id bigint not null,
  to_id bigint not null,
  since timestamp with time zone not null,
  attributes jsonb default '{}'::jsonb not null
);

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
  attributes jsonb default '{}'::jsonb not null
);

create table link_history (
  type text not null,
  from_id bigint not null,
  to_id bigint not null,
  valid_from timestamp with time zone not null,
  valid_to timestamp with time zone
);

create table log_head (
  only_row boolean default true not null,
  epoch uuid default gen_random_uuid() not null,
  seq bigint default 0 not null
);

create table log_line (
  id bigint default nextval('log_line_seq'::regclass) not null,
  at timestamp with time zone not null,
  told_at timestamp with time zone,
  resource_id bigint not null,
  interface_id bigint,
  tenant_id bigint,
  level smallint not null,
  program text,
  text text not null
);

create table metric (
  id integer generated as identity not null,
  name text not null,
  unit text not null,
  type text not null,
  help text not null
);

create table metric_head (
  only_row boolean default true not null,
  seq bigint default 0 not null,
  compacted_seq bigint default 0 not null,
  compacted_until timestamp with time zone default '-infinity'::timestamp with time zone not null
);

create table metric_remote (
  only_row boolean default true not null,
  seq bigint not null
);

create table metric_tick (
  seq bigint not null,
  from_at timestamp with time zone not null,
  to_at timestamp with time zone not null,
  samples integer not null,
  payload bytea not null
);

create table notification (
  id bigint generated as identity not null,
  incident_id bigint not null,
  receiver text not null,
  what text not null,
  due_at timestamp with time zone not null,
  tries integer default 0 not null,
  sent_at timestamp with time zone,
  given_up_at timestamp with time zone,
  failure text
);

create table observation (
  source_id bigint not null,
  key text not null,
  resource_id bigint not null,
  kind text not null,
  name text not null,
  status text,
  labels jsonb,
  owner text,
  contact text,
  fields jsonb default '{}'::jsonb not null,
  attributes jsonb default '{}'::jsonb not null,
  links jsonb default '[]'::jsonb not null,
  without text[] default '{}'::text[] not null,
  hearsay boolean default false not null,
  content_hash bytea not null,
  first_seen_at timestamp with time zone not null,
  changed_at timestamp with time zone not null,
  missed_listings integer default 0 not null,
  missed_since timestamp with time zone,
  part text
);

create table operation (
  id bigint generated as identity not null,
  kind text not null,
  state text not null,
  allocation_id bigint,
  tenant_id bigint,
  input jsonb not null,
  started_by text not null,
  approved_by text,
  cancel_asked_by text,
  started_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  error jsonb
);

create table operation_step (
  operation_id bigint not null,
  ordinal integer not null,
  kind text not null,
  name text not null,
  parameters jsonb not null,
  state text not null,
  attempts integer default 0 not null,
  result jsonb,
  error jsonb,
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  progress real,
  message text
);

create table provider_usage (
  provider text not null,
  class text not null,
  used bigint default 0 not null,
  generation bigint default 1 not null,
  changed_seq bigint not null
);

create table quota (
  tenant_id bigint not null,
  class text not null,
  used bigint default 0 not null
);

create table resource (
  id bigint not null,
  kind text not null,
  name text not null,
  status text,
  labels jsonb default '{}'::jsonb not null,
  owner text,
  contact text,
  site_id bigint,
  tenant_id bigint,
  fields jsonb default '{}'::jsonb not null,
  attributes jsonb default '{}'::jsonb not null,
  sources bigint[] default '{}'::bigint[] not null,
  generation integer default 1 not null,
  revision integer default 1 not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  drift jsonb,
  has_conflict boolean default false not null
);

create table resource_gone (
  id bigint not null,
  kind text not null,
  name text not null,
  into_id bigint,
  gone_at timestamp with time zone not null,
  expires_at timestamp with time zone
);

create table resource_history (
  resource_id bigint not null,
  valid_from timestamp with time zone not null,
  valid_to timestamp with time zone,
  seq bigint generated as identity not null,
  action text not null,
  actor text not null,
  image jsonb not null,
  changes jsonb default '[]'::jsonb not null
);

create table rule (
  name text not null,
  definition jsonb not null,
  updated_at timestamp with time zone default now() not null,
  updated_by text not null
);

create table sample_chunk (
  series_id bigint not null,
  hour timestamp with time zone not null,
  samples integer not null,
  is_rollup boolean not null,
  payload bytea not null
);

create table sample_day (
  series_id bigint not null,
  day timestamp with time zone not null,
  payload bytea not null
);

create table sample_fine (
  series_id bigint not null,
  hour timestamp with time zone not null,
  samples integer not null,
  payload bytea not null
);

create table series (
  id bigint generated as identity not null,
  resource_id bigint not null,
  metric_id integer not null,
  source_id bigint not null
);

create table silence (
  id bigint generated as identity not null,
  is_maintenance boolean not null,
  resource_ids bigint[] not null,
  rules text[] not null,
  severities text[] not null,
  labels jsonb not null,
  comment text not null,
  created_by text not null,
  starts_at timestamp with time zone not null,
  ends_at timestamp with time zone not null
);

create table source (
  id bigint not null,
  name text not null,
  driver text not null,
  role text not null,
  precedence integer default 100 not null,
  authoritative boolean default true not null,
  last_sync_at timestamp with time zone,
  last_sync_seconds double precision,
  seen integer,
  changed integer,
  failure text,
  held text,
  epoch bigint default 0 not null,
  breaker text,
  push_lag_seconds double precision,
  asked_at timestamp with time zone,
  asked_by text,
  asked_accept boolean default false not null,
  answered_at timestamp with time zone,
  answer jsonb
);

create table token (
  id bigint generated as identity not null,
  name text not null,
  role text not null,
  hash bytea not null,
  created_at timestamp with time zone not null,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  last_used_at timestamp with time zone,
  limited_hash bytea,
  custom_role text,
  scopes jsonb,
  addresses text[],
  created_by text
);

create table turn (
  name text not null,
  holder text,
  epoch bigint default 0 not null,
  until timestamp with time zone
);

alter table alert add constraint alert_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES incident(id);

alter table alert add constraint alert_pkey PRIMARY KEY (id);

alter table alert add constraint alert_severity_check CHECK ((severity = ANY (ARRAY['INFO'::text, 'WARNING'::text, 'CRITICAL'::text])));

alter table alert add constraint alert_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'FIRING'::text, 'RESOLVED'::text])));

alter table allocation add constraint allocation_pkey PRIMARY KEY (id);

alter table allocation add constraint allocation_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'CREATING'::text, 'ACTIVE'::text, 'RELEASING'::text, 'RELEASED'::text, 'FAILED'::text])));

alter table allocation_head add constraint allocation_head_only_row_check CHECK (only_row);

alter table allocation_head add constraint allocation_head_pkey PRIMARY KEY (only_row);

alter table allocation_resource add constraint allocation_resource_allocation_id_fkey FOREIGN KEY (allocation_id) REFERENCES allocation(id);

alter table allocation_resource add constraint allocation_resource_pkey PRIMARY KEY (allocation_id, resource_id);

alter table audit add constraint audit_pkey PRIMARY KEY (id);

alter table audit add constraint audit_place_key UNIQUE (place);

alter table audit_head add constraint audit_head_pkey PRIMARY KEY (single);

alter table audit_head add constraint audit_head_single_check CHECK (single);

alter table claim add constraint claim_allocation_id_fkey FOREIGN KEY (allocation_id) REFERENCES allocation(id);

alter table claim add constraint claim_amount_check CHECK ((amount > 0));

alter table claim add constraint claim_pkey PRIMARY KEY (allocation_id, ordinal);

alter table event add constraint event_pkey PRIMARY KEY (seq);

alter table idempotency add constraint idempotency_pkey PRIMARY KEY (actor, key);

alter table identity add constraint identity_pkey PRIMARY KEY (type, scope, value, source_id, key);

alter table identity add constraint identity_source_id_key_fkey FOREIGN KEY (source_id, key) REFERENCES observation(source_id, key) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

alter table identity_conflict add constraint identity_conflict_pkey PRIMARY KEY (a_id, b_id, type, scope, value);

alter table identity_decision add constraint identity_decision_pkey PRIMARY KEY (source_a, key_a, source_b, key_b);

alter table incident add constraint incident_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES incident(id);

alter table incident add constraint incident_pkey PRIMARY KEY (id);

alter table incident add constraint incident_severity_check CHECK ((severity = ANY (ARRAY['INFO'::text, 'WARNING'::text, 'CRITICAL'::text])));

alter table link add constraint link_from_id_fkey FOREIGN KEY (from_id) REFERENCES resource(id) DEFERRABLE INITIALLY DEFERRED;

alter table link add constraint link_pkey PRIMARY KEY (from_id, type, to_id);

alter table link add constraint link_to_id_fkey FOREIGN KEY (to_id) REFERENCES resource(id) DEFERRABLE INITIALLY DEFERRED;

alter table link_claim add constraint link_claim_pkey PRIMARY KEY (source_id, key, ordinal);

alter table link_claim add constraint link_claim_source_id_key_fkey FOREIGN KEY (source_id, key) REFERENCES observation(source_id, key) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

alter table link_history add constraint link_history_pkey PRIMARY KEY (from_id, type, to_id, valid_from);

alter table log_head add constraint log_head_only_row_check CHECK (only_row);

alter table log_head add constraint log_head_pkey PRIMARY KEY (only_row);

alter table log_line add constraint log_line_level_check CHECK (((level >= 0) AND (level <= 7)));

alter table metric add constraint metric_name_key UNIQUE (name);

alter table metric add constraint metric_pkey PRIMARY KEY (id);

alter table metric add constraint metric_type_check CHECK ((type = ANY (ARRAY['gauge'::text, 'counter'::text, 'state'::text])));

alter table metric_head add constraint metric_head_only_row_check CHECK (only_row);

alter table metric_head add constraint metric_head_pkey PRIMARY KEY (only_row);

alter table metric_remote add constraint metric_remote_only_row_check CHECK (only_row);

alter table metric_remote add constraint metric_remote_pkey PRIMARY KEY (only_row);

alter table metric_tick add constraint metric_tick_pkey PRIMARY KEY (seq);

alter table notification add constraint notification_incident_id_receiver_what_key UNIQUE (incident_id, receiver, what);

alter table notification add constraint notification_pkey PRIMARY KEY (id);

alter table observation add constraint observation_pkey PRIMARY KEY (source_id, key);

alter table observation add constraint observation_source_id_fkey FOREIGN KEY (source_id) REFERENCES resource(id) DEFERRABLE INITIALLY DEFERRED;

alter table operation add constraint operation_allocation_id_fkey FOREIGN KEY (allocation_id) REFERENCES allocation(id);

alter table operation add constraint operation_pkey PRIMARY KEY (id);

alter table operation add constraint operation_state_check CHECK ((state = ANY (ARRAY['AWAITING_APPROVAL'::text, 'PENDING'::text, 'RUNNING'::text, 'UNWINDING'::text, 'SUCCEEDED'::text, 'FAILED'::text, 'CANCELLED'::text, 'STUCK'::text])));

alter table operation_step add constraint operation_step_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES operation(id);

alter table operation_step add constraint operation_step_pkey PRIMARY KEY (operation_id, ordinal);

alter table operation_step add constraint operation_step_progress_check CHECK (((progress >= (0)::double precision) AND (progress <= (1)::double precision)));

alter table operation_step add constraint operation_step_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'RUNNING'::text, 'DONE'::text, 'FAILED'::text, 'UNDOING'::text, 'UNDONE'::text, 'STUCK'::text])));

alter table provider_usage add constraint provider_usage_pkey PRIMARY KEY (provider, class);

alter table provider_usage add constraint provider_usage_used_check CHECK ((used >= 0));

alter table quota add constraint quota_pkey PRIMARY KEY (tenant_id, class);

alter table quota add constraint quota_used_check CHECK ((used >= 0));

alter table resource add constraint resource_pkey PRIMARY KEY (id);

alter table resource_gone add constraint resource_gone_pkey PRIMARY KEY (id);

alter table resource_history add constraint resource_history_pkey PRIMARY KEY (resource_id, seq);

alter table rule add constraint rule_pkey PRIMARY KEY (name);

alter table sample_chunk add constraint sample_chunk_pkey PRIMARY KEY (series_id, hour);

alter table sample_day add constraint sample_day_pkey PRIMARY KEY (series_id, day);

alter table sample_fine add constraint sample_fine_pkey PRIMARY KEY (series_id, hour);

alter table series add constraint series_metric_id_fkey FOREIGN KEY (metric_id) REFERENCES metric(id);

alter table series add constraint series_pkey PRIMARY KEY (id);

alter table series add constraint series_resource_id_metric_id_source_id_key UNIQUE (resource_id, metric_id, source_id);

alter table silence add constraint silence_pkey PRIMARY KEY (id);

alter table source add constraint source_id_fkey FOREIGN KEY (id) REFERENCES resource(id) DEFERRABLE INITIALLY DEFERRED;

alter table source add constraint source_name_key UNIQUE (name);

alter table source add constraint source_pkey PRIMARY KEY (id);

alter table source add constraint source_role_check CHECK ((role = ANY (ARRAY['intent'::text, 'observed'::text])));

alter table token add constraint token_hash_key UNIQUE (hash);

alter table token add constraint token_limited_hash_key UNIQUE (limited_hash);

alter table token add constraint token_name_key UNIQUE (name);

alter table token add constraint token_pkey PRIMARY KEY (id);

alter table token add constraint token_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text])));

alter table turn add constraint turn_pkey PRIMARY KEY (name);

CREATE INDEX alert_ends_at ON public.alert USING btree (ends_at);

CREATE INDEX alert_incident ON public.alert USING btree (incident_id);

CREATE UNIQUE INDEX alert_open ON public.alert USING btree (fingerprint) WHERE (state <> 'RESOLVED'::text);

CREATE INDEX alert_resource ON public.alert USING btree (resource_id, id);

CREATE INDEX allocation_lease ON public.allocation USING btree (lease_ends_at) WHERE ((state = 'ACTIVE'::text) AND (lease_ends_at IS NOT NULL));

CREATE UNIQUE INDEX allocation_name ON public.allocation USING btree (tenant_id, name) WHERE (state <> ALL (ARRAY['RELEASED'::text, 'FAILED'::text]));

CREATE INDEX allocation_warned ON public.allocation USING btree (tenant_id) WHERE ((state = 'ACTIVE'::text) AND (lease_warned_seconds IS NOT NULL));

CREATE INDEX audit_at ON public.audit USING btree (at);

CREATE INDEX claim_provider ON public.claim USING btree (provider);

CREATE UNIQUE INDEX claim_unit ON public.claim USING btree (provider, class, unit) WHERE (unit IS NOT NULL);

CREATE INDEX event_at ON public.event USING btree (at);

CREATE INDEX event_resource ON public.event USING btree (resource_id, seq) WHERE (resource_id IS NOT NULL);

CREATE INDEX idempotency_at ON public.idempotency USING btree (at);

CREATE INDEX identity_observation ON public.identity USING btree (source_id, key);

CREATE INDEX identity_parent ON public.identity USING btree (split_part(scope, '/'::text, 1)) WHERE (scope ~~ 'r:%'::text);

CREATE INDEX identity_conflict_b ON public.identity_conflict USING btree (b_id);

CREATE INDEX incident_ends_at ON public.incident USING btree (ends_at);

CREATE INDEX incident_open ON public.incident USING btree (id) WHERE (ends_at IS NULL);

CREATE INDEX link_to ON public.link USING btree (to_id, type);

CREATE INDEX link_claim_pending ON public.link_claim USING btree (source_id, key) WHERE ((target_source_id IS NULL) AND (target_id IS NULL));

CREATE INDEX link_claim_target ON public.link_claim USING btree (target_source_id, target_key);

CREATE INDEX link_claim_target_id ON public.link_claim USING btree (target_id) WHERE (target_id IS NOT NULL);

CREATE INDEX link_history_end ON public.link_history USING btree (valid_to) WHERE (valid_to IS NOT NULL);

CREATE INDEX link_history_open ON public.link_history USING btree (from_id, type, to_id) WHERE (valid_to IS NULL);

CREATE INDEX link_history_time ON public.link_history USING btree (valid_from);

CREATE INDEX link_history_to ON public.link_history USING btree (to_id);

CREATE INDEX log_line_at ON ONLY public.log_line USING btree (at DESC, id DESC);

CREATE INDEX log_line_interface ON ONLY public.log_line USING btree (interface_id, at DESC, id DESC) WHERE (interface_id IS NOT NULL);

CREATE INDEX log_line_resource ON ONLY public.log_line USING btree (resource_id, at DESC, id DESC);

CREATE INDEX log_line_words ON ONLY public.log_line USING gin (to_tsvector('simple'::regconfig, text));

CREATE INDEX notification_due ON public.notification USING btree (due_at) WHERE ((sent_at IS NULL) AND (given_up_at IS NULL));

CREATE INDEX observation_part ON public.observation USING btree (source_id, part) WHERE (part IS NOT NULL);

CREATE INDEX observation_resource ON public.observation USING btree (resource_id);

CREATE INDEX operation_allocation ON public.operation USING btree (allocation_id);

CREATE INDEX operation_open ON public.operation USING btree (id) WHERE (state = ANY (ARRAY['PENDING'::text, 'RUNNING'::text, 'UNWINDING'::text]));

CREATE INDEX operation_stuck ON public.operation USING btree (tenant_id) WHERE (state = 'STUCK'::text);

CREATE INDEX provider_usage_changed ON public.provider_usage USING btree (changed_seq);

CREATE INDEX resource_attributes ON public.resource USING gin (attributes jsonb_path_ops);

CREATE INDEX resource_kind_name ON public.resource USING btree (kind, name);

CREATE INDEX resource_gone_into ON public.resource_gone USING btree (into_id) WHERE (into_id IS NOT NULL);

CREATE INDEX resource_history_end ON public.resource_history USING btree (valid_to) WHERE (valid_to IS NOT NULL);

CREATE UNIQUE INDEX resource_history_open ON public.resource_history USING btree (resource_id) WHERE (valid_to IS NULL);

CREATE INDEX resource_history_time ON public.resource_history USING btree (valid_from);

CREATE INDEX silence_ends_at ON public.silence USING btree (ends_at);

CREATE OR REPLACE FUNCTION public.audit_chain()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  -- a row of a backup comes with its link
  if new.hash is not null then return new; end if;
  -- the row's lock lasts until the commit: one after the other
  select place + 1, hash into new.place, new.previous from audit_head for update;
  new.hash := sha256(new.previous || convert_to(audit_text(new), 'UTF8'));
  update audit_head set place = new.place, hash = new.hash;
  return new;
end
$function$
;

CREATE OR REPLACE FUNCTION public.audit_text(one audit)
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
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
$function$
;

CREATE TRIGGER audit_chain BEFORE INSERT ON public.audit FOR EACH ROW EXECUTE FUNCTION audit_chain();
