-- Ids are uuids, money whole units, texts compared byte by byte.
-- `tenant_id` comes first in every key of a tenant's table.

-- Who may do what. `keelway_app` acts for the tenants that its transaction names, and for no
-- others; `keelway_jobs` acts for the platform and sees all of them. Neither logs in, owns
-- anything or walks around row security. A process logs in as a role that was granted both and
-- inherits neither: each transaction takes on one.
DO $$
DECLARE role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['keelway_app', 'keelway_jobs'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', role);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            -- Another database of this server was migrated at the same moment.
            NULL;
        END;
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA public TO keelway_app, keelway_jobs;
GRANT SELECT ON _sqlx_migrations TO keelway_app, keelway_jobs;

-- People and tenants.

CREATE TABLE users (
    id            uuid        NOT NULL PRIMARY KEY,
    email         text COLLATE "C" NOT NULL,
    email_key     text COLLATE "C" NOT NULL UNIQUE,
    name          text COLLATE "C",
    password_hash text COLLATE "C" NOT NULL,
    created_at    timestamptz NOT NULL
);

CREATE TABLE tenants (
    id         uuid        NOT NULL PRIMARY KEY,
    slug       text COLLATE "C" NOT NULL UNIQUE,
    name       text COLLATE "C" NOT NULL,
    tier       text COLLATE "C" NOT NULL,
    own_limits text COLLATE "C" NOT NULL DEFAULT '{}',
    time_zone  text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE memberships (
    tenant_id  uuid        NOT NULL REFERENCES tenants (id),
    user_id    uuid        NOT NULL REFERENCES users (id),
    role       text COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
);
CREATE INDEX memberships_of_user ON memberships (user_id, created_at, tenant_id);

CREATE TABLE sessions (
    token_hash   bytea       NOT NULL PRIMARY KEY,
    user_id      uuid        NOT NULL REFERENCES users (id),
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    user_agent   text COLLATE "C"
);
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_expiring ON sessions (expires_at);

CREATE TABLE sign_in_attempts (
    attempt_key bytea       NOT NULL PRIMARY KEY,
    failures    bigint      NOT NULL,
    last_at     timestamptz NOT NULL
);
CREATE INDEX sign_in_attempts_by_age ON sign_in_attempts (last_at);

CREATE TABLE viewer_tickets (
    token_hash bytea       NOT NULL PRIMARY KEY,
    tenant_id  uuid        NOT NULL,
    build_id   uuid        NOT NULL,
    user_id    uuid        NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX viewer_tickets_expiring ON viewer_tickets (expires_at);

CREATE TABLE nonces (
    key_id     text COLLATE "C" NOT NULL,
    nonce      text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (key_id, nonce)
);
CREATE INDEX nonces_expiring ON nonces (expires_at);

-- Credits: no foreign key to tenants, because the ledger also serves other services.

CREATE TABLE credit_accounts (
    tenant_id  uuid        NOT NULL PRIMARY KEY,
    balance    bigint      NOT NULL,
    held       bigint      NOT NULL CHECK (held >= 0),
    overdraft  bigint      NOT NULL DEFAULT 0 CHECK (overdraft >= 0),
    last_entry bigint      NOT NULL,
    version    bigint      NOT NULL,
    CHECK (balance - held >= -overdraft)
) WITH (fillfactor = 50);

CREATE TABLE credit_grants (
    tenant_id      uuid        NOT NULL REFERENCES credit_accounts (tenant_id),
    id             uuid        NOT NULL,
    amount         bigint      NOT NULL CHECK (amount > 0),
    remaining      bigint      NOT NULL CHECK (remaining BETWEEN 0 AND amount),
    source         text COLLATE "C" NOT NULL CHECK (source IN ('plan', 'purchase', 'promotion', 'refund')),
    priority       bigint      NOT NULL CHECK (priority BETWEEN 0 AND 255),
    expires_at     timestamptz,
    rollover_up_to bigint,
    rollover_until timestamptz,
    refunds        uuid,
    granted_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((rollover_up_to IS NULL) = (rollover_until IS NULL))
);
CREATE INDEX credit_grants_remaining ON credit_grants (tenant_id) WHERE remaining > 0;
CREATE INDEX credit_grants_lapsing ON credit_grants (expires_at) WHERE remaining > 0;

CREATE TABLE credit_holds (
    tenant_id   uuid        NOT NULL REFERENCES credit_accounts (tenant_id),
    id          uuid        NOT NULL,
    amount      bigint      NOT NULL CHECK (amount > 0),
    captured    bigint      NOT NULL CHECK (captured >= 0),
    refunded    bigint      NOT NULL CHECK (refunded BETWEEN 0 AND captured),
    state       text COLLATE "C" NOT NULL CHECK (state IN ('open', 'captured', 'released', 'expired')),
    charged     bigint,
    ended_at    timestamptz,
    build_id    uuid,
    reference   text COLLATE "C",
    lifetime_ms bigint,
    user_id     uuid,
    project_id  uuid,
    opened_at   timestamptz NOT NULL,
    expires_at  timestamptz,
    -- What it counts against the daily caps of the day it was opened.
    weight      bigint      NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((state = 'open') = (ended_at IS NULL)),
    CHECK ((ended_at IS NULL) = (charged IS NULL)),
    CHECK ((build_id IS NULL) <> (reference IS NULL)),
    CHECK ((reference IS NULL) = (lifetime_ms IS NULL)),
    CHECK ((reference IS NULL) = (expires_at IS NULL))
);
CREATE INDEX credit_holds_of_day ON credit_holds (tenant_id, opened_at);
CREATE INDEX credit_holds_due ON credit_holds (expires_at, tenant_id) WHERE state = 'open';
CREATE INDEX credit_holds_open ON credit_holds (tenant_id, expires_at) WHERE state = 'open';

CREATE TABLE credit_entries (
    tenant_id     uuid        NOT NULL REFERENCES credit_accounts (tenant_id),
    seq           bigint      NOT NULL,
    amount        bigint      NOT NULL CHECK (amount <> 0),
    reason        text COLLATE "C" NOT NULL CHECK (reason IN ('grant', 'capture', 'refund', 'expiry')),
    balance_after bigint      NOT NULL,
    hold_id       uuid,
    grant_id      uuid,
    user_id       uuid,
    request_id    text COLLATE "C" NOT NULL,
    at            timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX credit_entries_by_time ON credit_entries (tenant_id, at);

CREATE TABLE credit_operations (
    tenant_id uuid        NOT NULL REFERENCES credit_accounts (tenant_id),
    key       text COLLATE "C" NOT NULL,
    request   text COLLATE "C" NOT NULL,
    hold_id   uuid        NOT NULL,
    captured  bigint      NOT NULL,
    released  bigint      NOT NULL,
    balance   bigint      NOT NULL,
    held      bigint      NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);

-- Projects and builds.

CREATE TABLE projects (
    tenant_id        uuid        NOT NULL REFERENCES tenants (id),
    id               uuid        NOT NULL,
    name             text COLLATE "C" NOT NULL,
    slug             text COLLATE "C" NOT NULL,
    site             text COLLATE "C" NOT NULL UNIQUE,
    live_snapshot_id uuid,
    created_at       timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug)
);
CREATE INDEX projects_by_time ON projects (tenant_id, created_at, id);

CREATE TABLE builds (
    tenant_id         uuid        NOT NULL,
    id                uuid        NOT NULL,
    project_id        uuid        NOT NULL,
    kind              text COLLATE "C" NOT NULL CHECK (kind IN ('generate')),
    state             text COLLATE "C" NOT NULL,
    request           text COLLATE "C" NOT NULL,
    estimate          text COLLATE "C" NOT NULL,
    hold_id           uuid        NOT NULL,
    held              bigint      NOT NULL CHECK (held > 0),
    attempt           bigint      NOT NULL CHECK (attempt >= 0),
    failures          bigint      NOT NULL CHECK (failures >= 0),
    recorded          bigint      NOT NULL CHECK (recorded >= 0),
    cancel_requested  boolean     NOT NULL,
    last_seq          bigint      NOT NULL CHECK (last_seq >= 1),
    tokens_in         bigint      NOT NULL CHECK (tokens_in >= 0),
    tokens_out        bigint      NOT NULL CHECK (tokens_out >= 0),
    cost              bigint      NOT NULL CHECK (cost >= 0),
    phase             text COLLATE "C",
    snapshot_id       uuid,
    deployment_url    text COLLATE "C",
    captured          bigint      NOT NULL CHECK (captured >= 0),
    requested_by      uuid        NOT NULL,
    request_id        text COLLATE "C" NOT NULL,
    created_at        timestamptz NOT NULL,
    started_at        timestamptz,
    -- When it expires, if it was not leased until then.
    deadline          timestamptz NOT NULL,
    ended_at          timestamptz,
    failure_reason    text COLLATE "C",
    failure_message   text COLLATE "C",
    failure_retryable boolean,
    version           bigint      NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id),
    FOREIGN KEY (tenant_id, hold_id) REFERENCES credit_holds (tenant_id, id),
    UNIQUE (tenant_id, hold_id),
    CHECK (state IN ('queued', 'building', 'deployed', 'failed', 'cancelled', 'expired')),
    CHECK ((state IN ('queued', 'building')) = (ended_at IS NULL)),
    CHECK ((state = 'failed') = (failure_reason IS NOT NULL)),
    CHECK ((failure_reason IS NULL) = (failure_message IS NULL)),
    CHECK ((failure_reason IS NULL) = (failure_retryable IS NULL)),
    CHECK (state <> 'deployed' OR (snapshot_id IS NOT NULL AND deployment_url IS NOT NULL)),
    CHECK (state = 'queued' OR attempt > 0 OR state IN ('cancelled', 'expired'))
) WITH (fillfactor = 80);
-- The project lock: it cannot be left behind, because it is the build itself.
CREATE UNIQUE INDEX builds_active ON builds (tenant_id, project_id)
    WHERE state IN ('queued', 'building');
CREATE INDEX builds_by_time ON builds (tenant_id, created_at, id);
CREATE INDEX builds_of_project ON builds (tenant_id, project_id, created_at, id);
CREATE INDEX builds_deployed ON builds (tenant_id, ended_at) WHERE state = 'deployed';
CREATE INDEX builds_deployed_anywhere ON builds (ended_at) WHERE state = 'deployed';

CREATE TABLE build_work (
    tenant_id  uuid        NOT NULL,
    build_id   uuid        NOT NULL,
    number     bigint      NOT NULL,
    agent      text COLLATE "C" NOT NULL,
    provider   text COLLATE "C" NOT NULL,
    model      text COLLATE "C" NOT NULL,
    tokens_in  bigint      NOT NULL,
    tokens_out bigint      NOT NULL,
    cost       bigint      NOT NULL,
    summary    text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, build_id, number),
    FOREIGN KEY (tenant_id, build_id) REFERENCES builds (tenant_id, id)
);

CREATE TABLE build_work_files (
    tenant_id uuid        NOT NULL,
    build_id  uuid        NOT NULL,
    number    bigint      NOT NULL,
    position  bigint      NOT NULL,
    path      text COLLATE "C" NOT NULL,
    digest    bytea       NOT NULL CHECK (length(digest) = 32),
    bytes     bigint      NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (tenant_id, build_id, number, position),
    FOREIGN KEY (tenant_id, build_id, number) REFERENCES build_work (tenant_id, build_id, number)
);

CREATE TABLE build_events (
    tenant_id  uuid        NOT NULL,
    build_id   uuid        NOT NULL,
    seq        bigint      NOT NULL CHECK (seq >= 1),
    at         timestamptz NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    body       text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, build_id, seq),
    FOREIGN KEY (tenant_id, build_id) REFERENCES builds (tenant_id, id)
);

