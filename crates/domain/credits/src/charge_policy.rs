//! What a build costs by how it ended: never charged for our failure.

use keelway_kernel::{Credits, MicroUsd};
use std::num::NonZeroU32;

/// How a build ended, as far as its price goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// It serves.
    Delivered,
    /// Somebody of the tenant stopped it.
    Cancelled,
    /// It used up what was set aside for it.
    BudgetReached,
    /// A model provider failed it.
    ProviderFailed,
    /// We failed it: a bug, a lost worker, a full disk.
    OurFailure,
    /// It never left the queue.
    NeverStarted,
}

/// Which of a build's costs the tenant pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Basis {
    Used,
    ProviderCharged,
    Nothing,
}

impl Ending {
    /// The published policy, one line per rule.
    const fn basis(self) -> Basis {
        match self {
            Self::Delivered | Self::Cancelled | Self::BudgetReached => Basis::Used,
            Self::ProviderFailed => Basis::ProviderCharged,
            Self::OurFailure | Self::NeverStarted => Basis::Nothing,
        }
    }
}

/// What a build ran up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bill {
    /// Model use at list price.
    pub used: MicroUsd,
    /// What the providers charge us for it.
    pub provider_charged: MicroUsd,
    /// The most that can be charged: what was held, and the overdraft where there is one.
    pub ceiling: Credits,
    /// Millionths of a dollar of use that one credit stands for.
    pub micro_usd_per_credit: NonZeroU32,
}

/// What the tenant pays in all, from 0 to the ceiling.
///
/// Rounded up to whole credits once, here, so a delivered build that used anything at all
/// costs at least one.
pub fn charge(ending: Ending, bill: &Bill) -> Credits {
    let cost = match ending.basis() {
        Basis::Used => bill.used,
        Basis::ProviderCharged => bill.provider_charged.min(bill.used),
        Basis::Nothing => MicroUsd::ZERO,
    };
    cost.to_credits(bill.micro_usd_per_credit).min(bill.ceiling).max(Credits::ZERO)
}
