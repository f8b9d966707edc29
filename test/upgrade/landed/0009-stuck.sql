SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE FUNCTION public.audit_chain() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public.audit (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    remote_address text,
    request_id text,
    action text NOT NULL,
    input jsonb,
    outcome text NOT NULL,
    error_code text,
    cursor_seq bigint,
    place bigint,
    previous bytea,
    hash bytea
);

CREATE FUNCTION public.audit_text(one public.audit) RETURNS text
    LANGUAGE sql STABLE
    AS $$
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

CREATE TABLE public.alert (
    id bigint NOT NULL,
    rule text NOT NULL,
    fingerprint text NOT NULL,
    resource_id bigint,
    tenant_id bigint,
    site_id bigint,
    source_id bigint NOT NULL,
    state text NOT NULL,
    severity text NOT NULL,
    failure text NOT NULL,
    value double precision,
    summary text NOT NULL,
    runbook_url text,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    life jsonb,
    starts_at timestamp with time zone NOT NULL,
    fired_at timestamp with time zone,
    ends_at timestamp with time zone,
    incident_id bigint,
    CONSTRAINT alert_severity_check CHECK ((severity = ANY (ARRAY['INFO'::text, 'WARNING'::text, 'CRITICAL'::text]))),
    CONSTRAINT alert_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'FIRING'::text, 'RESOLVED'::text])))
);

ALTER TABLE public.alert ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.allocation (
    id bigint NOT NULL,
    tenant_id bigint NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    blueprint text NOT NULL,
    request jsonb NOT NULL,
    request_hash bytea NOT NULL,
    created_by text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    lease_ends_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT allocation_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'CREATING'::text, 'ACTIVE'::text, 'RELEASING'::text, 'RELEASED'::text, 'FAILED'::text])))
);

CREATE TABLE public.allocation_head (
    only_row boolean DEFAULT true NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    CONSTRAINT allocation_head_only_row_check CHECK (only_row)
);

ALTER TABLE public.allocation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.allocation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.allocation_resource (
    allocation_id bigint NOT NULL,
    resource_id bigint NOT NULL,
    key text
);

CREATE TABLE public.audit_head (
    single boolean DEFAULT true NOT NULL,
    place bigint DEFAULT 0 NOT NULL,
    hash bytea DEFAULT '\x'::bytea NOT NULL,
    pruned_place bigint DEFAULT 0 NOT NULL,
    pruned_hash bytea DEFAULT '\x'::bytea NOT NULL,
    CONSTRAINT audit_head_single_check CHECK (single)
);

ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.claim (
    allocation_id bigint NOT NULL,
    ordinal integer NOT NULL,
    member integer NOT NULL,
    pool text NOT NULL,
    provider text NOT NULL,
    resource_id bigint,
    provider_name text NOT NULL,
    class text NOT NULL,
    amount bigint NOT NULL,
    unit text,
    CONSTRAINT claim_amount_check CHECK ((amount > 0))
);

CREATE TABLE public.event (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    type text NOT NULL,
    resource_id bigint,
    body jsonb NOT NULL
);

