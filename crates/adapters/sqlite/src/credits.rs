//! The ledger.

pub(crate) mod facts;
mod save;

pub(crate) use facts::{load_account, load_hold};

use crate::SqliteStore;
use crate::audit;
use crate::error::{Sql, Stop};
use crate::trip::Trip;
use crate::tx::Tx;
use async_trait::async_trait;
use facts::load_spent;
use keelway_access::AuditAction;
use keelway_credits::{
    Account, AddGrant, Change, Commit, CommitError, CreditBooks, CreditLedger, Entry, GrantError,
    Granted, Hold, HoldFacts, Receipt, Refund, RefundError, RefundFacts, Release, ReleaseError,
    Renew, RenewError, Renewed, Reserve, ReserveError, ReserveFacts, Reserved, Statement, Swept,
    decide,
};
use keelway_kernel::{
    Actor, Credits, Cursor, Failure, HoldId, Page, PageRequest, StoreError, TenantId, TenantScope,
    Timestamp,
};
use keelway_rows::Moment;
use keelway_rows::credits::{EntryRow, audited, recent_since, recent_use};
use sqlx::sqlite::SqliteRow;
use sqlx::types::Uuid;

#[async_trait]
impl CreditLedger for SqliteStore {
    async fn grant(
        &self,
        scope: TenantScope,
        cmd: AddGrant,
    ) -> Result<Granted, Failure<GrantError>> {
        self.write(move |tx| Box::pin(grant(tx, scope.tenant(), cmd))).await
    }

    async fn reserve(
        &self,
        scope: TenantScope,
        cmd: Reserve,
    ) -> Result<Reserved, Failure<ReserveError>> {
        self.save(move |tx| Box::pin(reserve(tx, scope.tenant(), cmd))).await
    }

    async fn renew(&self, scope: TenantScope, cmd: Renew) -> Result<Renewed, Failure<RenewError>> {
        self.save(move |tx| Box::pin(renew(tx, scope.tenant(), cmd))).await
    }

    async fn commit(
        &self,
        scope: TenantScope,
        cmd: Commit,
    ) -> Result<Receipt, Failure<CommitError>> {
        self.save(move |tx| Box::pin(commit(tx, scope.tenant(), cmd))).await
    }

    async fn release(
        &self,
        scope: TenantScope,
        cmd: Release,
    ) -> Result<Receipt, Failure<ReleaseError>> {
        self.save(move |tx| Box::pin(release(tx, scope.tenant(), cmd))).await
    }

    async fn refund(
        &self,
        scope: TenantScope,
        cmd: Refund,
    ) -> Result<Granted, Failure<RefundError>> {
        self.save(move |tx| Box::pin(refund(tx, scope.tenant(), cmd))).await
    }

    async fn expire(&self, accounts: u32, actor: Actor) -> Result<Swept, StoreError> {
        self.write_always(move |tx| Box::pin(expire(tx, accounts, actor))).await
    }
}

/// Gives credits; opens the account with the first.
pub(crate) async fn grant(
    tx: &mut Tx,
    tenant: TenantId,
    cmd: AddGrant,
) -> Result<Granted, Stop<GrantError>> {
    let asked = Trip::default().ask_account(tenant).ask_grant(tenant, cmd.grant);
    let [account, earlier, end] = asked.ask_end(Some(tenant)).read(tx).await?;
    let account = facts::account(&account)?.unwrap_or(Account::new(tenant));
    let earlier = facts::grant(&earlier)?;
    let decided = decide::grant(&account, earlier.as_ref(), &cmd, tx.now).map_err(Stop::Refused)?;
    let done = Done::new(AuditAction::CreditsGranted, &cmd.grant, cmd.actor);
    saved(tx.now, decided.change(), done, &end)?.write(tx).await?;
    Ok(*decided.outcome())
}

async fn reserve(
    tx: &mut Tx,
    tenant: TenantId,
    cmd: Reserve,
) -> Result<(Reserved, Trip), Stop<ReserveError>> {
    let now = tx.now;
    let asked = Trip::default().ask_account(tenant).ask_hold(tenant, cmd.hold);
    let asked = asked.ask_due(tenant, now).ask_end(Some(tenant));
    let [account, earlier, due, end] = asked.read(tx).await?;
    let account = facts::account(&account)?.ok_or(Stop::Refused(ReserveError::AccountUnknown))?;
    let (earlier, due) = (facts::hold(&earlier)?, facts::holds(&due)?);
    let facts = ReserveFacts {
        account: &account,
        earlier: earlier.as_ref(),
        due: &due,
        spent: load_spent(tx, tenant, &cmd).await?,
    };
    let decided = decide::reserve(&facts, &cmd, now).map_err(Stop::Refused)?;
    let done = Done::new(AuditAction::CreditsHeld, &cmd.hold, cmd.actor);
    Ok((*decided.outcome(), saved(tx.now, decided.change(), done, &end)?))
}

