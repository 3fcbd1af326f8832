-- What pages read, and what is set at run time.

-- In lower case, to find projects by a part of their names.
ALTER TABLE projects ADD COLUMN name_key text COLLATE "C" NOT NULL DEFAULT '';
-- When the project was made, or a build of it was last accepted or ended.
ALTER TABLE projects ADD COLUMN active_at timestamptz NOT NULL DEFAULT to_timestamp(0);
UPDATE projects SET
    name_key = lower(name),
    active_at = greatest(created_at,
        (SELECT max(COALESCE(b.ended_at, b.created_at)) FROM builds b
         WHERE b.tenant_id = projects.tenant_id AND b.project_id = projects.id));
CREATE INDEX projects_by_activity ON projects (tenant_id, active_at, id);

CREATE INDEX builds_by_id ON builds (id);
CREATE INDEX builds_by_state ON builds (state, id);
CREATE INDEX builds_ended_of_tenant ON builds (tenant_id, ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX builds_ended ON builds (ended_at, state, created_at, started_at)
    WHERE ended_at IS NOT NULL;
CREATE INDEX builds_failed ON builds (ended_at, failure_reason)
    WHERE failure_reason IS NOT NULL;
CREATE INDEX build_events_of_phases ON build_events (at, body) WHERE kind = 'phase.completed';

-- What is set for everybody is under 16 zero bytes.
CREATE TABLE flag_overrides (
    flag      text COLLATE "C" NOT NULL,
    tenant_id uuid        NOT NULL,
    percent   bigint      NOT NULL CHECK (percent BETWEEN 0 AND 100),
    set_by    uuid,
    set_at    timestamptz NOT NULL,
    PRIMARY KEY (flag, tenant_id),
    CHECK (tenant_id = '00000000-0000-0000-0000-000000000000' OR percent IN (0, 100))
);

GRANT SELECT, INSERT, UPDATE, DELETE ON flag_overrides TO keelway_jobs;
ALTER TABLE flag_overrides ENABLE ROW LEVEL SECURITY;
ALTER TABLE flag_overrides FORCE ROW LEVEL SECURITY;
CREATE POLICY platform ON flag_overrides TO keelway_jobs USING (true) WITH CHECK (true);
