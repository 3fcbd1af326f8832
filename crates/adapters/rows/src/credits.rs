//! Accounts, grants, holds, entries and operations of the ledger.

use crate::Moment;
use keelway_access::{AuditAction, AuditEntry};
use keelway_credits::{
    Account, Amount, Change, Ended, Entry, Grant, GrantSource, Hold, HoldState, Lifetime,
    Operation, Purpose, Reason, Receipt, RecentUse, Rollover, Terms,
};
use keelway_kernel::{
    Actor, BuildId, Credits, GrantId, HoldId, IdempotencyKey, ProjectId, StoreError, TenantId,
    Timestamp, UserId,
};
use sqlx::types::Uuid;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// A row of `credit_accounts`.
#[derive(Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct AccountRow {
    pub tenant_id: Uuid,
    pub balance: i64,
    pub held: i64,
    pub overdraft: i64,
    pub last_entry: i64,
    pub version: i64,
}

impl AccountRow {
    /// The account with the grants that have something left.
    pub fn decode(self, grants: Vec<GrantRow>) -> Result<Account, StoreError> {
        Ok(Account {
            tenant: TenantId::from_uuid(self.tenant_id),
            balance: Credits::new(self.balance),
            held: Credits::new(self.held),
            overdraft: Credits::new(self.overdraft),
            last_entry: self.last_entry,
            version: self.version,
            grants: grants.into_iter().map(GrantRow::decode).collect::<Result<_, _>>()?,
        })
    }
}

/// A row of `credit_grants`, without its tenant.
#[derive(Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct GrantRow {
    pub id: Uuid,
    pub amount: i64,
    pub remaining: i64,
    pub source: String,
    pub priority: i64,
    pub expires_at: Option<Moment>,
    pub rollover_up_to: Option<i64>,
    pub rollover_until: Option<Moment>,
    pub refunds: Option<Uuid>,
    pub granted_at: Moment,
}

const SOURCES: [(GrantSource, &str); 4] = [
    (GrantSource::Plan, "plan"),
    (GrantSource::Purchase, "purchase"),
    (GrantSource::Promotion, "promotion"),
    (GrantSource::Refund, "refund"),
];

const REASONS: [(Reason, &str); 4] = [
    (Reason::Grant, "grant"),
    (Reason::Capture, "capture"),
    (Reason::Refund, "refund"),
    (Reason::Expiry, "expiry"),
];

