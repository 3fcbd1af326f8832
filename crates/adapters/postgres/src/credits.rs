//! The ledger.

mod batch;
mod books;
mod facts;
mod save;

pub(crate) use batch::{InRun, run};
pub(crate) use facts::{
    AccountColumns, account_columns, due_holds, holds, load_account, load_hold,
};
pub(crate) use save::save_changes;

use crate::PostgresStore;
use crate::audit::Ends;
use crate::error::{Sql, Stop};
use crate::tx::{Reach, Tx};
use async_trait::async_trait;
use facts::{load_both, load_grant, load_with_due};
use keelway_access::AuditAction;
use keelway_credits::{
    Account, AddGrant, Change, Commit, CommitError, CreditBooks, CreditLedger, Entry, GrantError,
    Granted, Hold, Receipt, Refund, RefundError, RefundFacts, Release, ReleaseError, Renew,
    RenewError, Renewed, Reserve, ReserveError, Reserved, Statement, Swept, decide,
};
use keelway_kernel::{
    Actor, Credits, Cursor, Failure, HoldId, Page, PageRequest, StoreError, TenantId, TenantScope,
};
use keelway_rows::Moment;
use keelway_rows::credits::{EntryRow, audited, recent_since, recent_use};
use save::save_told;
use sqlx::types::Uuid;
use std::slice;

#[async_trait]
impl CreditLedger for PostgresStore {
    async fn grant(
        &self,
        scope: TenantScope,
        cmd: AddGrant,
    ) -> Result<Granted, Failure<GrantError>> {
        self.write(scope, cmd, move |tx, cmd| Box::pin(grant(tx, scope.tenant(), cmd))).await
    }

    async fn reserve(
        &self,
        scope: TenantScope,
        cmd: Reserve,
    ) -> Result<Reserved, Failure<ReserveError>> {
        self.decide(scope, cmd).await
    }

    async fn renew(&self, scope: TenantScope, cmd: Renew) -> Result<Renewed, Failure<RenewError>> {
        self.decide(scope, cmd).await
    }

    async fn commit(
        &self,
        scope: TenantScope,
        cmd: Commit,
    ) -> Result<Receipt, Failure<CommitError>> {
        self.decide(scope, cmd).await
    }

    async fn release(
        &self,
        scope: TenantScope,
        cmd: Release,
    ) -> Result<Receipt, Failure<ReleaseError>> {
        self.decide(scope, cmd).await
    }

    async fn refund(
        &self,
        scope: TenantScope,
        cmd: Refund,
    ) -> Result<Granted, Failure<RefundError>> {
        self.write(scope, cmd, move |tx, cmd| Box::pin(refund(tx, scope.tenant(), cmd))).await
    }

    async fn expire(&self, accounts: u32, actor: Actor) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        let mut after = Uuid::nil();
        // Accounts that only seem to have something due, because what has lapsed is held, must
        // never keep others waiting: so it goes on until enough have changed.
        loop {
            let candidates = self.read(Reach::Platform, move |tx| {
                Box::pin(async move { Ok(candidates(tx, after, accounts).await?) })
            });
            let candidates = candidates.await?;
            let Some(last) = candidates.last() else {
                return Ok(swept);
            };
            after = *last;
            for tenant in candidates.into_iter().map(TenantId::from_uuid) {
                if swept.accounts == accounts {
                    return Ok(swept);
                }
                let expire =
                    self.write_always(on_behalf(tenant), actor.clone(), move |tx, actor| {
                        Box::pin(async move { Ok(expire(tx, tenant, &actor).await?) })
                    });
                if let Some(holds) = expire.await? {
                    swept.accounts += 1;
                    swept.holds += holds;
                }
            }
        }
    }
}

/// Gives credits; opens the account with the first.
pub(crate) async fn grant(
    tx: &mut Tx,
    tenant: TenantId,
    cmd: AddGrant,
) -> Result<Granted, Stop<GrantError>> {
    let account = load_account(tx, tenant).await?;
    let account = account.unwrap_or(Account::new(tenant));
    let earlier = load_grant(tx, tenant, cmd.grant).await?;
    let decided = decide::grant(&account, earlier.as_ref(), &cmd, tx.now).map_err(Stop::Refused)?;
    let done = Done::new(AuditAction::CreditsGranted, &cmd.grant, cmd.actor);
    save(tx, decided.change(), done).await?;
    Ok(*decided.outcome())
}

async fn refund(tx: &mut Tx, tenant: TenantId, cmd: Refund) -> Result<Granted, Stop<RefundError>> {
    let facts = load_both(tx, tenant, cmd.hold).await?;
    let (account, hold) = facts.ok_or(Stop::Refused(RefundError::HoldUnknown))?;
    let earlier = load_grant(tx, tenant, cmd.grant).await?;
    let facts = RefundFacts { account: &account, hold: &hold, earlier: earlier.as_ref() };
    let decided = decide::refund(&facts, &cmd, tx.now).map_err(Stop::Refused)?;
    let done = Done::new(AuditAction::CreditsGranted, &cmd.grant, cmd.actor);
    save(tx, decided.change(), done).await?;
    Ok(*decided.outcome())
}

