//! Lines of the ledger, and what credits went for.

use keelway_builds::overview::{LedgerLine, SpentOn};
use keelway_credits::Reason;
use keelway_kernel::Timestamp;

use super::grants::source;
use super::signed;
use crate::text::{Moment, beginning};

/// What credits were set aside or charged for.
pub(super) struct For {
    /// The project's page; empty for another service's work.
    pub(super) href: String,
    /// The project's name, or the other service's own.
    pub(super) name: String,
    /// The build's id and state; empty for another service's work.
    pub(super) build: String,
    pub(super) state: &'static str,
}

impl For {
    pub(super) fn of(spent_on: &SpentOn, slug: &str) -> Self {
        match spent_on {
            SpentOn::Build { build, state, project, name } => Self {
                href: format!("/w/{slug}/projects/{project}"),
                name: name.to_string(),
                build: build.to_string(),
                state: state.as_str(),
            },
            SpentOn::External(reference) => Self {
                href: String::new(),
                name: beginning(reference, 60),
                build: String::new(),
                state: "",
            },
        }
    }
}

/// A line of the ledger.
pub(super) struct Line {
    pub(super) seq: i64,
    /// "Charged", "Given", ..
    pub(super) what: &'static str,
    /// Tone of the mark beside it.
    pub(super) tone: &'static str,
    pub(super) spent_on: Option<For>,
    /// "from a plan grant"; empty where it says nothing.
    pub(super) source: String,
    /// "+300", "−75".
    pub(super) amount: String,
    pub(super) is_gain: bool,
    pub(super) balance: String,
    pub(super) at: Moment,
}

impl Line {
    pub(super) fn of(line: &LedgerLine, slug: &str, now: Timestamp) -> Self {
        let LedgerLine { entry, source: from, spent_on } = line;
        let (what, tone) = match entry.reason {
            Reason::Grant => ("Given", "good"),
            Reason::Capture => ("Charged", ""),
            Reason::Refund => ("Given back", "info"),
            Reason::Expiry => ("Lapsed", "warn"),
        };
        let is_gain = entry.amount.get() > 0;
        let source = match (entry.reason, from) {
            (Reason::Capture, None) => "from the overdraft".to_owned(),
            (Reason::Capture | Reason::Expiry, Some(from)) => {
                format!("from a {} grant", source(*from).to_lowercase())
            }
            (_, Some(from)) => format!("{} grant", source(*from)),
            (_, None) => String::new(),
        };
        Self {
            seq: entry.seq,
            what,
            tone,
            spent_on: spent_on.as_ref().map(|one| For::of(one, slug)),
            source,
            amount: format!("{}{}", if is_gain { "+" } else { "" }, signed(entry.amount)),
            is_gain,
            balance: signed(entry.balance_after),
            at: Moment::of(entry.at, now),
        }
    }
}
