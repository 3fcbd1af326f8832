//! Proves the invariants on the stored rows: by SQL where sums and counts tell, and by the
//! domain's own checks where rules do. Before them stands that the database guards them.

mod books;
mod checks;
mod database;
mod named;
mod rows;
mod tables;

use std::time::Duration;

use async_trait::async_trait;
use keelway_access::audit::{Seal, verify_chain};
use keelway_builds::ports::{Inspection, Inspector, NamedFile, Violation};
use keelway_credits as ledger;
use keelway_kernel::{StoreError, TenantId};
use keelway_rows::Moment;
use keelway_rows::audit::AuditRow;
use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;

use crate::PostgresStore;
use crate::error::{Broken, Sql};
use crate::tx::{Reach, Tx};
use checks::CHECKS;
use database::DATABASE;

const UNLIMITED: &str = "SELECT set_config('statement_timeout', '0', true),
         set_config('idle_in_transaction_session_timeout', '0', true)";

#[async_trait]
impl Inspector for PostgresStore {
    async fn inspect(&self) -> Result<Inspection, StoreError> {
        let unbounded = Duration::MAX;
        self.read_within(unbounded, Reach::Platform, |tx| {
            Box::pin(async move { Ok(inspect(tx).await?) })
        })
        .await
    }

    async fn named_files(
        &self,
        after: Option<&NamedFile>,
        limit: u32,
    ) -> Result<Vec<NamedFile>, StoreError> {
        let after = after.cloned();
        self.read(Reach::Platform, move |tx| {
            Box::pin(async move { Ok(named::files(tx, after.as_ref(), limit).await?) })
        })
        .await
    }
}

async fn inspect(tx: &mut Tx) -> Sql<Inspection> {
    let mut seen = Inspection::default();
    // How long it may take, whoever waits for it says.
    sqlx::query(UNLIMITED).execute(&mut **tx).await?;
    match everything(tx, &mut seen).await {
        // A statement that meets damage ends the transaction, and so all that would follow.
        Err(Broken(error @ StoreError::Corrupt { .. })) => {
            violated(&mut seen, DATABASE, "database".to_owned(), error.to_string());
        }
        done => done?,
    }
    Ok(seen)
}

async fn everything(tx: &mut Tx, seen: &mut Inspection) -> Sql<()> {
    let now = tx.now;
    if !tables::are_whole(tx, seen).await? {
        return Ok(());
    }
    database::guards(tx, seen).await?;
    database::references(tx, seen).await?;
    for check in CHECKS {
        let subjects: i64 = sqlx::query_scalar(check.subjects).fetch_one(&mut **tx).await?;
        let mut broken = sqlx::query_as(check.broken);
        // A value that is not asked for is refused.
        if check.broken.contains("$1") {
            broken = broken.bind(Moment(now));
        }
        let broken: Vec<(String, String)> = broken.fetch_all(&mut **tx).await?;
        count(seen, check.invariant, u64::try_from(subjects).unwrap_or(0));
        for (subject, detail) in broken {
            violated(seen, check.invariant, subject, detail);
        }
    }
    accounts(tx, seen).await?;
    rows::builds(tx, seen).await?;
    rows::projects(tx, seen).await?;
    rows::work(tx, seen).await?;
    chains(tx, seen).await?;
    rows::manifests(tx, seen).await
}

/// I1 to I4 once more, as the ledger's own rules see them.
async fn accounts(reader: &mut PgConnection, seen: &mut Inspection) -> Sql<()> {
    for tenant in ids(reader, "SELECT tenant_id FROM credit_accounts ORDER BY tenant_id").await? {
        let tenant = TenantId::from_uuid(tenant);
        match books::audit(reader, tenant).await {
            Err(Broken(error)) => unread(reader, seen, ("I4", tenant.to_string()), error).await?,
            Ok(violations) => {
                for violation in violations {
                    let invariant = match violation {
                        ledger::Violation::Balance { .. }
                        | ledger::Violation::Grants { .. }
                        | ledger::Violation::Entry { .. } => "I1",
                        ledger::Violation::Held { .. } => "I2",
                        ledger::Violation::Overspent { .. } => "I3",
                        ledger::Violation::Hold { .. } => "I4",
                    };
                    violated(seen, invariant, tenant.to_string(), violation.to_string());
                }
            }
        }
    }
    Ok(())
}

/// I14: every chain holds.
async fn chains(reader: &mut PgConnection, seen: &mut Inspection) -> Sql<()> {
    for tenant in ids(reader, "SELECT DISTINCT tenant_id FROM audit_log ORDER BY tenant_id").await?
    {
        let rows: Vec<AuditRow> = sqlx::query_as(
            "SELECT tenant_id, seq, at, user_id, request_id, action, subject, data, seal
             FROM audit_log WHERE tenant_id = $1 ORDER BY seq",
        )
        .bind(tenant)
        .fetch_all(&mut *reader)
        .await?;
        count(seen, "I14", rows.len() as u64);
        let subject = TenantId::from_uuid(tenant).to_string();
        let gap = (1..).zip(&rows).find(|(seq, row)| row.seq != *seq);
        if let Some((seq, _)) = gap {
            violated(seen, "I14", subject.clone(), format!("entry {seq} is missing"));
        }
        match rows.into_iter().map(AuditRow::decode).collect::<Result<Vec<_>, _>>() {
            Err(error) => corrupt(seen, "I14", subject, error)?,
            Ok(entries) => {
                let sealed = entries.iter().map(|(entry, seal)| (entry, *seal));
                if let Err(broken) = verify_chain(Seal::FIRST, sealed) {
                    violated(seen, "I14", subject, broken.to_string());
                }
            }
        }
    }
    Ok(())
}

async fn ids(reader: &mut PgConnection, sql: &'static str) -> Sql<Vec<Uuid>> {
    Ok(sqlx::query_scalar(sql).fetch_all(reader).await?)
}

fn count(seen: &mut Inspection, invariant: &'static str, subjects: u64) {
    match seen.checked.iter_mut().find(|(name, _)| *name == invariant) {
        Some((_, checked)) => *checked = (*checked).max(subjects),
        None => seen.checked.push((invariant, subjects)),
    }
}

fn violated(seen: &mut Inspection, invariant: &'static str, subject: String, detail: String) {
    seen.violations.push(Violation { invariant, subject, detail });
}

/// A row that does not decode is a finding; a store that does not answer is a failure.
fn corrupt(
    seen: &mut Inspection,
    invariant: &'static str,
    subject: String,
    error: StoreError,
) -> Sql<()> {
    match error {
        StoreError::Corrupt { .. } => {
            violated(seen, invariant, subject, error.to_string());
            Ok(())
        }
        other => Err(other.into()),
    }
}

/// The same for what was read by statements of its own.
async fn unread(
    reader: &mut PgConnection,
    seen: &mut Inspection,
    (invariant, subject): (&'static str, String),
    error: StoreError,
) -> Sql<()> {
    corrupt(seen, invariant, subject, error.clone())?;
    // Damage has ended the transaction; a row that does not decode has not.
    let goes_on = sqlx::query("SELECT 1").execute(reader).await;
    goes_on.map_err(|_| error)?;
    Ok(())
}