CREATE TABLE snapshots (
    tenant_id  uuid        NOT NULL,
    id         uuid        NOT NULL,
    project_id uuid        NOT NULL,
    build_id   uuid        NOT NULL,
    parent_id  uuid,
    tree       bytea       NOT NULL CHECK (length(tree) = 32),
    files      bigint      NOT NULL CHECK (files >= 0),
    bytes      bigint      NOT NULL CHECK (bytes >= 0),
    preview    text COLLATE "C" NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id),
    FOREIGN KEY (tenant_id, build_id) REFERENCES builds (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES snapshots (tenant_id, id)
);
ALTER TABLE projects ADD FOREIGN KEY (tenant_id, live_snapshot_id)
    REFERENCES snapshots (tenant_id, id);
ALTER TABLE builds ADD FOREIGN KEY (tenant_id, snapshot_id) REFERENCES snapshots (tenant_id, id);
CREATE INDEX snapshots_of_project ON snapshots (tenant_id, project_id, created_at, id);

CREATE TABLE snapshot_files (
    tenant_id   uuid        NOT NULL,
    snapshot_id uuid        NOT NULL,
    path        text COLLATE "C" NOT NULL,
    digest      bytea       NOT NULL CHECK (length(digest) = 32),
    bytes       bigint      NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (tenant_id, snapshot_id, path),
    FOREIGN KEY (tenant_id, snapshot_id) REFERENCES snapshots (tenant_id, id)
);

