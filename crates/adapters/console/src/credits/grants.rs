//! What was given, in the order it burns.

use keelway_credits::{Grant, GrantSource, Statement};
use keelway_kernel::{Credits, Timestamp};

use super::{signed, unsigned};
use crate::text::{Moment, exact, until};

/// A grant of which something is left.
pub(super) struct GrantRow {
    pub(super) id: String,
    /// 1 burns first.
    pub(super) place: usize,
    pub(super) source: &'static str,
    pub(super) remaining: String,
    pub(super) amount: String,
    /// How much is left, in whole per cent.
    pub(super) percent: u64,
    pub(super) given: Moment,
    /// "in 9 d", or empty if it never lapses.
    pub(super) expires: String,
    pub(super) expires_exact: String,
    /// Whether it lapses soon.
    pub(super) is_pressing: bool,
    /// What outlives that, and until when; empty for nothing.
    pub(super) rollover: String,
}

/// What lapses within this is marked.
const PRESSING_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

impl GrantRow {
    /// Every grant that can still be spent of, the one that burns first at the top.
    pub(super) fn all(statement: &Statement, now: Timestamp) -> Vec<Self> {
        let left = |grant: &&Grant| left(grant, now).get() > 0;
        let grants = statement.grants.iter().filter(left).enumerate();
        grants.map(|(at, grant)| Self::of(at + 1, grant, now)).collect()
    }

    fn of(place: usize, grant: &Grant, now: Timestamp) -> Self {
        let (left, amount) = (left(grant, now), grant.amount.credits());
        let terms = &grant.terms;
        // Over that, what is left of it lives by its rollover.
        let lapsed = terms.expires_at.is_some_and(|at| at <= now);
        let expires_at = match terms.rollover {
            Some(rollover) if lapsed => Some(rollover.until),
            _ => terms.expires_at,
        };
        let rollover = terms.rollover.filter(|_| !lapsed).map(|rollover| {
            format!("up to {} then live on until {}", signed(rollover.up_to), exact(rollover.until))
        });
        Self {
            id: grant.id.to_string(),
            place,
            source: source(terms.source),
            remaining: signed(left),
            amount: signed(amount),
            percent: unsigned(left).saturating_mul(100).checked_div(unsigned(amount)).unwrap_or(0),
            given: Moment::of(grant.granted_at, now),
            expires: expires_at.map(|at| until(at, now)).unwrap_or_default(),
            expires_exact: expires_at.map(exact).unwrap_or_default(),
            is_pressing: expires_at.is_some_and(|at| at.millis_since(now) < PRESSING_MS),
            rollover: rollover.unwrap_or_default(),
        }
    }
}

/// What of a grant can be spent at `now`.
fn left(grant: &Grant, now: Timestamp) -> Credits {
    Credits::new(grant.remaining.get().saturating_sub(grant.lapsed(now).get()))
}

/// Where credits came from, in a word.
pub(super) const fn source(source: GrantSource) -> &'static str {
    match source {
        GrantSource::Plan => "Plan",
        GrantSource::Purchase => "Purchase",
        GrantSource::Promotion => "Promotion",
        GrantSource::Refund => "Refund",
    }
}
