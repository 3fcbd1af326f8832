-- A database as large as `fill.builds` says, of as many tenants that build as `fill.builders` says
-- and many that only signed up: rows are copies of what the store wrote, so that the store can
-- read them.

SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';

CREATE FUNCTION pg_temp.size() RETURNS bigint IMMUTABLE LANGUAGE sql AS
    $$ SELECT current_setting('fill.builds')::bigint $$;
CREATE FUNCTION pg_temp.builders() RETURNS bigint IMMUTABLE LANGUAGE sql AS
    $$ SELECT current_setting('fill.builders')::bigint $$;
CREATE FUNCTION pg_temp.projects() RETURNS bigint IMMUTABLE LANGUAGE sql AS
    $$ SELECT pg_temp.size() / 20 $$;
CREATE FUNCTION pg_temp.idle() RETURNS bigint IMMUTABLE LANGUAGE sql AS
    $$ SELECT pg_temp.size() / 10 $$;
-- Ids of a kind sort by number, and before those that the store makes now.
CREATE FUNCTION pg_temp.id(kind int, number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    $$ SELECT ('018f' || lpad(to_hex(kind), 4, '0') || '-0000-7000-8000-'
               || lpad(to_hex(number), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.tenant(number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    $$ SELECT pg_temp.id(1, number % pg_temp.builders()) $$;
CREATE FUNCTION pg_temp.hash(number bigint) RETURNS bytea IMMUTABLE LANGUAGE sql AS
    $$ SELECT sha256(int8send(number)) $$;
-- The newest build was made a minute ago.
CREATE FUNCTION pg_temp.at(number bigint) RETURNS timestamptz IMMUTABLE LANGUAGE sql AS
    $$ SELECT current_setting('fill.now')::timestamptz
              - (pg_temp.size() - number) * interval '20 seconds' - interval '1 minute' $$;

-- Indexes come back once there is something in them.
CREATE TEMP TABLE later AS
    SELECT c.oid::regclass::text AS index, pg_get_indexdef(c.oid) AS made_by
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid);
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT index FROM later LOOP EXECUTE 'DROP INDEX ' || name; END LOOP;
    FOR name IN SELECT oid::regclass::text FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', name);
    END LOOP;
END $$;

INSERT INTO users (id, email, email_key, name, password_hash, created_at)
SELECT id, email, email, name, password_hash, created_at
FROM (SELECT pg_temp.id(2, n) AS id, 'builder' || n || '@example.com' AS email
      FROM generate_series(0, 1999) n
      UNION ALL
      SELECT pg_temp.id(0, n), 'idler' || n || '@example.com'
      FROM generate_series(1, pg_temp.idle()) n) made,
    (SELECT name, password_hash, created_at FROM users LIMIT 1) u;

INSERT INTO tenants (id, slug, name, tier, own_limits, time_zone, created_at)
SELECT pg_temp.id(1, n), 'tenant-' || n, name, 'enterprise', own_limits, time_zone, created_at
FROM generate_series(0, 199 + pg_temp.idle()) n, (SELECT * FROM tenants LIMIT 1) t;

INSERT INTO memberships (tenant_id, user_id, role, created_at)
SELECT pg_temp.tenant(n), pg_temp.id(2, n), CASE WHEN n < 200 THEN 'owner' ELSE 'member' END,
    created_at
FROM generate_series(0, 1999) n, (SELECT * FROM memberships LIMIT 1) m;

INSERT INTO memberships (tenant_id, user_id, role, created_at)
SELECT pg_temp.id(1, 199 + n), pg_temp.id(0, n), 'owner', created_at
FROM generate_series(1, pg_temp.idle()) n, (SELECT * FROM memberships LIMIT 1) m;

INSERT INTO invitations (tenant_id, id, token_hash, role, invited_by, created_at, expires_at)
SELECT pg_temp.tenant(n), pg_temp.id(3, n), pg_temp.hash(n), 'member', pg_temp.id(2, n % 200),
    pg_temp.at(pg_temp.size()), pg_temp.at(pg_temp.size()) + interval '7 days'
FROM generate_series(0, 1999) n;

INSERT INTO sessions (token_hash, user_id, created_at, last_seen_at, expires_at)
SELECT pg_temp.hash(n), pg_temp.id(2, n % 2000), pg_temp.at(n), pg_temp.at(n),
    pg_temp.at(pg_temp.size()) + interval '7 days' + n * interval '20 seconds'
FROM generate_series(1, pg_temp.size() / 4) n;

INSERT INTO sign_in_attempts (attempt_key, failures, last_at)
SELECT pg_temp.hash(n), 1, pg_temp.at(pg_temp.size())
FROM generate_series(1, pg_temp.size() / 10) n;

INSERT INTO viewer_tickets (token_hash, tenant_id, build_id, user_id, expires_at)
SELECT pg_temp.hash(n), pg_temp.tenant(n), pg_temp.id(6, n), pg_temp.id(2, n % 2000),
    pg_temp.at(pg_temp.size()) + interval '90 seconds'
FROM generate_series(1, pg_temp.size() / 10) n;

INSERT INTO nonces (key_id, nonce, expires_at)
SELECT 'key-' || n % 200, 'nonce-' || n, pg_temp.at(pg_temp.size()) + interval '1 day' + n * interval '1 second'
FROM generate_series(1, pg_temp.size() / 4) n;

INSERT INTO guest_entries (id, request, created_at, expires_at)
SELECT pg_temp.id(7, n), request, pg_temp.at(pg_temp.size()),
    pg_temp.at(pg_temp.size()) + interval '1 hour'
FROM generate_series(1, pg_temp.size() / 10) n, (SELECT request FROM builds LIMIT 1) b;

INSERT INTO idempotency_keys (owner, route, key, fingerprint, status, headers, body,
    first_request_id, expires_at)
SELECT pg_temp.tenant(n)::text, 'POST /v1/builds', 'key-' || n, pg_temp.hash(n), 202, '[]', '',
    'req_' || n, pg_temp.at(pg_temp.size()) + interval '1 day' + n * interval '1 second'
FROM generate_series(1, pg_temp.size() / 2) n;

-- Of each tenant's builds the last of every project is active, the others have ended.
CREATE TEMP TABLE made AS
    SELECT n, pg_temp.tenant(n) AS tenant_id, pg_temp.id(6, n) AS id,
        pg_temp.id(5, n % pg_temp.projects()) AS project_id, pg_temp.at(n) AS created_at,
        CASE WHEN n >= pg_temp.size() - pg_temp.projects()
                 THEN CASE n % 50 WHEN 0 THEN 'building' ELSE 'queued' END
             WHEN n % 10 < 7 THEN 'deployed' WHEN n % 10 = 7 THEN 'failed'
             WHEN n % 10 = 8 THEN 'cancelled' ELSE 'expired' END AS state
    FROM generate_series(0, pg_temp.size() - 1) n;
CREATE TEMP TABLE template AS SELECT * FROM builds WHERE state = 'deployed' LIMIT 1;

INSERT INTO credit_accounts (tenant_id, balance, held, last_entry, version)
SELECT pg_temp.tenant(n), 1000000000, 75 * pg_temp.projects() / pg_temp.builders(),
    pg_temp.size() / pg_temp.builders(), 1
FROM generate_series(0, pg_temp.builders() - 1) n
UNION ALL
SELECT pg_temp.id(1, 199 + n), 0, 0, 0, 1 FROM generate_series(1, pg_temp.idle()) n;

INSERT INTO credit_grants (tenant_id, id, amount, remaining, source, priority, expires_at,
    granted_at)
SELECT pg_temp.tenant(n), pg_temp.id(8, n), 1000000000, CASE WHEN n < 200 THEN 1000000000 ELSE 0 END,
    source, priority, expires_at, granted_at
FROM generate_series(0, 9999) n, (SELECT * FROM credit_grants LIMIT 1) g;

INSERT INTO credit_holds (tenant_id, id, amount, captured, refunded, state, charged, ended_at,
    build_id, user_id, project_id, opened_at, weight)
SELECT tenant_id, pg_temp.id(4, n), 75, CASE state WHEN 'deployed' THEN 10 ELSE 0 END, 0,
    CASE state WHEN 'deployed' THEN 'captured' WHEN 'queued' THEN 'open' WHEN 'building' THEN 'open'
         ELSE 'released' END,
    CASE state WHEN 'deployed' THEN 10 WHEN 'queued' THEN NULL WHEN 'building' THEN NULL ELSE 0 END,
    CASE WHEN state NOT IN ('queued', 'building') THEN created_at + interval '10 minutes' END,
    id, pg_temp.id(2, n % 200), project_id, created_at,
    CASE state WHEN 'deployed' THEN 10 WHEN 'queued' THEN 75 WHEN 'building' THEN 75 ELSE 0 END
FROM made;

INSERT INTO credit_entries (tenant_id, seq, amount, reason, balance_after, hold_id, request_id, at)
SELECT tenant_id, n / pg_temp.builders() + 1, -10, 'capture', 1000000000, pg_temp.id(4, n), 'req_' || n, created_at
FROM made;

INSERT INTO credit_operations (tenant_id, key, request, hold_id, captured, released, balance, held,
    at)
SELECT tenant_id, 'key-' || n, '{}', pg_temp.id(4, n), 10, 65, 1000000000, 0, created_at
FROM made WHERE n % 2 = 0;

INSERT INTO projects (tenant_id, id, name, slug, site, live_snapshot_id, created_at, name_key,
    active_at)
SELECT pg_temp.tenant(n), pg_temp.id(5, n), 'Bakery ' || n, 'bakery-' || n,
    left(p.site, length(p.site) - 12) || lpad(n::text, 12, '0'),
    CASE WHEN n % 10 < 7 THEN pg_temp.id(9, pg_temp.size() - 2 * pg_temp.projects() + n) END,
    pg_temp.at(n), 'bakery ' || n, pg_temp.at(pg_temp.size() - pg_temp.projects() + n)
FROM generate_series(0, pg_temp.projects() - 1) n, (SELECT * FROM projects LIMIT 1) p;

INSERT INTO builds
SELECT m.tenant_id, m.id, m.project_id, t.kind, m.state, t.request, t.estimate,
    pg_temp.id(4, m.n), 75, CASE WHEN m.state IN ('queued', 'cancelled', 'expired') THEN 0 ELSE 1 END,
    CASE m.state WHEN 'failed' THEN 1 ELSE 0 END, 0, false, 3, 1000, 500, 10000, NULL,
    CASE m.state WHEN 'deployed' THEN pg_temp.id(9, m.n) END,
    CASE m.state WHEN 'deployed' THEN t.deployment_url END,
    CASE m.state WHEN 'deployed' THEN 10 ELSE 0 END, pg_temp.id(2, m.n % 200), 'req_' || m.n,
    m.created_at,
    CASE WHEN m.state NOT IN ('queued', 'cancelled', 'expired')
         THEN m.created_at + interval '1 minute' END,
    m.created_at + interval '72 hours',
    CASE WHEN m.state NOT IN ('queued', 'building') THEN m.created_at + interval '10 minutes' END,
    CASE m.state WHEN 'failed' THEN 'worker_lost' END, CASE m.state WHEN 'failed' THEN 'Lost.' END,
    CASE m.state WHEN 'failed' THEN true END, 1
FROM made m, template t;

INSERT INTO build_queue (tenant_id, build_id, standing, band, tag, due_at, worker, enqueued_at)
SELECT tenant_id, id, standing, 4, n * 1000,
    CASE standing WHEN 'leased' THEN pg_temp.at(pg_temp.size()) + interval '5 minutes'
         ELSE created_at + interval '72 hours' END,
    CASE standing WHEN 'leased' THEN 'worker-1' END, created_at
FROM (SELECT *, CASE WHEN state = 'building' THEN 'leased' WHEN n % 9 = 0 THEN 'delayed'
                     WHEN n % 3 = 0 THEN 'ready' ELSE 'parked' END AS standing
      FROM made WHERE state IN ('queued', 'building')) q;

INSERT INTO queue_tenants (tenant_id, band, last_tag)
SELECT pg_temp.id(1, n), 4, pg_temp.size() * 1000
FROM generate_series(0, 199 + pg_temp.idle()) n;

CREATE TEMP TABLE told AS
    SELECT row_number() OVER (ORDER BY e.seq) AS seq, e.kind, e.body
    FROM build_events e JOIN template t ON t.tenant_id = e.tenant_id AND t.id = e.build_id
    WHERE e.kind IN ('build.queued', 'agent.completed', 'build.completed');
-- One in three is the end of a phase, which the speed of phases is read from.
INSERT INTO build_events (tenant_id, build_id, seq, at, request_id, kind, body)
SELECT tenant_id, id, seq, created_at + seq * interval '1 second', 'req_' || n,
    CASE WHEN seq = 2 AND n % 3 = 0 THEN 'phase.completed' ELSE kind END,
    CASE WHEN seq = 2 AND n % 3 = 0
         THEN '{"type":"phase.completed","phase":"implement","duration_ms":1000}' ELSE body END
FROM made, told ORDER BY n, seq;

INSERT INTO build_work
SELECT m.tenant_id, m.id, w.number, w.agent, w.provider, w.model, w.tokens_in, w.tokens_out, w.cost,
    w.summary, m.created_at, m.created_at
FROM made m, (SELECT * FROM build_work LIMIT 1) w
WHERE m.n % 2 = 0 AND m.state NOT IN ('queued', 'building');

INSERT INTO build_work_files
SELECT m.tenant_id, m.id, w.number, w.position, w.path, w.digest, w.bytes
FROM made m, (SELECT * FROM build_work_files LIMIT 1) w
WHERE m.n % 2 = 0 AND m.state NOT IN ('queued', 'building');

INSERT INTO snapshots (tenant_id, id, project_id, build_id, parent_id, tree, files, bytes, preview,
    created_at)
SELECT m.tenant_id, pg_temp.id(9, m.n), m.project_id, m.id,
    CASE WHEN m.n >= pg_temp.projects() THEN pg_temp.id(9, m.n - pg_temp.projects()) END,
    s.tree, 2, s.bytes, left(s.preview, length(s.preview) - 12) || lpad(m.n::text, 12, '0'),
    m.created_at
FROM made m, (SELECT * FROM snapshots LIMIT 1) s WHERE m.state = 'deployed';

INSERT INTO snapshot_files
SELECT m.tenant_id, pg_temp.id(9, m.n), 'page-' || page || '.html', pg_temp.hash(m.n * 2 + page), 5
FROM made m, generate_series(0, 1) page WHERE m.state = 'deployed';


INSERT INTO deployments
SELECT tenant_id, pg_temp.id(10, n), project_id, id, pg_temp.id(9, n), 'local', 'http://site.localhost/',
    created_at
FROM made WHERE state = 'deployed';

INSERT INTO audit_log (tenant_id, seq, at, request_id, action, subject, data, seal)
SELECT tenant_id, n / pg_temp.builders() + 1, created_at, 'req_' || n, 'build_submitted', id::text, '{}',
    pg_temp.hash(n)
FROM made;

INSERT INTO tenant_usage (tenant_id, period_start, period_end, builds_created)
SELECT pg_temp.tenant(n), month, month + interval '1 month', 1
FROM generate_series(0, pg_temp.builders() - 1) n,
    generate_series('2025-07-01'::timestamptz, '2026-06-01'::timestamptz, '1 month') month;

DO $$
DECLARE made_by text;
BEGIN
    FOR made_by IN SELECT l.made_by FROM later l LOOP EXECUTE made_by; END LOOP;
END $$;