CREATE TABLE deployments (
    tenant_id   uuid        NOT NULL,
    id          uuid        NOT NULL,
    project_id  uuid        NOT NULL,
    build_id    uuid        NOT NULL,
    snapshot_id uuid        NOT NULL,
    target      text COLLATE "C" NOT NULL,
    url         text COLLATE "C" NOT NULL,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id),
    FOREIGN KEY (tenant_id, build_id) REFERENCES builds (tenant_id, id),
    FOREIGN KEY (tenant_id, snapshot_id) REFERENCES snapshots (tenant_id, id)
);
CREATE INDEX deployments_of_project ON deployments (tenant_id, project_id, created_at, id);

-- The queue: narrow and hot. A build that has ended is not in it.

CREATE TABLE build_queue (
    tenant_id   uuid        NOT NULL,
    build_id    uuid        NOT NULL,
    standing    text COLLATE "C" NOT NULL CHECK (standing IN ('ready', 'parked', 'delayed', 'leased')),
    band        bigint      NOT NULL,
    tag         bigint      NOT NULL,
    -- When time overtakes it: its deadline while ready or parked, the next attempt while
    -- delayed, the end of the lease while leased. NULL once nothing follows from waiting.
    due_at      timestamptz,
    worker      text COLLATE "C",
    enqueued_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, build_id),
    FOREIGN KEY (tenant_id, build_id) REFERENCES builds (tenant_id, id),
    CHECK ((standing = 'leased') = (worker IS NOT NULL)),
    CHECK (standing IN ('ready', 'parked') OR due_at IS NOT NULL)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX build_queue_next ON build_queue (standing, band, tag, build_id);
