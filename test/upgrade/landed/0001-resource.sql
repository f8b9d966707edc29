
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
    cursor_seq bigint
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
    missed_since timestamp with time zone
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

INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-23 09:45:43.987+00', 'root (terminal)', 'terminal', 'process 2186', 'token create', '{"name": "old"}', 'OK', NULL, NULL);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-23 09:46:26.233+00', 'root (terminal)', 'terminal', 'process 2870', 'import', '{"file": "one.ndjson", "mode": "merge", "source": "inventory"}', 'OK', NULL, 8);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-23 09:46:28.24+00', 'root (terminal)', 'terminal', 'process 2893', 'import', '{"file": "two.ndjson", "mode": "merge", "source": "inventory"}', 'OK', NULL, 10);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-23 09:46:31.926+00', 'admin', '127.0.0.1', '6e2677a2-24d3-435b-b0ce-5704123c40cf', 'importInventory', '{"input": {"items": [{"kind": "Image", "name": "by-api"}]}}', 'OK', NULL, 11);

INSERT INTO public.event VALUES (1, '2026-11-23 09:45:43.675+00', 'root (terminal)', 'TokenCreated', NULL, '{"type": "TokenCreated", "detail": {"name": "old", "tokenId": 1}}');
INSERT INTO public.event VALUES (2, '2026-11-23 09:46:25.701+00', 'root (terminal)', 'ResourceCreated', 1, '{"type": "ResourceCreated", "resource": {"id": 1, "kind": "Source", "name": "plenum", "owner": null, "fields": {"driver": "plenum", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (3, '2026-11-23 09:46:25.701+00', 'root (terminal)', 'ResourceCreated', 2, '{"type": "ResourceCreated", "resource": {"id": 2, "kind": "Source", "name": "inventory", "owner": null, "fields": {"driver": "inventory", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (4, '2026-11-23 09:46:25.701+00', 'root (terminal)', 'ResourceCreated', 3, '{"type": "ResourceCreated", "resource": {"id": 3, "kind": "Site", "name": "icn1", "owner": null, "fields": {}, "labels": {}, "siteId": 3, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (5, '2026-11-23 09:46:25.701+00', 'root (terminal)', 'ResourceCreated', 4, '{"type": "ResourceCreated", "resource": {"id": 4, "kind": "Rack", "name": "r1", "owner": "x", "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (6, '2026-11-23 09:46:25.701+00', 'root (terminal)', 'ResourceCreated', 5, '{"type": "ResourceCreated", "resource": {"id": 5, "kind": "Tenant", "name": "acme", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": 5, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (7, '2026-11-23 09:46:25.701+00', 'root (terminal)', 'ResourceCreated', 6, '{"type": "ResourceCreated", "resource": {"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (8, '2026-11-23 09:46:25.701+00', 'root (terminal)', 'ResourceCreated', 7, '{"type": "ResourceCreated", "resource": {"id": 7, "kind": "Image", "name": "img", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}}');
INSERT INTO public.event VALUES (9, '2026-11-23 09:46:28.062+00', 'root (terminal)', 'ResourceUpdated', 4, '{"type": "ResourceUpdated", "before": {"kind": "Rack", "name": "r1", "labels": {}, "siteId": null, "status": null, "tenantId": null}, "changes": [{"path": "owner", "after": "y", "before": "x"}], "resource": {"id": 4, "kind": "Rack", "name": "r1", "owner": "y", "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427188062, "generation": 2, "hasConflict": false}}');
INSERT INTO public.event VALUES (10, '2026-11-23 09:46:28.062+00', 'root (terminal)', 'ResourceUpdated', 6, '{"type": "ResourceUpdated", "before": {"kind": "Server", "name": "srv-1", "labels": {"env": "prod"}, "siteId": null, "status": null, "tenantId": null}, "changes": [{"path": "attributes.inventory", "after": {"note": "second"}, "before": {"note": "first"}}], "resource": {"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427188062, "generation": 2, "hasConflict": false}}');
INSERT INTO public.event VALUES (11, '2026-11-23 09:46:31.655+00', 'admin', 'ResourceCreated', 8, '{"type": "ResourceCreated", "resource": {"id": 8, "kind": "Image", "name": "by-api", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427191655, "updatedAt": 1795427191655, "generation": 1, "hasConflict": false}}');

INSERT INTO public.identity VALUES ('source', '', 'plenum', 1, 'source:plenum', true);
INSERT INTO public.identity VALUES ('source', '', 'inventory', 1, 'source:inventory', true);
INSERT INTO public.identity VALUES ('name', '', 'icn1', 2, 'Site:icn1', false);
INSERT INTO public.identity VALUES ('name', '', 'acme', 2, 'Tenant:acme', false);
INSERT INTO public.identity VALUES ('serial', 'acme', 'SN1', 2, 'Server:srv-1', true);
INSERT INTO public.identity VALUES ('name', '', 'srv-1', 2, 'Server:srv-1', false);

INSERT INTO public.knex_migrations VALUES (1, '0001-resource', 1, '2026-11-23 09:45:37.891+00');

INSERT INTO public.knex_migrations_lock VALUES (1, 0);

INSERT INTO public.log_head VALUES (true, '5b143595-0753-4c46-b31c-b33703bbfaa2', 11);

INSERT INTO public.observation VALUES (1, 'source:plenum', 1, 'Source', 'plenum', 'ACTIVE', NULL, NULL, NULL, '{"driver": "plenum", "control": false}', '{}', '[]', '{}', false, '\xb51a613f168829e81d6789501db69a1d', '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:25.701+00', 0, NULL);
INSERT INTO public.observation VALUES (1, 'source:inventory', 2, 'Source', 'inventory', 'ACTIVE', NULL, NULL, NULL, '{"driver": "inventory", "control": false}', '{}', '[]', '{}', false, '\x41bebc80cb30fb136a9ba7e577de1774', '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:25.701+00', 0, NULL);
INSERT INTO public.observation VALUES (2, 'Site:icn1', 3, 'Site', 'icn1', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\x0b3e3698cf68f5e8486631b727cb99ee', '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:25.701+00', 0, NULL);
INSERT INTO public.observation VALUES (2, 'Tenant:acme', 5, 'Tenant', 'acme', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\x41f98d93a159a4cab3a59c3402b4e591', '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:25.701+00', 0, NULL);
INSERT INTO public.observation VALUES (2, 'Image:img', 7, 'Image', 'img', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\xbc6f88cceda74b2aa894f13749a6ebde', '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:25.701+00', 0, NULL);
INSERT INTO public.observation VALUES (2, 'Rack:r1', 4, 'Rack', 'r1', NULL, NULL, 'y', NULL, '{}', '{}', '[]', '{}', false, '\x2b4b1d1a720d41d7a8265e4642e6d9b3', '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:28.062+00', 0, NULL);
INSERT INTO public.observation VALUES (2, 'Server:srv-1', 6, 'Server', 'srv-1', NULL, '{"env": "prod"}', NULL, NULL, '{"manufacturer": "Acme", "serialNumber": "SN1"}', '{"note": "second"}', '[]', '{}', false, '\x9439118795add0be83fc90337017ab02', '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:28.062+00', 0, NULL);
INSERT INTO public.observation VALUES (2, 'Image:by-api', 8, 'Image', 'by-api', NULL, NULL, NULL, NULL, '{}', '{}', '[]', '{}', false, '\x63a273ac0703aa0e57346b2c4a5a5217', '2026-11-23 09:46:31.655+00', '2026-11-23 09:46:31.655+00', 0, NULL);

INSERT INTO public.resource VALUES (1, 'Source', 'plenum', 'ACTIVE', '{}', NULL, NULL, NULL, NULL, '{"driver": "plenum", "control": false}', '{}', '{1}', 1, 1, '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:25.701+00', NULL, false);
INSERT INTO public.resource VALUES (2, 'Source', 'inventory', 'ACTIVE', '{}', NULL, NULL, NULL, NULL, '{"driver": "inventory", "control": false}', '{}', '{1}', 1, 1, '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:25.701+00', NULL, false);
INSERT INTO public.resource VALUES (3, 'Site', 'icn1', NULL, '{}', NULL, NULL, 3, NULL, '{}', '{}', '{2}', 1, 1, '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:25.701+00', NULL, false);
INSERT INTO public.resource VALUES (5, 'Tenant', 'acme', NULL, '{}', NULL, NULL, NULL, 5, '{}', '{}', '{2}', 1, 1, '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:25.701+00', NULL, false);
INSERT INTO public.resource VALUES (7, 'Image', 'img', NULL, '{}', NULL, NULL, NULL, NULL, '{}', '{}', '{2}', 1, 1, '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:25.701+00', NULL, false);
INSERT INTO public.resource VALUES (4, 'Rack', 'r1', NULL, '{}', 'y', NULL, NULL, NULL, '{}', '{}', '{2}', 2, 2, '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:28.062+00', NULL, false);
INSERT INTO public.resource VALUES (6, 'Server', 'srv-1', NULL, '{"env": "prod"}', NULL, NULL, NULL, NULL, '{"manufacturer": "Acme", "serialNumber": "SN1"}', '{"inventory": {"note": "second"}}', '{2}', 2, 2, '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:28.062+00', NULL, false);
INSERT INTO public.resource VALUES (8, 'Image', 'by-api', NULL, '{}', NULL, NULL, NULL, NULL, '{}', '{}', '{2}', 1, 1, '2026-11-23 09:46:31.655+00', '2026-11-23 09:46:31.655+00', NULL, false);

INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-23 09:46:25.701+00', NULL, 1, 'CREATED', 'root (terminal)', '{"id": 1, "kind": "Source", "name": "plenum", "owner": null, "fields": {"driver": "plenum", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-23 09:46:25.701+00', NULL, 2, 'CREATED', 'root (terminal)', '{"id": 2, "kind": "Source", "name": "inventory", "owner": null, "fields": {"driver": "inventory", "control": false}, "labels": {}, "siteId": null, "status": "ACTIVE", "contact": null, "sources": [1], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-23 09:46:25.701+00', NULL, 3, 'CREATED', 'root (terminal)', '{"id": 3, "kind": "Site", "name": "icn1", "owner": null, "fields": {}, "labels": {}, "siteId": 3, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-23 09:46:25.701+00', NULL, 5, 'CREATED', 'root (terminal)', '{"id": 5, "kind": "Tenant", "name": "acme", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": 5, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-23 09:46:25.701+00', NULL, 7, 'CREATED', 'root (terminal)', '{"id": 7, "kind": "Image", "name": "img", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:28.062+00', 4, 'CREATED', 'root (terminal)', '{"id": 4, "kind": "Rack", "name": "r1", "owner": "x", "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-23 09:46:25.701+00', '2026-11-23 09:46:28.062+00', 6, 'CREATED', 'root (terminal)', '{"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427185701, "generation": 1, "hasConflict": false}', '[]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-23 09:46:28.062+00', NULL, 8, 'UPDATED', 'root (terminal)', '{"id": 4, "kind": "Rack", "name": "r1", "owner": "y", "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427188062, "generation": 2, "hasConflict": false}', '[{"path": "owner", "after": "y", "before": "x"}]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-23 09:46:28.062+00', NULL, 9, 'UPDATED', 'root (terminal)', '{"id": 6, "kind": "Server", "name": "srv-1", "owner": null, "fields": {"manufacturer": "Acme", "serialNumber": "SN1"}, "labels": {"env": "prod"}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 2, "tenantId": null, "createdAt": 1795427185701, "updatedAt": 1795427188062, "generation": 2, "hasConflict": false}', '[{"path": "attributes.inventory", "after": {"note": "second"}, "before": {"note": "first"}}]');
INSERT INTO public.resource_history OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-23 09:46:31.655+00', NULL, 10, 'CREATED', 'admin', '{"id": 8, "kind": "Image", "name": "by-api", "owner": null, "fields": {}, "labels": {}, "siteId": null, "status": null, "contact": null, "sources": [2], "hasDrift": false, "revision": 1, "tenantId": null, "createdAt": 1795427191655, "updatedAt": 1795427191655, "generation": 1, "hasConflict": false}', '[]');

INSERT INTO public.source VALUES (1, 'plenum', 'plenum', 'intent', 1000, true, NULL, NULL, NULL, NULL, NULL, NULL, 0);
INSERT INTO public.source VALUES (2, 'inventory', 'inventory', 'intent', 100, true, NULL, NULL, NULL, NULL, NULL, NULL, 0);

INSERT INTO public.token OVERRIDING SYSTEM VALUE VALUES (1, 'old', 'operator', '\x9192c4c8893c57bcda93acfe761270e7851da1b6e18fce0b7918366b8534d1af', '2026-11-23 09:45:43.67282+00', NULL, NULL, NULL);
INSERT INTO public.token OVERRIDING SYSTEM VALUE VALUES (2, 'admin', 'admin', '\x00f8c7c278c7d942165deed76fa140a4a27bf22d50f9432858119a91ced85cc8', '2026-11-23 09:46:30.921491+00', NULL, NULL, '2026-11-23 09:46:31.561+00');

SELECT pg_catalog.setval('public.audit_id_seq', 4, true);

SELECT pg_catalog.setval('public.knex_migrations_id_seq', 1, true);

SELECT pg_catalog.setval('public.knex_migrations_lock_index_seq', 1, true);

SELECT pg_catalog.setval('public.resource_history_seq_seq', 10, true);

SELECT pg_catalog.setval('public.resource_id', 8, true);

SELECT pg_catalog.setval('public.token_id_seq', 2, true);

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);

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

ALTER TABLE ONLY public.observation
    ADD CONSTRAINT observation_pkey PRIMARY KEY (source_id, key);

ALTER TABLE ONLY public.resource_gone
    ADD CONSTRAINT resource_gone_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.resource_history
    ADD CONSTRAINT resource_history_pkey PRIMARY KEY (resource_id, seq);

ALTER TABLE ONLY public.resource
    ADD CONSTRAINT resource_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_name_key UNIQUE (name);

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.token
    ADD CONSTRAINT token_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.token
    ADD CONSTRAINT token_name_key UNIQUE (name);

ALTER TABLE ONLY public.token
    ADD CONSTRAINT token_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.turn
    ADD CONSTRAINT turn_pkey PRIMARY KEY (name);

CREATE INDEX audit_at ON public.audit USING btree (at);

CREATE INDEX event_at ON public.event USING btree (at);

CREATE INDEX event_resource ON public.event USING btree (resource_id, seq) WHERE (resource_id IS NOT NULL);

CREATE INDEX idempotency_at ON public.idempotency USING btree (at);

CREATE INDEX identity_conflict_b ON public.identity_conflict USING btree (b_id);

CREATE INDEX identity_observation ON public.identity USING btree (source_id, key);

CREATE INDEX identity_parent ON public.identity USING btree (split_part(scope, '/'::text, 1)) WHERE (scope ~~ 'r:%'::text);

CREATE INDEX link_claim_pending ON public.link_claim USING btree (source_id, key) WHERE ((target_source_id IS NULL) AND (target_id IS NULL));

CREATE INDEX link_claim_target ON public.link_claim USING btree (target_source_id, target_key);

CREATE INDEX link_claim_target_id ON public.link_claim USING btree (target_id) WHERE (target_id IS NOT NULL);

CREATE INDEX link_history_end ON public.link_history USING btree (valid_to) WHERE (valid_to IS NOT NULL);

CREATE INDEX link_history_open ON public.link_history USING btree (from_id, type, to_id) WHERE (valid_to IS NULL);

CREATE INDEX link_history_time ON public.link_history USING btree (valid_from);

CREATE INDEX link_history_to ON public.link_history USING btree (to_id);

CREATE INDEX link_to ON public.link USING btree (to_id, type);

CREATE INDEX observation_resource ON public.observation USING btree (resource_id);

CREATE INDEX resource_attributes ON public.resource USING gin (attributes jsonb_path_ops);

CREATE INDEX resource_gone_into ON public.resource_gone USING btree (into_id) WHERE (into_id IS NOT NULL);

CREATE INDEX resource_history_end ON public.resource_history USING btree (valid_to) WHERE (valid_to IS NOT NULL);

CREATE UNIQUE INDEX resource_history_open ON public.resource_history USING btree (resource_id) WHERE (valid_to IS NULL);

CREATE INDEX resource_history_time ON public.resource_history USING btree (valid_from);

CREATE INDEX resource_kind_name ON public.resource USING btree (kind, name);

ALTER TABLE ONLY public.identity
    ADD CONSTRAINT identity_source_id_key_fkey FOREIGN KEY (source_id, key) REFERENCES public.observation(source_id, key) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.link_claim
    ADD CONSTRAINT link_claim_source_id_key_fkey FOREIGN KEY (source_id, key) REFERENCES public.observation(source_id, key) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.link
    ADD CONSTRAINT link_from_id_fkey FOREIGN KEY (from_id) REFERENCES public.resource(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.link
    ADD CONSTRAINT link_to_id_fkey FOREIGN KEY (to_id) REFERENCES public.resource(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.observation
    ADD CONSTRAINT observation_source_id_fkey FOREIGN KEY (source_id) REFERENCES public.resource(id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_id_fkey FOREIGN KEY (id) REFERENCES public.resource(id) DEFERRABLE INITIALLY DEFERRED;