async fn renew(
    tx: &mut Tx,
    tenant: TenantId,
    cmd: Renew,
) -> Result<(Renewed, Trip), Stop<RenewError>> {
    let asked = Trip::default().ask_account(tenant).ask_hold(tenant, cmd.hold);
    let [account, hold] = asked.read(tx).await?;
    let facts = both(&account, &hold)?;
    let (account, hold) = facts.ok_or(Stop::Refused(RenewError::HoldUnknown))?;
    let decided = decide::renew(&account, &hold, &cmd, tx.now).map_err(Stop::Refused)?;
    let change = decided.change().map(|change| Trip::default().put_change(change));
    Ok((*decided.outcome(), change.unwrap_or_default()))
}

async fn commit(
    tx: &mut Tx,
    tenant: TenantId,
    cmd: Commit,
) -> Result<(Receipt, Trip), Stop<CommitError>> {
    let asked = Trip::default().ask_account(tenant).ask_hold(tenant, cmd.hold);
    let asked = asked.ask_operation(tenant, &cmd.key).ask_end(Some(tenant));
    let [account, hold, earlier, end] = asked.read(tx).await?;
    let facts = both(&account, &hold)?;
    let (account, hold) = facts.ok_or(Stop::Refused(CommitError::HoldUnknown))?;
    let earlier = facts::operation(&earlier)?;
    let facts = HoldFacts { account: &account, hold: &hold, earlier: earlier.as_ref() };
    let decided = decide::commit(&facts, &cmd, tx.now).map_err(Stop::Refused)?;
    let done = Done::new(AuditAction::CreditsCaptured, &cmd.hold, cmd.actor);
    Ok((*decided.outcome(), saved(tx.now, decided.change(), done, &end)?))
}

async fn release(
    tx: &mut Tx,
    tenant: TenantId,
    cmd: Release,
) -> Result<(Receipt, Trip), Stop<ReleaseError>> {
    let asked = Trip::default().ask_account(tenant).ask_hold(tenant, cmd.hold);
    let asked = asked.ask_operation(tenant, &cmd.key).ask_end(Some(tenant));
    let [account, hold, earlier, end] = asked.read(tx).await?;
    let facts = both(&account, &hold)?;
    let (account, hold) = facts.ok_or(Stop::Refused(ReleaseError::HoldUnknown))?;
    let earlier = facts::operation(&earlier)?;
    let facts = HoldFacts { account: &account, hold: &hold, earlier: earlier.as_ref() };
    let decided = decide::release(&facts, &cmd, tx.now).map_err(Stop::Refused)?;
    let done = Done::new(AuditAction::CreditsReleased, &cmd.hold, cmd.actor);
    Ok((*decided.outcome(), saved(tx.now, decided.change(), done, &end)?))
}

async fn refund(
    tx: &mut Tx,
    tenant: TenantId,
    cmd: Refund,
) -> Result<(Granted, Trip), Stop<RefundError>> {
    let asked = Trip::default().ask_account(tenant).ask_hold(tenant, cmd.hold);
    let asked = asked.ask_grant(tenant, cmd.grant).ask_end(Some(tenant));
    let [account, hold, earlier, end] = asked.read(tx).await?;
    let facts = both(&account, &hold)?;
    let (account, hold) = facts.ok_or(Stop::Refused(RefundError::HoldUnknown))?;
    let earlier = facts::grant(&earlier)?;
    let facts = RefundFacts { account: &account, hold: &hold, earlier: earlier.as_ref() };
    let decided = decide::refund(&facts, &cmd, tx.now).map_err(Stop::Refused)?;
    let done = Done::new(AuditAction::CreditsGranted, &cmd.grant, cmd.actor);
    Ok((*decided.outcome(), saved(tx.now, decided.change(), done, &end)?))
}

fn both(account: &[SqliteRow], hold: &[SqliteRow]) -> Sql<Option<(Account, Hold)>> {
    Ok(facts::account(account)?.zip(facts::hold(hold)?))
}

/// Goes through the accounts that may have something due until so many have changed: those
/// that only seem so, because what has lapsed is held, never keep others waiting.
async fn expire<E>(tx: &mut Tx, accounts: u32, actor: Actor) -> Result<Swept, Stop<E>> {
    let mut swept = Swept::default();
    let mut after = Uuid::nil();
    loop {
        let candidates: Vec<Uuid> = sqlx::query_scalar(
            r"SELECT tenant_id FROM (
                  SELECT tenant_id FROM credit_holds
                   WHERE state = 'open' AND expires_at <= ?1 AND tenant_id > ?2
                  UNION
                  SELECT tenant_id FROM credit_grants
                   WHERE remaining > 0 AND expires_at <= ?1 AND tenant_id > ?2
              ) ORDER BY tenant_id LIMIT ?3",
        )
        .bind(tx.now.as_micros())
        .bind(after)
        .bind(accounts)
        .fetch_all(&mut **tx)
        .await?;
        let Some(last) = candidates.last() else {
            return Ok(swept);
        };
        after = *last;
        for tenant in candidates.into_iter().map(TenantId::from_uuid) {
            if swept.accounts == accounts {
                return Ok(swept);
            }
            if let Some(holds) = expire_account(tx, tenant, &actor).await? {
                swept.accounts += 1;
                swept.holds += holds;
            }
        }
    }
}

