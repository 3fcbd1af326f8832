-- What people change about themselves and about who belongs where.

-- Since when a person is one of the platform's own.
ALTER TABLE users ADD COLUMN staff_since timestamptz;
CREATE INDEX users_staff ON users (id) WHERE staff_since IS NOT NULL;

-- The one link that makes its holder the platform's own.
CREATE TABLE owner_link (
    one        bigint      NOT NULL PRIMARY KEY CHECK (one = 1),
    token_hash bytea       NOT NULL CHECK (length(token_hash) = 32),
    expires_at timestamptz NOT NULL
);

CREATE TABLE invitations (
    tenant_id   uuid        NOT NULL REFERENCES tenants (id),
    id          uuid        NOT NULL,
    token_hash  bytea       NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    role        text COLLATE "C" NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
    email       text COLLATE "C",
    invited_by  uuid        NOT NULL REFERENCES users (id),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    accepted_by uuid        REFERENCES users (id),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX invitations_open ON invitations (tenant_id, created_at, id)
    WHERE accepted_by IS NULL;

GRANT SELECT (staff_since) ON users TO keelway_app;
GRANT UPDATE (staff_since) ON users TO keelway_jobs;
GRANT SELECT, INSERT, UPDATE, DELETE ON owner_link TO keelway_jobs;
GRANT SELECT, INSERT, DELETE ON invitations TO keelway_app;
GRANT SELECT, UPDATE (accepted_by) ON invitations TO keelway_jobs;

ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON invitations TO keelway_jobs USING (true) WITH CHECK (true);
CREATE POLICY tenant ON invitations TO keelway_app
    USING (COALESCE(tenant_id = ANY (
        (SELECT NULLIF(current_setting('keelway.tenants', true), '')::uuid[])::uuid[]), false))
    WITH CHECK (COALESCE(tenant_id = ANY (
        (SELECT NULLIF(current_setting('keelway.tenants', true), '')::uuid[])::uuid[]), false));
