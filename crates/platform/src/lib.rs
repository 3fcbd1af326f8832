//! Use cases: authorise, send one command through one port, answer with what came of it.
//!
//! **Invariant:** no method here can be called for a tenant without a [`Permit`], and only
//! [`keelway_access::may`] makes one. Which right a method needs is in its signature, so a
//! caller that forgets to ask does not compile.
//!
//! This is the door for embedders: hand [`Ports`] to [`Platform::new`] and call what HTTP
//! calls.
//!
//! Not here: rules (the domain crates), SQL, HTTP words, the running of builds (`worker`).

pub mod auth;
pub mod builds;
pub mod credits;
pub mod estimates;
pub mod events;
pub mod flags;
mod hashing;
pub mod members;
pub mod operations;
pub mod overviews;
pub mod owner;
pub mod people;
pub mod permit;
pub mod projects;
pub mod reports;
pub mod sites;
pub mod tenants;
pub mod usage;

use std::num::NonZeroU32;
use std::sync::Arc;

use keelway_access::SessionPolicy;
use keelway_access::ports::{
    Accounts, Invitations, Members, People, RateLimiter, Sessions, Staff, Tickets,
};
use keelway_builds::ports::{
    Blobs, Builds, Inspector, Operations, Overviews, Projects, Signals, Sites, Submissions,
};
use keelway_credits::{CreditBooks, CreditLedger, Package};
use keelway_estimate::Estimator;
use keelway_kernel::{Clock, Entropy, Tier};
use keelway_signing::KeyRing;
use keelway_tiers::{FlagOverrides, Gate, LimitTable};

use estimates::Histories;
use flags::Flags;
use hashing::Hashing;

pub use owner::Operator;
pub use permit::{Permit, Person, Right};

/// Everything use cases need of the outside.
#[derive(Clone)]
pub struct Ports {
    /// People and tenants.
    pub accounts: Arc<dyn Accounts>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// What people change about themselves; behind the same memory as `sessions`.
    pub people: Arc<dyn People>,
    /// Who belongs to a tenant; behind the same memory as `accounts`.
    pub members: Arc<dyn Members>,
    /// Offers to join one; behind the same memory as `accounts`.
    pub invitations: Arc<dyn Invitations>,
    /// The platform's own people; behind the same memory as `sessions`.
    pub staff: Arc<dyn Staff>,
    /// Single-use tickets for event streams.
    pub tickets: Arc<dyn Tickets>,
    /// How often somebody may ask.
    pub limiter: Arc<dyn RateLimiter>,
    /// Where builds are asked for.
    pub submissions: Arc<dyn Submissions>,
    /// Reads of builds.
    pub builds: Arc<dyn Builds>,
    /// Projects and snapshots.
    pub projects: Arc<dyn Projects>,
    /// Projects, builds and ledgers with what belongs to them.
    pub overviews: Arc<dyn Overviews>,
    /// The platform as a whole.
    pub operations: Arc<dyn Operations>,
    /// Flags set at run time.
    pub flag_overrides: Arc<dyn FlagOverrides>,
    /// What the public sees.
    pub sites: Arc<dyn Sites>,
    /// Stored bytes.
    pub blobs: Arc<dyn Blobs>,
    /// The ledger's commands.
    pub ledger: Arc<dyn CreditLedger>,
    /// The ledger's reads.
    pub books: Arc<dyn CreditBooks>,
    /// The invariants, checked on live data.
    pub inspector: Arc<dyn Inspector>,
    /// Wake-up hints.
    pub signals: Arc<dyn Signals>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// What an operator may set about the use cases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Features, flags, and which tier includes what.
    pub gate: Gate,
    /// What each tier may use.
    pub limits: LimitTable,
    /// How estimates are made.
    pub estimator: Estimator,
    /// What can be bought when credits run out.
    pub packages: Vec<Package>,
    /// The list price of one credit.
    pub micro_usd_per_credit: NonZeroU32,
    /// How long sessions live.
    pub sessions: SessionPolicy,
    /// The tier of a new tenant.
    pub new_tenant_tier: Tier,
    /// Sign viewer tokens: the current key; tokens of the previous one are still accepted.
    pub viewer_keys: KeyRing,
    /// Whether requests may script failures.
    pub mode: Mode,
}

/// Whether what only development needs is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As customers use it.
    Production,
    /// Scripted failures are accepted.
    Development,
}

/// The use cases over one set of ports.
#[derive(Clone)]
pub struct Platform {
    ports: Ports,
    settings: Arc<Settings>,
    hashing: Hashing,
    flags: Arc<Flags>,
    histories: Arc<Histories>,
}

impl Platform {
    /// Puts the use cases on `ports`.
    pub fn new(ports: Ports, settings: Settings) -> Self {
        Self {
            flags: Arc::new(Flags::new(&settings.gate.flags)),
            histories: Arc::default(),
            ports,
            settings: Arc::new(settings),
            hashing: Hashing::new(),
        }
    }

    /// The ports, for adapters that drive them directly.
    pub const fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn now(&self) -> keelway_kernel::Timestamp {
        self.ports.clock.now()
    }

    fn entropy(&self) -> &dyn Entropy {
        &*self.ports.entropy
    }
}