CREATE INDEX build_queue_due ON build_queue (standing, due_at);
CREATE INDEX build_queue_of_tenant ON build_queue (tenant_id, standing, band, tag, build_id);

CREATE TABLE queue_bands (
    band         bigint      NOT NULL PRIMARY KEY,
    virtual_time bigint      NOT NULL
);

CREATE TABLE queue_tenants (
    tenant_id uuid        NOT NULL,
    band      bigint      NOT NULL,
    last_tag  bigint      NOT NULL,
    PRIMARY KEY (tenant_id, band)
);

CREATE TABLE queue_pace (
    one     bigint      NOT NULL PRIMARY KEY CHECK (one = 1),
    pace_ms bigint      NOT NULL CHECK (pace_ms >= 0)
);

CREATE TABLE guest_entries (
    id               uuid        NOT NULL PRIMARY KEY,
    request          text COLLATE "C" NOT NULL,
    claimed_build_id uuid,
    created_at       timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL
);
CREATE INDEX guest_entries_by_age ON guest_entries (created_at);

-- What cuts across.

CREATE TABLE idempotency_keys (
    owner            text COLLATE "C" NOT NULL,
    route            text COLLATE "C" NOT NULL,
    key              text COLLATE "C" NOT NULL,
    fingerprint      bytea       NOT NULL CHECK (length(fingerprint) = 32),
    status           bigint      NOT NULL,
    headers          text COLLATE "C" NOT NULL,
    body             bytea       NOT NULL,
    first_request_id text COLLATE "C" NOT NULL,
    expires_at       timestamptz NOT NULL,
    PRIMARY KEY (owner, route, key)
);
CREATE INDEX idempotency_keys_expiring ON idempotency_keys (expires_at);