CREATE TABLE public.idempotency (
    actor text NOT NULL,
    key text NOT NULL,
    action text NOT NULL,
    input_hash bytea NOT NULL,
    answer jsonb NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.identity (
    type text NOT NULL,
    scope text NOT NULL,
    value text NOT NULL,
    source_id bigint NOT NULL,
    key text NOT NULL,
    strong boolean NOT NULL
);

CREATE TABLE public.identity_conflict (
    a_id bigint NOT NULL,
    b_id bigint NOT NULL,
    type text NOT NULL,
    scope text NOT NULL,
    value text NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE public.identity_decision (
    source_a bigint NOT NULL,
    key_a text NOT NULL,
    source_b bigint NOT NULL,
    key_b text NOT NULL,
    same boolean NOT NULL,
    decided_by text NOT NULL,
    decided_at timestamp with time zone NOT NULL
);

CREATE TABLE public.incident (
    id bigint NOT NULL,
    cause_id bigint NOT NULL,
    failure text NOT NULL,
    tenant_id bigint,
    summary text NOT NULL,
    severity text NOT NULL,
    runbook_url text,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone,
    acknowledged_by text,
    acknowledged_at timestamp with time zone,
    merged_into bigint,
    CONSTRAINT incident_severity_check CHECK ((severity = ANY (ARRAY['INFO'::text, 'WARNING'::text, 'CRITICAL'::text])))
);

ALTER TABLE public.incident ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.incident_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.knex_migrations (
    id integer NOT NULL,
    name character varying(255),
    batch integer,
    migration_time timestamp with time zone
);

CREATE SEQUENCE public.knex_migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.knex_migrations_id_seq OWNED BY public.knex_migrations.id;

CREATE TABLE public.knex_migrations_lock (
    index integer NOT NULL,
    is_locked integer
);

CREATE SEQUENCE public.knex_migrations_lock_index_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.knex_migrations_lock_index_seq OWNED BY public.knex_migrations_lock.index;

CREATE TABLE public.link (
    type text NOT NULL,
    from_id bigint NOT NULL,
    to_id bigint NOT NULL,
    since timestamp with time zone NOT NULL,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL
);

CREATE TABLE public.link_claim (
    source_id bigint NOT NULL,
    key text NOT NULL,
    ordinal integer NOT NULL,
    type text NOT NULL,
    direction text NOT NULL,
    target_source_id bigint,
    target_key text,
    target_id bigint,
    target jsonb NOT NULL,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL
);

CREATE TABLE public.link_history (
    type text NOT NULL,
    from_id bigint NOT NULL,
    to_id bigint NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone
);

CREATE TABLE public.log_head (
    only_row boolean DEFAULT true NOT NULL,
    epoch uuid DEFAULT gen_random_uuid() NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    CONSTRAINT log_head_only_row_check CHECK (only_row)
);

CREATE TABLE public.log_line (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    told_at timestamp with time zone,
    resource_id bigint NOT NULL,
    interface_id bigint,
    tenant_id bigint,
    level smallint NOT NULL,
    program text,
    text text NOT NULL,
    CONSTRAINT log_line_level_check CHECK (((level >= 0) AND (level <= 7)))
)
PARTITION BY RANGE (at);

CREATE SEQUENCE public.log_line_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.log_line_seq OWNED BY public.log_line.id;

CREATE TABLE public.metric (
    id integer NOT NULL,
    name text NOT NULL,
    unit text NOT NULL,
    type text NOT NULL,
    help text NOT NULL,
    CONSTRAINT metric_type_check CHECK ((type = ANY (ARRAY['gauge'::text, 'counter'::text, 'state'::text])))
);

CREATE TABLE public.metric_head (
    only_row boolean DEFAULT true NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    compacted_seq bigint DEFAULT 0 NOT NULL,
    compacted_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT metric_head_only_row_check CHECK (only_row)
);

ALTER TABLE public.metric ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.metric_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.metric_tick (
    seq bigint NOT NULL,
    from_at timestamp with time zone NOT NULL,
    to_at timestamp with time zone NOT NULL,
    samples integer NOT NULL,
    payload bytea NOT NULL
);

CREATE TABLE public.notification (
    id bigint NOT NULL,
    incident_id bigint NOT NULL,
    receiver text NOT NULL,
    what text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    tries integer DEFAULT 0 NOT NULL,
    sent_at timestamp with time zone,
    given_up_at timestamp with time zone,
    failure text
);

ALTER TABLE public.notification ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notification_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.observation (
    source_id bigint NOT NULL,
    key text NOT NULL,
    resource_id bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    status text,
    labels jsonb,
    owner text,
    contact text,
    fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    links jsonb DEFAULT '[]'::jsonb NOT NULL,
    without text[] DEFAULT '{}'::text[] NOT NULL,
    hearsay boolean DEFAULT false NOT NULL,
    content_hash bytea NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    missed_listings integer DEFAULT 0 NOT NULL,
    missed_since timestamp with time zone,
    part text
);

CREATE TABLE public.operation (
    id bigint NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    allocation_id bigint,
    tenant_id bigint,
    input jsonb NOT NULL,
    started_by text NOT NULL,
    approved_by text,
    cancel_asked_by text,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    error jsonb,
    CONSTRAINT operation_state_check CHECK ((state = ANY (ARRAY['AWAITING_APPROVAL'::text, 'PENDING'::text, 'RUNNING'::text, 'UNWINDING'::text, 'SUCCEEDED'::text, 'FAILED'::text, 'CANCELLED'::text, 'STUCK'::text])))
);

ALTER TABLE public.operation ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.operation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.operation_step (
    operation_id bigint NOT NULL,
    ordinal integer NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    parameters jsonb NOT NULL,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    result jsonb,
    error jsonb,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT operation_step_state_check CHECK ((state = ANY (ARRAY['PENDING'::text, 'RUNNING'::text, 'DONE'::text, 'FAILED'::text, 'UNDOING'::text, 'UNDONE'::text, 'STUCK'::text])))
);

CREATE TABLE public.provider_usage (
    provider text NOT NULL,
    class text NOT NULL,
    used bigint DEFAULT 0 NOT NULL,
    generation bigint DEFAULT 1 NOT NULL,
    changed_seq bigint NOT NULL,
    CONSTRAINT provider_usage_used_check CHECK ((used >= 0))
);

CREATE TABLE public.quota (
    tenant_id bigint NOT NULL,
    class text NOT NULL,
    used bigint DEFAULT 0 NOT NULL,
    CONSTRAINT quota_used_check CHECK ((used >= 0))
);

CREATE TABLE public.resource (
    id bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    status text,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    owner text,
    contact text,
    site_id bigint,
    tenant_id bigint,
    fields jsonb DEFAULT '{}'::jsonb NOT NULL,
    attributes jsonb DEFAULT '{}'::jsonb NOT NULL,
    sources bigint[] DEFAULT '{}'::bigint[] NOT NULL,
    generation integer DEFAULT 1 NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    drift jsonb,
    has_conflict boolean DEFAULT false NOT NULL
);

CREATE TABLE public.resource_gone (
    id bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    into_id bigint,
    gone_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone
);

CREATE TABLE public.resource_history (
    resource_id bigint NOT NULL,
    valid_from timestamp with time zone NOT NULL,
    valid_to timestamp with time zone,
    seq bigint NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    image jsonb NOT NULL,
    changes jsonb DEFAULT '[]'::jsonb NOT NULL
);

ALTER TABLE public.resource_history ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.resource_history_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE SEQUENCE public.resource_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.rule (
    name text NOT NULL,
    definition jsonb NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_by text NOT NULL
);

CREATE TABLE public.sample_chunk (
    series_id bigint NOT NULL,
    hour timestamp with time zone NOT NULL,
    samples integer NOT NULL,
    is_rollup boolean NOT NULL,
    payload bytea NOT NULL
)
PARTITION BY RANGE (hour);

CREATE TABLE public.sample_day (
    series_id bigint NOT NULL,
    day timestamp with time zone NOT NULL,
    payload bytea NOT NULL
)
PARTITION BY RANGE (day);

CREATE TABLE public.sample_fine (
    series_id bigint NOT NULL,
    hour timestamp with time zone NOT NULL,
    samples integer NOT NULL,
    payload bytea NOT NULL
)
PARTITION BY RANGE (hour);

CREATE TABLE public.series (
    id bigint NOT NULL,
    resource_id bigint NOT NULL,
    metric_id integer NOT NULL,
    source_id bigint NOT NULL
);

ALTER TABLE public.series ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.series_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.silence (
    id bigint NOT NULL,
    is_maintenance boolean NOT NULL,
    resource_ids bigint[] NOT NULL,
    rules text[] NOT NULL,
    severities text[] NOT NULL,
    labels jsonb NOT NULL,
    comment text NOT NULL,
    created_by text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL
);

ALTER TABLE public.silence ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.silence_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.source (
    id bigint NOT NULL,
    name text NOT NULL,
    driver text NOT NULL,
    role text NOT NULL,
    precedence integer DEFAULT 100 NOT NULL,
    authoritative boolean DEFAULT true NOT NULL,
    last_sync_at timestamp with time zone,
    last_sync_seconds double precision,
    seen integer,
    changed integer,
    failure text,
    held text,
    epoch bigint DEFAULT 0 NOT NULL,
    breaker text,
    push_lag_seconds double precision,
    asked_at timestamp with time zone,
    asked_by text,
    asked_accept boolean DEFAULT false NOT NULL,
    answered_at timestamp with time zone,
    answer jsonb,
    CONSTRAINT source_role_check CHECK ((role = ANY (ARRAY['intent'::text, 'observed'::text])))
);

CREATE TABLE public.token (
    id bigint NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    hash bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    limited_hash bytea,
    custom_role text,
    scopes jsonb,
    addresses text[],
    created_by text,
    CONSTRAINT token_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'operator'::text, 'admin'::text])))
);

ALTER TABLE public.token ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.token_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.turn (
    name text NOT NULL,
    holder text,
    epoch bigint DEFAULT 0 NOT NULL,
    until timestamp with time zone
);

ALTER TABLE ONLY public.knex_migrations ALTER COLUMN id SET DEFAULT nextval('public.knex_migrations_id_seq'::regclass);

ALTER TABLE ONLY public.knex_migrations_lock ALTER COLUMN index SET DEFAULT nextval('public.knex_migrations_lock_index_seq'::regclass);

ALTER TABLE ONLY public.log_line ALTER COLUMN id SET DEFAULT nextval('public.log_line_seq'::regclass);

INSERT INTO public.alert OVERRIDING SYSTEM VALUE VALUES (1, 'High', 'rule/High/6/0', 6, NULL, NULL, 0, 'FIRING', 'WARNING', 'NONE', 90, 'srv-1 is busy', NULL, '{}', '{"since": 1795468312650, "state": "FIRING", "value": 90, "firedAt": 1795468312650, "knownAt": 1795468312650, "wellSince": null}', '2026-11-23 21:11:52.65+00', '2026-11-23 21:11:52.65+00', NULL, 1);

