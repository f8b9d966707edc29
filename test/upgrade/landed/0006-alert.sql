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

INSERT INTO public.alert OVERRIDING SYSTEM VALUE VALUES (1, 'High', 'rule/High/6/0', 6, NULL, NULL, 0, 'FIRING', 'WARNING', 'NONE', 90, 'srv-1 is busy', NULL, '{}', '{"since": 1795433952032, "state": "FIRING", "value": 90, "firedAt": 1795433952032, "knownAt": 1795433952032, "wellSince": null}', '2026-11-23 11:39:12.032+00', '2026-11-23 11:39:12.032+00', NULL, 1);

INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-23 11:39:11.298+00', 'admin', '127.0.0.1', 'bd6f3185-3623-44ac-be24-d5a136223893', 'createToken', '{"input": {"name": "old", "role": "OPERATOR"}}', 'OK', NULL, NULL, 1, '\x', '\x4885add1826ce5e2a991a1d7c3998b4f776eaa25edc306e8d6ab4e9d0af8f6f5');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-23 11:39:11.457+00', 'admin', '127.0.0.1', 'd9b5b01b-08bf-4af9-b19f-d2a1b91cb04d', 'importInventory', '{"input": {"items": [{"kind": "Site", "name": "icn1"}, {"kind": "Rack", "name": "r1", "owner": "x"}, {"kind": "Tenant", "name": "acme"}, {"kind": "Server", "name": "srv-1", "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": [{"key": "env", "value": "prod"}]}, {"kind": "Image", "name": "img"}]}}', 'OK', NULL, 8, 2, '\x4885add1826ce5e2a991a1d7c3998b4f776eaa25edc306e8d6ab4e9d0af8f6f5', '\x318d463abec0f2ad3e2976a50335ca2db5655117cbcdf58930163dfe66daf378');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-23 11:39:11.479+00', 'admin', '127.0.0.1', 'fb71f4ab-c0a7-4613-ab58-4f40adb5055d', 'importInventory', '{"input": {"items": [{"kind": "Rack", "name": "r1", "owner": "y"}, {"kind": "Server", "name": "srv-1", "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": [{"key": "env", "value": "prod"}], "attributes": {"note": "second"}}]}}', 'OK', NULL, 10, 3, '\x318d463abec0f2ad3e2976a50335ca2db5655117cbcdf58930163dfe66daf378', '\xa4bf66ef077c820b9c77625e50a6dcf84ed58114e5030041195271025f4babd1');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-23 11:39:11.498+00', 'admin', '127.0.0.1', '70ed9af2-5660-4078-80d9-c361a32dd0b8', 'importInventory', '{"input": {"items": [{"kind": "Image", "name": "by-api"}]}}', 'OK', NULL, 11, 4, '\xa4bf66ef077c820b9c77625e50a6dcf84ed58114e5030041195271025f4babd1', '\x07f54499a00cad459adb76888f7354c144ad00b02322934a8373da4939c3c615');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-23 11:39:11.508+00', 'admin', '127.0.0.1', '93e52fb0-04fc-4453-8b3d-33daea74b718', 'saveRule', '{"input": {"name": "High", "metric": "load", "summary": "{{resource.name}} is busy", "selector": {"kind": ["Server"]}, "severity": "WARNING", "condition": {"type": "threshold", "above": 10}}}', 'OK', NULL, 12, 5, '\x07f54499a00cad459adb76888f7354c144ad00b02322934a8373da4939c3c615', '\x83b7fdf25a69a79daecb0ac52241756eb0e9ed2fe22f8a1cc52b8fa06c7eada3');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-23 11:39:12.093+00', 'admin', '127.0.0.1', 'de6aad06-8387-4639-9839-af2367eadc93', 'acknowledgeIncident', '{"input": {"incident": "incident.1"}}', 'OK', NULL, 15, 6, '\x83b7fdf25a69a79daecb0ac52241756eb0e9ed2fe22f8a1cc52b8fa06c7eada3', '\xb4c3092ecc98233d99900ad024a4adc6d45439bd01b76e35f582cbbc70aa3438');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-23 11:39:12.106+00', 'admin', '127.0.0.1', '2b4d3b83-d4f3-4395-8399-3a04669d90dd', 'createSilence', '{"input": {"rules": ["High"], "endsAt": 3799958400000, "comment": "later", "startsAt": 3786912000000}}', 'OK', NULL, 16, 7, '\xb4c3092ecc98233d99900ad024a4adc6d45439bd01b76e35f582cbbc70aa3438', '\xdd01be687961deddb9c7e23eb3cfbfa7f47e478e32d8ff6793d5224a7054abe0');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-23 11:39:12.117+00', 'admin', '127.0.0.1', '371ca94b-288a-4574-9ea5-c2a8d8e1f12c', 'startMaintenance', '{"input": {"resource": "Rack:name=r1"}}', 'OK', NULL, 17, 8, '\xdd01be687961deddb9c7e23eb3cfbfa7f47e478e32d8ff6793d5224a7054abe0', '\xd217ccd5180eccfd5ed763afef3d39dcd19a73d694ae0ef6e5f5a2d92fc23f25');

