//! The inspector finds what is wrong, whatever is wrong.

use keelway_builds::ports::Inspector;

use crate::opened::Opened;

/// A deployed build and a running one, then whatever `sql` breaks.
async fn broken(sql: &'static str) -> Vec<&'static str> {
    let opened = Opened::new().await;
    let (_, taken) = opened.fx.running().await;
    opened.fx.deployed(&taken.lease, 10_000).await;
    opened.fx.running().await;
    opened.tamper(sql).await.unwrap();
    let inspection = opened.store.inspect().await.unwrap();
    let mut found: Vec<_> =
        inspection.violations.iter().map(|violation| violation.invariant).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[tokio::test]
async fn sound_books_show_nothing_on_every_invariant() {
    let opened = Opened::new().await;
    let (_, taken) = opened.fx.running().await;
    opened.fx.deployed(&taken.lease, 10_000).await;
    opened.fx.running().await;
    let inspection = opened.store.inspect().await.unwrap();
    assert_eq!(inspection.violations, []);
    for invariant in
        ["file", "I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I14", "I16", "I17", "I18"]
    {
        let checked = inspection.checked.iter().find(|(name, _)| *name == invariant);
        assert!(checked.is_some_and(|(_, subjects)| *subjects > 0), "{invariant}: {checked:?}");
    }
}

#[tokio::test]
async fn each_breach_is_found() {
    for (invariant, sql) in [
        ("file", "DELETE FROM users"),
        ("I1", "UPDATE credit_accounts SET balance = balance + 1"),
        ("I1", "DROP TRIGGER credit_entries_never_leave; DELETE FROM credit_entries WHERE seq = 1"),
        ("I1", "UPDATE credit_grants SET remaining = remaining - 1"),
        ("I2", "UPDATE credit_accounts SET held = held + 1"),
        ("I3", "PRAGMA ignore_check_constraints = ON; UPDATE credit_accounts SET held = -1"),
        ("I4", "UPDATE credit_holds SET refunded = 1 WHERE state = 'captured'"),
        (
            "I5",
            "DROP TRIGGER credit_holds_end_once;
                UPDATE credit_holds SET state = 'open', charged = NULL, ended_at = NULL
                WHERE state = 'captured'",
        ),
        (
            "I5",
            "DROP TRIGGER builds_legal_transition;
                UPDATE builds SET captured = 0 WHERE state = 'deployed'",
        ),
        (
            "I6",
            "DROP INDEX builds_active; DROP TRIGGER builds_legal_transition;
                UPDATE builds SET state = 'queued', ended_at = NULL,
                    tenant_id = (SELECT tenant_id FROM builds WHERE state = 'building'),
                    project_id = (SELECT project_id FROM builds WHERE state = 'building')
                WHERE state = 'deployed'",
        ),
        ("I7", "DELETE FROM build_events WHERE seq = 2"),
        ("I7", "DELETE FROM build_events WHERE kind = 'build.completed'"),
        (
            "I7",
            "DROP TRIGGER build_events_never_change;
                UPDATE build_events SET kind = 'build.failed' WHERE kind = 'build.queued'",
        ),
        ("I8", "DELETE FROM build_queue"),
        ("I8", "UPDATE build_queue SET standing = 'ready', worker = NULL"),
        ("I8", "DROP TRIGGER builds_legal_transition; UPDATE builds SET request = '{}'"),
        ("I8", "UPDATE projects SET slug = ''"),
        ("I8", "DROP TRIGGER builds_legal_transition; UPDATE builds SET attempt = attempt + 1"),
        ("I8", "DROP TRIGGER builds_legal_transition; UPDATE builds SET failures = failures + 1"),
        ("I9", "UPDATE build_queue SET due_at = due_at - 91000000"),
        (
            "I14",
            "DROP TRIGGER audit_log_never_changes;
                 UPDATE audit_log SET subject = 'another' WHERE seq = 1",
        ),
        (
            "I14",
            "DROP TRIGGER audit_log_never_leaves;
                 DELETE FROM audit_log WHERE action = 'build_ended'",
        ),
        ("I14", "DROP TRIGGER audit_log_never_leaves; DELETE FROM audit_log WHERE seq = 1"),
        ("I16", "DELETE FROM snapshot_files"),
        (
            "I16",
            "DROP TRIGGER snapshot_files_never_change;
                 UPDATE snapshot_files SET digest = zeroblob(32)",
        ),
        ("I17", "UPDATE tenant_usage SET tokens = tokens + 1"),
        ("I17", "UPDATE tenant_usage SET builds_created = builds_created + 1"),
        ("I17", "DELETE FROM tenant_usage"),
        ("I18", "DROP TRIGGER memberships_keep_an_owner; UPDATE memberships SET role = 'admin'"),
        ("I18", "DROP TRIGGER memberships_leave_an_owner; DELETE FROM memberships"),
        (
            "I18",
            "INSERT INTO invitations
                 SELECT tenant_id, user_id, zeroblob(32), 'viewer', NULL, user_id, 0, 0, user_id
                 FROM memberships LIMIT 1",
        ),
    ] {
        let found = broken(sql).await;
        assert!(found.contains(&invariant), "{sql} shows {found:?}, not {invariant}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_a_finding() {
    use std::io::{Seek as _, SeekFrom, Write as _};

    let opened = Opened::new().await;
    let owned = opened.fx.funded(100).await;
    opened.fx.submitted(owned).await;
    let query = "SELECT rootpage FROM sqlite_schema WHERE name = 'builds'";
    let root: u32 = sqlx::query_scalar(query).fetch_one(&opened.raw).await.unwrap();
    let size: u32 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&opened.raw).await.unwrap();
    opened.tamper("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    let path = opened.folder.path().join("keelway.db");
    let mut file = std::fs::File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(u64::from((root - 1) * size))).unwrap();
    file.write_all(&[0xFF; 64]).unwrap();

    let again = Opened::again(opened.folder.clone()).await;
    let inspection = again.store.inspect().await.unwrap();
    assert_eq!(inspection.checked[0].0, "file");
    let file = inspection.violations.iter().filter(|violation| violation.invariant == "file");
    assert!(file.count() > 0, "{inspection:?}");
}