INSERT INTO public.allocation OVERRIDING SYSTEM VALUE VALUES (1, 5, 'room', 'ACTIVE', 'rack-space', '{"name": "room", "tenantId": 5, "blueprint": "rack-space", "parameters": {"units": 3}, "tenantName": "acme"}', '\x8e25f23dbb242f8c13794c0059a1c194c973cce4440a5a2058e796d90a0a4df1', 'admin', '2026-11-23 21:11:52.552+00', NULL, NULL);

INSERT INTO public.allocation_head VALUES (true, 1);

INSERT INTO public.allocation_resource VALUES (1, 10, '1/1/units');

INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-23 21:11:52.393+00', 'admin', '127.0.0.1', '1061fa53-aa22-450b-8a41-392593e3ae7c', 'createToken', '{"input": {"name": "old", "role": "OPERATOR"}}', 'OK', NULL, NULL, 1, '\x', '\x68d6ec577db1e2b6ed9269c5cd9f256c7a7b3f840d1007031781a7706faa52b9');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-23 21:11:52.486+00', 'admin', '127.0.0.1', '8295b10c-14bf-4922-aaf3-5cd6e4d08075', 'importInventory', '{"input": {"items": [{"kind": "Site", "name": "icn1"}, {"kind": "Rack", "name": "r1", "owner": "x", "fields": {"heightUnits": 10}, "status": "ACTIVE"}, {"kind": "Tenant", "name": "acme"}, {"kind": "Server", "name": "srv-1", "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": [{"key": "env", "value": "prod"}]}, {"kind": "Image", "name": "img"}]}}', 'OK', NULL, 8, 2, '\x68d6ec577db1e2b6ed9269c5cd9f256c7a7b3f840d1007031781a7706faa52b9', '\x6346a5a2aa349af2d0e4d3a2bcbbc0e224996962c8bee7cd6fafb0108c8ddcc9');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-23 21:11:52.507+00', 'admin', '127.0.0.1', '3a20dc9b-1622-478e-b58f-9aae4f10b453', 'importInventory', '{"input": {"items": [{"kind": "Rack", "name": "r1", "owner": "y", "fields": {"heightUnits": 10}, "status": "ACTIVE"}, {"kind": "Server", "name": "srv-1", "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": [{"key": "env", "value": "prod"}], "attributes": {"note": "second"}}]}}', 'OK', NULL, 10, 3, '\x6346a5a2aa349af2d0e4d3a2bcbbc0e224996962c8bee7cd6fafb0108c8ddcc9', '\x2a6c3b2b7d36b7727c57b89d332d90b17f34560d51f70e8763795fb1f23b56e0');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-23 21:11:52.54+00', 'admin', '127.0.0.1', '59fbb018-d48f-4ce7-b18a-739548de929b', 'importInventory', '{"input": {"items": [{"kind": "Image", "name": "by-api"}]}}', 'OK', NULL, 11, 4, '\x2a6c3b2b7d36b7727c57b89d332d90b17f34560d51f70e8763795fb1f23b56e0', '\xc8cf7dc4ce54dc95ec9a8f0fc0941e0cb840929d585593965331ce53702d2b34');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-23 21:11:52.607+00', 'admin', '127.0.0.1', '7aa1977b-3a0b-4435-903f-73901b83a416', 'allocate', '{"input": {"request": {"name": "room", "tenant": "Tenant:name=acme", "blueprint": "rack-space", "parameters": {"units": 3}}}}', 'OK', NULL, 19, 5, '\xc8cf7dc4ce54dc95ec9a8f0fc0941e0cb840929d585593965331ce53702d2b34', '\x993cf17bb1e87d041746b7cff5defc92c4fca23c6e3d7e865d998b9e7a6b986f');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-23 21:11:52.62+00', 'admin', '127.0.0.1', 'e13de68d-ab57-4e0f-a517-90d3befb9a03', 'saveRule', '{"input": {"name": "High", "metric": "load", "summary": "{{resource.name}} is busy", "selector": {"kind": ["Server"]}, "severity": "WARNING", "condition": {"type": "threshold", "above": 10}}}', 'OK', NULL, 20, 6, '\x993cf17bb1e87d041746b7cff5defc92c4fca23c6e3d7e865d998b9e7a6b986f', '\xad8f5e3c45be7a7920a538f237ae42ca84cff43b319a1dcad105f3005813d6a2');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-23 21:11:52.775+00', 'admin', '127.0.0.1', '6bd33d75-7fef-40fa-9b3f-a7ecc64b57f4', 'acknowledgeIncident', '{"input": {"incident": "incident.1"}}', 'OK', NULL, 23, 7, '\xad8f5e3c45be7a7920a538f237ae42ca84cff43b319a1dcad105f3005813d6a2', '\xb9e0acffdf7b7cf6ee5edcad965bd7c2db78835242fdc806f8701155116a9ded');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-23 21:11:52.787+00', 'admin', '127.0.0.1', 'afd3e52c-c4e1-46c6-b322-4c256a42c037', 'createSilence', '{"input": {"rules": ["High"], "endsAt": 3799958400000, "comment": "later", "startsAt": 3786912000000}}', 'OK', NULL, 24, 8, '\xb9e0acffdf7b7cf6ee5edcad965bd7c2db78835242fdc806f8701155116a9ded', '\x411236a5db54797214021319d77cef2620a99a4c1f26bfcb3afbbc1b01aeaeb4');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (9, '2026-11-23 21:11:52.796+00', 'admin', '127.0.0.1', 'ce64c6ac-5527-4ae9-9064-38e587edcb48', 'startMaintenance', '{"input": {"resource": "Rack:name=r1"}}', 'OK', NULL, 25, 9, '\x411236a5db54797214021319d77cef2620a99a4c1f26bfcb3afbbc1b01aeaeb4', '\xab782eb3501f5617cf0d2a289816f96c7fadacc91a3827bb484e712918acb87f');

INSERT INTO public.audit_head VALUES (true, 9, '\xab782eb3501f5617cf0d2a289816f96c7fadacc91a3827bb484e712918acb87f', 0, '\x');

INSERT INTO public.claim VALUES (1, 0, 1, 'racks', '4', 4, 'r1', 'CUSTOM_RACK_UNIT', 1, '1');
INSERT INTO public.claim VALUES (1, 1, 1, 'racks', '4', 4, 'r1', 'CUSTOM_RACK_UNIT', 1, '2');
INSERT INTO public.claim VALUES (1, 2, 1, 'racks', '4', 4, 'r1', 'CUSTOM_RACK_UNIT', 1, '3');