/// Accounts that may have something due, in order.
async fn candidates(tx: &mut Tx, after: Uuid, accounts: u32) -> Sql<Vec<Uuid>> {
    let candidates = sqlx::query_scalar(
        r"SELECT tenant_id FROM (
              SELECT tenant_id FROM credit_holds
               WHERE state = 'open' AND expires_at <= $1 AND tenant_id > $2
              UNION
              SELECT tenant_id FROM credit_grants
               WHERE remaining > 0 AND expires_at <= $1 AND tenant_id > $2
          ) AS due ORDER BY tenant_id LIMIT $3",
    )
    .bind(Moment(tx.now))
    .bind(after)
    .bind(i64::from(accounts))
    .fetch_all(&mut **tx)
    .await?;
    Ok(candidates)
}

/// The sweep acts for a tenant that it found itself.
#[expect(clippy::disallowed_methods, reason = "the tenant is one of the ledger's own rows")]
const fn on_behalf(tenant: TenantId) -> TenantScope {
    TenantScope::assume(tenant)
}

/// How many holds ended, or none if the account did not change.
async fn expire(tx: &mut Tx, tenant: TenantId, actor: &Actor) -> Sql<Option<u32>> {
    let corrupt = || StoreError::corrupt("credit account", tenant);
    let now = tx.now;
    let (account, due) = load_with_due(tx, tenant, now).await?;
    let account = account.ok_or_else(corrupt)?;
    let change = decide::expire(&account, &due, actor, now).map_err(|_| corrupt())?;
    let Some(change) = change else {
        return Ok(None);
    };
    let done = Done::new(AuditAction::CreditsExpired, &tenant, actor.clone());
    save(tx, Some(&change), done).await?;
    Ok(Some(u32::try_from(change.holds.len()).unwrap_or(u32::MAX)))
}

/// What a command did, for the audit log.
struct Done {
    action: AuditAction,
    subject: String,
    actor: Actor,
}

impl Done {
    fn new(action: AuditAction, subject: &impl ToString, actor: Actor) -> Self {
        Self { action, subject: subject.to_string(), actor }
    }
}

/// Saves what a command changed, and that it did; nothing for one that took effect before.
async fn save(tx: &mut Tx, change: Option<&Change>, done: Done) -> Sql<()> {
    let Some(change) = change else { return Ok(()) };
    let told = [audited(done.action, done.subject, change, done.actor, tx.now)];
    let mut ends = Ends::load(tx, &told).await?;
    save_told(tx, slice::from_ref(change), &ends.seal(&told)?).await
}

#[async_trait]
impl CreditBooks for PostgresStore {
    async fn statement(&self, scope: TenantScope) -> Result<Statement, StoreError> {
        let tenant = scope.tenant();
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move {
                let now = tx.now;
                let account = load_account(tx, tenant).await?;
                let charged: i64 = sqlx::query_scalar(
                    r"SELECT COALESCE(-SUM(amount), 0)::bigint FROM credit_entries
                       WHERE tenant_id = $1 AND at > $2 AND reason IN ('capture', 'refund')",
                )
                .bind(tenant.as_uuid())
                .bind(Moment(recent_since(now)))
                .fetch_one(&mut **tx)
                .await?;
                let opened_at: Option<Moment> = sqlx::query_scalar(
                    "SELECT at FROM credit_entries WHERE tenant_id = $1 AND seq = 1",
                )
                .bind(tenant.as_uuid())
                .fetch_optional(&mut **tx)
                .await?;
                let account = account.unwrap_or(Account::new(tenant));
                Ok(Statement::new(&account, &recent_use(charged, opened_at, now), now))
            })
        })
        .await
    }

    async fn available(&self, scope: TenantScope) -> Result<Credits, StoreError> {
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move {
                let account = load_account(tx, scope.tenant()).await?;
                Ok(account.map_or(Credits::ZERO, |account| account.available(tx.now)))
            })
        })
        .await
    }

    async fn entries(
        &self,
        scope: TenantScope,
        page: PageRequest,
    ) -> Result<Page<Entry>, StoreError> {
        let tenant = scope.tenant();
        let before = page.after.as_ref().map_or(i64::MAX, |cursor| cursor.key);
        let limit = i64::from(page.limit()) + 1;
        let entries = self.read(Reach::from(scope), move |tx| {
            Box::pin(async move { Ok(load_entries(tx, tenant, before, limit).await?) })
        });
        let cursor = |entry: &Entry| Cursor { key: entry.seq, id: tenant.as_uuid() };
        Ok(Page::from_rows(entries.await?, &page, cursor))
    }

    async fn find_hold(
        &self,
        scope: TenantScope,
        hold: HoldId,
    ) -> Result<Option<Hold>, StoreError> {
        self.read(Reach::from(scope), move |tx| {
            Box::pin(async move { Ok(load_hold(tx, scope.tenant(), hold).await?) })
        })
        .await
    }
}

async fn load_entries(tx: &mut Tx, tenant: TenantId, before: i64, limit: i64) -> Sql<Vec<Entry>> {
    let rows: Vec<EntryRow> = sqlx::query_as(
        r"SELECT seq, amount, reason, balance_after, hold_id, grant_id, user_id, request_id, at
            FROM credit_entries
           WHERE tenant_id = $1 AND seq < $2
           ORDER BY seq DESC
           LIMIT $3",
    )
    .bind(tenant.as_uuid())
    .bind(before)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(EntryRow::decode).collect::<Result<_, _>>()?)
}
