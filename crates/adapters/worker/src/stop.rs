//! Why an attempt went no further.

use keelway_builds::end::End;
use keelway_builds::{BuildFailure, FailureReason};
use keelway_credits::Ending;
use keelway_kernel::{MicroUsd, Millis, StoreError};

/// Why an attempt went no further.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The lease is somebody else's, or nobody's: write nothing.
    Lost,
    /// The lease may run out before the next write arrives: write nothing.
    Fenced,
    /// The store cannot be written to: the lease runs out by itself.
    Unwritable(StoreError),
    /// The caller wants it to stop.
    Cancelled,
    /// The worker shuts down.
    HandBack,
    /// It failed.
    Failed(Failed),
}

/// How an attempt failed, before the queue decides what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) failure: BuildFailure,
    /// What providers charged for calls that made nothing.
    pub(crate) charged: MicroUsd,
    pub(crate) retry_after: Option<Millis>,
}

impl Failed {
    /// A failure of `reason`; `message` is a sentence for the caller.
    pub(crate) fn new(reason: FailureReason, message: impl Into<String>) -> Self {
        let failure = BuildFailure { reason, message: message.into(), retryable: false };
        Self { failure, charged: MicroUsd::ZERO, retry_after: None }
    }

    /// Our own failure. What went wrong belongs into the log, not to the caller.
    pub(crate) fn ours() -> Self {
        Self::new(FailureReason::Internal, "Something failed on our side.")
    }

    pub(crate) fn retryable(mut self, retryable: bool) -> Self {
        self.failure.retryable = retryable;
        self
    }

    pub(crate) fn charged(mut self, charged: MicroUsd) -> Self {
        self.charged = charged.max(MicroUsd::ZERO);
        self
    }

    /// The failure of an attempt in which this came first and `later` came too: one that
    /// will not pass outweighs one that may, and ours, which nobody pays for, a provider's.
    pub(crate) fn and(self, later: Self) -> Self {
        let weight = |failed: &Self| {
            let ours = failed.failure.reason.ending() == Ending::OurFailure;
            (!failed.failure.retryable, ours)
        };
        let failure = if weight(&later) > weight(&self) { later.failure } else { self.failure };
        Self {
            failure,
            charged: self.charged.plus(later.charged).unwrap_or(MicroUsd::MAX),
            retry_after: self.retry_after.max(later.retry_after),
        }
    }

    pub(crate) fn end(self, jitter: u64) -> End {
        let Self { failure, charged, retry_after } = self;
        End::Failed { failure, charged, retry_after, jitter }
    }
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}
