//! What never changes and never leaves, and what a tenant's transaction has no business with.

use super::{Met, attempt, begin, working};
use crate::opened::Opened;

/// Rows that are written once.
const WRITTEN_ONCE: [&str; 9] = [
    "credit_entries",
    "credit_operations",
    "build_work",
    "build_work_files",
    "build_events",
    "snapshots",
    "snapshot_files",
    "deployments",
    "audit_log",
];

/// Rows that change and never leave.
const KEPT: [&str; 8] = [
    "users",
    "tenants",
    "credit_accounts",
    "credit_grants",
    "credit_holds",
    "projects",
    "builds",
    "tenant_usage",
];

const ROLES: [&str; 2] = ["keelway_app", "keelway_jobs"];

/// What each of the statements meets as the role.
async fn denied(role: &str, statements: impl IntoIterator<Item = String>) {
    let opened = Opened::new().await;
    let tenant = opened.fx.funded(100).await.scope.tenant();
    let mut connection = working(&opened).await;
    begin(&mut connection, role, Some(tenant)).await;
    for sql in statements {
        assert_eq!(attempt(&mut connection, &sql).await, Met::Denied, "{role}: {sql}");
    }
}

#[tokio::test]
async fn what_is_written_once_never_changes_and_never_leaves() {
    for role in ROLES {
        let change = |name| [format!("UPDATE {name} SET tenant_id = tenant_id")];
        let leave = |name| [format!("DELETE FROM {name}"), format!("TRUNCATE {name} CASCADE")];
        denied(role, WRITTEN_ONCE.into_iter().flat_map(change)).await;
        denied(role, WRITTEN_ONCE.into_iter().chain(KEPT).flat_map(leave)).await;
    }
}

#[tokio::test]
async fn a_tenants_transaction_has_nothing_of_peoples_secrets() {
    let statements = [
        "SELECT password_hash FROM users",
        "SELECT email_key FROM users",
        "UPDATE users SET staff_since = now()",
        "SELECT 1 FROM sessions",
        "SELECT 1 FROM sign_in_attempts",
        "SELECT 1 FROM owner_link",
        "SELECT 1 FROM nonces",
        "SELECT 1 FROM viewer_tickets",
    ];
    denied("keelway_app", statements.map(str::to_owned)).await;
}

#[tokio::test]
async fn a_tenants_transaction_changes_neither_its_plan_nor_who_joins() {
    let statements = [
        "UPDATE tenants SET tier = 'enterprise'",
        "UPDATE tenants SET own_limits = '{}'",
        "INSERT INTO memberships SELECT * FROM memberships",
        "UPDATE invitations SET accepted_by = invited_by",
        "UPDATE invitations SET expires_at = now()",
    ];
    denied("keelway_app", statements.map(str::to_owned)).await;
}

#[tokio::test]
async fn nobody_at_work_takes_a_wall_down() {
    let statements = [
        "ALTER TABLE builds DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON builds",
        "CREATE POLICY mine ON builds USING (true)",
        "CREATE TABLE copies AS SELECT 1",
        "ALTER ROLE keelway_app BYPASSRLS",
        "SET session_replication_role = replica",
        "DROP TABLE nonces",
    ];
    for role in ROLES {
        denied(role, statements.map(str::to_owned)).await;
    }
    // Who asks for rows past the walls gets an error, and not fewer rows.
    let opened = Opened::new().await;
    let mut connection = working(&opened).await;
    begin(&mut connection, "keelway_app", None).await;
    super::run(&mut connection, "SET LOCAL row_security = off").await;
    assert_eq!(attempt(&mut connection, "SELECT 1 FROM builds").await, Met::Denied);
}