fn word<T: PartialEq>(table: &[(T, &'static str)], value: &T) -> &'static str {
    let known = table.iter().find(|(known, _)| known == value);
    known.map_or("", |(_, word)| word)
}

fn meaning<T: Copy>(table: &[(T, &str)], text: &str) -> Option<T> {
    let known = table.iter().find(|(_, word)| *word == text);
    known.map(|(value, _)| *value)
}

/// Where credits came from, by the word in `credit_grants`.
pub fn source(text: &str) -> Option<GrantSource> {
    meaning(&SOURCES, text)
}

impl From<&Grant> for GrantRow {
    fn from(grant: &Grant) -> Self {
        let rollover = grant.terms.rollover;
        Self {
            id: grant.id.as_uuid(),
            amount: grant.amount.credits().get(),
            remaining: grant.remaining.get(),
            source: word(&SOURCES, &grant.terms.source).to_owned(),
            priority: grant.terms.priority.into(),
            expires_at: grant.terms.expires_at.map(Moment),
            rollover_up_to: rollover.map(|rollover| rollover.up_to.get()),
            rollover_until: rollover.map(|rollover| Moment(rollover.until)),
            refunds: grant.refunds.map(HoldId::as_uuid),
            granted_at: Moment(grant.granted_at),
        }
    }
}

impl GrantRow {
    /// The grant, or what is wrong with the row.
    pub fn decode(self) -> Result<Grant, StoreError> {
        let id = GrantId::from_uuid(self.id);
        let grant = || {
            let rollover = match (self.rollover_up_to, self.rollover_until) {
                (Some(up_to), Some(until)) => {
                    Some(Rollover { up_to: Credits::new(up_to), until: until.into() })
                }
                (None, None) => None,
                _ => return None,
            };
            Some(Grant {
                id,
                amount: Amount::try_from(self.amount).ok()?,
                remaining: Credits::new(self.remaining),
                terms: Terms {
                    source: meaning(&SOURCES, &self.source)?,
                    priority: self.priority.try_into().ok()?,
                    expires_at: self.expires_at.map(Timestamp::from),
                    rollover,
                },
                refunds: self.refunds.map(HoldId::from_uuid),
                granted_at: Timestamp::from(self.granted_at),
            })
        };
        grant().ok_or_else(|| StoreError::corrupt("grant", id))
    }
}

/// A row of `credit_holds`, without its tenant.
#[derive(Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct HoldRow {
    pub id: Uuid,
    pub amount: i64,
    pub captured: i64,
    pub refunded: i64,
    pub state: String,
    pub charged: Option<i64>,
    pub ended_at: Option<Moment>,
    pub build_id: Option<Uuid>,
    pub reference: Option<String>,
    pub lifetime_ms: Option<i64>,
    pub user_id: Option<Uuid>,
    pub project_id: Option<Uuid>,
    pub opened_at: Moment,
    pub expires_at: Option<Moment>,
    pub weight: i64,
}

impl From<&Hold> for HoldRow {
    fn from(hold: &Hold) -> Self {
        let (build_id, reference, lifetime_ms) = match &hold.purpose {
            Purpose::Build(build) => (Some(build.as_uuid()), None, None),
            Purpose::External { reference, lifetime } => {
                (None, Some(reference.clone()), Some(lifetime.as_millis()))
            }
        };
        let state = match hold.state {
            HoldState::Open => "open",
            HoldState::Captured(_) => "captured",
            HoldState::Released(_) => "released",
            HoldState::Expired(_) => "expired",
        };
        let ended = hold.state.ended();
        Self {
            id: hold.id.as_uuid(),
            amount: hold.amount.credits().get(),
            captured: hold.captured.get(),
            refunded: hold.refunded.get(),
            state: state.to_owned(),
            charged: ended.map(|ended| ended.charged.get()),
            ended_at: ended.map(|ended| Moment(ended.at)),
            build_id,
            reference,
            lifetime_ms,
            user_id: hold.user.map(UserId::as_uuid),
            project_id: hold.project.map(ProjectId::as_uuid),
            opened_at: Moment(hold.opened_at),
            expires_at: hold.expires_at.map(Moment),
            weight: hold.weight().get(),
        }
    }
}

impl HoldRow {
    /// The hold, or what is wrong with the row.
    pub fn decode(self) -> Result<Hold, StoreError> {
        let id = HoldId::from_uuid(self.id);
        let hold = || {
            let ended = match (self.charged, self.ended_at) {
                (Some(charged), Some(at)) => {
                    Some(Ended { charged: Credits::new(charged), at: at.into() })
                }
                (None, None) => None,
                _ => return None,
            };
            let state = match (self.state.as_str(), ended) {
                ("open", None) => HoldState::Open,
                ("captured", Some(ended)) => HoldState::Captured(ended),
                ("released", Some(ended)) => HoldState::Released(ended),
                ("expired", Some(ended)) => HoldState::Expired(ended),
                _ => return None,
            };
            let purpose = match (self.build_id, self.reference, self.lifetime_ms) {
                (Some(build), None, None) => Purpose::Build(BuildId::from_uuid(build)),
                (None, Some(reference), Some(millis)) => {
                    Purpose::External { reference, lifetime: Lifetime::from_millis(millis).ok()? }
                }
                _ => return None,
            };
            let hold = Hold {
                id,
                amount: Amount::try_from(self.amount).ok()?,
                captured: Credits::new(self.captured),
                refunded: Credits::new(self.refunded),
                state,
                purpose,
                user: self.user_id.map(UserId::from_uuid),
                project: self.project_id.map(ProjectId::from_uuid),
                opened_at: Timestamp::from(self.opened_at),
                expires_at: self.expires_at.map(Timestamp::from),
            };
            (hold.weight().get() == self.weight).then_some(hold)
        };
        hold().ok_or_else(|| StoreError::corrupt("hold", id))
    }
}

/// A row of `credit_entries`, without its tenant.
#[derive(Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct EntryRow {
    pub seq: i64,
    pub amount: i64,
    pub reason: String,
    pub balance_after: i64,
    pub hold_id: Option<Uuid>,
    pub grant_id: Option<Uuid>,
    pub user_id: Option<Uuid>,
    pub request_id: String,
    pub at: Moment,
}

impl From<&Entry> for EntryRow {
    fn from(entry: &Entry) -> Self {
        Self {
            seq: entry.seq,
            amount: entry.amount.get(),
            reason: word(&REASONS, &entry.reason).to_owned(),
            balance_after: entry.balance_after.get(),
            hold_id: entry.hold.map(HoldId::as_uuid),
            grant_id: entry.grant.map(GrantId::as_uuid),
            user_id: entry.actor.user.map(UserId::as_uuid),
            request_id: entry.actor.request_id.clone(),
            at: Moment(entry.at),
        }
    }
}

impl EntryRow {
    /// The entry, or what is wrong with the row.
    pub fn decode(self) -> Result<Entry, StoreError> {
        let reason = meaning(&REASONS, &self.reason)
            .ok_or_else(|| StoreError::corrupt("ledger entry", self.seq))?;
        Ok(Entry {
            seq: self.seq,
            amount: Credits::new(self.amount),
            reason,
            balance_after: Credits::new(self.balance_after),
            hold: self.hold_id.map(HoldId::from_uuid),
            grant: self.grant_id.map(GrantId::from_uuid),
            actor: Actor { user: self.user_id.map(UserId::from_uuid), request_id: self.request_id },
            at: Timestamp::from(self.at),
        })
    }
}

/// A row of `credit_operations`, without its tenant.
#[derive(Debug, sqlx::FromRow)]
#[expect(missing_docs, reason = "each field is the column of its name")]
pub struct OperationRow {
    pub key: String,
    pub request: String,
    pub hold_id: Uuid,
    pub captured: i64,
    pub released: i64,
    pub balance: i64,
    pub held: i64,
    pub at: Moment,
}

impl From<&Operation> for OperationRow {
    fn from(operation: &Operation) -> Self {
        let receipt = operation.receipt;
        Self {
            key: operation.key.as_str().to_owned(),
            request: operation.request.clone(),
            hold_id: receipt.hold.as_uuid(),
            captured: receipt.captured.get(),
            released: receipt.released.get(),
            balance: receipt.balance.get(),
            held: receipt.held.get(),
            at: Moment(receipt.at),
        }
    }
}

impl OperationRow {
    /// The operation, or what is wrong with the row.
    pub fn decode(self) -> Result<Operation, StoreError> {
        let key = IdempotencyKey::parse(&self.key)
            .map_err(|_| StoreError::corrupt("ledger operation", &self.key))?;
        Ok(Operation {
            key,
            request: self.request,
            receipt: Receipt {
                hold: HoldId::from_uuid(self.hold_id),
                captured: Credits::new(self.captured),
                released: Credits::new(self.released),
                balance: Credits::new(self.balance),
                held: Credits::new(self.held),
                at: Timestamp::from(self.at),
            },
        })
    }
}

/// From when on charges count as recent at `now`.
pub fn recent_since(now: Timestamp) -> Timestamp {
    now.plus_seconds(-i64::from(RecentUse::LOOK_BACK_DAYS) * DAY_S)
}

/// What was charged since [`recent_since`], over the days that the account has existed.
pub fn recent_use(charged: i64, opened_at: Option<Moment>, now: Timestamp) -> RecentUse {
    let opened_at = opened_at.map_or(now, Timestamp::from);
    let days = now.millis_since(opened_at) / (DAY_S * 1000) + 1;
    let days = u32::try_from(days.clamp(1, RecentUse::LOOK_BACK_DAYS.into())).unwrap_or(1);
    RecentUse {
        charged: Credits::new(charged),
        days: NonZeroU32::new(days).unwrap_or(NonZeroU32::MIN),
    }
}

const DAY_S: i64 = 24 * 60 * 60;

/// The audit entry of a ledger command: what it was about, and where it left the account.
pub fn audited(
    action: AuditAction,
    subject: String,
    change: &Change,
    actor: Actor,
    at: Timestamp,
) -> AuditEntry {
    let moved = change.entries.iter().map(|entry| entry.amount.get()).sum();
    let facts: [(&str, i64); 3] =
        [("moved", moved), ("balance", change.balance.get()), ("held", change.held.get())];
    AuditEntry {
        tenant: Some(change.tenant),
        actor,
        action,
        subject,
        at,
        data: facts
            .map(|(name, credits)| (name.to_owned(), credits.to_string()))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended() -> Hold {
        Hold {
            id: HoldId::from_uuid(Uuid::from_u128(7)),
            amount: Amount::ONE,
            captured: Credits::new(1),
            refunded: Credits::ZERO,
            state: HoldState::Captured(Ended {
                charged: Credits::new(1),
                at: Timestamp::from_micros(5),
            }),
            purpose: Purpose::External { reference: "job".into(), lifetime: Lifetime::default() },
            user: Some(UserId::from_uuid(Uuid::from_u128(8))),
            project: None,
            opened_at: Timestamp::from_micros(4),
            expires_at: Some(Timestamp::from_micros(6)),
        }
    }

    #[test]
    fn a_hold_reads_back_as_it_was_written() {
        assert_eq!(HoldRow::from(&ended()).decode(), Ok(ended()));
    }

    #[test]
    fn a_hold_that_cannot_be_is_refused() {
        let broken: [fn(&mut HoldRow); 9] = [
            |row| row.amount = 0,
            |row| row.state = "open".into(),
            |row| row.state = "Captured".into(),
            |row| row.charged = None,
            |row| row.ended_at = None,
            |row| row.build_id = Some(Uuid::nil()),
            |row| row.reference = None,
            |row| row.lifetime_ms = Some(1),
            |row| row.weight = 0,
        ];
        for (number, spoil) in broken.into_iter().enumerate() {
            let mut row = HoldRow::from(&ended());
            spoil(&mut row);
            let refused = Err(StoreError::corrupt("hold", ended().id));
            assert_eq!(row.decode(), refused, "spoilt in way {number}");
        }
    }

    #[test]
    fn a_grant_reads_back_as_it_was_written_or_is_refused() {
        for (source, word) in SOURCES {
            let grant = Grant {
                id: GrantId::from_uuid(Uuid::from_u128(9)),
                amount: Amount::ONE,
                remaining: Credits::ZERO,
                terms: Terms {
                    source,
                    priority: 255,
                    expires_at: Some(Timestamp::from_micros(1)),
                    rollover: Some(Rollover {
                        up_to: Credits::new(2),
                        until: Timestamp::from_micros(3),
                    }),
                },
                refunds: Some(ended().id),
                granted_at: Timestamp::from_micros(0),
            };
            assert_eq!(GrantRow::from(&grant).source, word);
            assert_eq!(GrantRow::from(&grant).decode(), Ok(grant.clone()));
            let broken: [fn(&mut GrantRow); 4] = [
                |row| row.amount = -1,
                |row| row.source = "gift".into(),
                |row| row.priority = 256,
                |row| row.rollover_until = None,
            ];
            for spoil in broken {
                let mut row = GrantRow::from(&grant);
                spoil(&mut row);
                assert_eq!(row.decode(), Err(StoreError::corrupt("grant", grant.id)));
            }
        }
    }

    #[test]
    fn recent_use_covers_the_days_of_the_account_up_to_fourteen() {
        let day = |days: i64| Timestamp::from_micros(0).plus_seconds(days * DAY_S);
        for (now, days) in [(0, 1), (1, 2), (13, 14), (14, 14), (400, 14)] {
            assert_eq!(recent_use(0, Some(Moment(day(0))), day(now)).days.get(), days);
        }
        assert_eq!(recent_use(0, None, day(400)).days.get(), 1);
        // A clock set back leaves an account from the future.
        assert_eq!(recent_use(0, Some(Moment(day(9))), day(0)).days.get(), 1);
    }
}
