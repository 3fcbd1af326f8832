//! A credit ledger that never overspends.
//!
//! **Invariant:** after every change `balance - held >= -overdraft`, the balance is the sum of
//! the account's entries, and `held` is the sum of what its open holds still keep. Every
//! entry has a counter-account, so the whole ledger sums to zero.
//!
//! Credits come in as **grants** and go out in two phases: a **hold** sets them aside, a
//! **capture** charges what was used, and the rest is released. Nothing is charged that was
//! not held first (a contract may allow an overdraft), so no number of concurrent callers can
//! spend the same credit twice.
//!
//! Start with [`decide`]: one pure function per command, from facts to a [`Change`] or a typed
//! refusal. A store locks the facts, calls the function, and saves exactly what it returned.
//!
//! | module | holds |
//! |---|---|
//! | [`decide`] | the rules: grant, reserve, renew, commit, release, refund, settle, expire |
//! | [`command`] | what a caller can ask for |
//! | [`account`], [`grant`], [`hold`], [`entry`] | the facts |
//! | [`change`] | what a decision returns and a store saves |
//! | [`error`] | why a command was refused |
//! | [`charge_policy`] | what a build costs by how it ended |
//! | [`package`], [`statement`] | what to buy, what is left and for how long |
//! | [`mod@audit`] | proves the invariants on stored books |
//! | [`ports`] | what a store promises |
//!
//! Not here: storage, time, ids, currencies and payments. Nothing in this crate reads a
//! clock, draws a random number or waits.

pub mod account;
pub mod amount;
pub mod audit;
pub mod change;
pub mod charge_policy;
pub mod command;
pub mod decide;
mod draft;
pub mod entry;
pub mod error;
pub mod grant;
pub mod hold;
pub mod package;
pub mod ports;
pub mod statement;

pub use account::Account;
pub use amount::{Amount, NotPositive};
pub use audit::{Violation, audit};
pub use change::{
    Change, Decided, GrantChange, Granted, Operation, Receipt, Renewed, Reserved, Settled,
};
pub use charge_policy::{Bill, Ending, charge};
pub use command::{
    AddGrant, Commit, DailyCaps, Finality, Refund, Release, Renew, Reserve, Settle, Spent,
};
pub use decide::{HoldFacts, RefundFacts, ReserveFacts};
pub use entry::{Counter, Entry, Reason};
pub use error::{
    CapScope, CommitError, GrantError, NotOpen, OfBuild, RefundError, ReleaseError, RenewError,
    ReserveError, SettleError,
};
pub use grant::{Grant, GrantSource, Rollover, Terms};
pub use hold::{Ended, Hold, HoldState, Lifetime, LifetimeError, Purpose};
pub use package::{DEFAULT_PACKAGES, Package, recommend};
pub use ports::{CreditBooks, CreditLedger, Swept};
pub use statement::{RecentUse, Statement};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
