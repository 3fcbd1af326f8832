-- Ids are 16-byte blobs, times microseconds since 1970, money whole units.
-- `tenant_id` comes first in every key of a tenant's table.

-- People and tenants.

CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL,
    email_key     TEXT    NOT NULL UNIQUE,
    name          TEXT,
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE tenants (
    id         BLOB    NOT NULL PRIMARY KEY,
    slug       TEXT    NOT NULL UNIQUE,
    name       TEXT    NOT NULL,
    tier       TEXT    NOT NULL,
    own_limits TEXT    NOT NULL DEFAULT '{}',
    time_zone  TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE memberships (
    tenant_id  BLOB    NOT NULL REFERENCES tenants (id),
    user_id    BLOB    NOT NULL REFERENCES users (id),
    role       TEXT    NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
) STRICT;
CREATE INDEX memberships_of_user ON memberships (user_id, created_at, tenant_id);

CREATE TABLE sessions (
    token_hash   BLOB    NOT NULL PRIMARY KEY,
    user_id      BLOB    NOT NULL REFERENCES users (id),
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    user_agent   TEXT
) STRICT;
CREATE INDEX sessions_of_user ON sessions (user_id);
CREATE INDEX sessions_expiring ON sessions (expires_at);

CREATE TABLE sign_in_attempts (
    attempt_key BLOB    NOT NULL PRIMARY KEY,
    failures    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_attempts_by_age ON sign_in_attempts (last_at);

CREATE TABLE viewer_tickets (
    token_hash BLOB    NOT NULL PRIMARY KEY,
    tenant_id  BLOB    NOT NULL,
    build_id   BLOB    NOT NULL,
    user_id    BLOB    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX viewer_tickets_expiring ON viewer_tickets (expires_at);

CREATE TABLE nonces (
    key_id     TEXT    NOT NULL,
    nonce      TEXT    NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (key_id, nonce)
) STRICT;
CREATE INDEX nonces_expiring ON nonces (expires_at);

-- Credits: no foreign key to tenants, because the ledger also serves other services.

CREATE TABLE credit_accounts (
    tenant_id  BLOB    NOT NULL PRIMARY KEY,
    balance    INTEGER NOT NULL,
    held       INTEGER NOT NULL CHECK (held >= 0),
    overdraft  INTEGER NOT NULL DEFAULT 0 CHECK (overdraft >= 0),
    last_entry INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    CHECK (balance - held >= -overdraft)
) STRICT;

CREATE TABLE credit_grants (
    tenant_id      BLOB    NOT NULL REFERENCES credit_accounts (tenant_id),
    id             BLOB    NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount > 0),
    remaining      INTEGER NOT NULL CHECK (remaining BETWEEN 0 AND amount),
    source         TEXT    NOT NULL CHECK (source IN ('plan', 'purchase', 'promotion', 'refund')),
    priority       INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 255),
    expires_at     INTEGER,
    rollover_up_to INTEGER,
    rollover_until INTEGER,
    refunds        BLOB,
    granted_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((rollover_up_to IS NULL) = (rollover_until IS NULL))
) STRICT;
CREATE INDEX credit_grants_remaining ON credit_grants (tenant_id) WHERE remaining > 0;
CREATE INDEX credit_grants_lapsing ON credit_grants (expires_at) WHERE remaining > 0;

CREATE TABLE credit_holds (
    tenant_id   BLOB    NOT NULL REFERENCES credit_accounts (tenant_id),
    id          BLOB    NOT NULL,
    amount      INTEGER NOT NULL CHECK (amount > 0),
    captured    INTEGER NOT NULL CHECK (captured >= 0),
    refunded    INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND captured),
    state       TEXT    NOT NULL CHECK (state IN ('open', 'captured', 'released', 'expired')),
    charged     INTEGER,
    ended_at    INTEGER,
    build_id    BLOB,
    reference   TEXT,
    lifetime_ms INTEGER,
    user_id     BLOB,
    project_id  BLOB,
    opened_at   INTEGER NOT NULL,
    expires_at  INTEGER,
    -- What it counts against the daily caps of the day it was opened.
    weight      INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((state = 'open') = (ended_at IS NULL)),
    CHECK ((ended_at IS NULL) = (charged IS NULL)),
    CHECK ((build_id IS NULL) <> (reference IS NULL)),
    CHECK ((reference IS NULL) = (lifetime_ms IS NULL)),
    CHECK ((reference IS NULL) = (expires_at IS NULL))
) STRICT;
CREATE INDEX credit_holds_of_day ON credit_holds (tenant_id, opened_at);
CREATE INDEX credit_holds_due ON credit_holds (expires_at, tenant_id) WHERE state = 'open';
CREATE INDEX credit_holds_open ON credit_holds (tenant_id, expires_at) WHERE state = 'open';
CREATE TRIGGER credit_holds_end_once BEFORE UPDATE OF state, charged, ended_at ON credit_holds
WHEN OLD.state <> 'open'
 AND (NEW.state <> OLD.state OR NEW.charged <> OLD.charged OR NEW.ended_at <> OLD.ended_at)
