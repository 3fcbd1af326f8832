//! Credits set aside for one purpose.

use crate::{Amount, NotOpen, OfBuild, Reserve, Reserved};
use keelway_kernel::{BuildId, Credits, HoldId, Millis, ProjectId, Timestamp, UserId};

/// How long an external hold lives unless renewed: 1 second to 24 hours, 15 minutes by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lifetime(Millis);

/// A lifetime outside 1 second to 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hold lives 1 second to 24 hours between renewals")]
pub struct LifetimeError;

impl Lifetime {
    /// Takes 1,000 to 86,400,000 milliseconds.
    pub const fn from_millis(millis: Millis) -> Result<Self, LifetimeError> {
        match millis {
            1_000..=86_400_000 => Ok(Self(millis)),
            _ => Err(LifetimeError),
        }
    }

    /// The milliseconds.
    pub const fn as_millis(self) -> Millis {
        self.0
    }
}

impl Default for Lifetime {
    fn default() -> Self {
        Self(15 * 60 * 1000)
    }
}

/// What credits are set aside for, which also says when they are let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A build: the hold never times out, it ends in the transaction that ends the build.
    Build(BuildId),
    /// Another service's work, which times out unless renewed.
    External {
        /// That service's own name for the work.
        reference: String,
        /// How long the hold lives from opening or renewal.
        lifetime: Lifetime,
    },
}

/// Where a hold stands. Every state but `Open` is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState {
    /// Can be captured, renewed and released.
    Open,
    /// Ended by a final commit, or by a settlement above zero.
    Captured(Ended),
    /// Let go on request, or by a settlement at zero.
    Released(Ended),
    /// Let go because its time ran out.
    Expired(Ended),
}

/// A hold's terminal record: written once, never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// What the tenant paid for it by then; later refunds do not change this.
    pub charged: Credits,
    /// When; for an expired hold when its time ran out, not when somebody noticed.
    pub at: Timestamp,
}

impl HoldState {
    /// The terminal record, if there is one.
    pub const fn ended(self) -> Option<Ended> {
        match self {
            Self::Open => None,
            Self::Captured(ended) | Self::Released(ended) | Self::Expired(ended) => Some(ended),
        }
    }
}

/// Credits set aside: the record of one reservation from opening to its one terminal state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Chosen by the caller: the same id never holds twice.
    pub id: HoldId,
    /// What was set aside.
    pub amount: Amount,
    /// What was charged so far; more than `amount` only by use of the overdraft.
    pub captured: Credits,
    /// What of `captured` was given back.
    pub refunded: Credits,
    /// Where it stands.
    pub state: HoldState,
    /// What for.
    pub purpose: Purpose,
    /// Who is to answer for the spending, for the daily cap of a person.
    pub user: Option<UserId>,
    /// Which app it is for, for the daily cap of a project.
    pub project: Option<ProjectId>,
    /// When it was made; the hold counts against the caps of that day.
    pub opened_at: Timestamp,
    /// When it times out unless renewed; present exactly for external holds.
    pub expires_at: Option<Timestamp>,
}

impl Hold {
    /// What the hold still keeps aside; nothing once it has ended.
    pub const fn outstanding(&self) -> Credits {
        let left = self.amount.credits().get().saturating_sub(self.captured.get());
        match self.state {
            HoldState::Open if left > 0 => Credits::new(left),
            _ => Credits::ZERO,
        }
    }

    /// What the tenant paid so far: captured less refunded.
    pub const fn charged(&self) -> Credits {
        Credits::new(self.captured.get().saturating_sub(self.refunded.get()))
    }

    /// What the hold weighs against the daily caps of the day it was opened: what it keeps
    /// aside and what was paid. Stores keep it in a column of its own and sum that.
    pub const fn weight(&self) -> Credits {
        Credits::new(self.outstanding().get().saturating_add(self.charged().get()))
    }

    /// Whether the hold is open but past its time at `now`.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.state == HoldState::Open && self.expires_at.is_some_and(|expiry| expiry <= now)
    }

    /// What opening this hold answered, the same for ever.
    pub const fn reserved(&self) -> Reserved {
        Reserved {
            hold: self.id,
            amount: self.amount,
            opened_at: self.opened_at,
            expires_at: self.purpose.expiry(self.opened_at),
        }
    }

    /// The same hold, ended at `at` with what was charged so far.
    pub(crate) fn ended(&self, how: fn(Ended) -> HoldState, at: Timestamp) -> Self {
        let state = how(Ended { charged: self.charged(), at });
        Self { state, ..self.clone() }
    }

    /// Where the hold stands at `now`, whether or not a sweep has ended it yet: no answer ever
    /// depends on when sweeps run.
    pub fn state_at(&self, now: Timestamp) -> HoldState {
        match self.expires_at {
            Some(at) if self.is_due(now) => {
                HoldState::Expired(Ended { charged: self.charged(), at })
            }
            _ => self.state,
        }
    }

    pub(crate) fn must_be_open(&self, now: Timestamp) -> Result<(), NotOpen> {
        match self.state_at(now) {
            HoldState::Open => Ok(()),
            state => Err(NotOpen { hold: self.id, state }),
        }
    }

    pub(crate) const fn must_be_no_builds(&self) -> Result<(), OfBuild> {
        match self.purpose {
            Purpose::Build(build) => Err(OfBuild { hold: self.id, build }),
            Purpose::External { .. } => Ok(()),
        }
    }

    pub(crate) fn was_made_by(&self, cmd: &Reserve) -> bool {
        self.amount == cmd.amount
            && self.purpose == cmd.purpose
            && self.user == cmd.user
            && self.project == cmd.project
    }
}

impl Purpose {
    pub(crate) const fn expiry(&self, from: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Build(_) => None,
            Self::External { lifetime, .. } => Some(from.plus_millis(lifetime.as_millis())),
        }
    }
}