-- One chain for each tenant; what happens outside any tenant is under 16 zero bytes.
CREATE TABLE audit_log (
    tenant_id  uuid        NOT NULL,
    seq        bigint      NOT NULL CHECK (seq >= 1),
    at         timestamptz NOT NULL,
    user_id    uuid,
    request_id text COLLATE "C" NOT NULL,
    action     text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    data       text COLLATE "C" NOT NULL,
    seal       bytea       NOT NULL CHECK (length(seal) = 32),
    PRIMARY KEY (tenant_id, seq)
);

CREATE TABLE tenant_usage (
    tenant_id        uuid        NOT NULL,
    period_start     timestamptz NOT NULL,
    period_end       timestamptz NOT NULL,
    builds_created   bigint      NOT NULL DEFAULT 0,
    builds_completed bigint      NOT NULL DEFAULT 0,
    builds_failed    bigint      NOT NULL DEFAULT 0,
    tokens           bigint      NOT NULL DEFAULT 0,
    cost             bigint      NOT NULL DEFAULT 0,
    credits          bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, period_start),
    CHECK (period_start < period_end)
);

-- Rights: what never changes cannot be changed, what never leaves cannot be removed.

GRANT SELECT, INSERT ON
    credit_entries, credit_operations, build_work, build_work_files, build_events, snapshots,
    snapshot_files, deployments, audit_log
    TO keelway_app, keelway_jobs;
GRANT SELECT, INSERT, UPDATE ON
    credit_accounts, credit_grants, credit_holds, projects, builds, queue_bands, queue_tenants,
    queue_pace, tenant_usage, idempotency_keys
    TO keelway_app, keelway_jobs;
GRANT SELECT, INSERT, UPDATE, DELETE ON build_queue TO keelway_app, keelway_jobs;
-- People join as the platform, which knows their links; what they are is their tenant's matter,
-- its plan is not.
GRANT SELECT, UPDATE (role), DELETE ON memberships TO keelway_app;
GRANT SELECT, UPDATE (name) ON tenants TO keelway_app;
GRANT SELECT (id, email, name, created_at) ON users TO keelway_app;
GRANT INSERT ON viewer_tickets TO keelway_app;
GRANT SELECT, UPDATE (claimed_build_id) ON guest_entries TO keelway_app, keelway_jobs;
GRANT SELECT, INSERT ON tenants, memberships TO keelway_jobs;
GRANT SELECT, INSERT, UPDATE (name, password_hash) ON users TO keelway_jobs;
GRANT SELECT, DELETE ON viewer_tickets TO keelway_jobs;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, sign_in_attempts, nonces TO keelway_jobs;
GRANT INSERT, DELETE ON guest_entries TO keelway_jobs;
GRANT DELETE ON idempotency_keys TO keelway_jobs;

-- Walls between tenants. Every statement names its tenant too: this is the second wall. The
-- setting is in a subquery, so that it is read once a statement and not for each row.
-- COALESCE, so that nothing is looked up by the wall: the planner would take it for a condition
-- of its own beside the statement's, expect hardly a row of a tenant, and read all of them.

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'tenants', 'memberships', 'viewer_tickets', 'credit_accounts', 'credit_grants',
        'credit_holds', 'credit_entries', 'credit_operations', 'projects', 'builds', 'build_work',
        'build_work_files', 'build_events', 'snapshots', 'snapshot_files', 'deployments',
        'build_queue', 'queue_tenants', 'audit_log', 'tenant_usage'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY platform ON %I TO keelway_jobs USING (true) WITH CHECK (true)', name);
        EXECUTE format(
            $policy$
            CREATE POLICY tenant ON %I TO keelway_app
            USING (COALESCE(%2$I = ANY (%3$s), false))
            WITH CHECK (COALESCE(%2$I = ANY (%3$s), false))
            $policy$,
            name, CASE name WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END,
            -- Read once a statement, not once a row.
            $list$(SELECT NULLIF(current_setting('keelway.tenants', true), '')::uuid[])::uuid[]$list$);
    END LOOP;
END $$;
-- Places in the queue are between tenants: whoever waits may count who is ahead.
CREATE POLICY everybodys_order ON build_queue FOR SELECT TO keelway_app USING (true);