BEGIN SELECT RAISE(ABORT, 'a hold ends once'); END;

CREATE TABLE credit_entries (
    tenant_id     BLOB    NOT NULL REFERENCES credit_accounts (tenant_id),
    seq           INTEGER NOT NULL,
    amount        INTEGER NOT NULL CHECK (amount <> 0),
    reason        TEXT    NOT NULL CHECK (reason IN ('grant', 'capture', 'refund', 'expiry')),
    balance_after INTEGER NOT NULL,
    hold_id       BLOB,
    grant_id      BLOB,
    user_id       BLOB,
    request_id    TEXT    NOT NULL,
    at            INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX credit_entries_by_time ON credit_entries (tenant_id, at);
CREATE TRIGGER credit_entries_never_change BEFORE UPDATE ON credit_entries
BEGIN SELECT RAISE(ABORT, 'ledger entries never change'); END;
CREATE TRIGGER credit_entries_never_leave BEFORE DELETE ON credit_entries
BEGIN SELECT RAISE(ABORT, 'ledger entries never leave'); END;

CREATE TABLE credit_operations (
    tenant_id BLOB    NOT NULL REFERENCES credit_accounts (tenant_id),
    key       TEXT    NOT NULL,
    request   TEXT    NOT NULL,
    hold_id   BLOB    NOT NULL,
    captured  INTEGER NOT NULL,
    released  INTEGER NOT NULL,
    balance   INTEGER NOT NULL,
    held      INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, key)
) STRICT, WITHOUT ROWID;

-- Projects and builds.

CREATE TABLE projects (
    tenant_id        BLOB    NOT NULL REFERENCES tenants (id),
    id               BLOB    NOT NULL,
    name             TEXT    NOT NULL,
    slug             TEXT    NOT NULL,
    site             TEXT    NOT NULL UNIQUE,
    live_snapshot_id BLOB,
    created_at       INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug),
    FOREIGN KEY (tenant_id, live_snapshot_id) REFERENCES snapshots (tenant_id, id)
) STRICT;
CREATE INDEX projects_by_time ON projects (tenant_id, created_at, id);

CREATE TABLE builds (
    tenant_id         BLOB    NOT NULL,
    id                BLOB    NOT NULL,
    project_id        BLOB    NOT NULL,
    kind              TEXT    NOT NULL CHECK (kind IN ('generate')),
    state             TEXT    NOT NULL,
    request           TEXT    NOT NULL,
    estimate          TEXT    NOT NULL,
    hold_id           BLOB    NOT NULL,
    held              INTEGER NOT NULL CHECK (held > 0),
    attempt           INTEGER NOT NULL CHECK (attempt >= 0),
    failures          INTEGER NOT NULL CHECK (failures >= 0),
    recorded          INTEGER NOT NULL CHECK (recorded >= 0),
    cancel_requested  INTEGER NOT NULL CHECK (cancel_requested IN (0, 1)),
    last_seq          INTEGER NOT NULL CHECK (last_seq >= 1),
    tokens_in         INTEGER NOT NULL CHECK (tokens_in >= 0),
    tokens_out        INTEGER NOT NULL CHECK (tokens_out >= 0),
    cost              INTEGER NOT NULL CHECK (cost >= 0),
    phase             TEXT,
    snapshot_id       BLOB,
    deployment_url    TEXT,
    captured          INTEGER NOT NULL CHECK (captured >= 0),
    requested_by      BLOB    NOT NULL,
    request_id        TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    started_at        INTEGER,
    -- When it expires, if it was not leased until then.
    deadline          INTEGER NOT NULL,
    ended_at          INTEGER,
    failure_reason    TEXT,
    failure_message   TEXT,
    failure_retryable INTEGER CHECK (failure_retryable IN (0, 1)),
    version           INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id),
    FOREIGN KEY (tenant_id, hold_id) REFERENCES credit_holds (tenant_id, id),
    FOREIGN KEY (tenant_id, snapshot_id) REFERENCES snapshots (tenant_id, id),
    UNIQUE (tenant_id, hold_id),
    CHECK (state IN ('queued', 'building', 'deployed', 'failed', 'cancelled', 'expired')),
    CHECK ((state IN ('queued', 'building')) = (ended_at IS NULL)),
    CHECK ((state = 'failed') = (failure_reason IS NOT NULL)),
    CHECK ((failure_reason IS NULL) = (failure_message IS NULL)),
    CHECK ((failure_reason IS NULL) = (failure_retryable IS NULL)),
    CHECK (state <> 'deployed' OR (snapshot_id IS NOT NULL AND deployment_url IS NOT NULL)),
    CHECK (state = 'queued' OR attempt > 0 OR state IN ('cancelled', 'expired'))
) STRICT;
-- The project lock: it cannot be left behind, because it is the build itself.
CREATE UNIQUE INDEX builds_active ON builds (tenant_id, project_id)
    WHERE state IN ('queued', 'building');
