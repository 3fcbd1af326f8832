-- What people change about themselves and about who belongs where.

-- Since when a person is one of the platform's own.
ALTER TABLE users ADD COLUMN staff_since INTEGER;
CREATE INDEX users_staff ON users (id) WHERE staff_since IS NOT NULL;

-- The one link that makes its holder the platform's own.
CREATE TABLE owner_link (
    one        INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    token_hash BLOB    NOT NULL CHECK (length(token_hash) = 32),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE invitations (
    tenant_id   BLOB    NOT NULL REFERENCES tenants (id),
    id          BLOB    NOT NULL,
    token_hash  BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    role        TEXT    NOT NULL CHECK (role IN ('viewer', 'member', 'admin', 'owner')),
    email       TEXT,
    invited_by  BLOB    NOT NULL REFERENCES users (id),
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    accepted_by BLOB    REFERENCES users (id),
    PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX invitations_open ON invitations (tenant_id, created_at, id)
    WHERE accepted_by IS NULL;
CREATE TRIGGER invitations_accepted_once BEFORE UPDATE ON invitations
WHEN OLD.accepted_by IS NOT NULL OR NEW.role <> OLD.role OR NEW.token_hash <> OLD.token_hash
BEGIN SELECT RAISE(ABORT, 'an invitation is accepted once'); END;

CREATE TRIGGER memberships_keep_an_owner BEFORE UPDATE OF role ON memberships
WHEN OLD.role = 'owner' AND NEW.role <> 'owner' AND NOT EXISTS (
    SELECT 1 FROM memberships
    WHERE tenant_id = OLD.tenant_id AND role = 'owner' AND user_id <> OLD.user_id)
BEGIN SELECT RAISE(ABORT, 'a tenant keeps an owner'); END;
CREATE TRIGGER memberships_leave_an_owner BEFORE DELETE ON memberships
WHEN OLD.role = 'owner' AND NOT EXISTS (
    SELECT 1 FROM memberships
    WHERE tenant_id = OLD.tenant_id AND role = 'owner' AND user_id <> OLD.user_id)
BEGIN SELECT RAISE(ABORT, 'a tenant keeps an owner'); END;