INSERT INTO public.audit_head VALUES (true, 8, '\xd217ccd5180eccfd5ed763afef3d39dcd19a73d694ae0ef6e5f5a2d92fc23f25', 0, '\x');

INSERT INTO public.event VALUES (1, '2026-11-23 11:39:11.29+00', 'admin', 'TokenCreated', NULL, '{"type": "TokenCreated", "detail": {"name": "old", "tokenId": 2}}');
INSERT INTO public.event VALUES (2, '2026-11-23 11:39:11.366+00', 'admin', 'ResourceCreated', 1, '{"type": "ResourceCreated", "resource": {"id": 1, "kind": "Source", "name": "plenum", "owner": null, "fields": {"driver": "plenum", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (3, '2026-11-23 11:39:11.366+00', 'admin', 'ResourceCreated', 2, '{"type": "ResourceCreated", "resource": {"id": 2, "kind": "Source", "name": "inventory", "owner": null, "fields": {"driver": "inventory", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (4, '2026-11-23 11:39:11.366+00', 'admin', 'ResourceCreated', 3, '{"type": "ResourceCreated", "resource": {"id": 3, "kind": "Site", "name": "icn1", "owner": null, "fields": {}, "labels": {}, "siteId": 3, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (5, '2026-11-23 11:39:11.366+00', 'admin', 'ResourceCreated', 4, '{"type": "ResourceCreated", "resource": {"id": 4, "kind": "Rack", "name": "r1", "owner": "x", "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (6, '2026-11-23 11:39:11.366+00', 'admin', 'ResourceCreated', 5, '{"type": "ResourceCreated", "resource": {"id": 5, "kind": "Tenant", "name": "acme", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": 5, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (7, '2026-11-23 11:39:11.366+00', 'admin', 'ResourceCreated', 6, '{"type": "ResourceCreated", "resource": {"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (8, '2026-11-23 11:39:11.366+00', 'admin', 'ResourceCreated', 7, '{"type": "ResourceCreated", "resource": {"id": 7, "kind": "Image", "name": "img", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (9, '2026-11-23 11:39:11.469+00', 'admin', 'ResourceUpdated', 4, '{"type": "ResourceUpdated", "before": {"kind": "Rack", "name": "r1", "labels": {}, "siteId": null, "status": null, "tenantId": null}, "changes": [{"path": "owner", "after": "y", "before": "x"}], "resource": {"id": 4, "kind": "Rack", "name": "r1", "owner": "y", "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951469, "generation": 2, "hasConflict": false}}');
INSERT INTO public.event VALUES (10, '2026-11-23 11:39:11.469+00', 'admin', 'ResourceUpdated', 6, '{"type": "ResourceUpdated", "before": {"kind": "Server", "name": "srv-1", "labels": {"env": "prod"}, "siteId": null, "status": null, "tenantId": null}, "changes": [{"path": "attributes.inventory", "after": {"note": "second"}, "before": null}], "resource": {"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951469, "generation": 2, "hasConflict": false}}');
INSERT INTO public.event VALUES (11, '2026-11-23 11:39:11.485+00', 'admin', 'ResourceCreated', 8, '{"type": "ResourceCreated", "resource": {"id": 8, "kind": "Image", "name": "by-api", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951485, "updatedAt": 1795433951485, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (12, '2026-11-23 11:39:11.506+00', 'admin', 'RuleChanged', NULL, '{"type": "RuleChanged", "detail": {"rule": "High"}}');
INSERT INTO public.event VALUES (13, '2026-11-23 11:39:12.038+00', 'plenum', 'AlertChanged', 6, '{"id": 6, "type": "AlertChanged", "detail": {"id": 1, "rule": "High", "state": "FIRING", "value": 90, "endsAt": null, "labels": {}, "siteId": null, "failure": "NONE", "firedAt": 1795433952032, "summary": "srv-1 is busy", "severity": "WARNING", "sourceId": 0, "startsAt": 1795433952032, "tenantId": null, "resourceId": 6, "runbookUrl": null}}');
INSERT INTO public.event VALUES (14, '2026-11-23 11:39:12.052+00', 'plenum', 'IncidentChanged', 6, '{"id": 6, "type": "IncidentChanged", "detail": {"id": 1, "state": "OPEN", "endsAt": null, "causeId": 6, "failure": "NONE", "summary": "srv-1 is busy", "alertIds": [1], "severity": "WARNING", "startsAt": 1795433952045, "tenantId": null, "mergedInto": null, "runbookUrl": null, "acknowledgedAt": null, "acknowledgedBy": null}}');
INSERT INTO public.event VALUES (15, '2026-11-23 11:39:12.091+00', 'admin', 'IncidentChanged', 6, '{"id": 6, "type": "IncidentChanged", "detail": {"id": 1, "state": "ACKNOWLEDGED", "endsAt": null, "causeId": 6, "failure": "NONE", "summary": "srv-1 is busy", "alertIds": [1], "severity": "WARNING", "startsAt": 1795433952045, "tenantId": null, "mergedInto": null, "runbookUrl": null, "acknowledgedAt": 1795433952089.113, "acknowledgedBy": "admin"}}');
INSERT INTO public.event VALUES (16, '2026-11-23 11:39:12.103+00', 'admin', 'SilenceChanged', NULL, '{"type": "SilenceChanged", "detail": {"id": 1, "rules": ["High"], "endsAt": 3799958400000, "labels": {}, "comment": "later", "startsAt": 3786912000000, "createdBy": "admin", "severities": [], "resourceIds": [], "isMaintenance": false}}');
INSERT INTO public.event VALUES (17, '2026-11-23 11:39:12.115+00', 'admin', 'SilenceChanged', NULL, '{"type": "SilenceChanged", "detail": {"id": 2, "rules": [], "endsAt": 1795448352112, "labels": {}, "comment": "Maintenance", "startsAt": 1795433952112, "createdBy": "admin", "severities": [], "resourceIds": [4], "isMaintenance": true}}');

INSERT INTO public.identity VALUES ('source', '', 'plenum', 1, 'source:plenum', true);
INSERT INTO public.identity VALUES ('source', '', 'inventory', 1, 'source:inventory', true);
INSERT INTO public.identity VALUES ('name', '', 'icn1', 2, 'Site:icn1', false);
INSERT INTO public.identity VALUES ('name', '', 'acme', 2, 'Tenant:acme', false);
INSERT INTO public.identity VALUES ('serial', 'acme', 'SN1', 2, 'Server:srv-1', true);
INSERT INTO public.identity VALUES ('name', '', 'srv-1', 2, 'Server:srv-1', false);

INSERT INTO public.incident OVERRIDING SYSTEM VALUE VALUES (1, 6, 'NONE', NULL, 'srv-1 is busy', 'WARNING', NULL, '2026-11-23 11:39:12.045+00', NULL, 'admin', '2026-11-23 11:39:12.089113+00', NULL);

INSERT INTO public.knex_migrations VALUES (1, '0001-resource', 1, '2026-11-23 11:39:10.962+00');
INSERT INTO public.knex_migrations VALUES (2, '0002-source', 1, '2026-11-23 11:39:10.967+00');
INSERT INTO public.knex_migrations VALUES (3, '0003-access', 1, '2026-11-23 11:39:10.97+00');
INSERT INTO public.knex_migrations VALUES (4, '0004-metric', 1, '2026-11-23 11:39:10.982+00');
INSERT INTO public.knex_migrations VALUES (5, '0005-audit', 1, '2026-11-23 11:39:10.988+00');
INSERT INTO public.knex_migrations VALUES (6, '0006-alert', 1, '2026-11-23 11:39:11.004+00');

INSERT INTO public.knex_migrations_lock VALUES (1, 0);

INSERT INTO public.log_head VALUES (true, '967c5f39-d2ed-4aae-a8b3-e6a5b977ac53', 17);

INSERT INTO public.metric OVERRIDING SYSTEM VALUE VALUES (1, 'load', '1', 'gauge', 'Load');

INSERT INTO public.metric_head VALUES (true, 1, 0, '2026-11-23 11:00:00+00');

INSERT INTO public.metric_tick VALUES (1, '2026-11-23 11:39:11.531+00', '2026-11-23 11:39:11.531+00', 1, '\x0103d6c49f83c168b401');

INSERT INTO public.observation VALUES (1, 'source:plenum', 1, 'Source', 'plenum', 'ACTIVE', NULL, NULL, NULL, '{"driver": "plenum", "control": false}', '{}', '[]', '{}', false, '\xb51a613f168829e81d6789501db69a1d', '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.366+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (1, 'source:inventory', 2, 'Source', 'inventory', 'ACTIVE', NULL, NULL, NULL, '{"driver": "inventory", "control": false}', '{}', '[]', '{}', false, '\x41bebc80cb30fb136a9ba7e577de1774', '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.366+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Site:icn1', 3, 'Site', 'icn1', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\x0b3e3698cf68f5e8486631b727cb99ee', '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.366+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Tenant:acme', 5, 'Tenant', 'acme', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\x41f98d93a159a4cab3a59c3402b4e591', '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.366+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Image:img', 7, 'Image', 'img', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\xbc6f88cceda74b2aa894f13749a6ebde', '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.366+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Rack:r1', 4, 'Rack', 'r1', NULL, NULL, 'y', NULL, '{}', '{}', '[]', '{}', false, '\x2b4b1d1a720d41d7a8265e4642e6d9b3', '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.469+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Server:srv-1', 6, 'Server', 'srv-1', NULL, '{"env": "prod"}', NULL, NULL, '{"manufacturer": "Acme", "serialNumber": "SN1"}', '{"note": "second"}', '[]', '{}', false, '\x9439118795add0be83fc90337017ab02', '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.469+00', 0, NULL, NULL);
INSERT INTO public.observation VALUES (2, 'Image:by-api', 8, 'Image', 'by-api', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\x63a273ac0703aa0e57346b2c4a5a5217', '2026-11-23 11:39:11.485+00', '2026-11-23 11:39:11.485+00', 0, NULL, NULL);

INSERT INTO public.resource VALUES (1, 'Source', 'plenum', 'ACTIVE', '{}', NULL, NULL, NULL, NULL, '{"driver": "plenum", "control": false}', '{}', '{1}', 1, 1, '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.366+00', NULL, false);
INSERT INTO public.resource VALUES (2, 'Source', 'inventory', 'ACTIVE', '{}', NULL, NULL, NULL, NULL, '{"driver": "inventory", "control": false}', '{}', '{1}', 1, 1, '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.366+00', NULL, false);
INSERT INTO public.resource VALUES (3, 'Site', 'icn1', NULL, '{}', NULL, NULL, 3, NULL, '{}', '{}', '{2}', 1, 1, '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.366+00', NULL, false);
INSERT INTO public.resource VALUES (5, 'Tenant', 'acme', NULL, '{}', NULL, NULL, NULL, 5, '{}', '{}', '{2}', 1, 1, '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.366+00', NULL, false);
INSERT INTO public.resource VALUES (7, 'Image', 'img', NULL, '{}', NULL, NULL, NULL, NULL, '{}', '{}', '{2}', 1, 1, '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.366+00', NULL, false);
INSERT INTO public.resource VALUES (4, 'Rack', 'r1', NULL, '{}', 'y', NULL, NULL, NULL, '{}', '{}', '{2}', 2, 2, '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.469+00', NULL, false);
INSERT INTO public.resource VALUES (6, 'Server', 'srv-1', NULL, '{"env": "prod"}', NULL, NULL, NULL, NULL, '{"manufacturer": "Acme", "serialNumber": "SN1"}', '{"inventory": {"note": "second"}}', '{2}', 2, 2, '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.469+00', NULL, false);
INSERT INTO public.resource VALUES (8, 'Image', 'by-api', NULL, '{}', NULL, NULL, NULL, NULL, '{}', '{}', '{2}', 1, 1, '2026-11-23 11:39:11.485+00', '2026-11-23 11:39:11.485+00', NULL, false);

INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-23 11:39:11.366+00', NULL, 1, 'CREATED', 'admin', '{"id": 1, "kind": "Source", "name": "plenum", "owner": null, "fields": {"driver": "plenum", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-23 11:39:11.366+00', NULL, 2, 'CREATED', 'admin', '{"id": 2, "kind": "Source", "name": "inventory", "owner": null, "fields": {"driver": "inventory", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-23 11:39:11.366+00', NULL, 3, 'CREATED', 'admin', '{"id": 3, "kind": "Site", "name": "icn1", "owner": null, "fields": {}, "labels": {}, "siteId": 3, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-23 11:39:11.366+00', NULL, 5, 'CREATED', 'admin', '{"id": 5, "kind": "Tenant", "name": "acme", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": 5, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-23 11:39:11.366+00', NULL, 7, 'CREATED', 'admin', '{"id": 7, "kind": "Image", "name": "img", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.469+00', 4, 'CREATED', 'admin', '{"id": 4, "kind": "Rack", "name": "r1", "owner": "x", "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-23 11:39:11.366+00', '2026-11-23 11:39:11.469+00', 6, 'CREATED', 'admin', '{"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951366, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-23 11:39:11.469+00', NULL, 8, 'UPDATED', 'admin', '{"id": 4, "kind": "Rack", "name": "r1", "owner": "y", "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951469, "generation": 2, "hasConflict": false}', '[{"path": "owner", "after": "y", "before": "x"}]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-23 11:39:11.469+00', NULL, 9, 'UPDATED', 'admin', '{"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795433951366, "updatedAt": 1795433951469, "generation": 2, "hasConflict": false}', '[{"path": "attributes.inventory", "after": {"note": "second"}, "before": null}]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-23 11:39:11.485+00', NULL, 10, 'CREATED', 'admin', '{"id": 8, "kind": "Image", "name": "by-api", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795433951485, "updatedAt": 1795433951485, "generation": 1, "hasConflict": false}', '[]');

INSERT INTO public.rule VALUES ('High', '{"name": "High", "metric": "load", "summary": "{{resource.name}} is busy", "selector": {"kind": ["Server"]}, "severity": "WARNING", "condition": {"type": "threshold", "above": 10}}', '2026-11-23 11:39:11.505+00', 'admin');

INSERT INTO public.series OVERRIDING SYSTEM VALUE VALUES (1, 6, 1, 0);

INSERT INTO public.silence OVERRIDING SYSTEM VALUE VALUES (1, false, '{}', '{High}', '{}', '{}', 'later', 'admin', '2090-01-01 00:00:00+00', '2090-06-01 00:00:00+00');
INSERT INTO public.silence OVERRIDING SYSTEM VALUE VALUES (2, true, '{4}', '{}', '{}', '{}', 'Maintenance', 'admin', '2026-11-23 11:39:12.112+00', '2026-11-23 15:39:12.112+00');

INSERT INTO public.source VALUES (1, 'plenum', 'plenum', 'intent', 1000, true, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false, NULL, NULL);
INSERT INTO public.source VALUES (2, 'inventory', 'inventory', 'intent', 100, true, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, false, NULL, NULL);

INSERT INTO public.token OVERRIDING SYSTEM VALUE VALUES (2, 'old', 'operator', '\x694ba1f6f5764120f292308b7193274b649bbb442c458837a306d2c7ef27ea31', '2026-11-23 11:39:11.278972+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'admin');
INSERT INTO public.token OVERRIDING SYSTEM VALUE VALUES (1, 'admin', 'admin', '\x00f8c7c278c7d942165deed76fa140a4a27bf22d50f9432858119a91ced85cc8', '2026-11-23 11:39:11.045698+00', NULL, NULL, '2026-11-23 11:39:12.11+00', NULL, NULL, NULL, NULL, NULL);

INSERT INTO public.turn VALUES ('alert/rule/0', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/1', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/2', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/3', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/4', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/5', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/6', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/rule/7', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('alert/incident', NULL, 1, NULL);
INSERT INTO public.turn VALUES ('metric/compact', NULL, 1, NULL);

SELECT pg_catalog.setval('public.alert_id_seq', 1, true);

SELECT pg_catalog.setval('public.audit_id_seq', 8, true);

SELECT pg_catalog.setval('public.incident_id_seq', 1, true);

SELECT pg_catalog.setval('public.knex_migrations_id_seq', 6, true);

SELECT pg_catalog.setval('public.knex_migrations_lock_index_seq', 1, true);

SELECT pg_catalog.setval('public.metric_id_seq', 1, true);

SELECT pg_catalog.setval('public.notification_id_seq', 1, false);

SELECT pg_catalog.setval('public.resource_history_seq_seq', 10, true);

SELECT pg_catalog.setval('public.resource_id', 8, true);

SELECT pg_catalog.setval('public.series_id_seq', 1, true);

SELECT pg_catalog.setval('public.silence_id_seq', 2, true);

SELECT pg_catalog.setval('public.token_id_seq', 2, true);

ALTER TABLE ONLY public.alert
    ADD CONSTRAINT alert_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (single);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_place_key UNIQUE (place);

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

CREATE INDEX audit_at ON public.audit USING btree (at);

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

CREATE INDEX notification_due ON public.notification USING btree (due_at) WHERE ((sent_at IS NULL) AND (given_up_at IS NULL));

CREATE INDEX observation_part ON public.observation USING btree (source_id, part) WHERE (part IS NOT NULL);

CREATE INDEX observation_resource ON public.observation USING btree (resource_id);

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

ALTER TABLE ONLY public.series
    ADD CONSTRAINT series_metric_id_fkey FOREIGN KEY (metric_id) REFERENCES public.metric(id);

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_id_fkey FOREIGN KEY (id) REFERENCES public.resource(id) DEFERRABLE INITIALLY DEFERRED;