CREATE INDEX builds_by_time ON builds (tenant_id, created_at, id);
CREATE INDEX builds_of_project ON builds (tenant_id, project_id, created_at, id);
CREATE INDEX builds_deployed ON builds (tenant_id, ended_at) WHERE state = 'deployed';
CREATE INDEX builds_deployed_anywhere ON builds (ended_at) WHERE state = 'deployed';
CREATE TRIGGER builds_begin_queued BEFORE INSERT ON builds
WHEN NEW.state <> 'queued' OR NEW.attempt <> 0
BEGIN SELECT RAISE(ABORT, 'a build begins queued'); END;
CREATE TRIGGER builds_legal_transition BEFORE UPDATE ON builds
WHEN NOT (
    (OLD.state = 'queued' AND NEW.state IN ('queued', 'building', 'cancelled', 'expired'))
    OR (OLD.state = 'building'
        AND NEW.state IN ('building', 'queued', 'deployed', 'failed', 'cancelled'))
) OR NEW.attempt < OLD.attempt OR NEW.last_seq < OLD.last_seq OR NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'an illegal change of a build'); END;
CREATE TRIGGER builds_never_leave BEFORE DELETE ON builds
WHEN OLD.state IN ('queued', 'building')
BEGIN SELECT RAISE(ABORT, 'an active build never leaves'); END;