/// How many holds ended, or none if the account did not change.
async fn expire_account(tx: &mut Tx, tenant: TenantId, actor: &Actor) -> Sql<Option<u32>> {
    let corrupt = || StoreError::corrupt("credit account", tenant);
    let now = tx.now;
    let asked = Trip::default().ask_account(tenant).ask_due(tenant, now);
    let [account, due, end] = asked.ask_end(Some(tenant)).read(tx).await?;
    let account = facts::account(&account)?.ok_or_else(corrupt)?;
    let due = facts::holds(&due)?;
    let change = decide::expire(&account, &due, actor, now).map_err(|_| corrupt())?;
    let Some(change) = change else {
        return Ok(None);
    };
    let done = Done::new(AuditAction::CreditsExpired, &tenant, actor.clone());
    saved(now, Some(&change), done, &end)?.write(tx).await?;
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

/// What is saved: what a command changed, and onto the end of the audit chain that it did;
/// nothing for one that took effect before.
fn saved(now: Timestamp, change: Option<&Change>, done: Done, end: &[SqliteRow]) -> Sql<Trip> {
    let Some(change) = change else { return Ok(Trip::default()) };
    let entry = audited(done.action, done.subject, change, done.actor, now);
    Trip::default().put_change(change).put_audit(&[entry], audit::end(end)?)
}

#[async_trait]
impl CreditBooks for SqliteStore {
    async fn statement(&self, scope: TenantScope) -> Result<Statement, StoreError> {
        let (tenant, now) = (scope.tenant(), self.now());
        self.read(move |connection| {
            Box::pin(async move {
                let account = load_account(connection, tenant).await?;
                let charged: i64 = sqlx::query_scalar(
                    r"SELECT COALESCE(-SUM(amount), 0) FROM credit_entries
                       WHERE tenant_id = ?1 AND at > ?2 AND reason IN ('capture', 'refund')",
                )
                .bind(tenant.as_uuid())
                .bind(recent_since(now).as_micros())
                .fetch_one(&mut *connection)
                .await?;
                let opened_at: Option<Moment> = sqlx::query_scalar(
                    "SELECT at FROM credit_entries WHERE tenant_id = ?1 AND seq = 1",
                )
                .bind(tenant.as_uuid())
                .fetch_optional(connection)
                .await?;
                let account = account.unwrap_or(Account::new(tenant));
                Ok(Statement::new(&account, &recent_use(charged, opened_at, now), now))
            })
        })
        .await
    }

    async fn available(&self, scope: TenantScope) -> Result<Credits, StoreError> {
        let mut reader = self.reader().await?;
        let account = load_account(&mut reader, scope.tenant()).await?;
        Ok(account.map_or(Credits::ZERO, |account| account.available(self.now())))
    }

    async fn entries(
        &self,
        scope: TenantScope,
        page: PageRequest,
    ) -> Result<Page<Entry>, StoreError> {
        let tenant = scope.tenant();
        let rows: Sql<Vec<EntryRow>> = sqlx::query_as(
            r"SELECT seq, amount, reason, balance_after, hold_id, grant_id, user_id, request_id, at
                FROM credit_entries
               WHERE tenant_id = ?1 AND seq < ?2
               ORDER BY seq DESC
               LIMIT ?3",
        )
        .bind(tenant.as_uuid())
        .bind(page.after.as_ref().map_or(i64::MAX, |cursor| cursor.key))
        .bind(page.limit() + 1)
        .fetch_all(self.readers())
        .await
        .map_err(Into::into);
        let entries = rows?.into_iter().map(EntryRow::decode).collect::<Result<_, _>>()?;
        let cursor = |entry: &Entry| Cursor { key: entry.seq, id: tenant.as_uuid() };
        Ok(Page::from_rows(entries, &page, cursor))
    }

    async fn find_hold(
        &self,
        scope: TenantScope,
        hold: HoldId,
    ) -> Result<Option<Hold>, StoreError> {
        let tenant = scope.tenant();
        self.read(move |connection| {
            Box::pin(async move { Ok(load_hold(connection, tenant, hold).await?) })
        })
        .await
    }
}
