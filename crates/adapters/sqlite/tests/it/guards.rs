//! What the schema itself refuses, so that a bug cannot write it.

use crate::opened::Opened;

/// A deployed build, a running one and a waiting one.
async fn populated() -> Opened {
    let opened = Opened::new().await;
    let (owned, taken) = opened.fx.running().await;
    opened.fx.deployed(&taken.lease, 10_000).await;
    opened.fx.running().await;
    opened.fx.submitted(owned).await;
    opened
}

async fn refused(opened: &Opened, sql: &'static str) -> String {
    match opened.tamper(sql).await {
        Err(sqlx::Error::Database(error)) => error.message().to_owned(),
        other => panic!("{sql} gave {other:?}"),
    }
}

#[tokio::test]
async fn ledger_entries_audit_rows_events_and_snapshots_never_change() {
    let opened = populated().await;
    for (sql, message) in [
        ("UPDATE credit_entries SET amount = amount", "ledger entries never change"),
        ("DELETE FROM credit_entries", "ledger entries never leave"),
        ("UPDATE audit_log SET subject = 'x'", "audit rows never change"),
        ("DELETE FROM audit_log", "audit rows never leave"),
        ("UPDATE build_events SET body = '{}'", "events never change"),
        ("UPDATE snapshots SET bytes = 0", "snapshots never change"),
        ("UPDATE snapshot_files SET bytes = 0", "snapshots never change"),
    ] {
        assert_eq!(refused(&opened, sql).await, message, "{sql}");
    }
}

#[tokio::test]
async fn only_legal_transitions_are_written() {
    let opened = populated().await;
    for from in ["queued", "building", "deployed"] {
        for to in ["queued", "building", "deployed", "failed", "cancelled", "expired"] {
            let legal = matches!(
                (from, to),
                ("queued", "queued" | "building" | "cancelled" | "expired")
                    | ("building", "building" | "queued" | "deployed" | "failed" | "cancelled")
            );
            let done = sqlx::query(
                "UPDATE builds SET
                     state = ?1, version = version + 1, attempt = MAX(attempt, 1),
                     ended_at = CASE WHEN ?1 IN ('queued', 'building') THEN NULL ELSE 1 END,
                     failure_reason = CASE ?1 WHEN 'failed' THEN 'internal_error' END,
                     failure_message = CASE ?1 WHEN 'failed' THEN 'x' END,
                     failure_retryable = CASE ?1 WHEN 'failed' THEN 0 END,
                     snapshot_id = COALESCE(snapshot_id, x'00'), deployment_url = 'x'
                 WHERE state = ?2",
            )
            .bind(to)
            .bind(from);
            let mut tx = opened.raw.acquire().await.unwrap();
            sqlx::query("BEGIN").execute(&mut *tx).await.unwrap();
            let done = done.execute(&mut *tx).await;
            sqlx::query("ROLLBACK").execute(&mut *tx).await.unwrap();
            match done {
                Ok(done) => assert!(legal && done.rows_affected() == 1, "{from} -> {to}"),
                Err(error) => {
                    assert!(!legal, "{from} -> {to}: {error}");
                    assert!(error.to_string().contains("an illegal change of a build"), "{error}");
                }
            }
        }
    }
    refused(&opened, "UPDATE builds SET version = version + 1, attempt = attempt - 1").await;
    refused(&opened, "UPDATE builds SET version = version + 1, last_seq = last_seq - 1").await;
    refused(&opened, "UPDATE builds SET version = version + 2").await;
    refused(&opened, "DELETE FROM builds").await;
}

#[tokio::test]
async fn nothing_is_held_that_is_not_there_and_no_hold_ends_twice() {
    let opened = populated().await;
    for sql in [
        "UPDATE credit_accounts SET held = balance + 1",
        "UPDATE credit_accounts SET held = -1",
        "UPDATE credit_grants SET remaining = amount + 1",
        "UPDATE credit_grants SET remaining = -1",
        "UPDATE credit_holds SET state = 'open', ended_at = NULL, charged = NULL
         WHERE state = 'captured'",
        "UPDATE credit_holds SET charged = charged + 1 WHERE state = 'captured'",
    ] {
        refused(&opened, sql).await;
    }
}

#[tokio::test]
async fn a_project_never_has_two_active_builds() {
    let opened = populated().await;
    let message = refused(
        &opened,
        "UPDATE builds SET version = version + 1, project_id = (
             SELECT project_id FROM builds WHERE state = 'building')
         , tenant_id = (SELECT tenant_id FROM builds WHERE state = 'building')
         WHERE state = 'queued'",
    )
    .await;
    assert!(message.contains("UNIQUE constraint failed"), "{message}");
}

#[tokio::test]
async fn a_tenant_keeps_an_owner_and_an_invitation_is_accepted_once() {
    let opened = populated().await;
    for sql in
        ["UPDATE memberships SET role = 'admin'", "DELETE FROM memberships WHERE role = 'owner'"]
    {
        assert_eq!(refused(&opened, sql).await, "a tenant keeps an owner", "{sql}");
    }
    opened
        .tamper(
            "INSERT INTO invitations
                 SELECT tenant_id, user_id, zeroblob(32), 'viewer', NULL, user_id, 0, 0, user_id
                 FROM memberships LIMIT 1",
        )
        .await
        .unwrap();
    let again = "UPDATE invitations SET accepted_by = invited_by";
    assert_eq!(refused(&opened, again).await, "an invitation is accepted once");
    let link = "INSERT INTO owner_link (one, token_hash, expires_at) VALUES (2, zeroblob(32), 0)";
    assert!(refused(&opened, link).await.starts_with("CHECK constraint failed"));
}