CREATE TABLE build_work (
    tenant_id  BLOB    NOT NULL,
    build_id   BLOB    NOT NULL,
    number     INTEGER NOT NULL,
    agent      TEXT    NOT NULL,
    provider   TEXT    NOT NULL,
    model      TEXT    NOT NULL,
    tokens_in  INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    cost       INTEGER NOT NULL,
    summary    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, build_id, number),
    FOREIGN KEY (tenant_id, build_id) REFERENCES builds (tenant_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE build_work_files (
    tenant_id BLOB    NOT NULL,
    build_id  BLOB    NOT NULL,
    number    INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    path      TEXT    NOT NULL,
    digest    BLOB    NOT NULL CHECK (length(digest) = 32),
    bytes     INTEGER NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (tenant_id, build_id, number, position),
    FOREIGN KEY (tenant_id, build_id, number) REFERENCES build_work (tenant_id, build_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE build_events (
    tenant_id  BLOB    NOT NULL,
    build_id   BLOB    NOT NULL,
    seq        INTEGER NOT NULL CHECK (seq >= 1),
    at         INTEGER NOT NULL,
    request_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    PRIMARY KEY (tenant_id, build_id, seq),
    FOREIGN KEY (tenant_id, build_id) REFERENCES builds (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER build_events_never_change BEFORE UPDATE ON build_events
BEGIN SELECT RAISE(ABORT, 'events never change'); END;

CREATE TABLE snapshots (
    tenant_id  BLOB    NOT NULL,
    id         BLOB    NOT NULL,
    project_id BLOB    NOT NULL,
    build_id   BLOB    NOT NULL,
    parent_id  BLOB,
    tree       BLOB    NOT NULL CHECK (length(tree) = 32),
    files      INTEGER NOT NULL CHECK (files >= 0),
    bytes      INTEGER NOT NULL CHECK (bytes >= 0),
    preview    TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id),
    FOREIGN KEY (tenant_id, build_id) REFERENCES builds (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES snapshots (tenant_id, id)
) STRICT;
CREATE INDEX snapshots_of_project ON snapshots (tenant_id, project_id, created_at, id);
CREATE TRIGGER snapshots_never_change BEFORE UPDATE ON snapshots
BEGIN SELECT RAISE(ABORT, 'snapshots never change'); END;

CREATE TABLE snapshot_files (
    tenant_id   BLOB    NOT NULL,
    snapshot_id BLOB    NOT NULL,
    path        TEXT    NOT NULL,
    digest      BLOB    NOT NULL CHECK (length(digest) = 32),
    bytes       INTEGER NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (tenant_id, snapshot_id, path),
    FOREIGN KEY (tenant_id, snapshot_id) REFERENCES snapshots (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER snapshot_files_never_change BEFORE UPDATE ON snapshot_files
BEGIN SELECT RAISE(ABORT, 'snapshots never change'); END;

CREATE TABLE deployments (
    tenant_id   BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    project_id  BLOB    NOT NULL,
    build_id    BLOB    NOT NULL,
    snapshot_id BLOB    NOT NULL,
    target      TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id),
    FOREIGN KEY (tenant_id, build_id) REFERENCES builds (tenant_id, id),
    FOREIGN KEY (tenant_id, snapshot_id) REFERENCES snapshots (tenant_id, id)
) STRICT;
CREATE INDEX deployments_of_project ON deployments (tenant_id, project_id, created_at, id);

-- The queue: narrow and hot. A build that has ended is not in it.

CREATE TABLE build_queue (
    tenant_id   BLOB    NOT NULL,
    build_id    BLOB    NOT NULL,
    standing    TEXT    NOT NULL CHECK (standing IN ('ready', 'parked', 'delayed', 'leased')),
    band        INTEGER NOT NULL,
    tag         INTEGER NOT NULL,
    -- When time overtakes it: its deadline while ready or parked, the next attempt while
    -- delayed, the end of the lease while leased. NULL once nothing follows from waiting.
    due_at      INTEGER,
    worker      TEXT,
    enqueued_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, build_id),
    FOREIGN KEY (tenant_id, build_id) REFERENCES builds (tenant_id, id),
    CHECK ((standing = 'leased') = (worker IS NOT NULL)),
    CHECK (standing IN ('ready', 'parked') OR due_at IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX build_queue_next ON build_queue (standing, band, tag, build_id);
CREATE INDEX build_queue_due ON build_queue (standing, due_at);
CREATE INDEX build_queue_of_tenant ON build_queue (tenant_id, standing, band, tag, build_id);

CREATE TABLE queue_bands (
    band         INTEGER NOT NULL PRIMARY KEY,
    virtual_time INTEGER NOT NULL
) STRICT;

CREATE TABLE queue_tenants (
    tenant_id BLOB    NOT NULL,
    band      INTEGER NOT NULL,
    last_tag  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, band)
) STRICT, WITHOUT ROWID;

CREATE TABLE queue_pace (
    one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    pace_ms INTEGER NOT NULL CHECK (pace_ms >= 0)
) STRICT;

CREATE TABLE guest_entries (
    id               BLOB    NOT NULL PRIMARY KEY,
    request          TEXT    NOT NULL,
    claimed_build_id BLOB,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX guest_entries_by_age ON guest_entries (created_at);

-- What cuts across.

CREATE TABLE idempotency_keys (
    owner            TEXT    NOT NULL,
    route            TEXT    NOT NULL,
    key              TEXT    NOT NULL,
    fingerprint      BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    status           INTEGER NOT NULL,
    headers          TEXT    NOT NULL,
    body             BLOB    NOT NULL,
    first_request_id TEXT    NOT NULL,
    expires_at       INTEGER NOT NULL,
    PRIMARY KEY (owner, route, key)
) STRICT;
CREATE INDEX idempotency_keys_expiring ON idempotency_keys (expires_at);

-- One chain for each tenant; what happens outside any tenant is under 16 zero bytes.
CREATE TABLE audit_log (
    tenant_id  BLOB    NOT NULL,
    seq        INTEGER NOT NULL CHECK (seq >= 1),
    at         INTEGER NOT NULL,
    user_id    BLOB,
    request_id TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    data       TEXT    NOT NULL,
    seal       BLOB    NOT NULL CHECK (length(seal) = 32),
    PRIMARY KEY (tenant_id, seq)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_log_never_changes BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit rows never change'); END;
CREATE TRIGGER audit_log_never_leaves BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit rows never leave'); END;

CREATE TABLE tenant_usage (
    tenant_id        BLOB    NOT NULL,
    period_start     INTEGER NOT NULL,
    period_end       INTEGER NOT NULL,
    builds_created   INTEGER NOT NULL DEFAULT 0,
    builds_completed INTEGER NOT NULL DEFAULT 0,
    builds_failed    INTEGER NOT NULL DEFAULT 0,
    tokens           INTEGER NOT NULL DEFAULT 0,
    cost             INTEGER NOT NULL DEFAULT 0,
    credits          INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, period_start),
    CHECK (period_start < period_end)
) STRICT, WITHOUT ROWID;
