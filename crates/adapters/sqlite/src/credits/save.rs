//! Saving what a decision about credits returned.

use crate::trip::Trip;
use keelway_credits::{Change, Entry, GrantChange, Hold, Operation};
use keelway_rows::credits::{EntryRow, GrantRow, HoldRow, OperationRow};
use sqlx::types::Uuid;

impl Trip {
    /// Saves exactly what a decision returned, over exactly the version it rests on.
    pub(crate) fn put_change(self, change: &Change) -> Self {
        let tenant = change.tenant.as_uuid();
        let trip = self.put_account(change);
        let trip = change.holds.iter().fold(trip, |trip, hold| trip.put_hold(tenant, hold));
        let trip = change.grants.iter().fold(trip, |trip, grant| trip.put_grant(tenant, grant));
        let trip = change.entries.iter().fold(trip, |trip, entry| trip.put_entry(tenant, entry));
        change.operation.iter().fold(trip, |trip, done| trip.put_operation(tenant, done))
    }

    fn put_account(self, change: &Change) -> Self {
        // Version 0 was never saved: if somebody saved a first one meanwhile, nothing is inserted.
        let saved = if change.version == 0 {
            self.add(
                r"INSERT INTO credit_accounts (balance, held, last_entry, tenant_id, version)
              VALUES (?, ?, ?, ?, ? + 1)
              ON CONFLICT (tenant_id) DO NOTHING",
            )
        } else {
            self.add(
                r"UPDATE credit_accounts
                 SET balance = ?, held = ?, last_entry = ?, version = version + 1
               WHERE tenant_id = ? AND version = ?",
            )
        };
        saved
            .bind(change.balance.get())
            .bind(change.held.get())
            .bind(change.last_entry)
            .bind(change.tenant.as_uuid())
            .bind(change.version)
    }

    fn put_hold(self, tenant: Uuid, hold: &Hold) -> Self {
        let row = HoldRow::from(hold);
        self.add(
            r"INSERT INTO credit_holds (tenant_id, id, amount, captured, refunded, state, charged,
                                    ended_at, build_id, reference, lifetime_ms, user_id,
                                    project_id, opened_at, expires_at, weight)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (tenant_id, id) DO UPDATE
             SET captured = excluded.captured, refunded = excluded.refunded,
                 state = excluded.state, charged = excluded.charged,
                 ended_at = excluded.ended_at, expires_at = excluded.expires_at,
                 weight = excluded.weight",
        )
        .bind(tenant)
        .bind(row.id)
        .bind(row.amount)
        .bind(row.captured)
        .bind(row.refunded)
        .bind(row.state)
        .bind(row.charged)
        .bind(row.ended_at)
        .bind(row.build_id)
        .bind(row.reference)
        .bind(row.lifetime_ms)
        .bind(row.user_id)
        .bind(row.project_id)
        .bind(row.opened_at)
        .bind(row.expires_at)
        .bind(row.weight)
    }

    fn put_grant(self, tenant: Uuid, change: &GrantChange) -> Self {
        match change {
            GrantChange::New(grant) => {
                let row = GrantRow::from(grant);
                self.add(
                    r"INSERT INTO credit_grants (tenant_id, id, amount, remaining, source, priority,
                                             expires_at, rollover_up_to, rollover_until, refunds,
                                             granted_at)
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )
                .bind(tenant)
                .bind(row.id)
                .bind(row.amount)
                .bind(row.remaining)
                .bind(row.source)
                .bind(row.priority)
                .bind(row.expires_at)
                .bind(row.rollover_up_to)
                .bind(row.rollover_until)
                .bind(row.refunds)
                .bind(row.granted_at)
            }
            GrantChange::Remaining { grant, remaining } => self
                .add("UPDATE credit_grants SET remaining = ? WHERE tenant_id = ? AND id = ?")
                .bind(remaining.get())
                .bind(tenant)
                .bind(grant.as_uuid()),
        }
    }

    fn put_entry(self, tenant: Uuid, entry: &Entry) -> Self {
        let row = EntryRow::from(entry);
        self.add(
            r"INSERT INTO credit_entries (tenant_id, seq, amount, reason, balance_after, hold_id,
                                      grant_id, user_id, request_id, at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(tenant)
        .bind(row.seq)
        .bind(row.amount)
        .bind(row.reason)
        .bind(row.balance_after)
        .bind(row.hold_id)
        .bind(row.grant_id)
        .bind(row.user_id)
        .bind(row.request_id)
        .bind(row.at)
    }

    fn put_operation(self, tenant: Uuid, operation: &Operation) -> Self {
        let row = OperationRow::from(operation);
        self.add(
            r"INSERT INTO credit_operations (tenant_id, key, request, hold_id, captured, released,
                                         balance, held, at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(tenant)
        .bind(row.key)
        .bind(row.request)
        .bind(row.hold_id)
        .bind(row.captured)
        .bind(row.released)
        .bind(row.balance)
        .bind(row.held)
        .bind(row.at)
    }
}

#[cfg(test)]
mod tests {
    use crate::trip::Trip;
    use crate::{SqliteSettings, SqliteStore};
    use keelway_builds::Rules;
    use keelway_contract::{ManualClock, SeededEntropy};
    use keelway_credits::Change;
    use keelway_kernel::{Credits, StoreError, TenantId};
    use keelway_tiers::LimitTable;
    use sqlx::types::Uuid;
    use std::sync::Arc;

    fn change(version: i64) -> Change {
        Change {
            tenant: TenantId::from_uuid(Uuid::from_u128(1)),
            version,
            balance: Credits::ZERO,
            held: Credits::ZERO,
            last_entry: 0,
            holds: vec![],
            grants: vec![],
            entries: vec![],
            operation: None,
        }
    }

    #[tokio::test]
    async fn a_change_is_never_saved_over_another_version() {
        let folder = tempfile::tempdir().unwrap();
        let settings = SqliteSettings::new(folder.path().join("keelway.db"));
        let (clock, entropy) = (ManualClock::default(), SeededEntropy::new(7));
        let rules = Arc::new(Rules::new(LimitTable::default()));
        let store =
            SqliteStore::open(settings, Arc::new(clock), Arc::new(entropy), rules).await.unwrap();
        store.migrate().await.unwrap();
        // The same facts, decided on twice: the second decision comes too late.
        for (version, saved) in [
            (0, Ok(())),
            (0, Err(StoreError::Contended)),
            (2, Err(StoreError::Contended)),
            (1, Ok(())),
            (1, Err(StoreError::Contended)),
        ] {
            let done = store.save_always(move |_| {
                Box::pin(async move { Ok(((), Trip::default().put_change(&change(version)))) })
            });
            assert_eq!(done.await, saved, "over version {version}");
        }
    }
}
