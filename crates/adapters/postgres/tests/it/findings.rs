//! The inspector finds what is wrong, whatever is wrong.

use keelway_builds::ports::{Inspection, Inspector as _};

use crate::opened::Opened;

/// A deployed build and a running one, then whatever `sql` breaks.
async fn broken(sql: &'static str) -> Inspection {
    let opened = Opened::new().await;
    let (_, taken) = opened.fx.running().await;
    opened.fx.deployed(&taken.lease, 10_000).await;
    opened.fx.running().await;
    opened.tamper(sql).await;
    opened.store.inspect().await.unwrap()
}

#[tokio::test]
async fn sound_books_show_nothing_on_every_invariant() {
    let inspection = broken("SELECT 1").await;
    assert_eq!(inspection.violations, []);
    let named: Vec<_> = inspection.checked.iter().map(|(name, _)| *name).collect();
    let all = [
        "database", "I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I14", "I16", "I17",
        "I18",
    ];
    assert_eq!(named, all);
    for (name, subjects) in inspection.checked {
        assert!(subjects > 0, "{name} was checked on nothing");
    }
}

#[tokio::test]
async fn each_breach_of_the_books_is_found() {
    find(&[
        ("I1", "UPDATE credit_accounts SET balance = balance + 1"),
        ("I1", "DELETE FROM credit_entries WHERE seq = 1"),
        ("I1", "UPDATE credit_grants SET remaining = remaining - 1"),
        ("I2", "UPDATE credit_accounts SET held = held + 1"),
        (
            "I3",
            "ALTER TABLE credit_accounts DROP CONSTRAINT credit_accounts_held_check;
                UPDATE credit_accounts SET held = -1",
        ),
        ("I4", "UPDATE credit_holds SET refunded = 1 WHERE state = 'captured'"),
        (
            "I5",
            "UPDATE credit_holds SET state = 'open', charged = NULL, ended_at = NULL
                WHERE state = 'captured'",
        ),
        ("I5", "UPDATE builds SET captured = 0 WHERE state = 'deployed'"),
        ("I17", "UPDATE tenant_usage SET tokens = tokens + 1"),
        ("I17", "UPDATE tenant_usage SET builds_created = builds_created + 1"),
        ("I17", "DELETE FROM tenant_usage"),
    ])
    .await;
}

#[tokio::test]
async fn each_breach_of_builds_is_found() {
    find(&[
        (
            "I6",
            "DROP INDEX builds_active;
                UPDATE builds SET state = 'queued', ended_at = NULL,
                    tenant_id = (SELECT tenant_id FROM builds WHERE state = 'building'),
                    project_id = (SELECT project_id FROM builds WHERE state = 'building')
                WHERE state = 'deployed'",
        ),
        ("I7", "DELETE FROM build_events WHERE seq = 2"),
        ("I7", "DELETE FROM build_events WHERE kind = 'build.completed'"),
        ("I7", "UPDATE build_events SET kind = 'build.failed' WHERE kind = 'build.queued'"),
        ("I8", "DELETE FROM build_queue"),
        ("I8", "UPDATE build_queue SET standing = 'ready', worker = NULL"),
        ("I8", "UPDATE builds SET request = '{}'"),
        ("I8", "UPDATE projects SET slug = ''"),
        ("I8", "UPDATE builds SET attempt = attempt + 1"),
        ("I8", "UPDATE builds SET failures = failures + 1"),
        ("I9", "UPDATE build_queue SET due_at = due_at - interval '91 seconds'"),
        ("I16", "DELETE FROM snapshot_files"),
        ("I16", "UPDATE snapshot_files SET digest = decode(repeat('00', 32), 'hex')"),
    ])
    .await;
}

#[tokio::test]
async fn each_breach_of_logs_and_membership_is_found() {
    find(&[
        ("I14", "UPDATE audit_log SET subject = 'another' WHERE seq = 1"),
        ("I14", "DELETE FROM audit_log WHERE action = 'build_ended'"),
        ("I14", "DELETE FROM audit_log WHERE seq = 1"),
        ("I18", "UPDATE memberships SET role = 'admin'"),
        ("I18", "DELETE FROM memberships"),
        (
            "I18",
            "INSERT INTO invitations
                 SELECT tenant_id, user_id, decode(repeat('00', 32), 'hex'), 'viewer', NULL,
                     user_id, to_timestamp(0), to_timestamp(0), user_id
                 FROM memberships LIMIT 1",
        ),
    ])
    .await;
}

#[tokio::test]
async fn each_guard_that_is_off_is_found() {
    find(&[
        ("database", "DELETE FROM users"),
        ("database", "ALTER TABLE build_work DISABLE TRIGGER ALL"),
        ("database", "ALTER TABLE builds DROP CONSTRAINT builds_tenant_id_hold_id_fkey"),
        ("database", "ALTER TABLE projects ADD FOREIGN KEY (tenant_id) REFERENCES credit_accounts"),
        ("database", "ALTER TABLE builds ADD CONSTRAINT dear CHECK (held > 1000000000) NOT VALID"),
        ("database", "ALTER TABLE projects NO FORCE ROW LEVEL SECURITY"),
        ("database", "ALTER TABLE flag_overrides DISABLE ROW LEVEL SECURITY"),
        (
            "database",
            "UPDATE pg_index SET indisvalid = false
                WHERE indexrelid = 'builds_by_time'::regclass",
        ),
    ])
    .await;
}

async fn find(breaches: &[(&'static str, &'static str)]) {
    for (invariant, sql) in breaches {
        let found = broken(sql).await.violations;
        let is_named = found.iter().any(|violation| violation.invariant == *invariant);
        assert!(is_named, "{sql} shows {found:?}, not {invariant}");
    }
}

/// A damaged page, as far as a statement can tell.
#[tokio::test]
async fn what_cannot_be_read_is_a_finding() {
    let inspection = broken(
        "CREATE FUNCTION damaged() RETURNS boolean LANGUAGE plpgsql AS $$
             BEGIN
                 RAISE EXCEPTION 'invalid page in block 7' USING ERRCODE = 'data_corrupted';
             END $$;
         ALTER POLICY platform ON build_events USING (damaged())",
    )
    .await;
    let found = inspection.violations.iter().find(|found| found.invariant == "database");
    assert!(found.unwrap().detail.contains("invalid page in block 7"), "{inspection:?}");
}

/// The same, met by what reads the books of one tenant.
#[tokio::test]
async fn what_cannot_be_read_of_a_tenant_is_a_finding() {
    let inspection = broken(
        "CREATE FUNCTION damaged() RETURNS boolean LANGUAGE plpgsql AS $$
             BEGIN
                 IF current_query() LIKE '%FROM credit_entries WHERE tenant_id = $1 ORDER BY seq%' THEN
                     RAISE EXCEPTION 'invalid page in block 7' USING ERRCODE = 'data_corrupted';
                 END IF;
                 RETURN true;
             END $$;
         ALTER POLICY platform ON credit_entries USING (damaged())",
    )
    .await;
    let found: Vec<_> = inspection.violations.iter().map(|found| found.invariant).collect();
    assert_eq!(found, ["I4", "database"], "{inspection:?}");
}