INSERT INTO public.event VALUES (1, '2026-11-23 21:11:52.389+00', 'admin', 'TokenCreated', NULL, '{"type": "TokenCreated", "detail": {"name": "old", "tokenId": 2}}');
INSERT INTO public.event VALUES (2, '2026-11-23 21:11:52.422+00', 'admin', 'ResourceCreated', 1, '{"type": "ResourceCreated", "resource": {"id": 1, "kind": "Source", "name": "plenum", "owner": null, "fields": {"driver": "plenum", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (3, '2026-11-23 21:11:52.422+00', 'admin', 'ResourceCreated', 2, '{"type": "ResourceCreated", "resource": {"id": 2, "kind": "Source", "name": "inventory", "owner": null, "fields": {"driver": "inventory", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (4, '2026-11-23 21:11:52.422+00', 'admin', 'ResourceCreated', 3, '{"type": "ResourceCreated", "resource": {"id": 3, "kind": "Site", "name": "icn1", "owner": null, "fields": {}, "labels": {}, "siteId": 3, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (5, '2026-11-23 21:11:52.422+00', 'admin', 'ResourceCreated', 4, '{"type": "ResourceCreated", "resource": {"id": 4, "kind": "Rack", "name": "r1", "owner": "x", "fields": {"heightUnits": 10}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (6, '2026-11-23 21:11:52.422+00', 'admin', 'ResourceCreated', 5, '{"type": "ResourceCreated", "resource": {"id": 5, "kind": "Tenant", "name": "acme", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": 5, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (7, '2026-11-23 21:11:52.422+00', 'admin', 'ResourceCreated', 6, '{"type": "ResourceCreated", "resource": {"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (8, '2026-11-23 21:11:52.422+00', 'admin', 'ResourceCreated', 7, '{"type": "ResourceCreated", "resource": {"id": 7, "kind": "Image", "name": "img", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (9, '2026-11-23 21:11:52.496+00', 'admin', 'ResourceUpdated', 4, '{"type": "ResourceUpdated", "before": {"kind": "Rack", "name": "r1", "labels": {}, "siteId": null, "status": "ACTIVE", "tenantId": null}, "changes": [{"path": "owner", "after": "y", "before": "x"}], "resource": {"id": 4, "kind": "Rack", "name": "r1", "owner": "y", "fields": {"heightUnits": 10}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312496, "generation": 2, "hasConflict": false}}');
INSERT INTO public.event VALUES (10, '2026-11-23 21:11:52.496+00', 'admin', 'ResourceUpdated', 6, '{"type": "ResourceUpdated", "before": {"kind": "Server", "name": "srv-1", "labels": {"env": "prod"}, "siteId": null, "status": null, "tenantId": null}, "changes": [{"path": "attributes.inventory", "after": {"note": "second"}, "before": null}], "resource": {"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312496, "generation": 2, "hasConflict": false}}');
INSERT INTO public.event VALUES (11, '2026-11-23 21:11:52.519+00', 'admin', 'ResourceCreated', 8, '{"type": "ResourceCreated", "resource": {"id": 8, "kind": "Image", "name": "by-api", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312519, "updatedAt": 1795468312519, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (12, '2026-11-23 21:11:52.552+00', 'admin', 'ResourceCreated', 9, '{"type": "ResourceCreated", "resource": {"id": 9, "kind": "Source", "name": "allocations", "owner": null, "fields": {"driver": "plenum", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312552, "updatedAt": 1795468312552, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (13, '2026-11-23 21:11:52.552+00', 'admin', 'ResourceCreated', 10, '{"type": "ResourceCreated", "resource": {"id": 10, "kind": "Device", "name": "room-1", "owner": null, "fields": {"role": "reservation", "position": 1, "heightUnits": 3}, "labels": {}, "siteId": null, "status": "PLANNED", "contact": null, "sources": [9], "hasDrift": false, "revision": 1, "tenantId": 5, "createdAt": 1795468312552, "updatedAt": 1795468312552, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (14, '2026-11-23 21:11:52.552+00', 'admin', 'ResourceUpdated', 4, '{"type": "ResourceUpdated", "before": {"kind": "Rack", "name": "r1", "labels": {}, "siteId": null, "status": "ACTIVE", "tenantId": null}, "changes": [{"path": "links", "after": ["LOCATED_IN.10.4"], "before": []}], "resource": {"id": 4, "kind": "Rack", "name": "r1", "owner": "y", "fields": {"heightUnits": 10}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [2], "hasDrift": false, "revision": 3, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312552, "generation": 2, "hasConflict": false}}');
INSERT INTO public.event VALUES (20, '2026-11-23 21:11:52.616+00', 'admin', 'RuleChanged', NULL, '{"type": "RuleChanged", "detail": {"rule": "High"}}');
INSERT INTO public.event VALUES (22, '2026-11-23 21:11:52.664+00', 'plenum', 'IncidentChanged', 6, '{"id": 6, "type": "IncidentChanged", "detail": {"id": 1, "state": "OPEN", "endsAt": null, "causeId": 6, "failure": "NONE", "summary": "srv-1 is busy", "alertIds": [1], "severity": "WARNING", "startsAt": 1795468312659, "tenantId": null, "mergedInto": null, "runbookUrl": null, "acknowledgedAt": null, "acknowledgedBy": null}}');
INSERT INTO public.event VALUES (15, '2026-11-23 21:11:52.552+00', 'admin', 'ResourceUpdated', 5, '{"type": "ResourceUpdated", "before": {"kind": "Tenant", "name": "acme", "labels": {}, "siteId": null, "status": null, "tenantId": 5}, "changes": [{"path": "links", "after": ["OWNED_BY.10.5"], "before": []}], "resource": {"id": 5, "kind": "Tenant", "name": "acme", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": 5, "createdAt": 1795468312422, "updatedAt": 1795468312552, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (16, '2026-11-23 21:11:52.552+00', 'admin', 'LinkAdded', 10, '{"to": {"kind": "Rack", "name": "r1", "labels": {}, "siteId": null, "status": "ACTIVE", "tenantId": null}, "from": {"kind": "Device", "name": "room-1", "labels": {}, "siteId": null, "status": "PLANNED", "tenantId": 5}, "link": {"to": 4, "from": 10, "type": "LOCATED_IN", "since": 1795468312552}, "type": "LinkAdded"}');
INSERT INTO public.event VALUES (17, '2026-11-23 21:11:52.552+00', 'admin', 'LinkAdded', 10, '{"to": {"kind": "Tenant", "name": "acme", "labels": {}, "siteId": null, "status": null, "tenantId": 5}, "from": {"kind": "Device", "name": "room-1", "labels": {}, "siteId": null, "status": "PLANNED", "tenantId": 5}, "link": {"to": 5, "from": 10, "type": "OWNED_BY", "since": 1795468312552}, "type": "LinkAdded"}');
INSERT INTO public.event VALUES (18, '2026-11-23 21:11:52.552+00', 'admin', 'AllocationChanged', 5, '{"id": 5, "type": "AllocationChanged", "detail": {"name": "room", "state": "ACTIVE", "tenant": 5, "allocation": 1}}');
INSERT INTO public.event VALUES (19, '2026-11-23 21:11:52.552+00', 'admin', 'OperationChanged', 5, '{"id": 5, "type": "OperationChanged", "detail": {"kind": "allocate", "state": "SUCCEEDED", "tenant": 5, "operation": 1, "allocation": 1}}');
INSERT INTO public.event VALUES (21, '2026-11-23 21:11:52.654+00', 'plenum', 'AlertChanged', 6, '{"id": 6, "type": "AlertChanged", "detail": {"id": 1, "rule": "High", "state": "FIRING", "value": 90, "endsAt": null, "labels": {}, "siteId": null, "failure": "NONE", "firedAt": 1795468312650, "summary": "srv-1 is busy", "severity": "WARNING", "sourceId": 0, "startsAt": 1795468312650, "tenantId": null, "resourceId": 6, "runbookUrl": null}}');
INSERT INTO public.event VALUES (23, '2026-11-23 21:11:52.773+00', 'admin', 'IncidentChanged', 6, '{"id": 6, "type": "IncidentChanged", "detail": {"id": 1, "state": "ACKNOWLEDGED", "endsAt": null, "causeId": 6, "failure": "NONE", "summary": "srv-1 is busy", "alertIds": [1], "severity": "WARNING", "startsAt": 1795468312659, "tenantId": null, "mergedInto": null, "runbookUrl": null, "acknowledgedAt": 1795468312771.903, "acknowledgedBy": "admin"}}');
INSERT INTO public.event VALUES (24, '2026-11-23 21:11:52.785+00', 'admin', 'SilenceChanged', NULL, '{"type": "SilenceChanged", "detail": {"id": 1, "rules": ["High"], "endsAt": 3799958400000, "labels": {}, "comment": "later", "startsAt": 3786912000000, "createdBy": "admin", "severities": [], "resourceIds": [], "isMaintenance": false}}');
INSERT INTO public.event VALUES (25, '2026-11-23 21:11:52.795+00', 'admin', 'SilenceChanged', NULL, '{"type": "SilenceChanged", "detail": {"id": 2, "rules": [], "endsAt": 1795482712793, "labels": {}, "comment": "Maintenance", "startsAt": 1795468312793, "createdBy": "admin", "severities": [], "resourceIds": [4], "isMaintenance": true}}');

INSERT INTO public.identity VALUES ('source', '', 'plenum', 1, 'source:plenum', true);
INSERT INTO public.identity VALUES ('source', '', 'inventory', 1, 'source:inventory', true);
INSERT INTO public.identity VALUES ('name', '', 'icn1', 2, 'Site:icn1', false);
INSERT INTO public.identity VALUES ('name', '', 'acme', 2, 'Tenant:acme', false);
INSERT INTO public.identity VALUES ('serial', 'acme', 'SN1', 2, 'Server:srv-1', true);
INSERT INTO public.identity VALUES ('name', '', 'srv-1', 2, 'Server:srv-1', false);
INSERT INTO public.identity VALUES ('source', '', 'allocations', 1, 'source:allocations', true);
INSERT INTO public.identity VALUES ('name', '', 'room-1', 9, '1/1/units', false);

INSERT INTO public.incident OVERRIDING SYSTEM VALUE VALUES (1, 6, 'NONE', NULL, 'srv-1 is busy', 'WARNING', NULL, '2026-11-23 21:11:52.659+00', NULL, 'admin', '2026-11-23 21:11:52.771903+00', NULL);

INSERT INTO public.knex_migrations VALUES (1, '0001-resource', 1, '2026-11-23 21:11:52.084+00');
INSERT INTO public.knex_migrations VALUES (2, '0002-source', 1, '2026-11-23 21:11:52.092+00');
INSERT INTO public.knex_migrations VALUES (3, '0003-access', 1, '2026-11-23 21:11:52.093+00');
INSERT INTO public.knex_migrations VALUES (4, '0004-metric', 1, '2026-11-23 21:11:52.101+00');
INSERT INTO public.knex_migrations VALUES (5, '0005-audit', 1, '2026-11-23 21:11:52.107+00');
INSERT INTO public.knex_migrations VALUES (6, '0006-alert', 1, '2026-11-23 21:11:52.122+00');
INSERT INTO public.knex_migrations VALUES (7, '0007-allocation', 1, '2026-11-23 21:11:52.139+00');
INSERT INTO public.knex_migrations VALUES (8, '0008-log-line', 1, '2026-11-23 21:11:52.142+00');
INSERT INTO public.knex_migrations VALUES (9, '0009-stuck', 1, '2026-11-23 21:11:52.144+00');

INSERT INTO public.knex_migrations_lock VALUES (1, 0);

INSERT INTO public.link VALUES ('LOCATED_IN', 10, 4, '2026-11-23 21:11:52.552+00', '{}');
INSERT INTO public.link VALUES ('OWNED_BY', 10, 5, '2026-11-23 21:11:52.552+00', '{}');

INSERT INTO public.link_claim VALUES (9, '1/1/units', 0, 'LOCATED_IN', 'out', NULL, NULL, 4, '{"id": 4}', '{}');
INSERT INTO public.link_claim VALUES (9, '1/1/units', 1, 'OWNED_BY', 'out', NULL, NULL, 5, '{"id": 5}', '{}');

INSERT INTO public.link_history VALUES ('LOCATED_IN', 10, 4, '2026-11-23 21:11:52.552+00', NULL);
INSERT INTO public.link_history VALUES ('OWNED_BY', 10, 5, '2026-11-23 21:11:52.552+00', NULL);

INSERT INTO public.log_head VALUES (true, '7ff1bb58-a1b4-4a96-b8e1-e0929f94ea67', 25);

INSERT INTO public.metric OVERRIDING SYSTEM VALUE VALUES (1, 'up', '1', 'state', 'Whether it answered when it was asked last: 1 or 0.');
INSERT INTO public.metric OVERRIDING SYSTEM VALUE VALUES (2, 'scrape.duration', 's', 'gauge', 'How long it took to read it. Of a source: its last collection, or its last listing where it measures nothing.');
INSERT INTO public.metric OVERRIDING SYSTEM VALUE VALUES (3, 'load', '1', 'gauge', 'Load');

INSERT INTO public.metric_head VALUES (true, 1, 0, '2026-11-23 21:00:00+00');

INSERT INTO public.metric_tick VALUES (1, '2026-11-23 21:11:52.641+00', '2026-11-23 21:11:52.641+00', 1, '\x0103828182a4c168b401');

INSERT INTO public.observation VALUES (1, 'source:plenum', 1, 'Source', 'plenum', 'ACTIVE', NULL, NULL, NULL, '{"driver": "plenum", "control": false}', '{}', '[]', '{}', false, '\xb51a613f168829e81d6789501db69a1d', '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.422+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (1, 'source:inventory', 2, 'Source', 'inventory', 'ACTIVE', NULL, NULL, NULL, '{"driver": "inventory", "control": false}', '{}', '[]', '{}', false, '\x41bebc80cb30fb136a9ba7e577de1774', '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.422+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Site:icn1', 3, 'Site', 'icn1', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\x0b3e3698cf68f5e8486631b727cb99ee', '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.422+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Tenant:acme', 5, 'Tenant', 'acme', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\x41f98d93a159a4cab3a59c3402b4e591', '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.422+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Image:img', 7, 'Image', 'img', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\xbc6f88cceda74b2aa894f13749a6ebde', '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.422+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Rack:r1', 4, 'Rack', 'r1', 'ACTIVE', NULL, 'y', NULL, '{"heightUnits": 10}', '{}', '[]', '{}', false, '\x87a61b1338871c358d1b58e87ecd5f67', '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.496+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Server:srv-1', 6, 'Server', 'srv-1', NULL, '{"env": "prod"}', NULL, NULL, '{"manufacturer": "Acme", "serialNumber": "SN1"}', '{"note": "second"}', '[]', '{}', false, '\x9439118795add0be83fc90337017ab02', '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.496+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Image:by-api', 8, 'Image', 'by-api', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\x63a273ac0703aa0e57346b2c4a5a5217', '2026-11-23 21:11:52.519+00', '2026-11-23 21:11:52.519+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (1, 'source:allocations', 9, 'Source', 'allocations', 'ACTIVE', NULL, NULL, NULL, '{"driver": "plenum", "control": false}', '{}', '[]', '{}', false, '\xa8ca6d650bdfb6f8407242ef375757b2', '2026-11-23 21:11:52.552+00', '2026-11-23 21:11:52.552+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (9, '1/1/units', 10, 'Device', 'room-1', 'PLANNED', NULL, NULL, NULL, '{"role": "reservation", "position": 1, "heightUnits": 3}', '{}', '[{"to": {"id": 4}, "type": "LOCATED_IN"}, {"to": {"id": 5}, "type": "OWNED_BY"}]', '{}', false, '\xb389e5dea5b60350167e5ebee41ceb6a', '2026-11-23 21:11:52.552+00', '2026-11-23 21:11:52.552+00', 0, NULL, NULL);

INSERT INTO public.operation OVERRIDING SYSTEM VALUE VALUES (1, 'allocate', 'SUCCEEDED', 1, 5, '{"name": "room"}', 'admin', NULL, NULL, '2026-11-23 21:11:52.552+00', '2026-11-23 21:11:52.552+00', NULL);

INSERT INTO public.provider_usage VALUES ('4', 'CUSTOM_RACK_UNIT', 3, 1, 1);

INSERT INTO public.quota VALUES (5, 'CUSTOM_RACK_UNIT', 3);

INSERT INTO public.resource VALUES (1, 'Source', 'plenum', 'ACTIVE', '{}', NULL, NULL, NULL, NULL, '{"driver": "plenum", "control": false}', '{}', '{1}', 1, 1, '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.422+00', NULL, false);
INSERT INTO public.resource VALUES (2, 'Source', 'inventory', 'ACTIVE', '{}', NULL, NULL, NULL, NULL, '{"driver": "inventory", "control": false}', '{}', '{1}', 1, 1, '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.422+00', NULL, false);
INSERT INTO public.resource VALUES (3, 'Site', 'icn1', NULL, '{}', NULL, NULL, 3, NULL, '{}', '{}', '{2}', 1, 1, '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.422+00', NULL, false);
INSERT INTO public.resource VALUES (7, 'Image', 'img', NULL, '{}', NULL, NULL, NULL, NULL, '{}', '{}', '{2}', 1, 1, '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.422+00', NULL, false);
INSERT INTO public.resource VALUES (6, 'Server', 'srv-1', NULL, '{"env": "prod"}', NULL, NULL, NULL, NULL, '{"manufacturer": "Acme", "serialNumber": "SN1"}', '{"inventory": {"note": "second"}}', '{2}', 2, 2, '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.496+00', NULL, false);
INSERT INTO public.resource VALUES (8, 'Image', 'by-api', NULL, '{}', NULL, NULL, NULL, NULL, '{}', '{}', '{2}', 1, 1, '2026-11-23 21:11:52.519+00', '2026-11-23 21:11:52.519+00', NULL, false);
INSERT INTO public.resource VALUES (9, 'Source', 'allocations', 'ACTIVE', '{}', NULL, NULL, NULL, NULL, '{"driver": "plenum", "control": false}', '{}', '{1}', 1, 1, '2026-11-23 21:11:52.552+00', '2026-11-23 21:11:52.552+00', NULL, false);
INSERT INTO public.resource VALUES (4, 'Rack', 'r1', 'ACTIVE', '{}', 'y', NULL, NULL, NULL, '{"heightUnits": 10}', '{}', '{2}', 2, 3, '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.552+00', NULL, false);
INSERT INTO public.resource VALUES (5, 'Tenant', 'acme', NULL, '{}', NULL, NULL, NULL, 5, '{}', '{}', '{2}', 1, 2, '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.552+00', NULL, false);
INSERT INTO public.resource VALUES (10, 'Device', 'room-1', 'PLANNED', '{}', NULL, NULL, NULL, 5, '{"role": "reservation", "position": 1, "heightUnits": 3}', '{}', '{9}', 1, 1, '2026-11-23 21:11:52.552+00', '2026-11-23 21:11:52.552+00', NULL, false);

INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-23 21:11:52.422+00', NULL, 1, 'CREATED', 'admin', '{"id": 1, "kind": "Source", "name": "plenum", "owner": null, "fields": {"driver": "plenum", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-23 21:11:52.422+00', NULL, 2, 'CREATED', 'admin', '{"id": 2, "kind": "Source", "name": "inventory", "owner": null, "fields": {"driver": "inventory", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-23 21:11:52.422+00', NULL, 3, 'CREATED', 'admin', '{"id": 3, "kind": "Site", "name": "icn1", "owner": null, "fields": {}, "labels": {}, "siteId": 3, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-23 21:11:52.422+00', NULL, 7, 'CREATED', 'admin', '{"id": 7, "kind": "Image", "name": "img", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.496+00', 4, 'CREATED', 'admin', '{"id": 4, "kind": "Rack", "name": "r1", "owner": "x", "fields": {"heightUnits": 10}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.496+00', 6, 'CREATED', 'admin', '{"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-23 21:11:52.496+00', NULL, 9, 'UPDATED', 'admin', '{"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312496, "generation": 2, "hasConflict": false}', '[{"path": "attributes.inventory", "after": {"note": "second"}, "before": null}]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-23 21:11:52.519+00', NULL, 10, 'CREATED', 'admin', '{"id": 8, "kind": "Image", "name": "by-api", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312519, "updatedAt": 1795468312519, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (9, '2026-11-23 21:11:52.552+00', NULL, 11, 'CREATED', 'admin', '{"id": 9, "kind": "Source", "name": "allocations", "owner": null, "fields": {"driver": "plenum", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795468312552, "updatedAt": 1795468312552, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-23 21:11:52.496+00', '2026-11-23 21:11:52.552+00', 8, 'UPDATED', 'admin', '{"id": 4, "kind": "Rack", "name": "r1", "owner": "y", "fields": {"heightUnits": 10}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312496, "generation": 2, "hasConflict": false}', '[{"path": "owner", "after": "y", "before": "x"}]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-23 21:11:52.422+00', '2026-11-23 21:11:52.552+00', 5, 'CREATED', 'admin', '{"id": 5, "kind": "Tenant", "name": "acme", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": 5, "createdAt": 1795468312422, "updatedAt": 1795468312422, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-23 21:11:52.552+00', NULL, 12, 'UPDATED', 'admin', '{"id": 4, "kind": "Rack", "name": "r1", "owner": "y", "fields": {"heightUnits": 10}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [2], "hasDrift": false, "revision": 3, "tenantId": null, "createdAt": 1795468312422, "updatedAt": 1795468312552, "generation": 2, "hasConflict": false}', '[{"path": "links", "after": ["LOCATED_IN.10.4"], "before": []}]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-23 21:11:52.552+00', NULL, 13, 'UPDATED', 'admin', '{"id": 5, "kind": "Tenant", "name": "acme", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": 5, "createdAt": 1795468312422, "updatedAt": 1795468312552, "generation": 1, "hasConflict": false}', '[{"path": "links", "after": ["OWNED_BY.10.5"], "before": []}]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (10, '2026-11-23 21:11:52.552+00', NULL, 14, 'CREATED', 'admin', '{"id": 10, "kind": "Device", "name": "room-1", "owner": null, "fields": {"role": "reservation", "position": 1, "heightUnits": 3}, "labels": {}, "siteId": null, "status": "PLANNED", "contact": null, "sources": [9], "hasDrift": false, "revision": 1, "tenantId": 5, "createdAt": 1795468312552, "updatedAt": 1795468312552, "generation": 1, "hasConflict": false}', '[]');

INSERT INTO public.rule VALUES ('High', '{"name": "High", "metric": "load", "summary": "{{resource.name}} is busy", "selector": {"kind": ["Server"]}, "severity": "WARNING", "condition": {"type": "threshold", "above": 10}}', '2026-11-23 21:11:52.615+00', 'admin');

INSERT INTO public.series OVERRIDING SYSTEM VALUE VALUES (1, 6, 3, 0);

INSERT INTO public.silence OVERRIDING SYSTEM VALUE VALUES (1, false, '{}', '{High}', '{}', '{}', 'later', 'admin', '2090-01-01 00:00:00+00', '2090-06-01 00:00:00+00');
INSERT INTO public.silence OVERRIDING SYSTEM VALUE VALUES (2, true, '{4}', '{}', '{}', '{}', 'Maintenance', 'admin', '2026-11-23 21:11:52.793+00', '2026-11-24 01:11:52.793+00');

INSERT INTO public.source VALUES (1, 'plenum', 'plenum', 'intent', 1000, true, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.source VALUES (2, 'inventory', 'inventory', 'intent', 100, true, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.source VALUES (9, 'allocations', 'plenum', 'intent', 100, true, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false, NULL, NULL);

INSERT INTO public.token OVERRIDING SYSTEM VALUE VALUES (2, 'old', 'operator', '\xc827773f4705c72641a3e2c2076f534c36860660ed5c372a89069b6f2a193e5c', '2026-11-23 21:11:52.382477+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'admin');
INSERT INTO public.token OVERRIDING SYSTEM VALUE VALUES (1, 'admin', 'admin', '\x00f8c7c278c7d942165deed76fa140a4a27bf22d50f9432858119a91ced85cc8', '2026-11-23 21:11:52.225432+00', NULL, NULL, '2026-11-23 21:11:52.792+00', NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.turn VALUES ('alert/rule/3', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/4', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/5', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/6', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/7', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/incident', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('metric/compact', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('allocation/occupancy', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('allocation/headroom', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('operate/0', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('operate/1', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('operate/2', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('operate/3', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('operate/4', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('operate/5', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('operate/6', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('operate/7', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('lease', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/0', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/1', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/2', NULL, 1, NULL);

SELECT pg_catalog.setval('public.alert_id_seq', 1, true);

SELECT pg_catalog.setval('public.allocation_id_seq', 1, true);

SELECT pg_catalog.setval('public.audit_id_seq', 9, true);

SELECT pg_catalog.setval('public.incident_id_seq', 1, true);

SELECT pg_catalog.setval('public.knex_migrations_id_seq', 9, true);

SELECT pg_catalog.setval('public.knex_migrations_lock_index_seq', 1, true);

SELECT pg_catalog.setval('public.log_line_seq', 1, false);

SELECT pg_catalog.setval('public.metric_id_seq', 3, true);

SELECT pg_catalog.setval('public.notification_id_seq', 1, false);

SELECT pg_catalog.setval('public.operation_id_seq', 1, true);

SELECT pg_catalog.setval('public.resource_history_seq_seq', 14, true);

SELECT pg_catalog.setval('public.resource_id', 10, true);

SELECT pg_catalog.setval('public.series_id_seq', 1, true);

SELECT pg_catalog.setval('public.silence_id_seq', 2, true);

SELECT pg_catalog.setval('public.token_id_seq', 2, true);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.allocation_head
    ADD CONSTRAINT allocation_head_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.allocation
    ADD CONSTRAINT allocation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.allocation_resource
    ADD CONSTRAINT allocation_resource_pkey PRIMARY KEY (allocation_id, resource_id);

ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (single);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_place_key UNIQUE (place);

ALTER TABLE ONLY public.claim
    ADD CONSTRAINT claim_pkey PRIMARY KEY (allocation_id, ordinal);

ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (actor, key);

ALTER TABLE ONLY public.identity_conflict
    ADD CONSTRAINT identity_conflict_pkey PRIMARY KEY (a_id, b_id, type, scope, value);

ALTER TABLE ONLY public.identity_decision
    ADD CONSTRAINT identity_decision_pkey PRIMARY KEY (source_a, key_a, source_b, key_b);

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_pkey PRIMARY KEY (type, scope, value, source_id, key);

ALTER TABLE ONLY public.incident
    ADD CONSTRAINT incident_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.knex_migrations_lock
    ADD CONSTRAINT knex_migrations_lock_pkey PRIMARY KEY (index);

ALTER TABLE ONLY public.knex_migrations
    ADD CONSTRAINT knex_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.link_claim
    ADD CONSTRAINT link_claim_pkey PRIMARY KEY (source_id, key, ordinal);

ALTER TABLE ONLY public.link_history
    ADD CONSTRAINT link_history_pkey PRIMARY KEY (from_id, type, to_id, valid_from);

ALTER TABLE ONLY public.link
    ADD CONSTRAINT link_pkey PRIMARY KEY (from_id, type, to_id);

ALTER TABLE ONLY public.log_head
    ADD CONSTRAINT log_head_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.metric_head
    ADD CONSTRAINT metric_head_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.metric
    ADD CONSTRAINT metric_name_key UNIQUE (name);

ALTER TABLE ONLY public.metric
    ADD CONSTRAINT metric_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.metric_tick
    ADD CONSTRAINT metric_tick_pkey PRIMARY KEY (seq);

ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_incident_id_receiver_what_key UNIQUE (incident_id, receiver, what);

ALTER TABLE ONLY public.notification
    ADD CONSTRAINT notification_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.observation
    ADD CONSTRAINT observation_pkey PRIMARY KEY (source_id, key);

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.operation_step
    ADD CONSTRAINT operation_step_pkey PRIMARY KEY (operation_id, ordinal);

ALTER TABLE ONLY public.provider_usage
    ADD CONSTRAINT provider_usage_pkey PRIMARY KEY (provider, class);

ALTER TABLE ONLY public.quota
    ADD CONSTRAINT quota_pkey PRIMARY KEY (tenant_id, class);

ALTER TABLE ONLY public.resource_gone
    ADD CONSTRAINT resource_gone_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.resource_history
    ADD CONSTRAINT resource_history_pkey PRIMARY KEY (resource_id, seq);

ALTER TABLE ONLY public.resource
    ADD CONSTRAINT resource_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.rule
    ADD CONSTRAINT rule_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.sample_chunk
    ADD CONSTRAINT sample_chunk_pkey PRIMARY KEY (series_id, hour);

ALTER TABLE ONLY public.sample_day
    ADD CONSTRAINT sample_day_pkey PRIMARY KEY (series_id, day);

ALTER TABLE ONLY public.sample_fine
    ADD CONSTRAINT sample_fine_pkey PRIMARY KEY (series_id, hour);

ALTER TABLE ONLY public.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.series
    ADD CONSTRAINT series_resource_id_metric_id_source_id_key UNIQUE (resource_id, metric_id, source_id);

ALTER TABLE ONLY public.silence
    ADD CONSTRAINT silence_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_name_key UNIQUE (name);

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.token
    ADD CONSTRAINT token_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.token
    ADD CONSTRAINT token_limited_hash_key UNIQUE (limited_hash);

ALTER TABLE ONLY public.token
    ADD CONSTRAINT token_name_key UNIQUE (name);

ALTER TABLE ONLY public.token
    ADD CONSTRAINT token_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.turn
    ADD CONSTRAINT turn_pkey PRIMARY KEY (name);

CREATE INDEX alert_ends_at ON public.alert USING btree (ends_at);

CREATE INDEX alert_incident ON public.alert USING btree (incident_id);

CREATE UNIQUE INDEX alert_open ON public.alert USING btree (fingerprint) WHERE (state <> 'RESOLVED'::text);

CREATE INDEX alert_resource ON public.alert USING btree (resource_id, id);

CREATE INDEX allocation_lease ON public.allocation USING btree (lease_ends_at) WHERE ((state = 'ACTIVE'::text) AND (lease_ends_at IS NOT NULL));

CREATE UNIQUE INDEX allocation_name ON public.allocation USING btree (tenant_id, name) WHERE (state <> ALL (ARRAY['RELEASED'::text, 'FAILED'::text]));

CREATE INDEX audit_at ON public.audit USING btree (at);

CREATE INDEX claim_provider ON public.claim USING btree (provider);

CREATE UNIQUE INDEX claim_unit ON public.claim USING btree (provider, class, unit) WHERE (unit IS NOT NULL);

CREATE INDEX event_at ON public.event USING btree (at);

CREATE INDEX event_resource ON public.event USING btree (resource_id, seq) WHERE (resource_id IS NOT NULL);

CREATE INDEX idempotency_at ON public.idempotency USING btree (at);

CREATE INDEX identity_conflict_b ON public.identity_conflict USING btree (b_id);

CREATE INDEX identity_observation ON public.identity USING btree (source_id, key);

CREATE INDEX identity_parent ON public.identity USING btree (split_part(scope, '/'::text, 1)) WHERE (scope ~~ 'r:%'::text);

CREATE INDEX incident_ends_at ON public.incident USING btree (ends_at);

CREATE INDEX incident_open ON public.incident USING btree (id) WHERE (ends_at IS NULL);

CREATE INDEX link_claim_pending ON public.link_claim USING btree (source_id, key) WHERE ((target_source_id IS NULL) AND (target_id IS NULL));

CREATE INDEX link_claim_target ON public.link_claim USING btree (target_source_id, target_key);

CREATE INDEX link_claim_target_id ON public.link_claim USING btree (target_id) WHERE (target_id IS NOT NULL);

CREATE INDEX link_history_end ON public.link_history USING btree (valid_to) WHERE (valid_to IS NOT NULL);

CREATE INDEX link_history_open ON public.link_history USING btree (from_id, type, to_id) WHERE (valid_to IS NULL);

CREATE INDEX link_history_time ON public.link_history USING btree (valid_from);

CREATE INDEX link_history_to ON public.link_history USING btree (to_id);

CREATE INDEX link_to ON public.link USING btree (to_id, type);

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

CREATE INDEX resource_gone_into ON public.resource_gone USING btree (into_id) WHERE (into_id IS NOT NULL);

CREATE INDEX resource_history_end ON public.resource_history USING btree (valid_to) WHERE (valid_to IS NOT NULL);

CREATE UNIQUE INDEX resource_history_open ON public.resource_history USING btree (resource_id) WHERE (valid_to IS NULL);

CREATE INDEX resource_history_time ON public.resource_history USING btree (valid_from);

CREATE INDEX resource_kind_name ON public.resource USING btree (kind, name);

CREATE INDEX silence_ends_at ON public.silence USING btree (ends_at);

CREATE TRIGGER audit_chain BEFORE INSERT ON public.audit FOR EACH ROW EXECUTE FUNCTION public.audit_chain();

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.incident(id);

ALTER TABLE ONLY public.allocation_resource
    ADD CONSTRAINT allocation_resource_allocation_id_fkey FOREIGN KEY (allocation_id) REFERENCES public.allocation(id);

ALTER TABLE ONLY public.claim
    ADD CONSTRAINT claim_allocation_id_fkey FOREIGN KEY (allocation_id) REFERENCES public.allocation(id);

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_source_id_key_fkey FOREIGN KEY (source_id, key) REFERENCES public.observation(source_id, key) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.incident
    ADD CONSTRAINT incident_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES public.incident(id);

ALTER TABLE ONLY public.link_claim
    ADD CONSTRAINT link_claim_source_id_key_fkey FOREIGN KEY (source_id, key) REFERENCES public.observation(source_id, key) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.link
    ADD CONSTRAINT link_from_id_fkey FOREIGN KEY (from_id) REFERENCES public.resource(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.link
    ADD CONSTRAINT link_to_id_fkey FOREIGN KEY (to_id) REFERENCES public.resource(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.observation
    ADD CONSTRAINT observation_source_id_fkey FOREIGN KEY (source_id) REFERENCES public.resource(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_allocation_id_fkey FOREIGN KEY (allocation_id) REFERENCES public.allocation(id);

ALTER TABLE ONLY public.operation_step
    ADD CONSTRAINT operation_step_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(id);

ALTER TABLE ONLY public.series
    ADD CONSTRAINT series_metric_id_fkey FOREIGN KEY (metric_id) REFERENCES public.metric(id);

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_id_fkey FOREIGN KEY (id) REFERENCES public.resource(id) DEFERRABLE INITIALLY DEFERRED;

