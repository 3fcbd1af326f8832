//! How a worker works.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// How a worker works; everything else follows from these.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// What people see as the holder of a lease; never used for fencing.
    pub name: String,
    /// Most builds at one time.
    pub slots: NonZeroUsize,
    /// Most agents of one build at one time, where its phases may run side by side.
    pub side_by_side: NonZeroUsize,
    /// How long a lease lasts; renewed after a third of it, given up a fifteenth before its
    /// end.
    pub lease_ttl: Duration,
    /// How often to look for work without a hint.
    pub poll_every: Duration,
    /// How often to mend what time has overtaken.
    pub sweep_every: Duration,
    /// How long running builds may go on after the order to shut down.
    pub grace: Duration,
    /// How long a store that fails is asked again before the attempt is given up.
    pub patience: Duration,
    /// How long one agent or one deployment may take.
    pub call_limit: Duration,
    /// The list price of one credit, as in the rules of the store.
    pub micro_usd_per_credit: NonZeroU32,
}

impl WorkerSettings {
    /// Two builds at a time, four agents each, leases of 30 s.
    pub fn new(name: impl Into<String>) -> Self {
        const TWO: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);
        Self {
            name: name.into(),
            slots: TWO,
            side_by_side: TWO.saturating_add(2),
            lease_ttl: Duration::from_secs(30),
            poll_every: Duration::from_secs(1),
            sweep_every: Duration::from_secs(2),
            grace: Duration::from_secs(20),
            patience: Duration::from_secs(30),
            call_limit: Duration::from_mins(10),
            micro_usd_per_credit: NonZeroU32::MIN.saturating_add(9_999),
        }
    }

    pub(crate) fn lease_ttl_ms(&self) -> i64 {
        i64::try_from(self.lease_ttl.as_millis()).unwrap_or(i64::MAX)
    }

    pub(crate) fn renew_every(&self) -> Duration {
        self.lease_ttl / 3
    }

    /// How long a lease granted by a call may be relied on, counted from before the call: two
    /// seconds less than 30.
    pub(crate) fn reliable(&self) -> Duration {
        self.lease_ttl / 15 * 14
    }

    /// After a renewal that failed.
    pub(crate) fn renew_again(&self) -> Duration {
        self.lease_ttl / 30
    }

    /// The least time between two renewals on a hint: a worker's own records raise hints
    /// too, and a burst of them must not become a burst of renewals.
    pub(crate) fn hint_gap(&self) -> Duration {
        self.lease_ttl / 120
    }
}
